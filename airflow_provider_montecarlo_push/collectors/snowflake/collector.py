"""The Snowflake collector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from typing import ClassVar

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.snowflake.access import check_access
from airflow_provider_montecarlo_push.collectors.snowflake.lineage import LineageReader
from airflow_provider_montecarlo_push.collectors.snowflake.metadata import MetadataReader
from airflow_provider_montecarlo_push.collectors.snowflake.options import Options
from airflow_provider_montecarlo_push.collectors.snowflake.query_logs import read_query_logs
from airflow_provider_montecarlo_push.collectors.snowflake.session import Connection, Session, connect_with_hook
from airflow_provider_montecarlo_push.events import Flow, LineageEvent, QueryLogEntry, RelationalAsset
from airflow_provider_montecarlo_push.manifests.model import TimeWindow


class SnowflakeCollector(Collector):
    """Collects from Snowflake through the SnowflakeHook.

    :param freshness: where ``last_update_time`` comes from. ``last_altered`` (default, current, every edition):
        ``LAST_ALTERED`` of base tables, left out when the last change was an ALTER; maintenance such as reclustering
        moves it too. ``dml``: the last DML in ``SNOWFLAKE.ACCOUNT_USAGE.TABLE_DML_HISTORY``, which no maintenance
        moves, but which lags up to six hours, knows hours only, and leaves out hybrid tables.
    :param lineage_source: ``access_history`` (Snowflake's own records, Enterprise edition), ``query_history``
        (the text of statements is parsed), or ``auto`` (default): the first where it is granted and used.
    :param lineage_chunk_hours: how many hours of a window one statement reads, 4 by default.
    :param catalog: ``auto`` (default): each database's INFORMATION_SCHEMA, which is current, and
        ``SNOWFLAKE.ACCOUNT_USAGE``, which lags up to 90 minutes, for databases too large for it. ``account_usage``:
        always the latter.
    :param connect: returns a DB-API connection, instead of the hook.
    :raises UnknownValueError: when an option has a value that does not exist.
    """

    name: ClassVar[str] = "snowflake"
    resource_type: ClassVar[str] = "snowflake"
    log_type: ClassVar[str | None] = "snowflake"
    sql_dialect: str = "snowflake"
    latency: Mapping[Flow, timedelta] = {
        Flow.QUERY_LOGS: timedelta(minutes=45),
        Flow.LINEAGE: timedelta(hours=3),
    }

    def __init__(
        self,
        conn_id: str,
        report: CollectionReport,
        *,
        keep_asset_types: bool = False,
        freshness: str = "last_altered",
        lineage_source: str = "auto",
        lineage_chunk_hours: float | str = 4,
        catalog: str = "auto",
        connect: Callable[[], Connection] | None = None,
    ) -> None:
        super().__init__(conn_id, report, keep_asset_types=keep_asset_types)
        self.options = Options(
            freshness=freshness,
            lineage_source=lineage_source,
            lineage_chunk_hours=lineage_chunk_hours,
            catalog=catalog,
            keep_asset_types=keep_asset_types,
        )
        self._connect = connect or partial(connect_with_hook, conn_id)

    def metadata(self, tables: TableFilter, *, only_freshness_and_volume: bool = False) -> Iterator[RelationalAsset]:
        """Yield the tables and views in scope; see :class:`.metadata.MetadataReader`."""
        with self._session() as session:
            reader = MetadataReader(session, self.report, self.options, tables, lean=only_freshness_and_volume)
            yield from reader.read()

    def lineage(self, tables: TableFilter, window: TimeWindow) -> Iterator[LineageEvent]:
        """Yield the edges written in ``window`` and those of views; see :class:`.lineage.LineageReader`."""
        with self._session() as session:
            yield from LineageReader(session, self.report, self.options, tables).read(window)

    def query_logs(self, window: TimeWindow) -> Iterator[QueryLogEntry]:
        """Yield the queries that ended in ``window``; see :func:`.query_logs.read_query_logs`."""
        with self._session() as session:
            yield from read_query_logs(session, self.report, window)

    def access(self, tables: TableFilter) -> Iterator[AccessCheck]:
        """Yield which system views and databases can be read; see :func:`.access.check_access`."""
        with self._session() as session:
            yield from check_access(session, self.report, tables)

    def _session(self) -> AbstractContextManager[Session]:
        return Session.open(self._connect, self.conn_id)
