"""Columns and types of the tables that parsed statements mention, from information_schema."""

from __future__ import annotations

from airflow_provider_montecarlo_push.collectors.databricks.names import identifier
from airflow_provider_montecarlo_push.collectors.databricks.session import Session
from airflow_provider_montecarlo_push.collectors.databricks.statements import VIEW_TYPES
from airflow_provider_montecarlo_push.collectors.databricks.system_tables import select
from airflow_provider_montecarlo_push.collectors.schema_cache import SchemaTables


class SchemaReader:
    """Reads what :class:`~.collectors.schema_cache.SchemaCache` keeps."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, database: str, schema: str, found: SchemaTables) -> None:
        """Read a schema into ``found``, with two statements."""
        catalog = f"{identifier(database)}.information_schema"
        doing = f"Reading the columns of {database}.{schema}"
        here = ["table_schema = ?"]
        views = self._session.query(
            select(["table_name"], f"{catalog}.tables", [*here, f"table_type IN {VIEW_TYPES!r}"]), [schema], doing=doing
        )
        found.types.update((row[0], "VIEW") for row in views)
        rows = self._session.query(
            select(
                ["table_name", "column_name"], f"{catalog}.columns", here, order_by=["table_name", "ordinal_position"]
            ),
            [schema],
            doing=doing,
        )
        found.add_columns(rows)
