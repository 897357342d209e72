"""Manifests and receipts as the tasks of earlier days left them, and runs of the operator."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from upath import UPath

from airflow_provider_montecarlo_push.events import (
    AssetFreshness,
    AssetMetadata,
    AssetVolume,
    ColumnLineageField,
    ColumnLineageSourceField,
    Event,
    Flow,
    LineageAssetRef,
    LineageEvent,
    RelationalAsset,
)
from airflow_provider_montecarlo_push.hooks.locations import folder_at
from airflow_provider_montecarlo_push.manifests.model import RunReference, encode_manifest
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.receipts import Acknowledgement, Destination, Receipt
from tests.conftest import write_manifest
from tests.operators.airflow_runs import AirflowRun, run_dag

DAY = timedelta(days=1)
UPDATED = datetime(2024, 3, 1, tzinfo=UTC)


def asset(
    name: str = "ORDERS", updated: datetime | None = UPDATED, *, rows: int | None = 1, kind: str = "TABLE"
) -> RelationalAsset:
    return RelationalAsset(
        type=kind,
        metadata=AssetMetadata(name=name, database="DB", schema="S"),
        volume=None if rows is None else AssetVolume(row_count=rows),
        freshness=None if updated is None else AssetFreshness(last_update_time=updated),
    )


def edge(name: str, *, columns: bool = True, resource_uuid: str | None = None) -> LineageEvent:
    elsewhere = {"resource_uuid": resource_uuid, "resource_type": "snowflake"} if resource_uuid else {}
    place = {"type": "TABLE", "database": "DB", "schema": "S", **elsewhere}
    fields = [ColumnLineageField("ID", [ColumnLineageSourceField("source", "ID")])] if columns else []
    return LineageEvent(
        LineageAssetRef(name=name, asset_id="destination", **place),
        [LineageAssetRef(name="RAW", asset_id="source", **place)],
        fields,
    )


class Past:
    """Writes manifests and receipts as the collect and push tasks of earlier days left them."""

    def __init__(self, root: Any, resource_uuid: str) -> None:
        self.root = root
        self.uri = root.as_uri() if isinstance(root, Path) else str(root)
        self.resource_uuid = resource_uuid

    def push(
        self,
        events: list[Event],
        ago: timedelta,
        *,
        to: str | None = "",
        flow: Flow = Flow.METADATA,
        conn: str = "shop",
        acknowledged: int | None = None,
        **header: Any,
    ) -> ManifestReader:
        """Write what was pushed some time ago; ``to=None`` was collected only."""
        at = datetime.now(UTC) - ago
        run = RunReference("hourly", f"run-{ago.total_seconds():.3f}-{to}", "collect")
        folder = folder_at(self.uri).child(run.dag_id, run.run_id, f"{flow.value}-{conn}")
        facts = {"source_conn_id": conn, "run": run, "root": self.uri} | header
        manifest = write_manifest(folder, events, flow, **facts).manifest
        folder.write("manifest.json", encode_manifest(msgspec.structs.replace(manifest, collected_at=at)))
        reader = ManifestReader(folder)
        if to is not None:
            resource = None if to == "across" else to or self.resource_uuid
            receipt = Receipt(folder, reader.uri, reader.manifest, Destination("http://gateway", resource))
            receipt.summary.started_at = at
            last = (acknowledged or len(events)) - 1
            name = reader.manifest.parts[0].name
            receipt.acknowledge(Acknowledgement(name, 0, last, 1, "invocation", "trace", at))
            receipt.close("delivered")
        return reader

    def days(self, number: int, names: Iterable[str] = ("ORDERS",), **options: Any) -> ManifestReader:
        """Push tables on each of the last days, changed each time; return the newest manifest."""
        readers = [
            self.push([asset(name, UPDATED + day * DAY) for name in names], (number - day - 0.9) * DAY, **options)
            for day in range(number)
        ]
        return readers[-1]


def run(options: str = "", **more: Any) -> AirflowRun:
    return run_dag(
        f"""
        from airflow_provider_montecarlo_push.operators.detectors import MonteCarloDetectorStatusOperator
        MonteCarloDetectorStatusOperator(task_id="detectors", {options})
        """,
        **more,
    )


def outcome(options: str = "", **more: Any) -> dict[str, Any]:
    result = run(options, **more).xcom("detectors")
    assert result is not None, "the task failed"
    return result


def page_of(result: dict[str, Any]) -> str:
    return UPath(result["report"]).read_text()
