"""The Databricks collector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from typing import ClassVar

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.databricks.access import check_access
from airflow_provider_montecarlo_push.collectors.databricks.lineage import LineageReader
from airflow_provider_montecarlo_push.collectors.databricks.metadata import MetadataReader
from airflow_provider_montecarlo_push.collectors.databricks.options import Options
from airflow_provider_montecarlo_push.collectors.databricks.query_logs import read_query_logs
from airflow_provider_montecarlo_push.collectors.databricks.session import Connection, Session, connect_with_hook
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import Flow, LineageEvent, QueryLogEntry, RelationalAsset
from airflow_provider_montecarlo_push.manifests.model import TimeWindow


class DatabricksCollector(Collector):
    """Collects from Unity Catalog through the DatabricksSqlHook. A catalog is the ``database`` of its tables.

    :param freshness: where ``last_update_time`` comes from. ``auto`` (default): the last write that
        ``system.access.table_lineage`` recorded within thirty days, and ``last_altered`` where that table is not
        granted. ``last_altered``: always the latter, which moves when the definition of a table is altered, not when
        rows are written.
    :param lineage_source: ``system_tables`` (``system.access``), ``query_history`` (the text of statements is
        parsed), or ``auto`` (default): the first where it is granted.
    :param detail_limit: how many tables that have no size in ``system.storage`` are described one by one in a run that
        collects everything; 1,000 by default, 0 for none.
    :param connect: returns a DB-API connection, instead of the hook.
    :raises UnknownValueError: when an option has a value that does not exist.
    """

    name: ClassVar[str] = "databricks"
    resource_type: ClassVar[str] = "databricks"
    log_type: ClassVar[str | None] = "databricks-metastore-sql-warehouse"
    sql_dialect: str = "databricks"
    latency: Mapping[Flow, timedelta] = {
        Flow.QUERY_LOGS: timedelta(hours=1),
        Flow.LINEAGE: timedelta(hours=3),
    }

    def __init__(
        self,
        conn_id: str,
        report: CollectionReport,
        *,
        keep_asset_types: bool = False,
        freshness: str = "auto",
        lineage_source: str = "auto",
        detail_limit: int | str = 1_000,
        connect: Callable[[], Connection] | None = None,
    ) -> None:
        super().__init__(conn_id, report, keep_asset_types=keep_asset_types)
        self.options = Options(
            freshness=freshness,
            lineage_source=lineage_source,
            detail_limit=detail_limit,
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
        """Yield which system tables and catalogs can be read; see :func:`.access.check_access`."""
        with self._session() as session:
            yield from check_access(session, self.report, tables)

    def _session(self) -> AbstractContextManager[Session]:
        return Session.open(self._connect, self.conn_id)
