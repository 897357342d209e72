"""What a user can read, and the grants that give the rest."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.redshift.databases import Doors, databases_in_scope
from airflow_provider_montecarlo_push.collectors.redshift.grants import (
    DATABASES,
    REQUIREMENTS,
    ViewRequirement,
    current_user,
    monitoring_grants,
    sees_all_queries,
    view_grants,
)
from airflow_provider_montecarlo_push.collectors.redshift.session import Cluster
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError


def check_access(cluster: Cluster, tables: TableFilter) -> Iterator[AccessCheck]:
    """Yield a check for each system view, for the queries of other users, and for each database in scope."""
    user = current_user(cluster)
    lists_databases = True
    for requirement in REQUIREMENTS:
        check = _view(cluster, requirement, user)
        lists_databases = lists_databases and (check.readable or requirement is not DATABASES)
        yield check
    yield _other_users(cluster, user)
    if lists_databases:
        yield from _databases(cluster, tables)


def _view(cluster: Cluster, requirement: ViewRequirement, user: str | None) -> AccessCheck:
    problem = ""
    try:
        cluster.columns(requirement.view)
    except AccessDeniedError as error:
        problem = str(error)
    return AccessCheck(
        name=requirement.view,
        flows=requirement.flows,
        readable=not problem,
        needed=requirement.needed,
        grants=view_grants(requirement, user) if problem else (),
        problem=problem,
    )


def _other_users(cluster: Cluster, user: str | None) -> AccessCheck:
    readable = sees_all_queries(cluster) is not False
    return AccessCheck(
        name="queries of other users",
        flows=frozenset({Flow.METADATA, Flow.LINEAGE, Flow.QUERY_LOGS}),
        readable=readable,
        needed="the SYS views show a user its own queries only, unless it may monitor the system",
        grants=() if readable else monitoring_grants(user),
        problem="" if readable else f"User {user!r} is no superuser, has no unrestricted access, and not sys:monitor.",
    )


def _databases(cluster: Cluster, tables: TableFilter) -> Iterator[AccessCheck]:
    doors = Doors(cluster)
    for database in databases_in_scope(cluster, tables):
        if not database.is_local:
            continue
        problem = doors.try_to(database.name)
        yield AccessCheck(
            name=f"database {database.name}",
            flows=frozenset({Flow.METADATA, Flow.LINEAGE}),
            readable=problem is None,
            needed="volume, freshness, the SQL of views and the ids of tables are shown inside of a database only",
            problem=str(problem or ""),
        )
