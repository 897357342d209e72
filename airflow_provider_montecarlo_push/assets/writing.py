"""Edges to a manifest."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from airflow_provider_montecarlo_push.assets.events import lineage_events
from airflow_provider_montecarlo_push.assets.model import Observation
from airflow_provider_montecarlo_push.assets.resources import Resource, ResourceMap
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import Event, Flow
from airflow_provider_montecarlo_push.manifests.model import FORMAT, Manifest, RunReference
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.manifests.writer import ManifestWriter

log = logging.getLogger(__name__)


def manifest_of(
    flow: Flow,
    origin: str,
    main: Resource | None,
    *,
    root: Folder,
    run: RunReference,
    scope: dict[str, Any] | None = None,
) -> Manifest:
    """Return the header of a manifest whose events are for ``main``, or name their resources.

    :param origin: who makes the events, in the place of a collector.
    :param scope: what else tells it from others; it must not grow with the runs.
    """
    return Manifest(
        format=FORMAT,
        id="",
        flow=flow,
        collector=origin,
        resource_uuid=main.uuid if main is not None else None,
        resource_type=main.type if main is not None else None,
        scope=scope or {},
        root=root.uri,
        run=run,
        collected_at=datetime.now(UTC),
    )


def write_lineage(
    observations: Iterable[Observation],
    resources: ResourceMap,
    report: CollectionReport,
    folder: Folder,
    manifest: Manifest,
    *,
    main: Resource | None,
) -> Manifest:
    """Write what tasks were seen to do as a manifest of lineage; see :func:`lineage_events`.

    :param manifest: its header, of :func:`manifest_of`.
    :return: the finished manifest; one without events says so in a note.
    """
    return write_events(lineage_events(observations, resources, report, main=main), report, folder, manifest)


def write_events(events: Iterable[Event], report: CollectionReport, folder: Folder, manifest: Manifest) -> Manifest:
    """Write a manifest, with what ``report`` has counted when the events are through.

    :return: the finished manifest; one without events says so in a note.
    """
    number = 0
    with ManifestWriter(folder, manifest) as writer:
        for event in events:
            writer.write(event)
            number += 1
        if not number:
            report.note(f"No {manifest.flow.value} events.")
        manifest.counts = dict(report.counts)
        manifest.left_out = dict(report.left_out)
        manifest.notes = report.notes
        manifest.complete = report.complete
    left_out = ", ".join(f"{count:,} {reason}" for reason, count in manifest.left_out.items()) or "nothing"
    log.info("Wrote %s %s events; left out: %s", f"{manifest.events:,}", manifest.flow.value, left_out)
    return manifest


def xcom_of(folder: Folder, manifest: Manifest) -> dict[str, Any]:
    """Return what a task that wrote a manifest returns."""
    return {
        "uri": folder.uri,
        "flow": manifest.flow.value,
        "events": manifest.events,
        "counts": manifest.counts,
        "left_out": manifest.left_out,
        "complete": manifest.complete,
    }
