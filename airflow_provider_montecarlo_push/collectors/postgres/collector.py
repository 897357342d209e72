"""The PostgreSQL collector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import ClassVar

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.postgres.access import check_databases
from airflow_provider_montecarlo_push.collectors.postgres.databases import Databases
from airflow_provider_montecarlo_push.collectors.postgres.lineage import LineageReader
from airflow_provider_montecarlo_push.collectors.postgres.metadata import MetadataReader
from airflow_provider_montecarlo_push.collectors.postgres.options import Options
from airflow_provider_montecarlo_push.collectors.postgres.query_logs import read_query_logs
from airflow_provider_montecarlo_push.collectors.postgres.server_log import ServerLog, needs_log
from airflow_provider_montecarlo_push.collectors.postgres.server_settings import ServerSettings
from airflow_provider_montecarlo_push.collectors.postgres.session import Connect, connect_with_hook
from airflow_provider_montecarlo_push.collectors.postgres.statements import Statement
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.text_files.access import check_files
from airflow_provider_montecarlo_push.events import Flow, LineageEvent, QueryLogEntry, RelationalAsset
from airflow_provider_montecarlo_push.manifests.model import TimeWindow


class PostgresCollector(Collector):
    """Collects from PostgreSQL 12 and newer through the PostgresHook.

    :param databases: names of databases on the connection's server, or ``*`` for all that the role may connect to;
        by default the one that the connection names.
    :param freshness: ``commit_timestamp``: the newest commit of the rows that a table has, which reads the whole table
        and needs ``track_commit_timestamp``. By default none.
    :param log_path: CSV log of the server, for query logs and the lineage of statements: file, folder or glob on any
        storage, plain or gzip; with the Airflow connection of that storage in it: ``s3://conn_id@bucket/…``.
    :param default_schema: of tables in logged statements that name none, ``public`` by default.
    :param connect: returns a connection to a database, instead of the hook.
    :raises ConfigurationError: when an option cannot be.
    """

    name: ClassVar[str] = "postgres"
    resource_type: ClassVar[str] = "transactional-db"
    log_type: ClassVar[str | None] = "s3"
    sql_dialect: str = "postgres"
    # Files are rotated and shipped, and statements that began in the window may end a little later.
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
        databases: str | Sequence[str] | None = None,
        freshness: str | None = None,
        log_path: str | None = None,
        default_schema: str = "public",
        connect: Connect | None = None,
    ) -> None:
        super().__init__(conn_id, report, keep_asset_types=keep_asset_types)
        self.options = Options(
            databases=databases,
            freshness=freshness,
            log_path=log_path,
            default_schema=default_schema,
            keep_asset_types=keep_asset_types,
        )
        self._databases = Databases(connect or partial(connect_with_hook, conn_id), conn_id, self.options, report)

    def metadata(self, tables: TableFilter, *, only_freshness_and_volume: bool = False) -> Iterator[RelationalAsset]:
        """Yield the tables and views in scope; see :class:`.metadata.MetadataReader`."""
        for session in self._databases.sessions(tables):
            lean = only_freshness_and_volume
            yield from MetadataReader(session, self.report, self.options, tables, lean=lean).read()

    def lineage(self, tables: TableFilter, window: TimeWindow) -> Iterator[LineageEvent]:
        """Yield the edges of views, and with ``log_path`` those written in ``window``; see :mod:`.lineage`."""
        path = self.options.log_path
        statements = self._statements(path, window) if path else None
        yield from LineageReader(self._databases, self.report, self.options, tables).read(statements)

    def query_logs(self, window: TimeWindow) -> Iterator[QueryLogEntry]:
        """Yield the statements that ended in ``window``; see :mod:`.server_log`.

        :raises ConfigurationError: without ``log_path``: PostgreSQL has no other query log.
        """
        statements = self._statements(needs_log(self.options.log_path), window)
        yield from read_query_logs(statements, self.report)

    def access(self, tables: TableFilter) -> Iterator[AccessCheck]:
        """Yield which databases, tables and log files can be read; see :mod:`.access`."""
        yield from check_databases(self._databases, tables, freshness=self.options.freshness is not None)
        if self.options.log_path:
            log = ServerLog(self.options.log_path, self.report)
            flows = (Flow.QUERY_LOGS, Flow.LINEAGE)
            yield from check_files(self.options.log_path, log.storage, [log.storage.root], flows, log.is_log)

    def _statements(self, path: str, window: TimeWindow) -> Iterator[Statement]:
        settings = ServerSettings.read(self._databases, self.report)
        yield from ServerLog(path, self.report).statements(window, settings)
