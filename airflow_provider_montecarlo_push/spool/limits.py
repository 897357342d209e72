"""What of an observation goes, when it is too large for the spool."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from airflow_provider_montecarlo_push.assets.model import Observation, ObservedEdge
from airflow_provider_montecarlo_push.spool.layout import MAX_OBSERVATION_BYTES

# Ids, times and counts, which are not cut.
_HEADER_BYTES = 8 * 1024


def within_limits(observation: Observation, limit: int = MAX_OBSERVATION_BYTES) -> Observation:
    """Return ``observation``, without its largest parts if it is larger than ``limit`` bytes of JSON.

    Column pairs go first, then whole statements, edges and datasets, the largest first: a statement that is cut could
    not be read. What goes is counted in ``left_out``, as ``column_pairs_over_size``, ``statements_over_size``,
    ``edges_over_size`` and ``updated_over_size``.
    """
    encoder = msgspec.json.Encoder()
    size = len(encoder.encode(observation))
    if size <= limit:
        return observation
    cut = _Cutting(observation, encoder, size - (limit - _HEADER_BYTES))
    cut.columns()
    cut.items()
    return cut.result()


class _Cutting:
    def __init__(self, observation: Observation, encoder: msgspec.json.Encoder, excess: int) -> None:
        self._observation = observation
        self._encoder = encoder
        self._excess = excess
        self._edges = list(observation.edges)
        self._kept: dict[str, list[Any]] = {}
        self._left_out = dict(observation.left_out)

    def columns(self) -> None:
        """Drop the column pairs of the edges that have most of them."""
        for number, size in self._largest(edge.columns for edge in self._edges):
            edge = self._edges[number]
            if self._excess <= 0 or not edge.columns:
                return
            self._count("column_pairs_over_size", sum(len(sources) for sources in edge.columns.values()))
            self._edges[number] = ObservedEdge(edge.destination, edge.sources)
            self._excess -= size

    def items(self) -> None:
        """Drop whole items, the largest of all kinds first."""
        kinds: dict[str, list[Any]] = {
            "statements": list(self._observation.statements),
            "edges": self._edges,
            "updated": list(self._observation.updated),
        }
        everything = [(kind, item) for kind, items in kinds.items() for item in items]
        gone = set()
        for number, size in self._largest(item for _, item in everything):
            if self._excess <= 0:
                break
            gone.add(number)
            self._count(f"{everything[number][0]}_over_size", 1)
            self._excess -= size
        for number, (kind, item) in enumerate(everything):
            if number not in gone:
                self._kept.setdefault(kind, []).append(item)

    def result(self) -> Observation:
        """Return what is left."""
        return Observation(run=self._observation.run, at=self._observation.at, left_out=self._left_out, **self._kept)

    def _largest(self, items: Iterable[Any]) -> list[tuple[int, int]]:
        sizes = [(number, len(self._encoder.encode(item))) for number, item in enumerate(items)]
        return sorted(sizes, key=lambda sized: -sized[1])

    def _count(self, reason: str, number: int) -> None:
        self._left_out[reason] = self._left_out.get(reason, 0) + number
