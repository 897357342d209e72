"""The collector of ETL jobs and runs from an Airflow, this one or another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import ClassVar

from airflow_provider_montecarlo_push.collectors.airflow.api import AirflowApi
from airflow_provider_montecarlo_push.collectors.airflow.assets import AssetRefs, NameAsset, by_uri
from airflow_provider_montecarlo_push.collectors.airflow.connection import Address, address_of
from airflow_provider_montecarlo_push.collectors.airflow.jobs import jobs as read_jobs
from airflow_provider_montecarlo_push.collectors.airflow.runs import runs as read_runs
from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.job_filter import JobFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import EtlAsset, EtlRunEvent, Flow
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow


class AirflowCollector(Collector):
    """DAGs as jobs, their runs as runs, through Airflow's REST API. See ``docs/etl.md``.

    :param conn_id: connection of type ``http`` or ``airflow``; see :func:`~.connection.address_of`.
    :param ui_url: base URL under which people see its UI, where that is another than the connection's.
    :ivar name_asset: how the URIs of inlets and outlets become names that Monte Carlo knows.
    """

    name: ClassVar[str] = "airflow"
    resource_type: ClassVar[str] = "airflow"
    # Ends are written before they are committed, and clocks of workers differ.
    latency: Mapping[Flow, timedelta] = {Flow.ETL_RUNS: timedelta(minutes=5)}

    def __init__(
        self,
        conn_id: str,
        report: CollectionReport,
        *,
        keep_asset_types: bool = False,
        ui_url: str | None = None,
    ) -> None:
        super().__init__(conn_id, report, keep_asset_types=keep_asset_types)
        if ui_url is not None and not str(ui_url).startswith(("http://", "https://")):
            raise ConfigurationError(f"ui_url is {ui_url!r}; give a URL, such as https://airflow.example.com.")
        self._ui_url = ui_url.rstrip("/") if ui_url else None
        self.name_asset: NameAsset = by_uri

    def etl_metadata(self, jobs: JobFilter) -> Iterator[EtlAsset]:
        """Yield the DAGs in scope; see :func:`~.jobs.jobs`."""
        address = self._address()
        with AirflowApi(address, self.conn_id) as api:
            yield from read_jobs(api, jobs, self._refs(), self.report, ui_url=self._ui_url or address.url)

    def etl_runs(self, jobs: JobFilter, window: TimeWindow) -> Iterator[EtlRunEvent]:
        """Yield the runs of DAGs in scope; see :func:`~.runs.runs`."""
        address = self._address()
        with AirflowApi(address, self.conn_id) as api:
            yield from read_runs(api, jobs, window, self._refs(), self.report, ui_url=self._ui_url or address.url)

    def _address(self) -> Address:
        from airflow.providers.common.compat.sdk import BaseHook

        return address_of(BaseHook.get_connection(self.conn_id))

    def _refs(self) -> AssetRefs:
        return AssetRefs(self.name_asset, self.report)
