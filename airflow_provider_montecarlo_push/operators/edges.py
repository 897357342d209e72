"""Edges that users write to a manifest, once: a retry finds the one of the attempt before."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from airflow_provider_montecarlo_push.assets.merging import MergedEdges
from airflow_provider_montecarlo_push.assets.writing import manifest_of, write_events
from airflow_provider_montecarlo_push.assets.written import WrittenEdges
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import Flow, LineageEvent
from airflow_provider_montecarlo_push.events.wire import encode_event
from airflow_provider_montecarlo_push.exceptions import ManifestError
from airflow_provider_montecarlo_push.hooks.locations import folder_of_run
from airflow_provider_montecarlo_push.hooks.resource_map import main_resource, resource_map
from airflow_provider_montecarlo_push.manifests.model import Manifest, RunReference
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.storage import Folder

log = logging.getLogger(__name__)


def edges_manifest(
    values: Sequence[Any],
    what: str,
    *,
    run: RunReference,
    root: Folder,
    montecarlo_conn_id: str,
    resource_uuid: str | None,
    resource_type: str | None,
) -> ManifestReader:
    """Return the manifest of edges; one that the same run has written of the same edges is kept, with its receipts.

    :param values: as :class:`WrittenEdges` reads them.
    :param what: where they are from, for errors.
    :param resource_uuid: of tables that name no resource, instead of the connection's; ``resource_type`` likewise.
    :raises ConfigurationError: naming the edge that cannot be understood.
    """
    resources = resource_map(montecarlo_conn_id)
    main = main_resource(resources, montecarlo_conn_id, resource_uuid=resource_uuid, resource_type=resource_type)
    merged = MergedEdges(main)
    events: list[LineageEvent] = []
    for edge in WrittenEdges(resources, main).read(values, what):
        events += merged.add(edge.destination, edge.sources, edge.columns, kind=edge.kind)
    events += merged.close()
    folder = folder_of_run(root, run)
    header = manifest_of(Flow.LINEAGE, "edges", main, root=root, run=run)
    kept = _kept(folder, header, events)
    if kept is not None:
        return kept
    report = CollectionReport(log)
    report.count("edges_written", len(values))
    write_events(events, report, folder, header)
    return ManifestReader(folder)


def _kept(folder: Folder, header: Manifest, events: list[LineageEvent]) -> ManifestReader | None:
    """Return the manifest in ``folder`` if it is of the same edges."""
    try:
        reader = ManifestReader(folder)
        there = sorted(_lines(reader))
    except ManifestError:
        return None
    facts = (reader.manifest.collector, reader.manifest.resource_uuid, reader.manifest.resource_type)
    same = facts == (header.collector, header.resource_uuid, header.resource_type)
    return reader if same and there == sorted(encode_event(event)[0] for event in events) else None


def _lines(reader: ManifestReader) -> Iterator[bytes]:
    for part in reader.manifest.parts:
        yield from reader.lines(part)
