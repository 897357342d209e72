"""Queries that ended in a window. Source: ``SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY``, which lags up to 45 minutes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from airflow_provider_montecarlo_push.collectors.query_entries import json_number, query_entries
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.snowflake.grants import QUERY_HISTORY
from airflow_provider_montecarlo_push.collectors.snowflake.session import Row, Session
from airflow_provider_montecarlo_push.collectors.snowflake.statements import bounds, select
from airflow_provider_montecarlo_push.collectors.snowflake.system_views import LONGEST_TEXT, read_view
from airflow_provider_montecarlo_push.events import QueryLogEntry
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

_FACTS = (
    "QUERY_ID",
    "QUERY_TEXT",
    "USER_NAME",
    "START_TIME",
    "END_TIME",
    "EXECUTION_STATUS",
    "ERROR_CODE",
    "ERROR_MESSAGE",
    "ROWS_PRODUCED",
)
_EXTRA = {
    "QUERY_TYPE": "query_type",
    "QUERY_TAG": "query_tag",
    "ROLE_NAME": "role",
    "WAREHOUSE_NAME": "warehouse_name",
    "WAREHOUSE_SIZE": "warehouse_size",
    "DATABASE_NAME": "database",
    "SCHEMA_NAME": "schema",
    "SESSION_ID": "session_id",
    "TOTAL_ELAPSED_TIME": "total_elapsed_time_ms",
    "BYTES_SCANNED": "bytes_scanned",
    "BYTES_WRITTEN": "bytes_written",
    "ROWS_INSERTED": "rows_inserted",
    "ROWS_UPDATED": "rows_updated",
    "ROWS_DELETED": "rows_deleted",
    "QUERY_HASH": "query_hash",
    "QUERY_PARAMETERIZED_HASH": "query_parameterized_hash",
}
_EXTRA_KEYS = tuple(_EXTRA.values())
_SUCCESS = "SUCCESS"


def read_query_logs(session: Session, report: CollectionReport, window: TimeWindow) -> Iterator[QueryLogEntry]:
    """Yield the queries that ended in ``window``, failed ones included, in the order in which they ended.

    :raises AccessDeniedError: when ``QUERY_HISTORY`` is not granted.
    """
    sql = select(
        (*_FACTS, *_EXTRA),
        QUERY_HISTORY.full_name,
        ["END_TIME >= %s", "END_TIME < %s"],
        order_by=["END_TIME", "QUERY_ID"],
    )
    rows = read_view(session, QUERY_HISTORY, sql, bounds(window))
    yield from query_entries(rows, lambda row: _entry(row, report), report, "QUERY_HISTORY", window)


def _entry(row: Row, report: CollectionReport) -> QueryLogEntry | None:
    query_id, text, user, start, end, status, error_code, error_message, produced = row[: len(_FACTS)]
    if not text:
        report.leave_out("without_text", f"query {query_id}")
        return None
    if not user:
        report.count("without_user")
    if len(text) >= LONGEST_TEXT:
        report.count("texts_cut_by_snowflake")
    extra = {
        key: value
        for key, value in zip(_EXTRA_KEYS, map(_json_value, row[len(_FACTS) :]), strict=True)
        if value is not None
    }
    if status and status != _SUCCESS:
        extra["execution_status"] = status
        if not error_code and not error_message:
            error_message = f"Execution status {status}"
    return QueryLogEntry(
        start_time=start,
        end_time=end,
        query_text=text,
        query_id=query_id,
        user=user or None,
        error_code=error_code or None,
        error_text=error_message or None,
        returned_rows=_json_value(produced),
        extra=extra or None,
    )


def _json_value(value: Any) -> Any:
    """Return a value that JSON has; text that says nothing becomes ``None``."""
    if isinstance(value, Decimal):
        return json_number(value)
    return None if value == "" else value
