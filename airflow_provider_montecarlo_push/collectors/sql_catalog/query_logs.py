"""Rows of queries to query log entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.sql_catalog.columns import QUERY_LOGS
from airflow_provider_montecarlo_push.collectors.sql_catalog.values import HINT, Record
from airflow_provider_montecarlo_push.collectors.text_files.problems import Problems, RowError
from airflow_provider_montecarlo_push.events import QueryLogEntry
from airflow_provider_montecarlo_push.exceptions import InvalidEventError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow


def read_query_logs(rows: Iterable[Record], report: CollectionReport, window: TimeWindow) -> Iterator[QueryLogEntry]:
    """Yield the queries that ended in ``window``, failed ones included, in the order of the rows.

    Rows of queries that ended outside of the window are counted as ``rows_outside_window``, whatever the SQL says.

    :raises SourceError: when a value is of a wrong type, or not one row can be used.
    """
    problems = Problems(report)
    for row in rows:
        try:
            entry = _entry(row, problems, window)
        except RowError as error:
            problems.row(row.place, error)
            continue
        except InvalidEventError as error:
            problems.row(row.place, RowError("invalid", str(error)))
            continue
        problems.usable()
        if entry is None:
            report.count("rows_outside_window")
        else:
            yield entry
    problems.check(QUERY_LOGS.parameter, HINT)


def _entry(row: Record, problems: Problems, window: TimeWindow) -> QueryLogEntry | None:
    end = row.needed("end_time", row.moment("end_time", compared=True))
    if not window.start <= end < window.end:
        return None
    return QueryLogEntry(
        start_time=row.needed("start_time", row.moment("start_time")),
        end_time=end,
        query_text=row.needed("query_text", row.text("query_text")),
        query_id=row.label("query_id"),
        user=row.label("user"),
        error_code=row.code("error_code"),
        error_text=row.text("error_text"),
        returned_rows=row.optional("returned_rows", row.amount, problems),
        extra=row.extra(),
    )
