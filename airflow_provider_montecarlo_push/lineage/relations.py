"""What a query or table gives to those who read it: columns, each with what it is computed from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from airflow_provider_montecarlo_push.events.names import TableName


class Ref(NamedTuple):
    """A column of a table."""

    table: TableName
    column: str


Refs = tuple[Ref, ...]
"""Distinct columns, in the order in which the SQL cites them."""


def union(*parts: Iterable[Ref]) -> Refs:
    """Return all refs once, in order."""
    return tuple(dict.fromkeys(chain.from_iterable(parts)))


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is known by name. An expression without an alias has none."""

    name: str | None
    refs: Refs = ()


@dataclass(frozen=True, slots=True)
class Open:
    """Columns whose names are not known: those of a table that is in no catalog, or of a table function.

    :param table: each column is the table's column of the same name. ``None``: each is computed from ``refs``.
    :param hidden: keys of columns that are not among them.
    """

    table: TableName | None = None
    refs: Refs = ()
    hidden: frozenset[str] = frozenset()

    def resolve(self, name: str) -> Refs:
        """Return what the column ``name`` is computed from."""
        return (Ref(self.table, name),) if self.table is not None else self.refs

    def hide(self, keys: Iterable[str]) -> Open:
        """Return the same without the columns ``keys``."""
        return Open(self.table, self.refs, self.hidden.union(keys))


Item = Column | Open


class Found(NamedTuple):
    """A column was found; ``refs`` holds what it surely is computed from."""

    refs: Refs


AMBIGUOUS = Found(())


class Relation:
    """Columns in order. A relation with an :class:`Open` among them may have more than are named.

    :param items: the columns.
    :param key: what two spellings of a column's name have in common.
    :param base: the table, if this is one as it stands.
    """

    def __init__(self, items: Iterable[Item], key: Callable[[str], str], base: TableName | None = None) -> None:
        self.items = tuple(items)
        self.key = key
        self.base = base

    @cached_property
    def named(self) -> dict[str, Column]:
        """The columns that are known by name, by key."""
        named: dict[str, Column] = {}
        for item in self.items:
            if isinstance(item, Column) and item.name is not None:
                named.setdefault(self.key(item.name), item)
        return named

    @cached_property
    def opens(self) -> tuple[Open, ...]:
        """Where further columns come from."""
        return tuple(item for item in self.items if isinstance(item, Open))

    @property
    def refs(self) -> Refs:
        """All that is known to be cited."""
        return union(*(item.refs for item in self.items))

    def find(self, name: str) -> Found | None:
        """Return the column ``name``, ``None`` when there is none."""
        key = self.key(name)
        column = self.named.get(key)
        if column is not None:
            return Found(column.refs)
        opens = [item for item in self.opens if key not in item.hidden] if self.opens else ()
        if len(opens) > 1:
            return AMBIGUOUS
        if opens:
            return Found(opens[0].resolve(name))
        return Found((Ref(self.base, name),)) if self.base is not None else None

    def leading(self) -> tuple[Column, ...]:
        """Return the columns whose positions are certain: those before the first :class:`Open`."""
        leading = []
        for item in self.items:
            if isinstance(item, Open):
                break
            leading.append(item)
        return tuple(leading)

    def renamed(self, names: Sequence[str], *, complete: bool = False) -> Relation:
        """Return the relation with a list of column aliases, as in ``AS t (a, b)``.

        :param complete: the list surely names every column, so that the last ones can be told from the end.
        """
        if not names:
            return self
        leading = self.leading()
        if len(leading) == len(self.items) or (len(names) <= len(leading) and not complete):
            given = [Column(name, item.refs) for name, item in zip(names, leading, strict=False)]
            return Relation([*given, *self.items[len(names) :]], self.key)
        # Positions behind an open item are unknown, unless they can be told from the end. Of the others only that is
        # certain which all columns of a table function share.
        fixed = self.refs if all(item.table is None for item in self.opens) else ()
        refs = [item.refs for item in leading[: len(names)]]
        trailing = self._trailing() if complete else ()
        unknown = max(len(names) - len(refs) - len(trailing), 0)
        refs += [fixed] * unknown + [item.refs for item in trailing]
        refs += [fixed] * (len(names) - len(refs))
        return Relation([Column(name, found) for name, found in zip(names, refs, strict=False)], self.key)

    def with_names(self, names: Mapping[str, str]) -> Relation:
        """Return the relation with some of its columns called otherwise.

        :param names: new names by the keys of the old ones.
        """
        items: list[Item] = []
        for item in self.items:
            if isinstance(item, Column) and item.name is not None:
                items.append(Column(names.get(self.key(item.name), item.name), item.refs))
            elif isinstance(item, Open) and len(self.opens) == 1:
                rest = {key: name for key, name in names.items() if key not in self.named}
                items += [Column(name, item.resolve(key)) for key, name in rest.items()]
                items.append(item.hide(rest))
            else:
                items.append(item)
        return Relation(items, self.key)

    def _trailing(self) -> tuple[Column, ...]:
        """Return the columns behind the last :class:`Open`."""
        trailing: list[Column] = []
        for item in reversed(self.items):
            if isinstance(item, Open):
                break
            trailing.append(item)
        return tuple(reversed(trailing))

    def merged(self, *others: Relation) -> Relation:
        """Return the union by position: names from this relation, refs from all where they correspond."""
        if not others:
            return self
        theirs = [other.leading() for other in others]
        items: list[Item] = []
        for position, item in enumerate(self.items):
            if isinstance(item, Open):
                items.extend(self.items[position:])
                break
            more = (columns[position].refs for columns in theirs if position < len(columns))
            items.append(Column(item.name, union(item.refs, *more)))
        return Relation(items, self.key)

    def merged_by_name(self, other: Relation) -> Relation:
        """Return the union by name: columns of both, refs from both where they share a name."""
        items: list[Item] = []
        for name, column in self.named.items():
            found = other.find(column.name or "") if name in other.named or other.opens else None
            items.append(Column(column.name, union(column.refs, found.refs if found else ())))
        items += [column for name, column in other.named.items() if name not in self.named]
        items += [*self.opens, *other.opens]
        return Relation(items, self.key)
