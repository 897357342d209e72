"""Lineage events from names, and which of them are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import (
    ColumnLineageField,
    ColumnLineageSourceField,
    LineageAssetRef,
    LineageEvent,
)
from airflow_provider_montecarlo_push.events.names import TableName

REMEMBERED = 200_000
_DESTINATION = "dest"


@dataclass
class Edge:
    """A destination, its sources and their types, and which source columns feed which of its columns."""

    destination: TableName
    destination_type: str
    sources: dict[TableName, str] = field(default_factory=dict)
    fields: dict[str, set[tuple[TableName, str]]] = field(default_factory=dict)

    def add_source(self, source: TableName, asset_type: str) -> bool:
        """Add a source unless it is the destination itself; return whether it was added."""
        if source == self.destination:
            return False
        self.sources.setdefault(source, asset_type)
        return True

    def event(self) -> LineageEvent | None:
        """Return the event, in the same order whatever the order of the parts; ``None`` without sources."""
        if not self.sources:
            return None
        names = sorted(self.sources)
        aliases = {name: f"s{number}" for number, name in enumerate(names)}
        return LineageEvent(
            destination=_asset(self.destination, self.destination_type, _DESTINATION),
            sources=[_asset(name, self.sources[name], aliases[name]) for name in names],
            fields=[
                ColumnLineageField(
                    column, [ColumnLineageSourceField(aliases[name], source) for name, source in sorted(sources)]
                )
                for column, sources in sorted(self.fields.items())
                if sources
            ],
        )


def _asset(name: TableName, asset_type: str, alias: str) -> LineageAssetRef:
    return LineageAssetRef(type=asset_type, name=name.name, database=name.database, schema=name.schema, asset_id=alias)


class Gate:
    """Lets through the events whose destination is in scope, each once.

    Beyond :data:`REMEMBERED` different events duplicates pass, which does no harm: the same edge twice is one edge.

    :param tables: which destinations.
    """

    def __init__(self, report: CollectionReport, tables: TableFilter, *, remembered: int = REMEMBERED) -> None:
        self._report = report
        self._tables = tables
        self._remembered = remembered
        self._seen: set[bytes] = set()
        self._encoder = msgspec.json.Encoder()

    def admit(self, events: Iterable[LineageEvent], kind: str) -> Iterator[LineageEvent]:
        """Yield what passes.

        :param kind: under which these are counted, such as ``edges_native``.
        """
        for event in events:
            end = event.destination
            if not self._tables.matches(end.database, end.schema, end.name):
                self._report.leave_out("filtered", f"{end.database}.{end.schema}.{end.name}")
            elif self._is_new(event):
                self._report.count(kind)
                yield event
            else:
                self._report.count("duplicates")

    def _is_new(self, event: LineageEvent) -> bool:
        digest = blake2b(self._encoder.encode(event), digest_size=16).digest()
        if digest in self._seen:
            return False
        if len(self._seen) < self._remembered:
            self._seen.add(digest)
        return True
