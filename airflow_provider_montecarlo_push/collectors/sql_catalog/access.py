"""Which of a user's SQL runs and returns what it should."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.dbapi.session import Session
from airflow_provider_montecarlo_push.collectors.sql_catalog.columns import KINDS, Columns
from airflow_provider_montecarlo_push.collectors.sql_catalog.options import Options
from airflow_provider_montecarlo_push.collectors.sql_catalog.source import read
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import FinalError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

_LENGTH = timedelta(hours=1)


def check_access(session: Session, options: Options) -> Iterator[AccessCheck]:
    """Run each SQL that is given, over the last hour, and yield whether its first row can be read.

    :raises SourceUnavailableError: when the database does not answer.
    """
    now = datetime.now(UTC)
    window = TimeWindow(now - _LENGTH, now)
    for columns in KINDS:
        if options.sql(columns) is None:
            continue
        problem = _problem(session, options, columns, None if columns.flow is Flow.METADATA else window)
        yield AccessCheck(
            name=columns.parameter,
            flows=frozenset({columns.flow}),
            readable=not problem,
            needed="SELECT on the tables that the SQL reads; without it the collection fails",
            problem=problem,
        )


def _problem(session: Session, options: Options, columns: Columns, window: TimeWindow | None) -> str:
    try:
        with closing(read(session, options, columns, window, fetch_rows=1)) as rows:
            next(rows, None)
    except FinalError as error:
        return str(error)
    return ""
