"""Columns and types of the tables that statements mention."""

from __future__ import annotations

from airflow_provider_montecarlo_push.collectors.redshift.options import Options
from airflow_provider_montecarlo_push.collectors.redshift.session import Cluster
from airflow_provider_montecarlo_push.collectors.schema_cache import SchemaTables


class SchemaReader:
    """Reads schemas of any database of the cluster from SVV_ALL_TABLES and SVV_ALL_COLUMNS."""

    def __init__(self, cluster: Cluster, options: Options) -> None:
        self._cluster = cluster
        self._options = options

    def read(self, database: str, schema: str, found: SchemaTables) -> None:
        """Read a schema into ``found``, with two statements."""
        here, names = "WHERE database_name = %s AND schema_name = %s", [database, schema]
        doing = f"Reading the columns of {database}.{schema}"
        tables = self._cluster.stream(f"SELECT table_name, table_type FROM svv_all_tables {here}", names, doing=doing)  # noqa: S608 - ours
        found.types.update((table, self._options.asset_type(kind)) for table, kind in tables)
        columns = f"SELECT table_name, column_name FROM svv_all_columns {here} ORDER BY table_name, ordinal_position"  # noqa: S608 - ours
        found.add_columns(self._cluster.stream(columns, names, doing=doing))
