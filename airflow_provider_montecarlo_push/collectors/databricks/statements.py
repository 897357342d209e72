"""The views of ``information_schema``. Each method is one statement ordered by catalog, schema and table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_provider_montecarlo_push.collectors.databricks.catalogs import Scope
from airflow_provider_montecarlo_push.collectors.databricks.session import Row, Session
from airflow_provider_montecarlo_push.collectors.databricks.system_tables import bounds, select
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

VIEW_TYPES = ("VIEW", "METRIC_VIEW")
# Their text is listed as that of views is.
DEFINED_TYPES = (*VIEW_TYPES, "MATERIALIZED_VIEW")

_NAME = ("table_catalog", "table_schema", "table_name")
_TABLE = (*_NAME, "table_type", "data_source_format", "created", "last_altered")


class Catalog:
    """What ``information_schema`` lists of the catalogs of a scope.

    Each method raises :class:`AccessDeniedError`, without grants.
    """

    def __init__(self, session: Session, scope: Scope) -> None:
        self._session = session
        self._scope = scope

    def all_tables(self) -> Iterator[Row]:
        """Rows of catalog, schema, name, type, format, created, last altered, comment; views among them."""
        return self._read("tables", (*_TABLE, "comment"))

    def base_tables(self) -> Iterator[Row]:
        """As :meth:`all_tables` without views and comments (the last value is ``None``)."""
        return self._read("tables", (*_TABLE, "NULL"), f"table_type NOT IN {VIEW_TYPES!r}")

    def views(self, defined: TimeWindow | None = None) -> Iterator[Row]:
        """Rows of catalog, schema, name and type of what is defined by a query.

        :param defined: only those that were created or altered in this window.
        """
        conditions, values = [f"table_type IN {DEFINED_TYPES!r}"], []
        if defined is not None:
            conditions += ["last_altered >= ?", "last_altered < ?"]
            values = bounds(defined)
        return self._read("tables", (*_NAME, "table_type"), *conditions, values=values)

    def view_texts(self) -> Iterator[Row]:
        """Rows of catalog, schema, name, text of the query; the text is ``None`` where it is hidden from the user."""
        return self._read("views", (*_NAME, "view_definition"))

    def columns(self) -> Iterator[Row]:
        """Rows of catalog, schema, table, column, full type, comment, in order."""
        facts = (*_NAME, "column_name", "full_data_type", "comment")
        return self._read("columns", facts, order="ordinal_position")

    def tags(self) -> Iterator[Row]:
        """Rows of catalog, schema, table, tag and value."""
        name = ("catalog_name", "schema_name", "table_name")
        return self._read("table_tags", (*name, "tag_name", "tag_value"), name=name, order="tag_name")

    def _read(
        self,
        view: str,
        columns: Sequence[str],
        *conditions: str,
        values: Sequence[object] = (),
        name: tuple[str, str, str] = _NAME,
        order: str | None = None,
    ) -> Iterator[Row]:
        in_scope, bound = self._scope.condition(*name)
        source = f"{self._scope.information_schema}.{view}"
        sql = select(
            columns,
            source,
            [in_scope, f"{name[1]} <> 'information_schema'", *conditions],
            order_by=[*name, *([order] if order else [])],
        )
        return self._session.query(sql, [*bound, *values], doing=f"Reading {source}")
