"""Query log events."""

from __future__ import annotations

from typing import Any

from airflow_provider_montecarlo_push.sandbox.validation.shapes import (
    Place,
    Problems,
    code,
    count,
    mapping,
    name,
    parsed_timestamp,
    record,
    text,
    timestamp,
)

_fields = record(
    {"start_time": timestamp, "end_time": timestamp, "query_text": name},
    {
        "query_id": text,
        "user": text,
        "returned_rows": count,
        "error_code": code,
        "error_text": text,
        "extra": mapping,
    },
)


def query_log_event(event: Any, place: Place, problems: Problems) -> None:
    """Check one query: its fields, and that it did not end before it started."""
    _fields(event, place, problems)
    if isinstance(event, dict):
        start, end = parsed_timestamp(event.get("start_time")), parsed_timestamp(event.get("end_time"))
        if start is not None and end is not None and end < start:
            problems.add((place, "end_time"), "must not be before start_time")
