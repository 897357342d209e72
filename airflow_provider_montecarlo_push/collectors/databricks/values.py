"""Values as the connector hands them over."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, overload

from airflow_provider_montecarlo_push.collectors.query_entries import json_number


@overload
def utc(value: datetime) -> datetime: ...


@overload
def utc(value: datetime | None) -> datetime | None: ...


def utc(value: datetime | None) -> datetime | None:
    """Return a timestamp with its time zone: without PyArrow they come without, in that of the session, UTC."""
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


def json_value(value: Any) -> Any:
    """Return a value that JSON has; text that says nothing becomes ``None``."""
    if value is None or value == "":
        return None
    if isinstance(value, Decimal):
        return json_number(value)
    if isinstance(value, str | bool | int | float):
        return value
    return value.item() if hasattr(value, "item") else str(value)
