"""Query log events. Source: ``POST /ingest/v1/querylogs`` of the Push Ingest API page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from airflow_provider_montecarlo_push.events.timestamps import to_utc
from airflow_provider_montecarlo_push.exceptions import InvalidEventError


class QueryLogEntry(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """One finished query.

    :param start_time: aware ``datetime``, or ISO 8601 string with an offset.
    :param end_time: likewise, not before ``start_time``.
    :param returned_rows: number of rows returned.
    :param extra: further facts that the warehouse has, JSON values.
    :raises InvalidEventError: when a timestamp has no time zone or the query ends before it starts.
    """

    start_time: datetime
    end_time: datetime
    query_text: str
    query_id: str | None = None
    user: str | None = None
    error_code: str | int | None = None
    error_text: str | None = None
    returned_rows: int | None = None
    extra: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        self.start_time = to_utc(self.start_time, field="start_time")
        self.end_time = to_utc(self.end_time, field="end_time")
        if self.end_time < self.start_time:
            raise InvalidEventError(
                f"Query {self.query_id or self.query_text[:60]!r} ends at {self.end_time.isoformat()}, before it "
                f"starts at {self.start_time.isoformat()}."
            )
