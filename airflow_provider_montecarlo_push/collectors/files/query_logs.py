"""Rows to query log entries."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_montecarlo_push.collectors.files.fields import Row
from airflow_provider_montecarlo_push.collectors.files.rows import Facts
from airflow_provider_montecarlo_push.collectors.text_files.problems import Problems, RowError
from airflow_provider_montecarlo_push.events import QueryLogEntry
from airflow_provider_montecarlo_push.exceptions import InvalidEventError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

_KEPT = ("default_database", "default_schema", "session_id")
_IN_EXTRA = {"default_database": "database", "default_schema": "schema"}


def read_query_logs(
    rows: Iterator[Row], facts: Facts, problems: Problems, window: TimeWindow
) -> Iterator[QueryLogEntry]:
    """Yield the queries that ended in ``window``, failed ones included, in the order of the files."""
    for row in rows:
        try:
            entry = _entry(row, facts, problems, window)
        except RowError as error:
            problems.row(row.place, error)
            continue
        except InvalidEventError as error:
            problems.row(row.place, RowError("invalid", str(error)))
            continue
        problems.usable()
        if entry is not None:
            yield entry


def _entry(row: Row, facts: Facts, problems: Problems, window: TimeWindow) -> QueryLogEntry | None:
    if facts.is_edge(row):
        problems.report.count("rows_without_query")
        return None
    times = facts.times(row)
    if times is None:
        raise RowError("missing_end_time", facts.missing_end(row))
    if not facts.in_window(times, window):
        return None
    text = facts.required_text(row, "query_text")
    if times.start is None:
        raise RowError("missing_start_time", facts.names.missing(row.values, "start_time"))
    extra = {_IN_EXTRA.get(name, name): value for name in _KEPT if (value := facts.text(row, name)) is not None}
    extra |= facts.further(row)
    code, message = facts.code(row, "error_code"), facts.message(row, "error_text")
    status = facts.failed_status(row)
    if status is not None:
        extra["execution_status"] = status
        if code is None and message is None:
            message = f"Execution status {status}"
    return QueryLogEntry(
        start_time=times.start,
        end_time=times.end,
        query_text=text,
        query_id=facts.text(row, "query_id"),
        user=facts.text(row, "user"),
        error_code=code,
        error_text=message,
        returned_rows=facts.number(row, "returned_rows"),
        extra=extra or None,
    )
