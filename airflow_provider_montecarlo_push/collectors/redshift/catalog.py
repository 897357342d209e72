"""What is read of the catalog: of all databases at once, and of each database from inside.

Names are ordered by Redshift byte by byte, as it has no collations but that one. See
https://docs.aws.amazon.com/redshift/latest/dg/c_collation_sequences.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.redshift.databases import Database
from airflow_provider_montecarlo_push.collectors.redshift.grants import (
    COLUMNS,
    TABLE_INFO,
    TABLES,
    ViewRequirement,
    current_user,
    view_denied,
)
from airflow_provider_montecarlo_push.collectors.redshift.session import Cluster, Row
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

VIEW_TYPES = ("VIEW", "MATERIALIZED VIEW", "LATE BINDING VIEW")

# Redshift keeps names that begin with pg_ to itself; sessions have their temporary tables in such schemas.
_NO_SYSTEM_SCHEMA = "{0} <> 'information_schema' AND {0} NOT LIKE %s ESCAPE '^'"
_SYSTEM_SCHEMAS = "pg^_%"
_WRITTEN = """
LEFT JOIN (
  SELECT d.table_id, MAX(d.end_time) AS written FROM sys_query_detail d
  WHERE d.step_name IN ('insert', 'delete') AND d.table_id > 0 AND d.user_id > 1
    AND d.query_id IN (SELECT h.query_id FROM sys_query_history h WHERE h.status = 'success')
  GROUP BY d.table_id
) w ON w.table_id = i.table_id"""


class ClusterCatalog:
    """SVV_ALL_TABLES and SVV_ALL_COLUMNS, of all databases, ordered by database, schema and table.

    :param tables: pushed down; the rows still have to pass ``tables.matches``.
    """

    def __init__(self, cluster: Cluster, databases: Sequence[Database], tables: TableFilter) -> None:
        self._cluster = cluster
        self._databases = databases
        self._tables = tables

    def tables(self, *, views: bool = True) -> Iterator[Row]:
        """Rows of database, schema, table, type, comment.

        :raises AccessDeniedError: when SVV_ALL_TABLES is not granted.
        """
        more = "" if views else f" AND UPPER(table_type) NOT IN {VIEW_TYPES!r}"
        return self._read(TABLES, ("table_type", "remarks"), more, "")

    def columns(self) -> Iterator[Row]:
        """Rows of database, schema, table, column, type, length, precision, scale, comment, in order.

        :raises AccessDeniedError: when SVV_ALL_COLUMNS is not granted.
        """
        facts = ("column_name", "data_type", "character_maximum_length", "numeric_precision", "numeric_scale")
        return self._read(COLUMNS, (*facts, "remarks"), "", ", ordinal_position")

    def _read(self, view: ViewRequirement, facts: Sequence[str], more: str, order: str) -> Iterator[Row]:
        terms, values = [], [_SYSTEM_SCHEMAS]
        for database in self._databases:
            condition, bound = self._tables.condition(database.name, "schema_name", "table_name")
            terms.append(f"(database_name = %s AND {condition})")
            values += [database.name, *bound]
        sql = (
            f"SELECT database_name, schema_name, table_name, {', '.join(facts)} FROM {view.view}\n"  # noqa: S608 - ours
            f"WHERE {_NO_SYSTEM_SCHEMA.format('schema_name')} AND ({' OR '.join(terms) or '1 = 0'}){more}\n"
            f"ORDER BY database_name, schema_name, table_name{order}"
        )
        try:
            return self._cluster.stream(sql, values, doing=f"Reading {view.view}")
        except AccessDeniedError as error:
            raise view_denied(view, current_user(self._cluster), error) from error


class DatabaseCatalog:
    """What a database shows to connections of its own only, ordered by schema and name.

    :param door: what :meth:`.Cluster.stream` takes for the database.
    """

    def __init__(self, cluster: Cluster, database: str, door: str | None, tables: TableFilter) -> None:
        self._cluster = cluster
        self._database = database
        self._door = door
        self._tables = tables

    def table_info(self, known: frozenset[str], *, written: bool) -> Iterator[Row]:
        """Rows of schema, table, rows, megabytes, creation, and end of the last step that wrote. No empty tables.

        :param known: the columns that SVV_TABLE_INFO has.
        :param written: ask SYS_QUERY_DETAIL for the last; else it is ``None``.
        :raises AccessDeniedError: when one of the two is not granted.
        """
        in_scope, values = self._tables.condition(self._database, 'i."schema"', 'i."table"')
        rows = "COALESCE(i.estimated_visible_rows, i.tbl_rows)" if "estimated_visible_rows" in known else "i.tbl_rows"
        created = "i.create_time" if "create_time" in known else "NULL"
        sql = (
            f'SELECT i."schema", i."table", {rows}, i.size, {created}, {"w.written" if written else "NULL"}\n'
            f"FROM {TABLE_INFO.view} i{_WRITTEN if written else ''}\n"
            f'WHERE i.database = %s AND {in_scope}\nORDER BY i."schema", i."table"'
        )
        return self._read(sql, [self._database, *values], TABLE_INFO.view)

    def view_texts(self) -> Iterator[Row]:
        """Rows of schema, view, SQL: a SELECT, and of late-binding views the whole CREATE VIEW."""
        in_scope, values = self._tables.condition(self._database, "n.nspname", "c.relname")
        sql = (
            "SELECT n.nspname, c.relname, pg_get_viewdef(c.oid, true)\n"
            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace\n"
            f"WHERE c.relkind IN ('v', 'm') AND {_NO_SYSTEM_SCHEMA.format('n.nspname')} AND {in_scope}\n"
            "ORDER BY n.nspname, c.relname"
        )
        return self._read(sql, [_SYSTEM_SCHEMAS, *values], "the texts of views")

    def late_binding_columns(self) -> Iterator[Row]:
        """Rows of schema, view, column, type: of late-binding views, which have no columns in the catalog."""
        in_scope, values = self._tables.condition(self._database, "c.view_schema", "c.view_name")
        sql = (
            "SELECT c.view_schema, c.view_name, c.col_name, c.col_type FROM pg_get_late_binding_view_cols()\n"  # noqa: S608 - ours
            "AS c (view_schema name, view_name name, col_name name, col_type varchar, col_num int)\n"
            f"WHERE {in_scope} ORDER BY c.view_schema, c.view_name, c.col_num"
        )
        return self._read(sql, values, "the columns of late-binding views")

    def _read(self, sql: str, values: Sequence[str], what: str) -> Iterator[Row]:
        return self._cluster.stream(sql, values, doing=f"Reading {what} of {self._database}", database=self._door)
