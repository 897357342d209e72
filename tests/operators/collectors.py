"""A collector of a user's own, as the operators are given one by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.events import (
    AssetMetadata,
    AssetVolume,
    Flow,
    LineageAssetRef,
    LineageEvent,
    QueryLogEntry,
    RelationalAsset,
)
from airflow_provider_montecarlo_push.exceptions import SourceUnavailableError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow


class ShopCollector(Collector):
    """Three tables in each of two databases."""

    name = "shop"
    resource_type = "data-lake"
    log_type = "s3"
    latency = {Flow.QUERY_LOGS: timedelta(minutes=10)}

    def __init__(self, conn_id: str, report: Any, *, fail: bool = False, api_token: str = "", **kwargs: Any) -> None:
        super().__init__(conn_id, report, **kwargs)
        self._fail = fail

    def metadata(self, tables: TableFilter, *, only_freshness_and_volume: bool = False) -> Iterator[RelationalAsset]:
        for database in ("RAW", "MARTS"):
            for name in ("A", "B", "TMP_C"):
                if not tables.matches(database, "S", name):
                    self.report.leave_out("filtered", name)
                    continue
                metadata = AssetMetadata(
                    name=name,
                    database=database,
                    schema="S",
                    description=None if only_freshness_and_volume else f"Table {name}",
                )
                yield RelationalAsset(type="TABLE", metadata=metadata, volume=AssetVolume(row_count=1))
        if self._fail:
            raise SourceUnavailableError("The shop closed in the middle.")

    def lineage(self, tables: TableFilter, window: TimeWindow) -> Iterator[LineageEvent]:
        refs = [LineageAssetRef(type="TABLE", name="A", database=name, schema="S") for name in ("RAW", "MARTS")]
        yield LineageEvent(destination=refs[1], sources=[refs[0]])

    def query_logs(self, window: TimeWindow) -> Iterator[QueryLogEntry]:
        yield QueryLogEntry(start_time=window.start, end_time=window.end, query_text="SELECT 1", query_id="q")
