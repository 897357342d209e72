"""Which names are visible where in a query, and what they stand for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from sqlglot import exp

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.lineage.relations import AMBIGUOUS, Column, Found, Open, Refs, Relation, union


class Cte(Protocol):
    """A common table expression: bound when it is first read."""

    def relation(self) -> Relation:
        """Return what it gives."""


Ctes = dict[str, Cte]


@dataclass(slots=True)
class Source:
    """An item of a FROM clause.

    :param alias: the key of the name by which columns cite it.
    :param relation: what it gives.
    :param table: its full name if it is a table that was given no alias.
    """

    alias: str
    relation: Relation
    table: TableName | None = None


@dataclass(slots=True)
class Scope:
    """The names that an expression of one SELECT can use.

    :param ctes: the CTEs in sight.
    :param outer: the scope around it, for correlated and lateral queries.
    :param sources: FROM items in order.
    :param hidden: items that only qualified names reach, such as the right side of a semi join.
    :param using: columns that a join has merged, by key.
    :param aliases: earlier select items, by key.
    :param scalars: expressions that the SELECT calls by name, by key.
    :param windows: the named windows of the SELECT.
    """

    ctes: Ctes
    outer: Scope | None = None
    sources: list[Source] = field(default_factory=list)
    hidden: list[Source] = field(default_factory=list)
    using: dict[str, Column] = field(default_factory=dict)
    aliases: dict[str, Refs] = field(default_factory=dict)
    scalars: dict[str, Refs] = field(default_factory=dict)
    windows: dict[str, exp.Expr] = field(default_factory=dict)

    def chain(self) -> Iterator[Scope]:
        """Yield this scope and those around it, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def source(self, alias: str) -> Source | None:
        """Return the FROM item called ``alias``, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            for source in scope.sources:
                if source.alias == alias:
                    return source
            for source in scope.hidden:
                if source.alias == alias:
                    return source
            scope = scope.outer
        return None

    def table(self, name: tuple[str, ...]) -> Source | None:
        """Return the FROM item that is the table ``name``, written with its schema and perhaps its database."""
        for scope in self.chain():
            for source in (*scope.sources, *scope.hidden):
                if source.table is not None and source.table[-len(name) :] == name:
                    return source
        return None

    def find(self, name: str, key: str) -> Found | None:
        """Return what an unqualified name stands for, ``None`` when nothing in sight is called so."""
        for scope in self.chain():
            found = scope.own(name, key)
            if found is not None:
                return found
        return None

    def own(self, name: str, key: str) -> Found | None:
        """Return what a name stands for in this scope alone."""
        if key in self.using:
            return Found(self.using[key].refs)
        if key in self.scalars:
            return Found(self.scalars[key])
        named = [source.relation.named[key] for source in self.sources if key in source.relation.named]
        if named:
            return Found(named[0].refs) if len(named) == 1 else AMBIGUOUS
        opens = [item for source in self.sources for item in source.relation.opens if key not in item.hidden]
        if key in self.aliases:
            return self._alias(key, opens)
        if not opens:
            return None
        return self._open(name, key, opens)

    def _alias(self, key: str, opens: list[Open]) -> Found:
        """Resolve a name that is an alias of the same SELECT, and perhaps a column as well.

        A column wins over an alias. Where the table's columns are unknown, an alias whose own expression reads a
        column of that name proves that the column exists.
        """
        refs = self.aliases[key]
        tables = {item.table for item in opens}
        same = tuple(ref for ref in refs if ref.table in tables and ref.column.lower() == key.lower())
        return Found(same or refs)

    def _open(self, name: str, key: str, opens: list[Open]) -> Found:
        if len(opens) > 1:
            return AMBIGUOUS
        around = self.outer.chain() if self.outer is not None else iter(())
        if any(scope.surely_has(key) for scope in around):
            return AMBIGUOUS  # an outer query has it, and this one's table may have it too
        return Found(opens[0].resolve(name))

    def surely_has(self, key: str) -> bool:
        """Whether a source of this scope is known to have the column."""
        return key in self.using or any(key in source.relation.named for source in self.sources)

    def merge(self, key: str, name: str, left: Refs, right: Refs) -> None:
        """Note that a join has merged a column of both sides."""
        self.using[key] = Column(name, union(left, right))
