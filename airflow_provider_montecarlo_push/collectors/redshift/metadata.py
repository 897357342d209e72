"""Tables and views of all databases, with columns, comments, SQL, volume and freshness.

Two statements read tables and columns of the whole cluster, and up to three more each database from inside, however
many tables there are; all are ordered by name, and merged as they stream.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, groupby

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.merging import Follower, in_order
from airflow_provider_montecarlo_push.collectors.redshift.catalog import VIEW_TYPES, ClusterCatalog, DatabaseCatalog
from airflow_provider_montecarlo_push.collectors.redshift.column_types import column_type
from airflow_provider_montecarlo_push.collectors.redshift.databases import Database, Doors, databases_in_scope
from airflow_provider_montecarlo_push.collectors.redshift.grants import (
    DETAIL,
    TABLE_INFO,
    current_user,
    sees_all_queries,
    table_grants,
    view_denied,
    view_grants,
)
from airflow_provider_montecarlo_push.collectors.redshift.options import Options
from airflow_provider_montecarlo_push.collectors.redshift.session import Cluster, Row
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import (
    AssetField,
    AssetFreshness,
    AssetMetadata,
    AssetVolume,
    RelationalAsset,
)
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    EmptyCatalogError,
    InvalidEventError,
    MonteCarloPushError,
    SourceError,
)

_MEGABYTE = 1024 * 1024
# Where the rows of a materialized view are kept.
_VIEW_STORAGE = re.compile(r"mv_tbl__.+__\d+")


@dataclass
class _Inside:
    """What a database tells to connections of its own."""

    info: Follower | None = None
    texts: Follower | None = None
    late_columns: Follower | None = None


class MetadataReader:
    """Reads the catalog of every database in scope.

    :param tables: which tables and views.
    :param lean: leave out columns, comments and SQL, and views with them.
    """

    def __init__(
        self, cluster: Cluster, report: CollectionReport, options: Options, tables: TableFilter, *, lean: bool
    ) -> None:
        self._cluster = cluster
        self._report = report
        self._options = options
        self._tables = tables
        self._lean = lean
        self._doors = Doors(cluster)
        self._with_written = options.freshness == "query_detail"
        self._sees_all = True
        self._info_columns: frozenset[str] = frozenset()

    def read(self) -> Iterator[RelationalAsset]:
        """Yield the assets, database by database.

        :raises AccessDeniedError: when a system view that is needed is not granted.
        :raises EmptyCatalogError: when not a single table is visible.
        """
        databases = {database.name: database for database in databases_in_scope(self._cluster, self._tables)}
        self._prepare()
        catalog = ClusterCatalog(self._cluster, list(databases.values()), self._tables)
        rows = in_order(catalog.tables(views=not self._lean), "tables", key=3)
        columns = None if self._lean else Follower(catalog.columns(), "columns", key=3)
        seen = set()
        for name, tables in groupby(rows, key=lambda row: str(row[0])):
            seen.add(name)
            inside = self._open(databases[name])
            for row in tables:
                yield from self._one(row, inside, columns)
        for name in databases.keys() - seen:
            self._report.leave_out("empty_database", f"{name}: no table in scope is visible")
        if not seen:
            raise self._nothing_visible(list(databases))

    def _prepare(self) -> None:
        try:
            self._info_columns = self._cluster.columns(TABLE_INFO.view)
        except AccessDeniedError as error:
            raise view_denied(TABLE_INFO, current_user(self._cluster), error) from error
        self._sees_all = sees_all_queries(self._cluster) is not False
        if not self._with_written:
            return
        try:
            self._cluster.columns(DETAIL.view)
        except SourceError as error:
            self._no_freshness(error)
            return
        if not self._sees_all:
            user = current_user(self._cluster)
            self._report.note(
                f"User {user!r} sees its own queries only, so that there is no freshness of tables that others write. "
                f"Run: {' or '.join(view_grants(DETAIL, user)[1:])}"
            )

    def _no_freshness(self, error: Exception) -> None:
        self._with_written = False
        self._report.note(
            f"There is no freshness, since it is not known when tables were written: {error} To have it: "
            f"{' or '.join(view_grants(DETAIL, current_user(self._cluster)))} To do without: freshness='none'."
        )

    def _open(self, database: Database) -> _Inside:
        if not database.is_local:
            self._report.note(
                f"Database {database.name} is shared by another cluster: its tables come without volume, freshness "
                "and SQL, which are collected where it belongs."
            )
            return _Inside()
        problem = self._doors.try_to(database.name)
        if problem is not None:
            self._report.incomplete(
                f"Tables of database {database.name} come without volume, freshness and SQL, which Redshift shows "
                f"inside of that database only, and it cannot be connected to: {problem}"
            )
            return _Inside()
        catalog = DatabaseCatalog(self._cluster, database.name, self._doors.to(database.name), self._tables)
        inside = _Inside(self._info(catalog, database.name))
        if not self._lean:
            inside.texts = Follower(catalog.view_texts(), "view texts")
            inside.late_columns = self._late_columns(catalog, database.name)
        return inside

    def _info(self, catalog: DatabaseCatalog, database: str) -> Follower | None:
        """Return rows of SVV_TABLE_INFO; ``None`` where there are none, and it cannot be told that all are empty."""
        rows = self._info_rows(catalog)
        first = next(rows, None)
        if first is None and not self._sees_all:
            self._report.note(
                f"SVV_TABLE_INFO shows nothing of database {database}, so its tables come without volume: either all "
                f"of them are empty, or {' or '.join(view_grants(TABLE_INFO, current_user(self._cluster)))}"
            )
            return None
        return Follower(chain([] if first is None else [first], rows), "table information")

    def _info_rows(self, catalog: DatabaseCatalog) -> Iterator[Row]:
        if self._with_written:
            try:
                return catalog.table_info(self._info_columns, written=True)
            except SourceError as error:
                self._no_freshness(error)
        try:
            return catalog.table_info(self._info_columns, written=False)
        except AccessDeniedError as error:
            raise view_denied(TABLE_INFO, current_user(self._cluster), error) from error

    def _late_columns(self, catalog: DatabaseCatalog, database: str) -> Follower | None:
        try:
            return Follower(catalog.late_binding_columns(), "columns of late-binding views")
        except MonteCarloPushError as error:
            # One view over a table that is gone can be enough.
            self._report.note(f"Late-binding views of {database} may come without columns: {error}")
            return None

    def _one(self, row: Row, inside: _Inside, columns: Follower | None) -> Iterator[RelationalAsset]:
        database, schema, table, _, _ = row
        name = f"{database}.{schema}.{table}"
        if not self._tables.matches(database, schema, table):
            self._report.leave_out("filtered", name)
            return
        if _VIEW_STORAGE.fullmatch(table):
            self._report.count("materialized_view_storage")
            return
        try:
            asset = self._asset(row, inside, columns)
        except InvalidEventError as error:
            self._report.leave_out("invalid", str(error))
            return
        if self._lean and asset.volume is None and asset.freshness is None:
            self._report.leave_out("no_volume_or_freshness", name)
            return
        yield asset

    def _asset(self, row: Row, inside: _Inside, columns: Follower | None) -> RelationalAsset:
        database, schema, table, kind, comment = row
        is_view = (kind or "").upper() in VIEW_TYPES
        asset = RelationalAsset(
            type=self._options.asset_type(kind),
            metadata=AssetMetadata(
                name=table, database=database, schema=schema, description=None if self._lean else comment or None
            ),
        )
        if columns is not None:
            asset.fields = [
                AssetField(found[3], column_type(*found[4:8]), found[8] or None)
                for found in columns.take(database, schema, table)
            ]
        if is_view:
            self._describe_view(asset, inside)
        elif not (kind or "").upper().startswith("EXTERNAL"):
            self._measure(asset, inside)
        return asset

    def _describe_view(self, asset: RelationalAsset, inside: _Inside) -> None:
        schema, name = asset.metadata.schema, asset.metadata.name
        if inside.texts is not None:
            for text in inside.texts.take(schema, name):
                asset.metadata.view_query = (text[2] or "").strip() or None
        if inside.late_columns is not None:
            late = inside.late_columns.take(schema, name)
            if not asset.fields:
                asset.fields = [AssetField(found[2], column_type(found[3], None, None, None)) for found in late]

    def _measure(self, asset: RelationalAsset, inside: _Inside) -> None:
        if inside.info is None:
            self._report.count("without_volume")
            return
        found = inside.info.take(asset.metadata.schema, asset.metadata.name)
        if not found:
            # SVV_TABLE_INFO has every table that is not empty.
            self._report.count("empty_tables")
            asset.volume = AssetVolume(0, 0)
            return
        _, _, rows, megabytes, created, written = found[0]
        asset.volume = AssetVolume(
            None if rows is None else int(rows), None if megabytes is None else int(megabytes) * _MEGABYTE
        )
        if not self._lean:
            asset.metadata.created_on = _utc(created)
        changed = _utc(written)
        if changed is not None:
            asset.freshness = AssetFreshness(changed)
        elif self._with_written:
            self._report.count("not_written_lately")

    def _nothing_visible(self, databases: list[str]) -> EmptyCatalogError:
        user = current_user(self._cluster)
        return EmptyCatalogError(
            f"User {user!r} sees not one table in {self._tables.describe()}. If the patterns are right, it lacks "
            "privileges: SVV_ALL_TABLES has only the tables that a user may read.",
            grants=table_grants(databases[:3] or ["<database>"], user),
        )


def _utc(moment: datetime | None) -> datetime | None:
    """Return a time of a system view, which has no zone and is in UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
