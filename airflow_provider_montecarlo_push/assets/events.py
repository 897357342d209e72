"""What tasks were seen to do, as the lineage events of Monte Carlo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from airflow_provider_montecarlo_push.assets.ends import End, Ends
from airflow_provider_montecarlo_push.assets.merging import MergedEdges
from airflow_provider_montecarlo_push.assets.model import Dataset, DatasetColumn, Observation, ObservedEdge
from airflow_provider_montecarlo_push.assets.names import split_name
from airflow_provider_montecarlo_push.assets.resources import Resource, ResourceMap
from airflow_provider_montecarlo_push.assets.statements import ResolvedEdge, StatementReader
from airflow_provider_montecarlo_push.assets.systems import system_of
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import LineageEvent


def lineage_events(
    observations: Iterable[Observation],
    resources: ResourceMap,
    report: CollectionReport,
    *,
    main: Resource | None,
    most_held: int = 200_000,
) -> Iterator[LineageEvent]:
    """Yield the lineage events of task runs, each destination once as far as memory goes.

    Edges inside of ``main`` are in the plain form, all others in the one across warehouses. Ends that are no tables or
    not mapped are left out and counted in ``report``, which also has the counts of everything else when the iterator
    is exhausted.

    :param observations: read as they are needed.
    :param main: the resource that the request names.
    :param most_held: of sources and columns that are held for merging.
    """
    ends = Ends(resources, report)
    statements = StatementReader(ends)
    merged = MergedEdges(main, most_held=most_held)
    for observation in observations:
        report.count("observations")
        for reason, number in observation.left_out.items():
            report.leave_out(reason, f"{number} in {observation.run.dag_id}.{observation.run.task_id}", number)
        for seen in observation.edges:
            edge = _resolved(seen, ends)
            if edge is not None:
                report.count("edges_seen")
                yield from _counted(merged.add(edge.destination, edge.sources, edge.columns), report)
        for edge in statements.read(observation):
            report.count("edges_parsed")
            yield from _counted(merged.add(edge.destination, edge.sources, edge.columns, kind=edge.kind), report)
    yield from _counted(merged.close(), report)
    if merged.self_edges:
        report.count("self_edges", merged.self_edges)
    ends.close()


def _counted(events: Iterator[LineageEvent], report: CollectionReport) -> Iterator[LineageEvent]:
    for event in events:
        if event.crosses_resources:
            report.count("across_resources")
        yield event


def _resolved(seen: ObservedEdge, ends: Ends) -> ResolvedEdge | None:
    """Return an edge with its ends; ``None``, counted, when its destination or all of its sources are left out."""
    cited = {column.dataset for columns in seen.columns.values() for column in columns}
    datasets = dict.fromkeys((*seen.sources, *sorted(cited)))
    if not datasets:
        ends.report.leave_out("without_sources", f"{seen.destination.namespace} {seen.destination.name}")
        return None
    destination = ends.end(seen.destination)
    if destination is None:
        return None
    found = {dataset: end for dataset in datasets if (end := ends.end(dataset)) is not None}
    if not found:
        return None
    columns = {
        _column(name, seen.destination, destination): _sources(columns, found) for name, columns in seen.columns.items()
    }
    return ResolvedEdge(destination, dict.fromkeys(found.values(), "TABLE"), columns)


def _sources(columns: list[DatasetColumn], found: dict[Dataset, End]) -> list[tuple[End, str]]:
    return [
        (found[column.dataset], _column(column.column, column.dataset, found[column.dataset]))
        for column in columns
        if column.dataset in found
    ]


def _column(name: str, dataset: Dataset, end: End) -> str:
    """Return a column's name as its warehouse stores it."""
    parts = split_name(name)
    if len(parts) != 1:
        return name
    text, quoted = parts[0]
    system = system_of(dataset.namespace) or (system_of(end.resource.type) if end.resource is not None else None)
    return text if quoted or system is None else system.fold_columns(text)
