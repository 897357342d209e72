"""What each flow reads, and the statements that grant it.

Sources: https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_system-tables.html#c_visibility-of-data,
https://docs.aws.amazon.com/redshift/latest/dg/r_roles-default.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_montecarlo_push.collectors.redshift.session import Cluster, Row
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, SourceError

_METADATA = frozenset({Flow.METADATA})
_LINEAGE = frozenset({Flow.LINEAGE})
_USER_UNKNOWN = '"<user of the connection>"'


@dataclass(frozen=True)
class ViewRequirement:
    """A system view that a flow reads.

    :param view: its name.
    :param flows: which flows read it.
    :param needed: when it is read, and what happens without it.
    :param monitoring: whether others' rows are shown to those who may monitor the system only.
    """

    view: str
    flows: frozenset[Flow]
    needed: str
    monitoring: bool = False


DATABASES = ViewRequirement(
    "svv_redshift_databases", _METADATA | _LINEAGE, "the databases of the cluster are listed from it"
)
TABLES = ViewRequirement("svv_all_tables", _METADATA | _LINEAGE, "tables and views come from it")
COLUMNS = ViewRequirement("svv_all_columns", _METADATA | _LINEAGE, "columns come from it")
TABLE_INFO = ViewRequirement("svv_table_info", _METADATA, "numbers of rows and bytes come from it")
HISTORY = ViewRequirement(
    "sys_query_history",
    frozenset({Flow.LINEAGE, Flow.QUERY_LOGS}),
    "every collection of query logs and of lineage reads it",
    monitoring=True,
)
TEXT = ViewRequirement(
    "sys_query_text",
    frozenset({Flow.LINEAGE, Flow.QUERY_LOGS}),
    "texts of more than 4,000 characters come from it; without it they are cut",
    monitoring=True,
)
DETAIL = ViewRequirement(
    "sys_query_detail",
    _METADATA | _LINEAGE,
    "it tells when tables were written last, and which tables a query read and wrote; without it there is no "
    "freshness, and lineage comes from the text of queries alone",
    monitoring=True,
)

REQUIREMENTS = (DATABASES, TABLES, COLUMNS, TABLE_INFO, HISTORY, TEXT, DETAIL)


def monitoring_grants(user: str | None) -> tuple[str, ...]:
    """Return the statements that show everybody's queries to ``user``; either is enough."""
    name = identifier(user) if user else _USER_UNKNOWN
    return (
        f"GRANT ROLE sys:monitor TO {name};",
        f"ALTER USER {name} SYSLOG ACCESS UNRESTRICTED;  -- instead of the role",
    )


def view_grants(requirement: ViewRequirement, user: str | None) -> tuple[str, ...]:
    """Return the statements that show a system view to ``user``."""
    name = identifier(user) if user else _USER_UNKNOWN
    select = f"GRANT SELECT ON pg_catalog.{requirement.view} TO {name};"
    return (select, *monitoring_grants(user)) if requirement.monitoring else (select,)


def table_grants(databases: Sequence[str], user: str | None) -> tuple[str, ...]:
    """Return the statements that show tables to ``user``: SVV_ALL_TABLES has only those that it may read."""
    name = identifier(user) if user else _USER_UNKNOWN
    return tuple(
        f"GRANT {what} IN DATABASE {identifier(database)} TO {name};"
        for database in databases
        for what in ("USAGE FOR SCHEMAS", "SELECT FOR TABLES")
    )


def view_denied(requirement: ViewRequirement, user: str | None, cause: Exception) -> AccessDeniedError:
    """Return the error for a system view that is missing or not granted."""
    return AccessDeniedError(
        f"{cause}\nAbout {requirement.view}: {requirement.needed}.", grants=view_grants(requirement, user)
    )


def identifier(name: str) -> str:
    """Return ``name`` quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def current_user(cluster: Cluster) -> str | None:
    """Return the user of the connection."""
    rows = cluster.fetch("SELECT current_user", doing="Asking for the current user")
    return str(rows[0][0]) if rows and rows[0][0] else None


def sees_all_queries(cluster: Cluster) -> bool | None:
    """Tell whether the user sees the queries of all users in the SYS views; ``None`` when that cannot be told."""
    doing = "Asking for the rights of the user"
    known: list[bool] = []
    for sql in (
        "SELECT superuser OR UPPER(syslog_access) = 'UNRESTRICTED' FROM svv_user_info WHERE user_name = current_user",
        "SELECT user_is_member_of(current_user, 'sys:monitor')",
    ):
        try:
            rows: list[Row] = cluster.fetch(sql, doing=doing)
        except SourceError:
            continue
        known += [bool(row[0]) for row in rows]
    return any(known) if known else None
