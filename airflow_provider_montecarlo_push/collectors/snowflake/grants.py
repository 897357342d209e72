"""What each flow reads beside the databases themselves, and the statements that grant it.

Source: https://docs.snowflake.com/en/sql-reference/snowflake-db-roles (which database role shows which view).
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_montecarlo_push.collectors.snowflake.names import identifier
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

ACCOUNT_USAGE = "SNOWFLAKE.ACCOUNT_USAGE"
_CATALOG_VIEWS = "TABLES, COLUMNS and VIEWS"
_ROLE_UNKNOWN = "<role of the connection>"


@dataclass(frozen=True)
class ViewRequirement:
    """A system view that a flow reads.

    :param view: its name in ``SNOWFLAKE.ACCOUNT_USAGE``.
    :param database_role: the database role of SNOWFLAKE that shows it, and least else.
    :param flows: which flows read it.
    :param needed: when it is read, and what happens without it.
    """

    view: str
    database_role: str
    flows: frozenset[Flow]
    needed: str

    @property
    def views(self) -> tuple[str, ...]:
        """The names of the views it stands for."""
        return ("TABLES", "COLUMNS", "VIEWS") if self.view == _CATALOG_VIEWS else (self.view,)

    @property
    def full_name(self) -> str:
        """The name to select from."""
        return f"{ACCOUNT_USAGE}.{self.view}"


QUERY_HISTORY = ViewRequirement(
    "QUERY_HISTORY",
    "GOVERNANCE_VIEWER",
    frozenset({Flow.QUERY_LOGS, Flow.LINEAGE}),
    "every collection of query logs and of lineage reads it",
)
ACCESS_HISTORY = ViewRequirement(
    "ACCESS_HISTORY",
    "GOVERNANCE_VIEWER",
    frozenset({Flow.LINEAGE}),
    "lineage comes from it on Enterprise edition; without it the statements of QUERY_HISTORY are parsed",
)
OBJECT_DEPENDENCIES = ViewRequirement(
    "OBJECT_DEPENDENCIES",
    "OBJECT_VIEWER",
    frozenset({Flow.LINEAGE}),
    "the edges of views whose text is hidden or cannot be parsed come from it; without it they have none",
)
TAG_REFERENCES = ViewRequirement(
    "TAG_REFERENCES",
    "GOVERNANCE_VIEWER",
    frozenset({Flow.METADATA}),
    "tags come from it; without it there are none",
)
TABLE_DML_HISTORY = ViewRequirement(
    "TABLE_DML_HISTORY",
    "USAGE_VIEWER",
    frozenset({Flow.METADATA}),
    "it is read only with freshness='dml'",
)
CATALOG = ViewRequirement(
    _CATALOG_VIEWS,
    "OBJECT_VIEWER",
    frozenset({Flow.METADATA, Flow.LINEAGE}),
    "they are read for databases too large for their own INFORMATION_SCHEMA, and with catalog='account_usage'",
)

REQUIREMENTS = (QUERY_HISTORY, ACCESS_HISTORY, OBJECT_DEPENDENCIES, TAG_REFERENCES, TABLE_DML_HISTORY, CATALOG)


def view_grants(requirement: ViewRequirement, role: str | None) -> tuple[str, ...]:
    """Return the statements that show a view to ``role``: the first for all of ACCOUNT_USAGE, the second for less."""
    to_role = _role(role)
    return (
        f"GRANT IMPORTED PRIVILEGES ON DATABASE SNOWFLAKE TO ROLE {to_role};",
        f"GRANT DATABASE ROLE SNOWFLAKE.{requirement.database_role} TO ROLE {to_role};  -- enough by itself",
    )


def database_grants(database: str, role: str | None, *, is_share: bool = False) -> tuple[str, ...]:
    """Return the statements that show a database's catalog to ``role``, and no data."""
    on_database, to_role = f"DATABASE {identifier(database)}", f"TO ROLE {_role(role)};"
    if is_share:
        return (f"GRANT IMPORTED PRIVILEGES ON {on_database} {to_role}",)
    statements = [f"GRANT USAGE ON {on_database} {to_role}"]
    statements += [
        f"GRANT {privilege} ON {which} {kind} IN {on_database} {to_role}"
        for privilege, kind in (("USAGE", "SCHEMAS"), ("REFERENCES", "TABLES"), ("REFERENCES", "VIEWS"))
        for which in ("ALL", "FUTURE")
    ]
    return tuple(statements)


def view_denied(requirement: ViewRequirement, role: str | None, cause: Exception) -> AccessDeniedError:
    """Return the error for a system view that is missing or not granted."""
    return AccessDeniedError(
        f"{cause}\nAbout {requirement.full_name}: {requirement.needed}.", grants=view_grants(requirement, role)
    )


def _role(role: str | None) -> str:
    return identifier(role) if role else _ROLE_UNKNOWN
