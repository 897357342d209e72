"""What statements mention: columns and types of tables, and which are partitions of which."""

from __future__ import annotations

from airflow_provider_montecarlo_push.collectors.postgres.databases import Databases
from airflow_provider_montecarlo_push.collectors.postgres.options import Options
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.schema_cache import SchemaCache, SchemaTables
from airflow_provider_montecarlo_push.events.names import TableName

_SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema", "pg_toast"})

# All that are not plain tables: partitions with the table that they are partitions of, views, foreign tables.
_TABLES = """
SELECT c.relname::text, c.relkind::text, rn.nspname::text, r.relname::text
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class r ON c.relispartition AND r.oid = pg_catalog.pg_partition_root(c.oid)
LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
WHERE n.nspname = %s AND (c.relispartition OR c.relkind IN ('v', 'm', 'f')) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""
_COLUMNS = """
SELECT c.relname::text, a.attname::text
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.oid, a.attnum
"""


class Schemas:
    """Looks up tables in the catalog, a schema at a time.

    :ivar cache: for the parser.
    """

    def __init__(self, databases: Databases, options: Options, report: CollectionReport) -> None:
        self._databases = databases
        self._options = options
        self._roots: dict[tuple[str, str], dict[str, TableName]] = {}
        self.cache = SchemaCache(self._read, report)

    def collected(self, name: TableName) -> TableName | None:
        """Return the table that is collected for ``name``: for a partition the whole, ``None`` for the server's own."""
        if name.schema in _SYSTEM_SCHEMAS:
            return None
        # pg_catalog is searched before any other schema.
        if (
            name.name.startswith("pg_")
            and self.cache.columns(*name) is None
            and self.cache.columns(name.database, "pg_catalog", name.name)
        ):
            return None
        self.cache.schema(name.database, name.schema)
        return self._roots.get((name.database, name.schema), {}).get(name.name, name)

    def _read(self, database: str, schema: str, found: SchemaTables) -> None:
        roots = self._roots[database, schema] = {}
        doing = f"Reading the columns of {database}.{schema}"
        with self._databases.open(database) as session:
            for table, kind, *root in session.stream(_TABLES, [schema], doing=doing):
                if root[1] is not None:
                    roots[table] = TableName(database, *root)
                else:
                    found.types[table] = self._options.asset_type(kind)
            found.add_columns(session.stream(_COLUMNS, [schema], doing=doing))
