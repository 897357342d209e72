"""Pushes to the sandbox as tasks make them, with a manifest and a receipt."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from upath import UPath

from airflow_provider_montecarlo_push.events import Event, Flow, LineageAssetRef, LineageEvent, QueryLogEntry
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.push.batches import BatchLimits
from airflow_provider_montecarlo_push.push.session import ManifestPush
from airflow_provider_montecarlo_push.sensors.base import MonteCarloVisibilitySensor, Wanted
from tests.conftest import write_manifest


def push(root: Path, events: Sequence[Event], *, max_events: int = 500, **options: Any) -> dict[str, Any]:
    """Write a manifest of ``events`` and push it; return what a push operator returns.

    :param options: for the manifest's header; ``resource_uuid`` for the push.
    """
    flow = {LineageEvent: Flow.LINEAGE, QueryLogEntry: Flow.QUERY_LOGS}.get(
        type(events[0]) if events else LineageEvent, Flow.METADATA
    )
    resource = options.pop("resource_uuid", None)
    reader = write_manifest(Folder(UPath((root / uuid.uuid4().hex).as_uri())), list(events), flow, **options)
    hook = MonteCarloIngestHook()
    with hook.gateway() as gateway:
        destination = hook.destination(
            flow,
            gateway,
            resource_uuid=resource,
            resource_type=reader.manifest.resource_type,
            log_type=reader.manifest.log_type,
            crosses_resources=bool(reader.manifest.parts) and all(p.crosses_resources for p in reader.manifest.parts),
        )
        limits = BatchLimits(events=max_events)
        return ManifestPush(reader, gateway, destination, limits=limits, concurrency=1).run().to_dict()


def ref(name: str, **more: Any) -> LineageAssetRef:
    return LineageAssetRef(type="TABLE", name=name, database="ANALYTICS", schema="PUBLIC", **more)


def look(sensor: MonteCarloVisibilitySensor, context: dict[str, Any] | None = None) -> tuple[Wanted, list[str]]:
    """Return what a sensor waits for, and what of it is missing."""
    wanted = sensor.expect(context or {})  # type: ignore[arg-type]
    done = sensor.poke(context or {})  # type: ignore[arg-type]
    missing = sensor._missing
    assert done.is_done is not bool(missing)
    return wanted, missing
