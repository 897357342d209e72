"""Tables and views with columns, comments, SQL, volume and freshness."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.hive.column_types import is_placeholder, type_name
from airflow_provider_montecarlo_push.collectors.hive.errors import TableGoneError
from airflow_provider_montecarlo_push.collectors.hive.options import Options
from airflow_provider_montecarlo_push.collectors.hive.scope import (
    databases_in_scope,
    hive_pattern,
    is_named,
    wanted_names,
)
from airflow_provider_montecarlo_push.collectors.hive.tables import INDEX_KIND, Catalog, Statistics, Table
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import (
    AssetField,
    AssetFreshness,
    AssetMetadata,
    AssetVolume,
    RelationalAsset,
)
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, InvalidEventError


class MetadataReader:
    """Reads the catalog of every database in scope.

    :param tables: which tables and views.
    :param lean: leave out columns, comments and SQL, and views, which have neither volume nor freshness.
    """

    def __init__(
        self, catalog: Catalog, report: CollectionReport, options: Options, tables: TableFilter, *, lean: bool
    ) -> None:
        self._catalog = catalog
        self._report = report
        self._options = options
        self._tables = tables
        self._lean = lean
        self._most_partitions = options.most_partitions(lean=lean)

    def read(self) -> Iterator[RelationalAsset]:
        """Yield the assets, database by database.

        :raises AccessDeniedError: when a database that was asked for by name may not be read.
        """
        for database in databases_in_scope(self._catalog, self._tables, self._report):
            try:
                found = self._catalog.names(database, hive_pattern(self._tables, database))
            except AccessDeniedError as error:
                cannot_read(database, error, self._tables, self._report)
                continue
            yield from self._assets(database, wanted_names(self._tables, database, found, self._report))

    def _assets(self, database: str, names: list[str]) -> Iterator[RelationalAsset]:
        read = self._catalog.lean_tables if self._lean else self._catalog.tables
        for table in read(database, names):
            if table.kind == INDEX_KIND:
                self._report.leave_out("index", str(table.full_name))
                continue
            if self._lean and table.is_view and table.kind != "MATERIALIZED_VIEW":
                self._report.count("views_skipped")
                continue
            try:
                asset = self._asset(table)
            except InvalidEventError as error:
                self._report.leave_out("invalid", str(error))
                continue
            if self._lean and asset.volume is None and asset.freshness is None:
                self._leave_out(table)
            else:
                yield asset

    def _leave_out(self, table: Table) -> None:
        """Count a table of which nothing is known in a collection of freshness and volume."""
        if table.partition_columns and self._catalog.sum_partitions is not None and not self._most_partitions:
            self._report.count("partitioned_tables_of_full_runs")
        else:
            self._report.leave_out("no_volume_or_freshness", str(table.full_name))

    def _asset(self, table: Table) -> RelationalAsset:
        is_measured = table.kind != "VIRTUAL_VIEW"
        known = self._statistics(table) if is_measured else Statistics()
        asset = RelationalAsset(
            type=self._options.asset_type(table.kind),
            metadata=AssetMetadata(
                name=table.name,
                database=table.database,
                schema=table.database,
                description=None if self._lean else table.comment or None,
                view_query=None if self._lean or not table.is_view else table.text,
                created_on=None if table.created is None else _moment(table.created),
            ),
            fields=[] if self._lean else self._fields(table),
        )
        if known.rows is not None or known.size is not None:
            asset.volume = AssetVolume(known.rows, known.size)
        if known.changed is not None:
            asset.freshness = AssetFreshness(_moment(known.changed))
        if is_measured:
            self._count_unknown(known)
        return asset

    def _fields(self, table: Table) -> list[AssetField]:
        if is_placeholder(table.columns):
            self._report.leave_out("columns_unknown", f"{table.full_name}: only its format knows them")
            return []
        return [AssetField(column.name, type_name(column.type), column.comment or None) for column in table.columns]

    def _statistics(self, table: Table) -> Statistics:
        """Return the statistics of a table, those of its partitions where it has some."""
        known = table.statistics
        if not table.partition_columns:
            return known
        # The time of the table itself is that of its definition.
        alone = Statistics(known.rows, known.size, None)
        sum_partitions, most = self._catalog.sum_partitions, self._most_partitions
        if sum_partitions is None or not most:
            return alone
        try:
            partitions = sum_partitions(table, most)
        except AccessDeniedError as error:
            self._report.leave_out("partitions_denied", str(error))
            return alone
        except TableGoneError as error:
            self._report.leave_out("gone", str(error))
            return alone
        if partitions.too_many:
            self._report.leave_out("too_many_partitions", f"{table.full_name}: more than {most:,}")
            return alone
        self._report.count("partitions", partitions.count)
        if partitions.incomplete:
            self._report.count("partitions_without_statistics", partitions.incomplete)
        summed = partitions.statistics
        # What Spark or Impala counted for the table as a whole holds where the partitions say nothing.
        rows = known.rows if summed.rows is None else summed.rows
        size = known.size if summed.size is None else summed.size
        return Statistics(rows, size, summed.changed)

    def _count_unknown(self, known: Statistics) -> None:
        if known.rows is None:
            self._report.count("rows_unknown")
        if known.size is None:
            self._report.count("bytes_unknown")
        if known.changed is None:
            self._report.count("freshness_unknown")


def cannot_read(database: str, error: AccessDeniedError, tables: TableFilter, report: CollectionReport) -> None:
    """Note that a database is seen but may not be read.

    :raises AccessDeniedError: when it was asked for by name.
    """
    if any(is_named(pattern) and pattern.database.lower() == database.lower() for pattern in tables.include):
        raise error
    report.incomplete(f"Database {database} was left out: {error}")


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
