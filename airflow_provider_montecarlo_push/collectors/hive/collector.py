"""The Hive collector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.hive import hiveserver2, metastore
from airflow_provider_montecarlo_push.collectors.hive.access import check_databases
from airflow_provider_montecarlo_push.collectors.hive.lineage import LineageReader
from airflow_provider_montecarlo_push.collectors.hive.metadata import MetadataReader
from airflow_provider_montecarlo_push.collectors.hive.options import Options
from airflow_provider_montecarlo_push.collectors.hive.tables import Catalog
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import Flow, LineageEvent, QueryLogEntry, RelationalAsset
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

    from airflow_provider_montecarlo_push.collectors.hive.logs.options import LogOptions

_METASTORE = "hive_metastore"
_HIVESERVER2 = "hiveserver2"


class HiveCollector(Collector):
    """Collects from Hive: its catalog from the metastore or from HiveServer2, whichever the connection is of.

    The database of a table is sent as its schema, too.

    :param max_partitions: how many partitions of a table are summed up at most for its rows, bytes and freshness,
        10,000 by default; 0 asks for none. Through the metastore only.
    :param hourly_partitions: sum them up for ``only_freshness_and_volume`` as well, which takes calls for each
        partitioned table; by default full collections alone do.
    :param log_path: log files of HiveServer2, for query logs and the lineage of queries; with the options of
        :class:`.logs.options.LogOptions`.
    :param connect: returns a client of the metastore, instead of the hook.
    :raises ConfigurationError: when an option cannot be.
    """

    name: ClassVar[str] = "hive"
    resource_type: ClassVar[str] = "data-lake"
    log_type: ClassVar[str | None] = "hive-s3"
    sql_dialect: str = "hive"
    # Files are rotated and shipped.
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
        max_partitions: int | str = 10_000,
        hourly_partitions: bool | str = False,
        connect: Callable[[], Any] | None = None,
        **log: Any,
    ) -> None:
        super().__init__(conn_id, report, keep_asset_types=keep_asset_types)
        self.options = Options(
            max_partitions=max_partitions, hourly_partitions=hourly_partitions, keep_asset_types=keep_asset_types
        )
        self._connect = connect
        self._log_options = _log_options(log)

    def metadata(self, tables: TableFilter, *, only_freshness_and_volume: bool = False) -> Iterator[RelationalAsset]:
        """Yield the tables and views in scope; see :class:`.metadata.MetadataReader`."""
        with self._catalog() as catalog:
            reader = MetadataReader(catalog, self.report, self.options, tables, lean=only_freshness_and_volume)
            yield from reader.read()

    def lineage(self, tables: TableFilter, window: TimeWindow) -> Iterator[LineageEvent]:
        """Yield the edges of views, and with ``log_path`` those written in ``window``; see :mod:`.lineage`."""
        from airflow_provider_montecarlo_push.collectors.hive.logs.reader import HiveLogs

        logged = None
        if self._log_options.log_path:
            logged = HiveLogs(self._log_options, self.report, window).lineage
        with self._catalog() as catalog:
            yield from LineageReader(catalog, self.report, tables).read(logged)

    def query_logs(self, window: TimeWindow) -> Iterator[QueryLogEntry]:
        """Yield the queries that ended in ``window``; see :mod:`.logs.reader`.

        :raises ConfigurationError: without ``log_path``: Hive has no other query log.
        """
        from airflow_provider_montecarlo_push.collectors.hive.logs.reader import HiveLogs

        yield from HiveLogs(self._log_options, self.report, window).query_logs()

    def access(self, tables: TableFilter) -> Iterator[AccessCheck]:
        """Yield which databases and log files can be read; see :mod:`.access`."""
        from airflow_provider_montecarlo_push.collectors.hive.logs.reader import check_logs

        with self._catalog() as catalog:
            yield from check_databases(catalog, self.report, tables, self._user())
        yield from check_logs(self._log_options)

    def _user(self) -> str:
        """Return who to grant something to, where SQL does that: HiveServer2."""
        if self._connect is not None:
            return ""
        connection = _connection(self.conn_id)
        return connection.login or "" if connection.conn_type == _HIVESERVER2 else ""

    def _catalog(self) -> AbstractContextManager[Catalog]:
        if self._connect is not None:
            return metastore.Metastore.open(self._connect, self.conn_id)
        kind = _connection(self.conn_id).conn_type
        if kind == _METASTORE:
            return metastore.Metastore.open(partial(metastore.connect_with_hook, self.conn_id), self.conn_id)
        if kind == _HIVESERVER2:
            connect = partial(hiveserver2.connect_with_hook, self.conn_id)
            return hiveserver2.HiveServer2.open(connect, self.conn_id, self.report)
        raise ConfigurationError(
            f"Connection {self.conn_id!r} is of type {kind!r}; the Hive collector reads {_METASTORE} and "
            f"{_HIVESERVER2}."
        )


def _connection(conn_id: str) -> Connection:
    from airflow.providers.common.compat.sdk import BaseHook

    return BaseHook.get_connection(conn_id)


def _log_options(given: dict[str, Any]) -> LogOptions:
    from airflow_provider_montecarlo_push.collectors.hive.logs.options import LogOptions

    return LogOptions(**given)
