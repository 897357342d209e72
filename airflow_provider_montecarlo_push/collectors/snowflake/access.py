"""Which system views and databases the role can read."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.snowflake.databases import Database, databases_in_scope
from airflow_provider_montecarlo_push.collectors.snowflake.grants import (
    ACCOUNT_USAGE,
    REQUIREMENTS,
    ViewRequirement,
    database_grants,
    view_grants,
)
from airflow_provider_montecarlo_push.collectors.snowflake.names import identifier
from airflow_provider_montecarlo_push.collectors.snowflake.session import Session
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

_CATALOG_FLOWS = frozenset({Flow.METADATA, Flow.LINEAGE})


def check_access(session: Session, report: CollectionReport, tables: TableFilter) -> Iterator[AccessCheck]:
    """Yield a check for each system view that a flow may read, and for each database in scope.

    :raises AccessDeniedError: when a database that ``tables`` names cannot be seen.
    """
    for requirement in REQUIREMENTS:
        for view in requirement.views:
            yield _view(session, requirement, view)
    for database in databases_in_scope(session, tables, report):
        yield _database(session, database)


def _view(session: Session, requirement: ViewRequirement, view: str) -> AccessCheck:
    name = f"{ACCOUNT_USAGE}.{view}"
    problem = _problem(session, name)
    return AccessCheck(
        name=name,
        flows=requirement.flows,
        readable=problem is None,
        needed=requirement.needed,
        grants=() if problem is None else view_grants(requirement, session.role),
        problem=problem or "",
    )


def _database(session: Session, database: Database) -> AccessCheck:
    problem = _problem(session, f"{identifier(database.name)}.INFORMATION_SCHEMA.TABLES")
    grants = database_grants(database.name, session.role, is_share=database.is_share)
    return AccessCheck(
        name=database.name,
        flows=_CATALOG_FLOWS,
        readable=problem is None,
        needed="its tables and views are read from its INFORMATION_SCHEMA",
        grants=() if problem is None else grants,
        problem=problem or "",
    )


def _problem(session: Session, name: str) -> str | None:
    """Return what Snowflake says when ``name`` is read, ``None`` when it lets it be."""
    try:
        list(session.query(f"SELECT 1 FROM {name} WHERE 1 = 0", doing=f"Reading {name}"))  # noqa: S608 - a system view
    except AccessDeniedError as error:
        return str(error)
    return None
