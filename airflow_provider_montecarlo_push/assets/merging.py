"""Edges that say the same become one event, in the plain form or in the one across warehouses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from airflow_provider_montecarlo_push.assets.ends import End
from airflow_provider_montecarlo_push.assets.resources import Resource
from airflow_provider_montecarlo_push.events import (
    ColumnLineageField,
    ColumnLineageSourceField,
    LineageAssetRef,
    LineageEvent,
)

_DESTINATION = "dest"
_MOST_HELD = 200_000

ColumnsOfEdge = Mapping[str, Iterable[tuple[End, str]]]


@dataclass
class _Merged:
    kind: str
    sources: dict[End, str] = field(default_factory=dict)
    columns: dict[str, dict[tuple[End, str], None]] = field(default_factory=dict)


class MergedEdges:
    """Collects edges and gives each destination once, with all its sources and columns.

    An edge of which every end is in ``main`` goes in the plain form; in every other one each end names its resource.
    The two are kept apart, so that one source elsewhere does not change the form of a destination's other edges.

    :param main: the resource that the request names.
    :param most_held: of sources and columns; beyond, everything comes out and it begins anew.
    """

    def __init__(self, main: Resource | None, *, most_held: int = _MOST_HELD) -> None:
        self._main = main
        self._most_held = most_held
        self._held = 0
        self._edges: dict[tuple[End, bool], _Merged] = {}
        self.self_edges = 0

    def add(
        self, destination: End, sources: Mapping[End, str], columns: ColumnsOfEdge, *, kind: str = "TABLE"
    ) -> Iterator[LineageEvent]:
        """Take an edge; yield the events that come out now, most often none.

        :param sources: and their asset types. The destination itself is left out of them, and counted.
        :param columns: columns of the destination, and those that they come from.
        :param kind: asset type of the destination.
        """
        kept = {end: source_kind for end, source_kind in sources.items() if end != destination}
        self.self_edges += len(sources) - len(kept)
        if not kept:
            return
        plain = all(is_in(end, self._main) for end in (destination, *kept))
        edge = self._edges.setdefault((destination, plain), _Merged(kind))
        before = len(edge.sources) + len(edge.columns)
        edge.sources |= kept
        for name, found in columns.items():
            cited = {(end, column): None for end, column in found if end in kept}
            if cited:
                edge.columns.setdefault(name, {}).update(cited)
        self._held += len(edge.sources) + len(edge.columns) - before
        if self._held > self._most_held:
            yield from self.close()

    def close(self) -> Iterator[LineageEvent]:
        """Yield everything that is held."""
        for (destination, plain), edge in self._edges.items():
            yield _event(destination, edge, plain)
        self._edges.clear()
        self._held = 0


def is_in(end: End, resource: Resource | None) -> bool:
    """Tell whether an end is in a resource, whatever type either names."""
    if end.resource is None or resource is None:
        return end.resource is resource
    return end.resource.uuid == resource.uuid


def _event(destination: End, edge: _Merged, plain: bool) -> LineageEvent:
    ends = sorted(edge.sources, key=_order)
    aliases = {end: f"s{number}" for number, end in enumerate(ends)}
    return LineageEvent(
        destination=_asset(destination, edge.kind, _DESTINATION, plain),
        sources=[_asset(end, edge.sources[end], aliases[end], plain) for end in ends],
        fields=[
            ColumnLineageField(
                name,
                [ColumnLineageSourceField(*cited) for cited in sorted((aliases[end], column) for end, column in found)],
            )
            for name, found in sorted(edge.columns.items())
        ],
    )


def _order(end: End) -> tuple[str, ...]:
    return (*end.table, *(end.resource or ()))


def _asset(end: End, kind: str, alias: str, plain: bool) -> LineageAssetRef:
    resource = None if plain else end.resource
    return LineageAssetRef(
        type=kind,
        name=end.table.name,
        database=end.table.database,
        schema=end.table.schema,
        asset_id=alias,
        resource_uuid=resource.uuid if resource is not None else None,
        resource_type=resource.type if resource is not None else None,
    )
