"""Tables and views with columns, comments, SQL, tags, volume and freshness.

A hundred catalogs take a fixed number of statements, whatever they hold: tables, columns, view texts, tags, sizes and
writes, each ordered by catalog, schema and name, are merged as they stream. In full mode tables without a size are
described one by one, up to a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from airflow_provider_montecarlo_push.collectors.databricks.catalogs import Scope, readable_scopes, scopes
from airflow_provider_montecarlo_push.collectors.databricks.details import Details, can_be_described
from airflow_provider_montecarlo_push.collectors.databricks.grants import TABLE_TAGS, catalog_grants, table_grants
from airflow_provider_montecarlo_push.collectors.databricks.measures import Measures
from airflow_provider_montecarlo_push.collectors.databricks.names import column_type
from airflow_provider_montecarlo_push.collectors.databricks.options import Options
from airflow_provider_montecarlo_push.collectors.databricks.session import Row, Session
from airflow_provider_montecarlo_push.collectors.databricks.statements import DEFINED_TYPES, VIEW_TYPES, Catalog
from airflow_provider_montecarlo_push.collectors.databricks.values import utc
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.merging import Follower, in_order
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import (
    AssetField,
    AssetFreshness,
    AssetMetadata,
    AssetVolume,
    RelationalAsset,
    Tag,
)
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, EmptyCatalogError, InvalidEventError

_FOREIGN = "FOREIGN"
_KEY = 3


@dataclass
class _Streams:
    tables: Iterator[Row]
    sizes: Follower | None
    writes: Follower | None
    columns: Follower | None = None
    views: Follower | None = None
    tags: Follower | None = None


class MetadataReader:
    """Reads the catalogs in scope.

    :param tables: which tables and views.
    :param lean: leave out columns, comments, SQL and tags, and views with them.
    """

    def __init__(
        self, session: Session, report: CollectionReport, options: Options, tables: TableFilter, *, lean: bool
    ) -> None:
        self._session = session
        self._report = report
        self._options = options
        self._tables = tables
        self._lean = lean
        self._measures = Measures(session, report, options)
        self._details = Details(session, report, options)
        self._has_tags = True
        self._seen = 0

    def read(self) -> Iterator[RelationalAsset]:
        """Yield the assets, in order of their names.

        :raises AccessDeniedError: when a catalog that was asked for by name is not granted.
        :raises EmptyCatalogError: when there is not a single table to be seen.
        """
        found = scopes(self._session, self._tables, self._report)
        for scope in readable_scopes(self._session, found, self._report):
            streams = self._open(scope)
            self._details.freshness_too = streams.writes is not None
            for row in streams.tables:
                yield from self._take(row, streams)
            yield from self._details.rest()
        if not self._seen:
            raise self._nothing_visible(found)

    def _open(self, scope: Scope) -> _Streams:
        catalog = Catalog(self._session, scope)
        tables = catalog.base_tables() if self._lean else catalog.all_tables()
        streams = _Streams(in_order(tables, "tables", _KEY), self._measures.sizes(scope), self._measures.writes(scope))
        if not self._lean:
            streams.columns = Follower(catalog.columns(), "columns", _KEY)
            streams.views = Follower(catalog.view_texts(), "views", _KEY)
            streams.tags = self._tags(catalog.tags)
        return streams

    def _tags(self, read: Callable[[], Iterator[Row]]) -> Follower | None:
        if not self._has_tags:
            return None
        try:
            return Follower(read(), "tags", _KEY)
        except AccessDeniedError as error:
            self._has_tags = False
            grants = " ".join(table_grants(TABLE_TAGS, self._session.user))
            self._report.note(f"No tags: {error} To collect them: {grants}")
            return None

    def _take(self, row: Row, streams: _Streams) -> Iterator[RelationalAsset]:
        """Yield the assets that are complete now."""
        self._seen += 1
        catalog, schema, name, table_type, data_format, *_ = row
        full_name = f"{catalog}.{schema}.{name}"
        if not self._tables.matches(catalog, schema, name):
            self._report.leave_out("filtered", full_name)
            return
        if table_type == _FOREIGN:
            self._report.leave_out("foreign", full_name)
            return
        try:
            asset = self._asset(row, streams)
        except InvalidEventError as error:
            self._report.leave_out("invalid", str(error))
            return
        written = self._measure(asset, row, streams) if table_type not in VIEW_TYPES else None
        if self._lean:
            if asset.volume is None and asset.freshness is None:
                self._report.leave_out("no_volume_or_freshness", full_name)
            else:
                yield asset
            return
        describe = can_be_described(table_type, data_format) and self._details.is_wanted(asset, written)
        yield from self._details.add(asset, describe=describe)

    def _asset(self, row: Row, streams: _Streams) -> RelationalAsset:
        catalog, schema, name, table_type, _, created, _, comment = row
        asset = RelationalAsset(
            type=self._options.asset_type(table_type),
            metadata=AssetMetadata(
                name=name, database=catalog, schema=schema, description=comment or None, created_on=utc(created)
            ),
        )
        if streams.columns is not None:
            asset.fields = [
                AssetField(column[3], column_type(column[4]), column[5] or None)
                for column in streams.columns.take(catalog, schema, name)
            ]
        if streams.views is not None and table_type in DEFINED_TYPES:
            for text in streams.views.take(catalog, schema, name):
                asset.metadata.view_query = text[3] or None
        if streams.tags is not None:
            asset.tags = [Tag(tag[3], tag[4] or None) for tag in streams.tags.take(catalog, schema, name)]
        return asset

    def _measure(self, asset: RelationalAsset, row: Row, streams: _Streams) -> datetime | None:
        """Set volume and freshness; return when the table was written last, as far as that is recorded."""
        name = row[:_KEY]
        if streams.sizes is not None:
            for size in streams.sizes.take(*name):
                asset.volume = AssetVolume(byte_count=int(size[3]))
        if streams.writes is None:
            altered = utc(row[6])
            if altered is not None:
                asset.freshness = AssetFreshness(altered)
            return None
        written = next((utc(write[3]) for write in streams.writes.take(*name)), None)
        if written is not None:
            asset.freshness = AssetFreshness(written)
        else:
            self._report.count("no_write_recorded")
        return written

    def _nothing_visible(self, found: list[Scope]) -> EmptyCatalogError:
        names = [name for scope in found for name in scope.catalogs] or ["<catalog>"]
        return EmptyCatalogError(
            f"{self._session.user!r} sees not one table in {self._tables.describe()}. If the patterns are right, it "
            "lacks privileges.",
            grants=[line for name in names[:3] for line in catalog_grants(name, self._session.user)],
        )
