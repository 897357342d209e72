"""Statements of the server's log to query log entries."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_montecarlo_push.collectors.postgres.statements import Statement
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import QueryLogEntry


def read_query_logs(statements: Iterator[Statement], report: CollectionReport) -> Iterator[QueryLogEntry]:
    """Yield an entry for each statement, failed ones included."""
    for statement in statements:
        if not statement.text.strip():
            report.leave_out("without_text", f"query {statement.query_id}")
            continue
        if statement.duration is None:
            report.count("statements_without_duration")
        facts = {
            "database": statement.database,
            "session_id": statement.session_id,
            "application": statement.application,
            "client": statement.client,
            "query_type": statement.tag,
            "query_hash": statement.query_hash,
        }
        yield QueryLogEntry(
            start_time=statement.start,
            end_time=statement.end,
            query_text=statement.text,
            query_id=statement.query_id,
            user=statement.user or None,
            error_code=statement.sqlstate,
            error_text=statement.error,
            extra={name: value for name, value in facts.items() if value},
        )
