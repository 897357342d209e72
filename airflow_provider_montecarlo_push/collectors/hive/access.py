"""Which databases can be listed and read."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.hive.hiveserver2 import identifier
from airflow_provider_montecarlo_push.collectors.hive.scope import databases_in_scope, hive_pattern, wanted_names
from airflow_provider_montecarlo_push.collectors.hive.tables import Catalog
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

_FLOWS = frozenset({Flow.METADATA, Flow.LINEAGE})


def check_databases(
    catalog: Catalog, report: CollectionReport, tables: TableFilter, user: str
) -> Iterator[AccessCheck]:
    """Yield a check for each database in scope: whether its tables can be listed, and the first of them read.

    :param user: to whom to grant what is missing; empty where that is not a matter of SQL.
    :raises AccessDeniedError: when a database that ``tables`` names cannot be seen.
    """
    for database in databases_in_scope(catalog, tables, report):
        problem = _problem(catalog, report, tables, database)
        yield AccessCheck(
            name=database,
            flows=_FLOWS,
            readable=not problem,
            needed="its tables and views are read from Hive's catalog",
            grants=(f"GRANT SELECT ON DATABASE {identifier(database)} TO USER {identifier(user)}",)
            if problem and user
            else (),
            problem=problem,
        )


def _problem(catalog: Catalog, report: CollectionReport, tables: TableFilter, database: str) -> str:
    denied = report.left_out["denied"]
    try:
        names = wanted_names(tables, database, catalog.names(database, hive_pattern(tables, database)), report)
        list(catalog.tables(database, names[:1]))
    except AccessDeniedError as error:
        return str(error)
    if report.left_out["denied"] > denied:
        return f"The user of the connection may not DESCRIBE {database}.{names[0]}."
    return ""
