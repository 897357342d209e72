"""Columns and types of the tables that parsed statements mention, from INFORMATION_SCHEMA."""

from __future__ import annotations

from airflow_provider_montecarlo_push.collectors.schema_cache import SchemaTables
from airflow_provider_montecarlo_push.collectors.snowflake.names import bound_identifier
from airflow_provider_montecarlo_push.collectors.snowflake.session import Session
from airflow_provider_montecarlo_push.collectors.snowflake.statements import VIEW_TYPES, select


class SchemaReader:
    """Reads what :class:`~.collectors.schema_cache.SchemaCache` keeps."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, database: str, schema: str, found: SchemaTables) -> None:
        """Read a schema into ``found``, with two statements."""
        catalog = f"{bound_identifier(database)}.INFORMATION_SCHEMA"
        doing = f"Reading the columns of {database}.{schema}"
        here = ["TABLE_SCHEMA = %s"]
        order = ["TABLE_NAME", "ORDINAL_POSITION"]
        views = self._session.query(
            select(["TABLE_NAME"], f"{catalog}.TABLES", [*here, f"TABLE_TYPE IN {VIEW_TYPES!r}"]), [schema], doing=doing
        )
        found.types.update((row[0], "VIEW") for row in views)
        rows = self._session.query(
            select(["TABLE_NAME", "COLUMN_NAME"], f"{catalog}.COLUMNS", here, order_by=order),
            [schema],
            doing=doing,
        )
        found.add_columns(rows)
