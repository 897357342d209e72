"""What each flow reads, and the statements that grant it.

Source: https://docs.databricks.com/aws/en/admin/system-tables/ (which schemas an account admin has to enable) and
https://docs.databricks.com/aws/en/data-governance/unity-catalog/manage-privileges/privileges
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_montecarlo_push.collectors.databricks.names import identifier
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError


@dataclass(frozen=True)
class SystemTable:
    """A table of the ``system`` catalog that a flow reads.

    :param schema: its schema, which an account admin has to enable (``information_schema`` excepted).
    :param flows: which flows read it.
    :param needed: when it is read, and what happens without it.
    """

    schema: str
    table: str
    flows: frozenset[Flow]
    needed: str

    @property
    def full_name(self) -> str:
        """The name to select from."""
        return f"system.{self.schema}.{self.table}"


QUERY_HISTORY = SystemTable(
    "query",
    "history",
    frozenset({Flow.QUERY_LOGS, Flow.LINEAGE}),
    "every collection of query logs reads it, and lineage where the tables of lineage are not granted",
)
TABLE_LINEAGE = SystemTable(
    "access",
    "table_lineage",
    frozenset({Flow.LINEAGE, Flow.METADATA}),
    "lineage comes from it, and freshness; without it statements are parsed, and freshness is when the definition of "
    "a table was altered",
)
COLUMN_LINEAGE = SystemTable(
    "access",
    "column_lineage",
    frozenset({Flow.LINEAGE}),
    "lineage of columns comes from it; without it only tables have lineage",
)
TABLE_METRICS = SystemTable(
    "storage",
    "table_metrics_history",
    frozenset({Flow.METADATA}),
    "the sizes of managed tables come from it; without it only tables that are described one by one have a size",
)
INFORMATION_SCHEMA = SystemTable(
    "information_schema",
    "tables",
    frozenset({Flow.METADATA, Flow.LINEAGE}),
    "the tables of all catalogs are read from it; without it each catalog's own information_schema is read",
)
TABLE_TAGS = SystemTable(
    "information_schema", "table_tags", frozenset({Flow.METADATA}), "tags come from it; without it there are none"
)

SYSTEM_TABLES = (QUERY_HISTORY, TABLE_LINEAGE, COLUMN_LINEAGE, TABLE_METRICS, INFORMATION_SCHEMA, TABLE_TAGS)


def table_grants(table: SystemTable, user: str) -> tuple[str, ...]:
    """Return the statements that show a system table to ``user``."""
    to_user = f"TO {identifier(user)};"
    enabled = f"  -- an account admin must have enabled the schema system.{table.schema}"
    return (
        f"GRANT USE CATALOG ON CATALOG system {to_user}",
        f"GRANT USE SCHEMA ON SCHEMA system.{table.schema} {to_user}"
        + ("" if table.schema == "information_schema" else enabled),
        f"GRANT SELECT ON TABLE {table.full_name} {to_user}",
    )


def catalog_grants(catalog: str, user: str) -> tuple[str, ...]:
    """Return the statements that show what a catalog holds to ``user``, and no data."""
    on_catalog, to_user = f"ON CATALOG {identifier(catalog)}", f"TO {identifier(user)};"
    return (f"GRANT USE CATALOG {on_catalog} {to_user}", f"GRANT BROWSE {on_catalog} {to_user}")


def detail_grants(catalog: str, user: str) -> tuple[str, ...]:
    """Return the statements that allow DESCRIBE DETAIL of a catalog's tables to ``user``."""
    on_catalog, to_user = f"ON CATALOG {identifier(catalog)}", f"TO {identifier(user)};"
    return (f"GRANT USE CATALOG, USE SCHEMA, SELECT {on_catalog} {to_user}",)


def table_denied(table: SystemTable, user: str, cause: Exception) -> AccessDeniedError:
    """Return the error for a system table that is missing or not granted."""
    return AccessDeniedError(f"{cause}\nAbout {table.full_name}: {table.needed}.", grants=table_grants(table, user))
