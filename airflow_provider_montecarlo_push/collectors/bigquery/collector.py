"""The BigQuery collector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from typing import ClassVar

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.bigquery.access import check_access
from airflow_provider_montecarlo_push.collectors.bigquery.client import connect_with_hook
from airflow_provider_montecarlo_push.collectors.bigquery.lineage import LineageReader
from airflow_provider_montecarlo_push.collectors.bigquery.metadata import MetadataReader
from airflow_provider_montecarlo_push.collectors.bigquery.options import Options
from airflow_provider_montecarlo_push.collectors.bigquery.query_logs import read_query_logs
from airflow_provider_montecarlo_push.collectors.bigquery.session import Client, Session
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import Flow, LineageEvent, QueryLogEntry, RelationalAsset
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

_JOBS_SETTLE = timedelta(minutes=10)


class BigQueryCollector(Collector):
    """Collects from BigQuery through the BigQueryHook. A database is a project, a schema a dataset.

    :param projects: which projects, by default that of the connection. Queries run, and are paid for, in the
        connection's.
    :param regions: such as ``us`` or ``["eu", "europe-west1"]``. By default that of the connection, else all in
        which a project has datasets.
    :param iceberg_only: metadata of Iceberg tables that BigQuery manages, and of no other table or view.
    :param jobs_scope: whose jobs give lineage. ``project`` (default): those of the projects. ``organization``: those
        of the whole organization, which come without text, so that their edges have no columns.
    :param connect: returns a client, instead of the hook.
    :raises UnknownValueError: when ``jobs_scope`` has a value that does not exist.
    :raises ConfigurationError: when another option cannot be what it should.
    """

    name: ClassVar[str] = "bigquery"
    resource_type: ClassVar[str] = "bigquery"
    log_type: ClassVar[str | None] = "bigquery"
    sql_dialect: str = "bigquery"
    latency: Mapping[Flow, timedelta] = {Flow.QUERY_LOGS: _JOBS_SETTLE, Flow.LINEAGE: _JOBS_SETTLE}

    def __init__(
        self,
        conn_id: str,
        report: CollectionReport,
        *,
        keep_asset_types: bool = False,
        projects: str | Sequence[str] | None = None,
        regions: str | Sequence[str] | None = None,
        iceberg_only: bool | str = False,
        jobs_scope: str = "project",
        connect: Callable[[], Client] | None = None,
    ) -> None:
        super().__init__(conn_id, report, keep_asset_types=keep_asset_types)
        self.options = Options.check(
            projects=projects,
            regions=regions,
            iceberg_only=iceberg_only,
            jobs_scope=jobs_scope,
            keep_asset_types=keep_asset_types,
        )
        self._connect = connect or partial(connect_with_hook, conn_id)

    def metadata(self, tables: TableFilter, *, only_freshness_and_volume: bool = False) -> Iterator[RelationalAsset]:
        """Yield the tables and views in scope; see :class:`.metadata.MetadataReader`."""
        with self._session() as session:
            reader = MetadataReader(session, self.report, self.options, tables, lean=only_freshness_and_volume)
            yield from reader.read()

    def lineage(self, tables: TableFilter, window: TimeWindow) -> Iterator[LineageEvent]:
        """Yield the edges written in ``window`` and those of views and links; see :class:`.lineage.LineageReader`."""
        with self._session() as session:
            yield from LineageReader(session, self.report, self.options, tables).read(window)

    def query_logs(self, window: TimeWindow) -> Iterator[QueryLogEntry]:
        """Yield the queries that ended in ``window``; see :func:`.query_logs.read_query_logs`."""
        with self._session() as session:
            yield from read_query_logs(session, self.report, self.options, window)

    def access(self, tables: TableFilter) -> Iterator[AccessCheck]:
        """Yield which system views can be read; see :func:`.access.check_access`."""
        with self._session() as session:
            yield from check_access(session, self.options, tables)

    def _session(self) -> AbstractContextManager[Session]:
        return Session.open(self._connect, self.conn_id)
