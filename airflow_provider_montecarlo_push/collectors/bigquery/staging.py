"""What was staged in temporary tables, by which reads of them are resolved through.

BigQuery gives each temporary table a hidden dataset of its script or session, so their names are unique.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from airflow_provider_montecarlo_push.collectors.edges import Edge
from airflow_provider_montecarlo_push.events.names import TableName

_REMEMBERED = 20_000


@dataclass
class Staged:
    """Where the rows of a temporary table come from; columns by their names in lower case."""

    sources: dict[TableName, str] = field(default_factory=dict)
    columns: dict[str, set[tuple[TableName, str]]] = field(default_factory=dict)


class Staging:
    """Remembers temporary tables, the latest so many."""

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._remembered = remembered
        self._tables: OrderedDict[TableName, Staged] = OrderedDict()

    def write(self, edge: Edge) -> bool:
        """Remember what was written into a temporary table; return whether an older one was forgotten for it."""
        staged = self._tables.setdefault(edge.destination, Staged())
        staged.sources.update(edge.sources)
        for column, sources in edge.fields.items():
            staged.columns.setdefault(column.lower(), set()).update(sources)
        if len(self._tables) <= self._remembered:
            return False
        self._tables.popitem(last=False)
        return True

    def read(self, name: TableName) -> Staged | None:
        """Return what is known of a temporary table."""
        return self._tables.get(name)
