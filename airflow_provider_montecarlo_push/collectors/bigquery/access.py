"""Which system views the account can read."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.bigquery.grants import (
    JOBS,
    LINKS,
    METADATA,
    ORGANIZATION_JOBS,
    STORAGE,
    Requirement,
    denied,
)
from airflow_provider_montecarlo_push.collectors.bigquery.options import Options
from airflow_provider_montecarlo_push.collectors.bigquery.places import Place, places
from airflow_provider_montecarlo_push.collectors.bigquery.session import Session
from airflow_provider_montecarlo_push.collectors.bigquery.statements import select
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

_OF_CATALOG = (METADATA, STORAGE)


def check_access(session: Session, options: Options, tables: TableFilter) -> Iterator[AccessCheck]:
    """Yield a check for each system view that a flow may read, in each region of each project.

    :raises AccessDeniedError: when the regions have to be found by the datasets of a project, and it shows none.
    """
    wanted = (METADATA, STORAGE, LINKS, ORGANIZATION_JOBS if options.jobs_scope == "organization" else JOBS)
    for place in places(session, options):
        for requirement in wanted:
            if requirement in _OF_CATALOG and not tables.matches_database(place.project):
                continue
            yield _check(session, place, requirement)


def _check(session: Session, place: Place, requirement: Requirement) -> AccessCheck:
    name = f"{place.project}.region-{place.region}.{requirement.view}"
    problem = ""
    commands: tuple[str, ...] = ()
    try:
        sql = select(["1"], place.view(requirement.view), ["FALSE"])
        list(session.query(sql, doing=f"Reading {name}", location=place.location))
    except AccessDeniedError as error:
        problem, commands = str(error), denied(requirement, place.project, session, error).grants
    return AccessCheck(
        name=name,
        flows=requirement.flows,
        readable=not problem,
        needed=requirement.needed,
        grants=commands,
        problem=problem,
    )
