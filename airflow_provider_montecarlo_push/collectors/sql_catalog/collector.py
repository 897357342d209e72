"""The collector for catalogs that are kept in tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.dbapi.session import Connect, Session
from airflow_provider_montecarlo_push.collectors.edges import Gate
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.sql_catalog.access import check_access
from airflow_provider_montecarlo_push.collectors.sql_catalog.columns import LINEAGE, METADATA, QUERY_LOGS
from airflow_provider_montecarlo_push.collectors.sql_catalog.lineage import LineageReader
from airflow_provider_montecarlo_push.collectors.sql_catalog.metadata import MetadataReader
from airflow_provider_montecarlo_push.collectors.sql_catalog.options import Options
from airflow_provider_montecarlo_push.collectors.sql_catalog.query_logs import read_query_logs
from airflow_provider_montecarlo_push.collectors.sql_catalog.source import read
from airflow_provider_montecarlo_push.events import Flow, LineageEvent, QueryLogEntry, RelationalAsset
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

# Query texts may be long; a hundred of them are held at a time.
_FETCH_QUERIES = 100


class SqlCatalogCollector(Collector):
    """Collects what a user's own SQL returns, over the connection of any DbApiHook.

    ``:window_start`` and ``:window_end`` in the SQL of lineage and query logs are bound to the window: as times in UTC
    that say so, or, with ``timezone``, as local times of that zone. The columns that each SQL returns are those of
    :mod:`.columns`.

    :param metadata_sql: returns tables and views, a row for each column, ordered by table; or a row for each table.
    :param lineage_sql: returns edges, ordered by destination, with or without the columns that they connect.
    :param query_logs_sql: returns queries by the time at which they ended.
    :param timezone: of times in the database that carry none; without it such times are an error.
    :param latency_minutes: how long after its end a query may be missing; the default window is moved back by it.
    :param dialect: the language of queries and views, as the lineage engine calls it, for ``redact_literals``.
    :param hook_params: keyword arguments of the hook, such as ``{"database": "metastore"}``.
    :param connect: returns a DB-API connection, instead of the hook.
    :raises ConfigurationError: when an option cannot be.
    """

    name: ClassVar[str] = "sql_catalog"
    resource_type: ClassVar[str] = "data-lake"
    log_type: ClassVar[str | None] = "s3"

    def __init__(
        self,
        conn_id: str,
        report: CollectionReport,
        *,
        keep_asset_types: bool = False,
        metadata_sql: str | None = None,
        lineage_sql: str | None = None,
        query_logs_sql: str | None = None,
        timezone: str | None = None,
        latency_minutes: float | str = 15,
        dialect: str = "",
        hook_params: Mapping[str, Any] | None = None,
        connect: Connect | None = None,
    ) -> None:
        super().__init__(conn_id, report, keep_asset_types=keep_asset_types)
        self.options = Options(
            metadata_sql=metadata_sql,
            lineage_sql=lineage_sql,
            query_logs_sql=query_logs_sql,
            timezone=timezone,
            latency_minutes=latency_minutes,
        )
        self.sql_dialect = dialect
        self.latency = dict.fromkeys((Flow.LINEAGE, Flow.QUERY_LOGS), self.options.latency)
        self._hook_params = hook_params
        self._connect = connect

    def metadata(self, tables: TableFilter, *, only_freshness_and_volume: bool = False) -> Iterator[RelationalAsset]:
        """Yield the tables and views that ``metadata_sql`` returns.

        :raises ConfigurationError: when it lacks a column, or has an unknown one.
        :raises SourceError: when a value is of a wrong type, or rows of a table do not stand together.
        :raises SourceUnavailableError: when the database does not answer.
        """
        reader = MetadataReader(
            self.report, tables, keep_asset_types=self.keep_asset_types, lean=only_freshness_and_volume
        )
        with self._session() as session:
            yield from reader.read(read(session, self.options, METADATA))

    def lineage(self, tables: TableFilter, window: TimeWindow) -> Iterator[LineageEvent]:
        """Yield the edges that ``lineage_sql`` returns.

        :raises MonteCarloPushError: as :meth:`metadata`.
        """
        reader = LineageReader(self.report, keep_asset_types=self.keep_asset_types)
        with self._session() as session:
            events = reader.read(read(session, self.options, LINEAGE, window))
            yield from Gate(self.report, tables).admit(events, "edges_native")

    def query_logs(self, window: TimeWindow) -> Iterator[QueryLogEntry]:
        """Yield the queries that ``query_logs_sql`` returns and that ended in ``window``.

        :raises MonteCarloPushError: as :meth:`metadata`.
        """
        with self._session() as session:
            rows = read(session, self.options, QUERY_LOGS, window, fetch_rows=_FETCH_QUERIES)
            yield from read_query_logs(rows, self.report, window)

    def access(self, tables: TableFilter) -> Iterator[AccessCheck]:  # noqa: ARG002 - the SQL says which tables
        """Yield for each SQL whether it runs and returns what it should; see :func:`.access.check_access`."""
        with self._session() as session:
            yield from check_access(session, self.options)

    def _session(self) -> AbstractContextManager[Session]:
        return Session.open(self.conn_id, self._hook_params, self._connect)
