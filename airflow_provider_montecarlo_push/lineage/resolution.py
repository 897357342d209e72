"""From writes to lineage events: real names, and staging tables resolved through to where their rows come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from airflow_provider_montecarlo_push.events import (
    ColumnLineageField,
    ColumnLineageSourceField,
    LineageAssetRef,
    LineageEvent,
)
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.lineage.effects import Fields, merged
from airflow_provider_montecarlo_push.lineage.relations import Column, Item, Open, Ref, Refs, Relation, union
from airflow_provider_montecarlo_push.lineage.tables import Edge, Held, Table, Tables

_DESTINATION = "d"

_Content = tuple[tuple[Relation, ...], tuple[TableName, ...]]
"""What a table held: a relation over real tables for each write, and those tables."""


@dataclass(frozen=True, slots=True)
class _Origin:
    """What a source of a write stands for.

    :param table: the table, if it is a real end.
    :param layers: otherwise what was written into it, one relation for each write,
    :param sources: and the tables that this came from.
    """

    table: TableName | None
    layers: tuple[Relation, ...] = ()
    sources: tuple[TableName, ...] = ()

    def resolve(self, name: str) -> Refs:
        """Return what the column ``name`` is computed from."""
        if self.table is not None:
            return (Ref(self.table, name),)
        found = (layer.find(name) for layer in self.layers)
        return union(*(hit.refs for hit in found if hit is not None))

    def opened(self, item: Open, key: Callable[[str], str]) -> list[Item]:
        """Return the columns that ``item``, all columns of this source but some, stands for."""
        if self.table is not None:
            return [Open(self.table, (), item.hidden)]
        items: list[Item] = []
        for inner in (inner for layer in self.layers for inner in layer.items):
            if isinstance(inner, Open):
                items.append(inner.hide(item.hidden))
            elif inner.name is not None and key(inner.name) not in item.hidden:
                items.append(inner)
        return items


class Resolver:
    """Tells the edges of a session.

    :param tables: its tables.
    :param key: what two spellings of a column's name have in common.
    :param type_of: the asset type of a table, where it is known.
    """

    def __init__(self, tables: Tables, key: Callable[[str], str], type_of: Callable[[TableName], str | None]) -> None:
        self._tables = tables
        self._key = key
        self._type_of = type_of
        self._contents: dict[Held, _Content] = {}

    def event(self, edge: Edge) -> LineageEvent | None:
        """Return a new event, ``None`` if the write has no end that stays or no source that is a table."""
        if self._tables.is_through(edge.target):
            return None
        origins = self._origins(edge)
        sources = _sources(origins.values())
        if not sources:
            return None
        fields: Iterable[tuple[str, Refs]] = edge.write.fields
        if any(origin.table != name for name, origin in origins.items()):
            fields = self._complete(*self._fields(edge, origins))
        return self._event(self._name(edge.target), edge.write.is_view, sources, fields)

    def _origins(self, edge: Edge) -> dict[TableName, _Origin]:
        origins: dict[TableName, _Origin] = {}
        for name, (table, held) in zip(edge.write.sources, edge.reads, strict=True):
            if self._tables.is_through(table):
                layers, sources = self._content(held) if held is not None else ((), ())
                origins[name] = _Origin(None, layers, sources)
            else:
                origins[name] = _Origin(self._name(table))
        return origins

    def _name(self, table: Table) -> TableName:
        """Return what a table is called; one that was there before and is gone goes by the name that it had."""
        return table.first_name if table.dropped and not table.created else table.name

    def _fields(self, edge: Edge, origins: dict[TableName, _Origin]) -> tuple[Fields, list[Item]]:
        """Return the columns of an edge with their real origins, and those that come along by their names."""
        fields = [(name, self._refs(refs, origins)) for name, refs in edge.write.fields]
        opens: list[Item] = []
        for item in edge.write.opens:
            if item.table is None:
                opens.append(Open(None, self._refs(item.refs, origins), item.hidden))
            else:
                opens += origins[item.table].opened(item, self._key)
        return fields, opens

    def _complete(self, fields: Fields, opens: list[Item]) -> Iterable[tuple[str, Refs]]:
        known = {self._key(name) for name, _ in fields}
        named = [(item.name, item.refs) for item in opens if isinstance(item, Column) and item.name is not None]
        return merged([*fields, *((name, refs) for name, refs in named if self._key(name) not in known)])

    def _refs(self, refs: Refs, origins: dict[TableName, _Origin]) -> Refs:
        return union(*(origins[ref.table].resolve(ref.column) for ref in refs))

    def _content(self, held: Held) -> _Content:
        """Return what a table held; without recursion, for chains may be long."""
        waiting = [held]
        while waiting:
            needed = [needed for needed in self._needed(waiting[-1]) if needed not in self._contents]
            if needed:
                waiting += needed
                continue
            top = waiting.pop()
            if top not in self._contents:
                self._contents[top] = self._layered(top)
        return self._contents[held]

    def _needed(self, held: Held) -> Iterable[Held]:
        if held.before is not None:
            yield held.before
        for table, inner in held.edge.reads if held.edge is not None else ():
            if inner is not None and self._tables.is_through(table):
                yield inner

    def _layered(self, held: Held) -> _Content:
        layers, sources = self._contents[held.before] if held.before is not None else ((), ())
        if held.edge is None:
            return tuple(self._renamed(layer, held) for layer in layers), sources
        origins = self._origins(held.edge)
        fields, opens = self._fields(held.edge, origins)
        layer = Relation([*(Column(name, refs) for name, refs in fields), *opens], self._key)
        if all(layer.items != other.items for other in layers):
            layers = (*layers, layer)
        return layers, tuple(dict.fromkeys((*sources, *_sources(origins.values()))))

    def _renamed(self, layer: Relation, held: Held) -> Relation:
        change = held.change
        if change is None or not change.old:
            return layer
        return layer.with_names({self._key(change.old): change.new})

    def _event(
        self, target: TableName, is_view: bool, sources: tuple[TableName, ...], fields: Iterable[tuple[str, Refs]]
    ) -> LineageEvent:
        aliases = {table: f"s{number}" for number, table in enumerate(sources)}
        own = self._type_of(target) or ("VIEW" if is_view else "TABLE")
        return LineageEvent(
            destination=_asset(target, own, _DESTINATION),
            sources=[_asset(table, self._type_of(table) or "TABLE", alias) for table, alias in aliases.items()],
            fields=[
                ColumnLineageField(
                    name=name,
                    source_fields=[ColumnLineageSourceField(asset_id=aliases[t], field_name=c) for t, c in refs],
                )
                for name, refs in fields
                if refs
            ],
        )


def _sources(origins: Iterable[_Origin]) -> tuple[TableName, ...]:
    found: dict[TableName, None] = {}
    for origin in origins:
        found.update(dict.fromkeys(origin.sources if origin.table is None else (origin.table,)))
    return tuple(found)


def _asset(table: TableName, kind: str, alias: str) -> LineageAssetRef:
    return LineageAssetRef(type=kind, name=table.name, database=table.database, schema=table.schema, asset_id=alias)
