"""What the role can read of what the collector needs."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.postgres.catalog import read_tables
from airflow_provider_montecarlo_push.collectors.postgres.databases import Databases
from airflow_provider_montecarlo_push.collectors.postgres.freshness import KINDS, check_tracking
from airflow_provider_montecarlo_push.collectors.postgres.session import Session, identifier
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, ConfigurationError

_CATALOG_FLOWS = frozenset({Flow.METADATA, Flow.LINEAGE})
_CATALOG = "its tables and views are read from its pg_catalog, which whoever may connect can read"
_FRESHNESS = "freshness='commit_timestamp' reads the rows of tables"


def check_databases(databases: Databases, tables: TableFilter, *, freshness: bool) -> Iterator[AccessCheck]:
    """Yield a check for each database in scope, and for the freshness of its tables if that is asked for."""
    for name in databases.wanted(tables):
        try:
            with databases.open(name) as session:
                yield AccessCheck(session.database, _CATALOG_FLOWS, readable=True, needed=_CATALOG)
                if freshness:
                    yield _freshness(session, tables)
        except AccessDeniedError as error:
            yield AccessCheck(
                name or "database of the connection",
                _CATALOG_FLOWS,
                readable=False,
                needed=_CATALOG,
                grants=error.grants,
                problem=str(error).splitlines()[0],
            )


def _freshness(session: Session, tables: TableFilter) -> AccessCheck:
    """Return whether commit times are kept, and all tables may be read."""
    problem = ""
    grants: tuple[str, ...] = ()
    try:
        check_tracking(session)
        denied = sum(
            not table.readable
            for table in read_tables(session, tables, KINDS, described=False, readable=True)
            if tables.matches(session.database, table.schema, table.name)
        )
        if denied:
            problem = f"{denied:,} tables may not be read"
            grants = (f"GRANT pg_read_all_data TO {identifier(session.role)};",)
    except ConfigurationError as error:
        problem = str(error)
    name = f"{session.database}: commit times"
    flows = frozenset({Flow.METADATA})
    return AccessCheck(name, flows, readable=not problem, needed=_FRESHNESS, grants=grants, problem=problem)
