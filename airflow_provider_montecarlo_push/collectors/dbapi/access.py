"""Which views of the information_schema can be read."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.dbapi.information_schema import find, grants
from airflow_provider_montecarlo_push.collectors.dbapi.session import Session
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

_METADATA = frozenset({Flow.METADATA})


def check_access(session: Session, name: str) -> Iterator[AccessCheck]:
    """Yield a check for each view.

    :param name: what the information_schema is called.
    """
    try:
        schema = find(session, name)
    except AccessDeniedError as error:
        yield AccessCheck(
            name=name,
            flows=_METADATA,
            readable=False,
            needed="tables and columns are read from it; without it the collection fails",
            grants=error.grants,
            problem=str(error),
        )
        return
    for view in (schema.tables, schema.columns):
        yield AccessCheck(name=view.name, flows=_METADATA, readable=True, needed="tables and columns are read from it")
    views = schema.views.name if schema.views else f"{schema.tables.name.rpartition('.')[0]}.views"
    yield AccessCheck(
        name=views,
        flows=_METADATA,
        readable=schema.views is not None,
        needed="the SQL of views is read from it; without it they have none",
        grants=() if schema.views else grants(views, session.user),
        problem=schema.problem,
    )
