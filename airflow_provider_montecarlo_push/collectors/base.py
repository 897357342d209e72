"""The contract of a collector."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import ClassVar

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.job_filter import JobFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import (
    EtlAsset,
    EtlRunEvent,
    Flow,
    LineageEvent,
    QueryLogEntry,
    RelationalAsset,
)
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow


class Collector(ABC):
    """Reads one warehouse through its Airflow hook and yields events as they stream in.

    A subclass overrides the flows that its warehouse can give. It may take further keyword arguments, which users
    pass as ``collector_kwargs``. It is used by one thread.

    :cvar name: what the collector is called in manifests and logs.
    :cvar resource_type: default ``resource_type`` of all that it gives but query logs.
    :cvar log_type: default ``log_type`` of its query logs, ``None`` when it gives none.
    :ivar sql_dialect: in which its queries and views are written, as the lineage engine calls it.
    :ivar latency: how far the warehouse's own views lag behind, by flow; default windows are moved back by it.

    :param conn_id: the Airflow connection of the warehouse.
    :param report: where everything is counted that the events do not say.
    :param keep_asset_types: keep ``EXTERNAL`` and ``WILDCARD`` instead of normalising to ``TABLE`` and ``VIEW``.
    """

    name: ClassVar[str]
    resource_type: ClassVar[str]
    log_type: ClassVar[str | None] = None
    # Of some these depend on how they are used.
    sql_dialect: str = ""
    latency: Mapping[Flow, timedelta] = {}

    def __init__(self, conn_id: str, report: CollectionReport, *, keep_asset_types: bool = False) -> None:
        self.conn_id = conn_id
        self.report = report
        self.keep_asset_types = keep_asset_types

    def metadata(self, tables: TableFilter, *, only_freshness_and_volume: bool = False) -> Iterator[RelationalAsset]:
        """Yield each table and view in scope once.

        :param tables: which ones.
        :param only_freshness_and_volume: leave out columns, comments, SQL and tags, and views with them.
        :raises AccessDeniedError: naming the statements to run when something is not granted.
        """
        raise self._unsupported(Flow.METADATA)

    def lineage(self, tables: TableFilter, window: TimeWindow) -> Iterator[LineageEvent]:
        """Yield the edges written in ``window`` whose destination is in scope.

        :param tables: which destinations.
        :param window: half-open, on the end time of the query that wrote.
        """
        raise self._unsupported(Flow.LINEAGE)

    def query_logs(self, window: TimeWindow) -> Iterator[QueryLogEntry]:
        """Yield the queries that ended in ``window``, failed ones included.

        :param window: half-open.
        """
        raise self._unsupported(Flow.QUERY_LOGS)

    def etl_metadata(self, jobs: JobFilter) -> Iterator[EtlAsset]:
        """Yield each job in scope once, with its tasks.

        :param jobs: which ones.
        """
        raise self._unsupported(Flow.ETL_METADATA)

    def etl_runs(self, jobs: JobFilter, window: TimeWindow) -> Iterator[EtlRunEvent]:
        """Yield the runs of jobs in scope to which something happened in ``window``.

        :param jobs: which jobs.
        :param window: half-open.
        """
        raise self._unsupported(Flow.ETL_RUNS)

    def access(self, tables: TableFilter) -> Iterator[AccessCheck]:
        """Yield for each thing that the collector may read whether it can.

        :param tables: which tables are to be collected.
        """
        raise ConfigurationError(f"The {self.name} collector cannot tell what it can read before it collects.")

    def require(self, flow: Flow) -> None:
        """Check that this collector gives a flow at all.

        :raises ConfigurationError: when it has no method of its own for it.
        """
        if getattr(type(self), flow.value) is getattr(Collector, flow.value):
            raise self._unsupported(flow)

    def _unsupported(self, flow: Flow) -> ConfigurationError:
        return ConfigurationError(
            f"The {self.name} collector gives no {flow.value}. Use another collect operator for connection "
            f"{self.conn_id!r}, or name a collector class that does with the collector parameter."
        )
