"""Tables and views with columns, comments, SQL, tags, volume and freshness.

Each database takes a fixed number of statements, whatever it holds: tables, columns, view texts and tags, each
ordered by schema and name, are merged as they stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.merging import Follower, in_order
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.snowflake.column_types import column_type
from airflow_provider_montecarlo_push.collectors.snowflake.databases import Database, cannot_read, databases_in_scope
from airflow_provider_montecarlo_push.collectors.snowflake.errors import TooMuchDataError
from airflow_provider_montecarlo_push.collectors.snowflake.freshness import dml_hours, last_altered, last_dml
from airflow_provider_montecarlo_push.collectors.snowflake.grants import database_grants
from airflow_provider_montecarlo_push.collectors.snowflake.options import Options
from airflow_provider_montecarlo_push.collectors.snowflake.session import Row, Session
from airflow_provider_montecarlo_push.collectors.snowflake.statements import VIEW_TYPES, Catalog
from airflow_provider_montecarlo_push.collectors.snowflake.tags import Tags
from airflow_provider_montecarlo_push.events import (
    AssetField,
    AssetFreshness,
    AssetMetadata,
    AssetVolume,
    RelationalAsset,
    Tag,
)
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, EmptyCatalogError, InvalidEventError

_TEMPORARY = frozenset({"TEMPORARY TABLE", "LOCAL TEMPORARY"})
_WITH_FRESHNESS = frozenset({"BASE TABLE", None})


@dataclass
class _Streams:
    tables: Iterator[Row]
    columns: Follower | None = None
    views: Follower | None = None
    tags: Follower | None = None
    dml: Follower | None = None


class MetadataReader:
    """Reads the catalog of every database in scope.

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
        self._tags = Tags(session, report, tables)
        self._seen = 0

    def read(self) -> Iterator[RelationalAsset]:
        """Yield the assets, database by database.

        :raises AccessDeniedError: when something that was asked for by name is not granted.
        :raises EmptyCatalogError: when no database shows a single table.
        """
        databases = databases_in_scope(self._session, self._tables, self._report)
        for database in databases:
            try:
                streams = self._open(database)
            except AccessDeniedError as error:
                if error.grants:
                    raise
                cannot_read(database, error, self._session, self._report)
                continue
            seen = self._seen
            yield from self._assets(database.name, streams)
            if self._seen == seen:
                self._report.leave_out("empty_database", f"{database.name}: no table in scope is visible")
        if not self._seen:
            raise self._nothing_visible(databases)

    def _open(self, database: Database) -> _Streams:
        if self._options.catalog == "account_usage":
            return self._streams(database, account_usage=True)
        try:
            return self._streams(database, account_usage=False)
        except TooMuchDataError as error:
            self._report.note(
                f"{error} Reading SNOWFLAKE.ACCOUNT_USAGE for {database.name} instead, which lags up to 90 minutes."
            )
            return self._streams(database, account_usage=True)

    def _streams(self, database: Database, *, account_usage: bool) -> _Streams:
        catalog = Catalog(self._session, database.name, self._tables, account_usage=account_usage)
        if self._lean:
            streams = _Streams(in_order(catalog.base_tables(), "tables"))
        else:
            streams = _Streams(
                in_order(catalog.all_tables(), "tables"),
                Follower(catalog.columns(), "columns"),
                Follower(catalog.view_texts(), "views"),
                self._tags.of(database.name),
            )
        if self._options.freshness == "dml":
            streams.dml = Follower(dml_hours(self._session, database.name, self._tables), "DML history")
        return streams

    def _assets(self, database: str, streams: _Streams) -> Iterator[RelationalAsset]:
        for row in streams.tables:
            self._seen += 1
            name = f"{database}.{row[0]}.{row[1]}"
            if not self._tables.matches(database, row[0], row[1]):
                self._report.leave_out("filtered", name)
                continue
            if row[2] in _TEMPORARY:
                self._report.leave_out("temporary", name)
                continue
            try:
                asset = self._asset(database, row, streams)
            except InvalidEventError as error:
                self._report.leave_out("invalid", str(error))
                continue
            if self._lean and asset.volume is None and asset.freshness is None:
                self._report.leave_out("no_volume_or_freshness", name)
                continue
            yield asset

    def _asset(self, database: str, row: Row, streams: _Streams) -> RelationalAsset:
        schema, name, table_type, _, _, created, _, _, comment = row
        is_view = table_type in VIEW_TYPES
        asset = RelationalAsset(
            type=self._options.asset_type(table_type or ""),
            metadata=AssetMetadata(
                name=name,
                database=database,
                schema=schema,
                description=comment or None,
                created_on=created,
            ),
        )
        if streams.columns is not None:
            asset.fields = [
                AssetField(column[2], column_type(*column[3:8]), column[8] or None)
                for column in streams.columns.take(schema, name)
            ]
        if streams.views is not None and is_view:
            for text in streams.views.take(schema, name):
                asset.metadata.view_query = text[2] or None
        if streams.tags is not None:
            asset.tags = [Tag(tag[2], tag[3]) for tag in streams.tags.take(schema, name)]
        if not is_view:
            self._measure(asset, row, streams)
        return asset

    def _measure(self, asset: RelationalAsset, row: Row, streams: _Streams) -> None:
        schema, name, table_type, rows, size, created, altered, ddl, _ = row
        if rows is not None or size is not None:
            asset.volume = AssetVolume(_integer(rows), _integer(size))
        if table_type not in _WITH_FRESHNESS:
            return
        if streams.dml is not None:
            hours = streams.dml.take(schema, name)
            changed = last_dml(created, altered, hours[0][2] if hours else None)
        else:
            changed = last_altered(created, altered, ddl)
        if changed is None:
            self._report.leave_out("freshness_unknown", f"{asset.metadata.database}.{schema}.{name}")
        else:
            asset.freshness = AssetFreshness(changed)

    def _nothing_visible(self, databases: list[Database]) -> EmptyCatalogError:
        names = [database.name for database in databases] or ["<database>"]
        return EmptyCatalogError(
            f"Role {self._session.role!r} sees not one table in {self._tables.describe()}. If the patterns are right, "
            "it lacks privileges.",
            grants=[line for name in names[:3] for line in database_grants(name, self._session.role)],
        )


def _integer(value: object) -> int | None:
    return None if value is None else int(str(value))
