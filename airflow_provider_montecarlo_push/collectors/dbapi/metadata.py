"""Tables and views with columns, comments and SQL, and their size where the information_schema tells it.

A fixed number of statements, whatever the database holds: tables, columns and views, each ordered by name, are merged
as they stream.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from airflow_provider_montecarlo_push.collectors.dbapi.asset_types import asset_type
from airflow_provider_montecarlo_push.collectors.dbapi.column_types import column_type
from airflow_provider_montecarlo_push.collectors.dbapi.drivers import as_text
from airflow_provider_montecarlo_push.collectors.dbapi.information_schema import KEY, CatalogView, InformationSchema
from airflow_provider_montecarlo_push.collectors.dbapi.scope import Scope
from airflow_provider_montecarlo_push.collectors.dbapi.session import Row, Session
from airflow_provider_montecarlo_push.collectors.dbapi.statements import Statement
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.merging import Follower, in_order
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import AssetField, AssetMetadata, AssetVolume, RelationalAsset
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, InvalidEventError

_TABLE = (*KEY, "TABLE_TYPE", "TABLE_ROWS", "DATA_LENGTH", "TABLE_COMMENT")
_COLUMN = (
    *KEY,
    "COLUMN_NAME",
    "COLUMN_TYPE",
    "DATA_TYPE",
    "UDT_NAME",
    "CHARACTER_MAXIMUM_LENGTH",
    "NUMERIC_PRECISION",
    "NUMERIC_SCALE",
    "DATETIME_PRECISION",
    "COLUMN_COMMENT",
)
_VIEW = (*KEY, "VIEW_DEFINITION")
_NO_TABLES = frozenset({"SEQUENCE"})
# MySQL 8 keeps the sizes of tables for a day unless it is told not to.
_SETTINGS_OF_MYSQL = ("SET SESSION information_schema_stats_expiry = 0",)
# MySQL's comment on every view.
_NO_COMMENT = "VIEW"


class MetadataReader:
    """Reads an information_schema.

    :param tables: which tables and views.
    :param keep_asset_types: call external and foreign tables ``EXTERNAL``.
    :param lean: only the size of tables.
    :raises ConfigurationError: when only the size is wanted, and the database does not tell it.
    """

    def __init__(
        self,
        session: Session,
        report: CollectionReport,
        schema: InformationSchema,
        tables: TableFilter,
        *,
        keep_asset_types: bool,
        lean: bool,
    ) -> None:
        if lean and not schema.has_volume:
            raise ConfigurationError(
                f"{schema.tables.name} tells neither the size of tables nor when they changed, so there is nothing to "
                "collect with only_freshness_and_volume. Turn it off, or use the SqlCatalogCollector with SQL that "
                "knows."
            )
        self._session = session
        self._report = report
        self._schema = schema
        self._tables = tables
        self._keep_asset_types = keep_asset_types
        self._lean = lean

    def read(self) -> Iterator[RelationalAsset]:
        """Yield the assets.

        :raises SourceError: when the database does not return names in order.
        """
        scope = Scope.of(self._session, self._schema, self._tables)
        rows = in_order(self._stream(scope, self._schema.tables, _TABLE), "tables", len(KEY))
        columns, views = self._followers(scope)
        for row in rows:
            name = scope.name(row)
            kind = as_text(row[3]).upper()
            if not self._is_wanted(name, kind):
                continue
            try:
                asset = self._asset(name, kind, row)
            except InvalidEventError as error:
                self._report.leave_out("invalid", str(error))
                continue
            if columns is not None:
                asset.fields = [self._field(column) for column in columns.take(*row[: len(KEY)])]
            if views is not None and asset.type == "VIEW":
                self._add_text(asset, views.take(*row[: len(KEY)]), name)
            if self._lean and asset.volume is None:
                if asset.type != "VIEW":
                    self._report.leave_out("no_volume_or_freshness", str(name))
                continue
            yield asset

    def _followers(self, scope: Scope) -> tuple[Follower | None, Follower | None]:
        if self._lean:
            return None, None
        columns = Follower(self._stream(scope, self._schema.columns, _COLUMN, "ORDINAL_POSITION"), "columns", len(KEY))
        if self._schema.views is None:
            self._report.note(f"No SQL of views: {self._schema.problem}")
            return columns, None
        return columns, Follower(self._stream(scope, self._schema.views, _VIEW), "views", len(KEY))

    def _stream(self, scope: Scope, view: CatalogView, columns: Sequence[str], *order: str) -> Iterator[Row]:
        condition, values = scope.condition(view)
        sql = (
            f"SELECT {', '.join(view.select(columns))} FROM {view.name} WHERE {condition} "  # noqa: S608 - names of the view itself
            f"ORDER BY {self._schema.order_by(view, *order)}"
        )
        settings = _SETTINGS_OF_MYSQL if self._schema.is_mysql else ()
        statement = Statement.of(sql, values)
        rows = self._session.stream(statement, doing=f"Reading {view.name}", settings=settings).rows
        return map(_with_names, rows)

    def _is_wanted(self, name: TableName, kind: str) -> bool:
        if not self._tables.matches(*name):
            self._report.leave_out("filtered", str(name))
        elif "TEMPORARY" in kind:
            self._report.leave_out("temporary", str(name))
        elif kind in _NO_TABLES:
            self._report.leave_out("no_table", f"{name} is a {kind.lower()}")
        else:
            return True
        return False

    def _asset(self, name: TableName, kind: str, row: Row) -> RelationalAsset:
        comment = _text(row[6])
        asset = RelationalAsset(
            type=asset_type(kind, keep=self._keep_asset_types),
            metadata=AssetMetadata(name=name.name, database=name.database, schema=name.schema),
        )
        is_view = asset.type == "VIEW"
        if not self._lean and not (is_view and comment == _NO_COMMENT):
            asset.metadata.description = comment
        rows, size = _integer(row[4]), _integer(row[5])
        if not is_view and (rows is not None or size is not None):
            asset.volume = AssetVolume(rows, size)
        return asset

    def _add_text(self, asset: RelationalAsset, rows: list[Row], name: TableName) -> None:
        asset.metadata.view_query = _text(rows[0][3]) if rows else None
        if asset.metadata.view_query is None:
            self._report.leave_out("hidden_text", f"view {name}: its SQL is not visible to this user")

    def _field(self, row: Row) -> AssetField:
        full_type, data_type, udt_name = (_text(value) for value in row[4:7])
        length, precision, scale, fraction = (_integer(value) for value in row[7:11])
        kind = column_type(full_type, data_type, udt_name, length, precision, scale, fraction)
        return AssetField(as_text(row[3]), kind, _text(row[11]))


def _with_names(row: Row) -> Row:
    """Return a row that begins with texts; there may be no catalog."""
    return (*map(as_text, row[: len(KEY)]), *row[len(KEY) :])


def _text(value: Any) -> str | None:
    return as_text(value) or None


def _integer(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float | Decimal) else None
