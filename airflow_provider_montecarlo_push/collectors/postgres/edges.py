"""Edges of the tables that are collected: partitions become their table, what the server keeps about itself goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from airflow_provider_montecarlo_push.collectors.edges import Edge
from airflow_provider_montecarlo_push.collectors.postgres.schemas import Schemas
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import LineageAssetRef, LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName


def of_collected_tables(
    events: Iterable[LineageEvent], schemas: Schemas, report: CollectionReport
) -> Iterator[LineageEvent]:
    """Yield ``events`` with the ends that the catalog has.

    Moving rows between partitions of one table is no edge, unless the table itself was read to write it.
    """
    for event in events:
        changed = _changed(event, schemas)
        if changed is None:
            report.count("edges_of_uncollected_tables")
        else:
            yield changed


def _changed(event: LineageEvent, schemas: Schemas) -> LineageEvent | None:
    """Return an event with other ends; the same one where nothing is to change, as nearly always."""
    destination = schemas.collected(_name(event.destination))
    sources = {ref.asset_id: schemas.collected(_name(ref)) for ref in event.sources}
    if destination == _name(event.destination) and all(sources[ref.asset_id] == _name(ref) for ref in event.sources):
        return event
    if destination is None:
        return None
    edge = Edge(destination, event.destination.type)
    for ref in event.sources:
        source = sources[ref.asset_id]
        if source is not None:
            edge.add_source(source, ref.type)
    for column in event.fields:
        found = ((sources[field.asset_id], field.field_name) for field in column.source_fields)
        edge.fields[column.name] = {(name, field) for name, field in found if name is not None and name != destination}
    return edge.event()


def _name(ref: LineageAssetRef) -> TableName:
    return TableName(ref.database, ref.schema, ref.name)
