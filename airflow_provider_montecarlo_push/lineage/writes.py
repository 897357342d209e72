"""What one statement does to a table, and the lineage event that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from airflow_provider_montecarlo_push.events import (
    ColumnLineageField,
    ColumnLineageSourceField,
    LineageAssetRef,
    LineageEvent,
)
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.lineage.model import Reason
from airflow_provider_montecarlo_push.lineage.relations import Refs, Relation, union

_DESTINATION = "d"

Fields = list[tuple[str, Refs]]
"""Columns of a destination, each with what it is computed from."""


@dataclass(frozen=True, slots=True)
class Write:
    """An edge, before it becomes an event.

    :param is_view: the destination is defined as a view.
    """

    target: TableName
    is_view: bool
    sources: tuple[TableName, ...]
    fields: tuple[tuple[str, Refs], ...]

    def event(self, type_of: Callable[[TableName], str | None]) -> LineageEvent:
        """Return a new event for this edge.

        :param type_of: the asset type of a table, where it is known.
        """
        aliases = {table: f"s{number}" for number, table in enumerate(self.sources)}
        own = type_of(self.target) or ("VIEW" if self.is_view else "TABLE")
        return LineageEvent(
            destination=_asset(self.target, own, _DESTINATION),
            sources=[_asset(table, type_of(table) or "TABLE", alias) for table, alias in aliases.items()],
            fields=[
                ColumnLineageField(
                    name=name,
                    source_fields=[ColumnLineageSourceField(asset_id=aliases[t], field_name=c) for t, c in refs],
                )
                for name, refs in self.fields
            ],
        )


def _asset(table: TableName, kind: str, alias: str) -> LineageAssetRef:
    return LineageAssetRef(type=kind, name=table.name, database=table.database, schema=table.schema, asset_id=alias)


@dataclass(slots=True)
class Outcome:
    """What became of one statement.

    :param writes: its edges.
    :param without_edge: why there is none, where that is the case.
    :param unresolved: names that could not be completed.
    :param lasting: it changed what later statements of the same text mean.
    """

    writes: list[Write] = field(default_factory=list)
    without_edge: list[Reason] = field(default_factory=list)
    unresolved: list[str] = field(default_factory=list)
    lasting: bool = False

    def add(self, target: TableName, sources: Iterable[TableName], fields: Fields, *, is_view: bool = False) -> None:
        """Add an edge, or to that of the same destination: one statement gives one edge per destination.

        A table is no source of itself, and without another source there is no edge.
        """
        sources = tuple(sources)
        others = tuple(table for table in sources if table != target)
        if not others:
            if not self.unresolved:
                self.without_edge.append(Reason.SELF_ONLY if sources else Reason.NO_SOURCE)
            return
        before = next((write for write in self.writes if write.target == target), None)
        merged: dict[str, Refs] = {}
        if before is not None:
            self.writes.remove(before)
            merged.update(before.fields)
            others = tuple(dict.fromkeys((*before.sources, *others)))
        for name, refs in fields:
            merged[name] = union(merged.get(name, ()), (ref for ref in refs if ref.table != target))
        self.writes.append(Write(target, is_view, others, tuple((n, refs) for n, refs in merged.items() if refs)))


def fields_of(relation: Relation, names: Sequence[str] | None) -> Fields:
    """Return how a query's columns land in a table.

    :param names: the table's columns by position; ``None``: they are called as in the query.
    """
    if names is None:
        return [(column.name, column.refs) for column in relation.named.values() if column.name is not None]
    return [(name, column.refs) for name, column in zip(names, relation.leading(), strict=False)]
