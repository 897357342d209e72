"""What a task that succeeded has read, written and run, as an observation."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from airflow.providers.common.compat.sdk import Asset, AssetAlias

from airflow_provider_montecarlo_push.assets.extra import EXTRA_KEY, observed_edge
from airflow_provider_montecarlo_push.assets.model import Dataset, Observation, ObservedEdge
from airflow_provider_montecarlo_push.assets.names import NotATableError
from airflow_provider_montecarlo_push.assets.uris import dataset_of_uri
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.listeners.collected import Collected
from airflow_provider_montecarlo_push.listeners.statements import statements_of
from airflow_provider_montecarlo_push.manifests.model import RunReference

_QUIET = logging.getLogger(f"{__name__}.quiet")
_QUIET.disabled = True  # what is left out is counted in the observation; the task's log is not ours


def has_something(task: Any, lineage: Collected) -> bool:
    """Tell whether there is anything to observe."""
    return bool(task.inlets or task.outlets or lineage.inputs or lineage.outputs or lineage.extra)


def observe(task_instance: Any, lineage: Collected) -> Observation | None:
    """Return what a task did; ``None`` when nothing is known of that.

    Each outlet comes from what was said in its event (see
    :func:`~airflow_provider_montecarlo_push.assets.producers.record_sources`), else from the inlets, else from what
    hooks have read. What hooks have written comes from what hooks have read, else from the inlets.
    """
    task = task_instance.task
    left_out: Counter[str] = Counter()
    edges = _edges(task_instance, lineage, left_out)
    observation = Observation(
        run=_run(task_instance),
        at=getattr(task_instance, "end_date", None) or datetime.now(UTC),
        edges=[edge for edge in edges if edge.sources or edge.columns],
        statements=statements_of(lineage.extra, task, left_out),
        updated=[edge.destination for edge in edges],
        left_out=dict(left_out),
    )
    if not (observation.edges or observation.statements or observation.updated or observation.left_out):
        return None
    return observation


def _run(task_instance: Any) -> RunReference:
    map_index = task_instance.map_index
    return RunReference(
        task_instance.dag_id, task_instance.run_id, task_instance.task_id, -1 if map_index is None else map_index
    )


def _edges(task_instance: Any, lineage: Collected, left_out: Counter[str]) -> list[ObservedEdge]:
    task = task_instance.task
    inlets = _datasets((_uri(inlet) for inlet in task.inlets), left_out)
    read = _datasets((_uri(info.asset) for info in lineage.inputs), left_out)
    written = _datasets((_uri(info.asset) for info in lineage.outputs), left_out)
    edges: dict[Dataset, ObservedEdge] = {}
    events = task_instance.get_template_context()["outlet_events"] if task.outlets else {}
    for uri, extra in _outlets(task.outlets, events):
        for outlet in _datasets([uri], left_out):
            edges[outlet] = _said(outlet, extra, left_out) or _edge(outlet, inlets or read)
    for output in written:
        if output not in edges:
            edges[output] = _edge(output, read or inlets)
    return list(edges.values())


def _outlets(outlets: Iterable[Any], events: Any) -> Iterable[tuple[str | None, Mapping[str, Any]]]:
    """Yield the URI and the extra of each asset; of an alias, those of the assets that the task added to it."""
    for outlet in outlets:
        if isinstance(outlet, Asset):
            yield outlet.uri, events[outlet].extra
        elif isinstance(outlet, AssetAlias):
            for event in events[outlet].asset_alias_events:
                yield event.dest_asset_key.uri, event.extra
        else:  # a reference, which only Airflow's database can resolve
            yield _uri(outlet), {}


def _said(outlet: Dataset, extra: Mapping[str, Any], left_out: Counter[str]) -> ObservedEdge | None:
    if EXTRA_KEY not in extra:
        return None
    report = CollectionReport(_QUIET)
    edge = observed_edge(outlet, extra, report)
    left_out.update(report.left_out)
    return edge


def _edge(destination: Dataset, sources: list[Dataset]) -> ObservedEdge:
    return ObservedEdge(destination, [source for source in sources if source != destination])


def _datasets(uris: Iterable[str | None], left_out: Counter[str]) -> list[Dataset]:
    found: dict[Dataset, None] = {}
    for uri in uris:
        if uri is None:
            left_out["without_uri"] += 1
            continue
        try:
            found[dataset_of_uri(uri)] = None
        except NotATableError as error:
            left_out[error.reason] += 1
    return list(found)


def _uri(entity: Any) -> str | None:
    uri = entity if isinstance(entity, str) else getattr(entity, "uri", None)
    return uri if isinstance(uri, str) and uri else None
