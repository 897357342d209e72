"""Rows of a catalog to tables and views: one row for each column, or one for each table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from airflow_provider_montecarlo_push.collectors.dbapi.asset_types import asset_type
from airflow_provider_montecarlo_push.collectors.dbapi.column_types import upper
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.sql_catalog.columns import METADATA, NAMES
from airflow_provider_montecarlo_push.collectors.sql_catalog.grouping import groups
from airflow_provider_montecarlo_push.collectors.sql_catalog.values import HINT, Record
from airflow_provider_montecarlo_push.collectors.text_files.problems import Problems, RowError
from airflow_provider_montecarlo_push.events import (
    AssetField,
    AssetFreshness,
    AssetMetadata,
    AssetVolume,
    RelationalAsset,
)
from airflow_provider_montecarlo_push.events.names import TableName


class MetadataReader:
    """Makes assets of records.

    :param tables: which tables and views.
    :param keep_asset_types: as for the collector.
    :param lean: leave out columns, comments and SQL, and what has neither volume nor freshness.
    """

    def __init__(self, report: CollectionReport, tables: TableFilter, *, keep_asset_types: bool, lean: bool) -> None:
        self._report = report
        self._problems = Problems(report)
        self._tables = tables
        self._keep_asset_types = keep_asset_types
        self._lean = lean

    def read(self, rows: Iterable[Record]) -> Iterator[RelationalAsset]:
        """Yield the assets.

        :param rows: those of a table one after another; what they say of the table is taken from the first.
        :raises SourceError: when they are not, a value is of a wrong type, or not one row can be used.
        """
        for name, group in groups(self._named(rows), order_by=", ".join(NAMES)):
            if not self._tables.matches(*name):
                self._report.leave_out("filtered", str(name))
                continue
            asset = self._asset(name, group)
            if self._lean and asset.volume is None and asset.freshness is None:
                if asset.type != "VIEW":
                    self._report.leave_out("no_volume_or_freshness", str(name))
                continue
            yield asset
        self._problems.check(METADATA.parameter, HINT)

    def _named(self, rows: Iterable[Record]) -> Iterator[tuple[TableName, Record]]:
        for row in rows:
            try:
                name = TableName(*(row.needed(column, row.text(column)) for column in NAMES))
            except RowError as error:
                self._problems.row(row.place, error)
            else:
                self._problems.usable()
                yield name, row

    def _asset(self, name: TableName, group: Iterator[Record]) -> RelationalAsset:
        first = next(group)
        asset = RelationalAsset(
            type=asset_type(first.text("type") or "", keep=self._keep_asset_types),
            metadata=AssetMetadata(name=name.name, database=name.database, schema=name.schema),
        )
        self._measure(asset, first, name)
        if not self._lean:
            asset.metadata.description = first.text("description")
            asset.metadata.view_query = first.text("view_query")
            asset.metadata.created_on = first.optional("created_on", first.moment, self._problems)
            asset.fields = self._fields(first, group)
        return asset

    def _measure(self, asset: RelationalAsset, row: Record, name: TableName) -> None:
        rows, size = (row.optional(column, row.amount, self._problems) for column in ("row_count", "byte_count"))
        if rows is not None or size is not None:
            asset.volume = AssetVolume(rows, size)
        changed = row.optional("last_update_time", row.moment, self._problems)
        if changed is not None:
            asset.freshness = AssetFreshness(changed)
        elif row.has("last_update_time") and asset.type != "VIEW":
            self._report.leave_out("freshness_unknown", str(name))

    def _fields(self, first: Record, others: Iterator[Record]) -> list[AssetField]:
        if not first.has("column_name"):
            return []
        fields: dict[str, AssetField] = {}
        for row in (first, *others):
            try:
                field = self._field(row, fields)
            except RowError as error:
                self._problems.part(row.place, error)
                continue
            if field is not None:
                fields[field.name] = field
        return list(fields.values())

    def _field(self, row: Record, fields: dict[str, AssetField]) -> AssetField | None:
        """Return the column of a row; a table without columns has none in its only row."""
        name, kind = row.text("column_name"), row.text("column_type")
        if name is None and kind is None:
            return None
        name = row.needed("column_name", name)
        if name in fields:
            raise RowError("duplicate_columns", f"column {name!r} came before")
        return AssetField(name, upper(row.needed("column_type", kind)), row.text("column_description"))
