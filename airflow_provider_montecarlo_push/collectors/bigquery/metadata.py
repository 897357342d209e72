"""Tables and views with columns, descriptions, SQL, labels, volume and freshness.

Each region of a project takes a fixed number of statements, whatever it holds: tables, fields, options, view texts
and storage, each ordered by dataset and table, are merged as they stream.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_montecarlo_push.collectors.bigquery.catalog import Catalog
from airflow_provider_montecarlo_push.collectors.bigquery.grants import METADATA, grants
from airflow_provider_montecarlo_push.collectors.bigquery.option_values import description, labels
from airflow_provider_montecarlo_push.collectors.bigquery.options import Options
from airflow_provider_montecarlo_push.collectors.bigquery.places import Place, places
from airflow_provider_montecarlo_push.collectors.bigquery.session import Row, Session
from airflow_provider_montecarlo_push.collectors.bigquery.storage import read_storage
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
from airflow_provider_montecarlo_push.exceptions import EmptyCatalogError, InvalidEventError

# What has no storage of its own: a view, and what lies in a bucket or elsewhere.
_WITHOUT_STORAGE = frozenset({"VIEW", "EXTERNAL"})


@dataclass
class _Streams:
    tables: Iterator[Row]
    storage: Follower
    fields: Follower | None = None
    options: Follower | None = None
    views: Follower | None = None


class MetadataReader:
    """Reads the catalog of every region of every project.

    :param tables: which tables and views.
    :param lean: leave out columns, descriptions, SQL and tags, and views with them.
    """

    def __init__(
        self, session: Session, report: CollectionReport, options: Options, tables: TableFilter, *, lean: bool
    ) -> None:
        self._session = session
        self._report = report
        self._options = options
        self._tables = tables
        self._lean = lean
        self._seen = 0

    def read(self) -> Iterator[RelationalAsset]:
        """Yield the assets, region by region.

        :raises AccessDeniedError: when a project is not granted.
        :raises EmptyCatalogError: when no project shows a single table.
        """
        looked = []
        for place in places(self._session, self._options):
            if not self._tables.matches_database(place.project):
                continue
            looked.append(place)
            seen = self._seen
            yield from self._assets(place, self._streams(place))
            if self._seen == seen:
                self._report.leave_out("empty_region", f"{place.project} in {place.region}: no table in scope")
        if not self._seen:
            raise self._nothing_visible(looked)

    def _streams(self, place: Place) -> _Streams:
        catalog = Catalog(self._session, place, self._tables, iceberg_only=self._options.iceberg_only)
        # Iceberg tables are known by TABLE_STORAGE alone.
        rows = catalog.storage() if self._options.iceberg_only else read_storage(catalog, place, self._report)
        streams = _Streams(in_order(catalog.tables(with_views=not self._lean), "tables"), Follower(rows, "storage"))
        if not self._lean:
            streams.fields = Follower(catalog.fields(), "fields")
            streams.options = Follower(catalog.options(), "options")
            streams.views = Follower(catalog.views(), "views")
        return streams

    def _assets(self, place: Place, streams: _Streams) -> Iterator[RelationalAsset]:
        for row in streams.tables:
            self._seen += 1
            name = f"{place.project}.{row[0]}.{row[1]}"
            if not self._tables.matches(place.project, row[0], row[1]):
                self._report.leave_out("filtered", name)
                continue
            try:
                asset = self._asset(place.project, row, streams)
            except InvalidEventError as error:
                self._report.leave_out("invalid", str(error))
                continue
            if self._lean and asset.volume is None and asset.freshness is None:
                self._report.leave_out("no_volume_or_freshness", name)
                continue
            yield asset

    def _asset(self, project: str, row: Row, streams: _Streams) -> RelationalAsset:
        dataset, name, kind, shards, created = row
        if shards > 1:
            self._report.count("date_shards", shards)
        asset = RelationalAsset(
            type=self._options.asset_type(kind, name),
            metadata=AssetMetadata(name=name, database=project, schema=dataset, created_on=created),
        )
        if streams.fields is not None:
            _add_fields(asset, streams.fields.take(dataset, name))
        if streams.options is not None:
            _add_options(asset, streams.options.take(dataset, name))
        if streams.views is not None:
            for view in streams.views.take(dataset, name):
                asset.metadata.view_query = view[3] or None
        self._measure(asset, kind, streams.storage.take(dataset, name))
        return asset

    def _measure(self, asset: RelationalAsset, kind: str, storage: Sequence[Sequence[Any]]) -> None:
        if kind in _WITHOUT_STORAGE:
            return
        _, _, rows, size, changed = storage[0] if storage else (None,) * 5
        if rows is not None or size is not None:
            asset.volume = AssetVolume(_integer(rows), _integer(size))
        if changed is None:
            names = asset.metadata
            self._report.leave_out("freshness_unknown", f"{names.database}.{names.schema}.{names.name}")
        else:
            asset.freshness = AssetFreshness(changed)

    def _nothing_visible(self, looked: Sequence[Place]) -> EmptyCatalogError:
        where = ", ".join(f"{place.project} ({place.region})" for place in looked) or "no project"
        projects = dict.fromkeys(place.project for place in looked)
        return EmptyCatalogError(
            f"There is not one table in {self._tables.describe()}; looked in {where}. Check the patterns, and projects "
            "and regions in collector_kwargs. If they are right, a role is missing.",
            grants=[line for project in projects for line in grants(METADATA, project, self._session)],
        )


def _add_fields(asset: RelationalAsset, rows: Sequence[Sequence[Any]]) -> None:
    """Add the fields, and what the table is partitioned and clustered by as tags."""
    clustering = []
    for _, _, path, data_type, comment, partitions, position, hidden in rows:
        if partitions:
            asset.tags.append(Tag("partitioned_by", path))
        if position is not None:
            clustering.append((position, path))
        if not hidden:
            asset.fields.append(AssetField(path, data_type, comment or None))
    if clustering:
        asset.tags.append(Tag("clustered_by", ",".join(path for _, path in sorted(clustering))))


def _add_options(asset: RelationalAsset, rows: Sequence[Sequence[Any]]) -> None:
    for _, _, option, value in rows:
        if option == "description":
            asset.metadata.description = description(value or "")
        else:
            asset.tags.extend(labels(value or ""))


def _integer(value: Any) -> int | None:
    return None if value is None else int(value)
