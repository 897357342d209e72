"""Reading the system tables, with the grants in the error when one is denied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from airflow_provider_montecarlo_push.collectors.databricks.grants import SystemTable, table_denied
from airflow_provider_montecarlo_push.collectors.databricks.session import Row, Session
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow


def select(
    columns: Sequence[str],
    source: str,
    conditions: Sequence[str],
    *,
    group_by: Sequence[str] = (),
    order_by: Sequence[str] = (),
    distinct: bool = False,
) -> str:
    """Return a SELECT. Every part is SQL of this package: names are quoted and values bound by its callers."""
    clauses = [f"SELECT {'DISTINCT ' * distinct}{', '.join(columns)}", f"FROM {source}"]
    if conditions:
        clauses.append(f"WHERE {' AND '.join(conditions)}")
    if group_by:
        clauses.append(f"GROUP BY {', '.join(group_by)}")
    if order_by:
        clauses.append(f"ORDER BY {', '.join(order_by)}")
    return "\n".join(clauses)


def bounds(window: TimeWindow) -> list[datetime]:
    """Return start and end of ``window`` as values to bind: with an offset, so that no session's zone matters."""
    return [window.start, window.end]


def read_table(session: Session, table: SystemTable, sql: str, values: Sequence[object]) -> Iterator[Row]:
    """Run a SELECT over a system table and return its rows.

    :raises AccessDeniedError: with the statements that grant it, when the table is missing or not granted.
    """
    try:
        return session.query(sql, values, doing=f"Reading {table.full_name}")
    except AccessDeniedError as error:
        raise table_denied(table, session.user, error) from error
