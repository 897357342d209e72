"""A user's SQL, run: checked records as they stream."""

from __future__ import annotations

from collections.abc import Generator

from airflow_provider_montecarlo_push.collectors.dbapi.session import FETCH_ROWS, Session
from airflow_provider_montecarlo_push.collectors.sql_catalog.columns import Columns
from airflow_provider_montecarlo_push.collectors.sql_catalog.options import Options
from airflow_provider_montecarlo_push.collectors.sql_catalog.parameters import bind
from airflow_provider_montecarlo_push.collectors.sql_catalog.values import Record, records
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow


def read(
    session: Session,
    options: Options,
    columns: Columns,
    window: TimeWindow | None = None,
    *,
    fetch_rows: int = FETCH_ROWS,
) -> Generator[Record, None, None]:
    """Run the SQL that gives ``columns`` now, and return its rows.

    :param window: for ``:window_start`` and ``:window_end``.
    :param fetch_rows: how many rows are held.
    :raises ConfigurationError: when there is no such SQL, or it does not return these columns.
    :raises MonteCarloPushError: what the database says.
    """
    sql = options.sql(columns)
    if sql is None:
        raise ConfigurationError(f"The SQL catalog collector needs {columns.parameter} in collector_kwargs for this.")
    statement = bind(sql, columns.parameter, window, options.zone)
    result = session.stream(statement, doing=f"Running {columns.parameter}", fetch_rows=fetch_rows)
    return records(columns, result, options.zone)
