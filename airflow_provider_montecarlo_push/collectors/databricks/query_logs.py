"""Queries that ended in a window. Source: ``system.query.history``, whose records come within an hour.

https://docs.databricks.com/aws/en/admin/system-tables/query-history
"""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_montecarlo_push.collectors.databricks.errors import condition_of
from airflow_provider_montecarlo_push.collectors.databricks.grants import QUERY_HISTORY
from airflow_provider_montecarlo_push.collectors.databricks.session import Row, Session
from airflow_provider_montecarlo_push.collectors.databricks.system_tables import bounds, read_table, select
from airflow_provider_montecarlo_push.collectors.databricks.values import json_value, utc
from airflow_provider_montecarlo_push.collectors.query_entries import query_entries
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import QueryLogEntry
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

_FACTS = (
    "statement_id",
    "statement_text",
    "executed_by",
    "start_time",
    "end_time",
    "execution_status",
    "error_message",
    "produced_rows",
)
_EXTRA = {
    "statement_type": "statement_type",
    "session_id": "session_id",
    "workspace_id": "workspace_id",
    "executed_as": "executed_as",
    "compute.type": "compute_type",
    "compute.warehouse_id": "warehouse_id",
    "compute.cluster_id": "cluster_id",
    "client_application": "client_application",
    "client_driver": "client_driver",
    "total_duration_ms": "total_duration_ms",
    "waiting_for_compute_duration_ms": "waiting_for_compute_duration_ms",
    "waiting_at_capacity_duration_ms": "waiting_at_capacity_duration_ms",
    "compilation_duration_ms": "compilation_duration_ms",
    "execution_duration_ms": "execution_duration_ms",
    "result_fetch_duration_ms": "result_fetch_duration_ms",
    "total_task_duration_ms": "total_task_duration_ms",
    "read_bytes": "read_bytes",
    "read_rows": "read_rows",
    "read_files": "read_files",
    "read_partitions": "read_partitions",
    "pruned_files": "pruned_files",
    "written_bytes": "written_bytes",
    "written_rows": "written_rows",
    "written_files": "written_files",
    "spilled_local_bytes": "spilled_local_bytes",
    "shuffle_read_bytes": "shuffle_read_bytes",
    "from_result_cache": "from_result_cache",
    "cache_origin_statement_id": "cache_origin_statement_id",
}
_EXTRA_KEYS = tuple(_EXTRA.values())
_SUCCESS = "FINISHED"


def read_query_logs(session: Session, report: CollectionReport, window: TimeWindow) -> Iterator[QueryLogEntry]:
    """Yield the queries that ended in ``window``, failed ones included, in the order in which they ended.

    :raises AccessDeniedError: when ``system.query.history`` is not granted.
    """
    sql = select(
        (*_FACTS, *(f"{fact} AS {key}" for fact, key in _EXTRA.items())),
        QUERY_HISTORY.full_name,
        ["end_time >= ?", "end_time < ?"],
        order_by=["end_time", "statement_id"],
    )
    rows = read_table(session, QUERY_HISTORY, sql, bounds(window))
    yield from query_entries(rows, lambda row: _entry(row, report), report, QUERY_HISTORY.full_name, window)


def _entry(row: Row, report: CollectionReport) -> QueryLogEntry | None:
    statement_id, text, user, start, end, status, error_message, produced = row[: len(_FACTS)]
    if not text:
        report.leave_out("without_text", f"query {statement_id}: texts are empty under a customer-managed key")
        return None
    if not user:
        report.count("without_user")
    extra = {
        key: value
        for key, value in zip(_EXTRA_KEYS, map(json_value, row[len(_FACTS) :]), strict=True)
        if value is not None
    }
    if status and status != _SUCCESS:
        extra["execution_status"] = status
        error_message = error_message or f"Execution status {status}"
    return QueryLogEntry(
        start_time=utc(start or end),
        end_time=utc(end),
        query_text=text,
        query_id=statement_id,
        user=user or None,
        error_code=condition_of(error_message),
        error_text=error_message or None,
        returned_rows=json_value(produced),
        extra=extra or None,
    )
