"""Queries that ended in a window. Source: SYS_QUERY_HISTORY, which clusters and workgroups keep for seven days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from decimal import Decimal
from typing import Any

from airflow_provider_montecarlo_push.collectors.query_entries import json_number, query_entries
from airflow_provider_montecarlo_push.collectors.redshift.history import History
from airflow_provider_montecarlo_push.collectors.redshift.session import Cluster, Row
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import QueryLogEntry
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

_FACTS = ("start_time", "status", "error_message", "returned_rows")
_EXTRA = {
    "query_type": "query_type",
    "database_name": "database",
    "session_id": "session_id",
    "transaction_id": "transaction_id",
    "query_label": "query_label",
    "result_cache_hit": "result_cache_hit",
    "elapsed_time": "elapsed_time_us",
    "queue_time": "queue_time_us",
    "execution_time": "execution_time_us",
    "compile_time": "compile_time_us",
    "planning_time": "planning_time_us",
    "lock_wait_time": "lock_wait_time_us",
    "returned_bytes": "returned_bytes",
    "compute_type": "compute_type",
    "service_class_name": "service_class_name",
    "query_priority": "query_priority",
    "user_query_hash": "user_query_hash",
    "generic_query_hash": "generic_query_hash",
}
_FINISHED = "success"
_UNLABELLED = "default"
# A query that runs has no end yet; those of user 1 are Redshift's own.
_OF_USERS = " AND h.user_id > 1"


def read_query_logs(cluster: Cluster, report: CollectionReport, window: TimeWindow) -> Iterator[QueryLogEntry]:
    """Yield the queries that ended in ``window``, failed ones included, in the order in which they ended.

    :raises AccessDeniedError: when SYS_QUERY_HISTORY is not granted.
    """
    history = History(cluster, report)
    known = history.columns()
    user = ["username"] if "username" in known else []
    extra = [name for name in _EXTRA if name in known]
    history.note_rights()

    def entry_of(found: tuple[Row, str]) -> QueryLogEntry | None:
        row, text = found
        return _entry(row, text, bool(user), extra, report)

    rows = history.read(window, [*_FACTS, *user, *extra], _OF_USERS)
    yield from query_entries(rows, entry_of, report, "SYS_QUERY_HISTORY", window)


def _entry(row: Row, text: str, with_user: bool, names: list[str], report: CollectionReport) -> QueryLogEntry | None:
    end, query_id, start, status, error_message, returned = row[:6]
    if not text:
        report.leave_out("without_text", f"query {query_id}")
        return None
    user = _value(row[6]) if with_user else None
    if not user:
        report.count("without_user")
    values = row[6 + with_user : -1]
    extra = {_EXTRA[name]: value for name, value in zip(names, map(_value, values), strict=True) if value is not None}
    if extra.get("query_label") == _UNLABELLED:
        del extra["query_label"]
    status, error_text = _value(status), _value(error_message)
    if status and status != _FINISHED:
        extra["status"] = status
        error_text = error_text or f"Status {status}"
    return QueryLogEntry(
        start_time=start.replace(tzinfo=UTC),
        end_time=end.replace(tzinfo=UTC),
        query_text=text,
        query_id=str(query_id),
        user=user,
        error_text=error_text,
        returned_rows=None if returned is None else int(returned),
        extra=extra or None,
    )


def _value(value: Any) -> Any:
    """Return a value that JSON has, without the blanks that ``char`` is padded with; ``None`` for nothing."""
    if isinstance(value, Decimal):
        return json_number(value)
    if isinstance(value, str):
        return value.strip() or None
    return value
