"""The Redshift collector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from typing import ClassVar

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.redshift.access import check_access
from airflow_provider_montecarlo_push.collectors.redshift.lineage import LineageReader
from airflow_provider_montecarlo_push.collectors.redshift.metadata import MetadataReader
from airflow_provider_montecarlo_push.collectors.redshift.options import Options
from airflow_provider_montecarlo_push.collectors.redshift.query_logs import read_query_logs
from airflow_provider_montecarlo_push.collectors.redshift.session import Cluster, Connect, connect_with_hook
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import Flow, LineageEvent, QueryLogEntry, RelationalAsset
from airflow_provider_montecarlo_push.manifests.model import TimeWindow


class RedshiftCollector(Collector):
    """Collects from Amazon Redshift, provisioned or serverless, through the RedshiftSQLHook.

    :param freshness: where ``last_update_time`` comes from: ``query_detail`` (default), the end of the last step that
        inserted or deleted rows in SYS_QUERY_DETAIL, which goes back seven days; ``none``: there is none.
    :param lineage_source: ``query_detail`` (the tables that Redshift recorded in SYS_QUERY_DETAIL, with columns from
        the text of queries), ``query_history`` (the text alone), or ``auto`` (default): the first where it is granted
        and in use.
    :param connect: returns a DB-API connection to a database, given its name or ``None``, instead of the hook.
    :raises UnknownValueError: when an option has a value that does not exist.
    """

    name: ClassVar[str] = "redshift"
    resource_type: ClassVar[str] = "redshift"
    log_type: ClassVar[str | None] = "redshift"
    sql_dialect: str = "redshift"
    latency: Mapping[Flow, timedelta] = {
        Flow.QUERY_LOGS: timedelta(minutes=15),
        Flow.LINEAGE: timedelta(minutes=15),
    }

    def __init__(
        self,
        conn_id: str,
        report: CollectionReport,
        *,
        keep_asset_types: bool = False,
        freshness: str = "query_detail",
        lineage_source: str = "auto",
        connect: Connect | None = None,
    ) -> None:
        super().__init__(conn_id, report, keep_asset_types=keep_asset_types)
        self.options = Options(freshness=freshness, lineage_source=lineage_source, keep_asset_types=keep_asset_types)
        self._connect = connect or partial(connect_with_hook, conn_id)

    def metadata(self, tables: TableFilter, *, only_freshness_and_volume: bool = False) -> Iterator[RelationalAsset]:
        """Yield the tables and views in scope; see :class:`.metadata.MetadataReader`."""
        with self._cluster() as cluster:
            reader = MetadataReader(cluster, self.report, self.options, tables, lean=only_freshness_and_volume)
            yield from reader.read()

    def lineage(self, tables: TableFilter, window: TimeWindow) -> Iterator[LineageEvent]:
        """Yield the edges written in ``window`` and those of views; see :class:`.lineage.LineageReader`."""
        with self._cluster() as cluster:
            yield from LineageReader(cluster, self.report, self.options, tables).read(window)

    def query_logs(self, window: TimeWindow) -> Iterator[QueryLogEntry]:
        """Yield the queries that ended in ``window``; see :func:`.query_logs.read_query_logs`."""
        with self._cluster() as cluster:
            yield from read_query_logs(cluster, self.report, window)

    def access(self, tables: TableFilter) -> Iterator[AccessCheck]:
        """Yield which system views and databases can be read; see :func:`.access.check_access`."""
        with self._cluster() as cluster:
            yield from check_access(cluster, tables)

    def _cluster(self) -> AbstractContextManager[Cluster]:
        return Cluster.open(self._connect, self.conn_id, self.report)
