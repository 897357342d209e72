"""Which system tables and catalogs the user can read."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.databricks.catalogs import catalogs_in_scope, probe
from airflow_provider_montecarlo_push.collectors.databricks.grants import (
    SYSTEM_TABLES,
    SystemTable,
    catalog_grants,
    table_grants,
)
from airflow_provider_montecarlo_push.collectors.databricks.names import identifier
from airflow_provider_montecarlo_push.collectors.databricks.session import Session
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

_CATALOG_FLOWS = frozenset({Flow.METADATA, Flow.LINEAGE})


def check_access(session: Session, report: CollectionReport, tables: TableFilter) -> Iterator[AccessCheck]:
    """Yield a check for each system table that a flow may read, and for each catalog in scope.

    :raises AccessDeniedError: when a catalog that ``tables`` names cannot be seen.
    """
    for table in SYSTEM_TABLES:
        yield _table(session, table)
    for catalog in catalogs_in_scope(session, tables, report):
        yield _catalog(session, catalog)


def _table(session: Session, table: SystemTable) -> AccessCheck:
    problem = _problem(session, table.full_name)
    return AccessCheck(
        name=table.full_name,
        flows=table.flows,
        readable=problem is None,
        needed=table.needed,
        grants=() if problem is None else table_grants(table, session.user),
        problem=problem or "",
    )


def _catalog(session: Session, catalog: str) -> AccessCheck:
    problem = _problem(session, f"{identifier(catalog)}.information_schema.tables")
    return AccessCheck(
        name=catalog,
        flows=_CATALOG_FLOWS,
        readable=problem is None,
        needed="its tables and views are listed, and columns of parsed statements looked up, in its information_schema",
        grants=() if problem is None else catalog_grants(catalog, session.user),
        problem=problem or "",
    )


def _problem(session: Session, name: str) -> str | None:
    """Return what Databricks says when ``name`` is read, ``None`` when it lets it be."""
    try:
        list(probe(session, name))
    except AccessDeniedError as error:
        return str(error)
    return None
