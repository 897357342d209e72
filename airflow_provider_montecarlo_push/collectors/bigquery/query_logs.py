"""Queries that ended in a window, failed ones included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_montecarlo_push.collectors.bigquery.jobs import read_jobs
from airflow_provider_montecarlo_push.collectors.bigquery.options import Options
from airflow_provider_montecarlo_push.collectors.bigquery.places import places
from airflow_provider_montecarlo_push.collectors.bigquery.session import Row, Session
from airflow_provider_montecarlo_push.collectors.query_entries import query_entries
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import QueryLogEntry
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

_FACTS = (
    *("job_id", "query", "user_email", "COALESCE(start_time, creation_time)", "end_time"),
    *("error_result.reason", "error_result.message", "statement_type"),
)
_EXTRA = {
    "statement_type": "statement_type",
    "parent_job_id": "parent_job_id",
    "project_id": "project_id",
    "priority": "priority",
    "reservation_id": "reservation_id",
    "cache_hit": "cache_hit",
    "total_bytes_processed": "total_bytes_processed",
    "total_bytes_billed": "total_bytes_billed",
    "total_slot_ms": "total_slot_ms",
    "session_info.session_id": "session_id",
    "query_info.query_hashes.normalized_literals": "query_hash",
    "dml_statistics.inserted_row_count": "rows_inserted",
    "dml_statistics.updated_row_count": "rows_updated",
    "dml_statistics.deleted_row_count": "rows_deleted",
    "destination_table": "destination_table",
    "labels": "labels",
}
_KEYS = tuple(_EXTRA.values())
_SCRIPT = "SCRIPT"


def read_query_logs(
    session: Session, report: CollectionReport, options: Options, window: TimeWindow
) -> Iterator[QueryLogEntry]:
    """Yield the queries that ended in ``window``, in no order.

    The statements of a script are jobs of their own, so that the script itself is left out, unless it failed: what
    made it fail may not have become a job.

    :raises AccessDeniedError: when JOBS is not granted.
    """
    if options.jobs_scope == "organization":
        report.note("JOBS_BY_ORGANIZATION has no query texts; query logs come from the projects' own JOBS.")
    columns = (*_FACTS, *_EXTRA)
    rows = (
        (place.region, row)
        for place in places(session, options)
        for row in read_jobs(session, place, window, columns, ["job_type = 'QUERY'"])
    )
    yield from query_entries(rows, lambda found: _entry(found[1], found[0], report), report, "JOBS", window)


def _entry(row: Row, region: str, report: CollectionReport) -> QueryLogEntry | None:
    job_id, text, user, start, end, reason, message, kind = row[: len(_FACTS)]
    if kind == _SCRIPT and not reason:
        report.count("scripts_by_their_statements")
        return None
    if not text:
        report.leave_out("without_text", f"job {job_id}")
        return None
    if not user:
        report.count("without_user")
    extra = {key: _json_value(key, value) for key, value in zip(_KEYS, row[len(_FACTS) :], strict=True)}
    extra["region"] = region
    return QueryLogEntry(
        start_time=start,
        end_time=end,
        query_text=text,
        query_id=job_id,
        user=user or None,
        error_code=reason or None,
        error_text=message or None,
        extra={key: value for key, value in extra.items() if value not in (None, "", {})},
    )


def _json_value(key: str, value: Any) -> Any:
    if key == "labels":
        return _labels(value or ())
    if key == "destination_table":
        return _name(value or {})
    return value


def _labels(labels: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {label["key"]: label["value"] for label in labels}


def _name(table: Mapping[str, str]) -> str | None:
    """Return the name of a table; anonymous ones, in which every result is kept for a day, are none."""
    dataset = table.get("dataset_id") or "_"
    return None if dataset.startswith("_") else ".".join((table["project_id"], dataset, table["table_id"]))
