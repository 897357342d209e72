"""What one statement does to tables, by itself: without what earlier statements have made of the names in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.relations import Column, Open, Refs, Relation, union

Fields = list[tuple[str, Refs]]
"""Columns of a destination, each with what it is computed from."""


class Mode(Enum):
    """What becomes of the rows that a table held before a write."""

    ADD = "add"
    OVERWRITE = "overwrite"
    CREATE = "create"
    ENSURE = "ensure"  # created unless it is there


@dataclass(frozen=True, slots=True)
class Write:
    """Rows or a definition that a table is given.

    :param sources: the tables that were read.
    :param fields: columns of the target, each with what it is computed from.
    :param opens: further columns of the target, which are called as in a source that is not known column by column.
    :param columns: all columns of a new table, where they are known.
    :param temporary: the new table is gone with its session, or is only another name for its source.
    """

    target: TableName
    sources: tuple[TableName, ...] = ()
    fields: tuple[tuple[str, Refs], ...] = ()
    opens: tuple[Open, ...] = ()
    mode: Mode = Mode.ADD
    is_view: bool = False
    temporary: bool = False
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drop:
    """A table is gone."""

    table: TableName


@dataclass(frozen=True, slots=True)
class Rename:
    """A table is called otherwise from now on."""

    table: TableName
    new_name: TableName


@dataclass(frozen=True, slots=True)
class Swap:
    """Two tables have exchanged their names."""

    table: TableName
    other: TableName


@dataclass(frozen=True, slots=True)
class Alter:
    """The columns of a table are others from now on.

    :param old: a column that was renamed, with ``new``; empty when what changed is not known.
    """

    table: TableName
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """Names without a database or schema mean others from now on; ``None`` leaves one as it is."""

    database: str | None
    schema: str | None


Effect = Write | Drop | Rename | Swap | Alter | Use


@dataclass(slots=True)
class Outcome:
    """What became of one statement.

    :param effects: what it does, in order.
    :param without_edge: why it gives no edge, where that is the case; one for each destination.
    :param unresolved: names that could not be completed.
    :param failure: why it could not be followed at all.
    :param partial: why its edge has no columns.
    :param seen: what was known of tables from earlier statements, and had a part in this: by name their columns, ``()``
        where those are not known, ``None`` for a table that no earlier statement has made.
    """

    effects: list[Effect] = field(default_factory=list)
    without_edge: list[Reason] = field(default_factory=list)
    unresolved: list[str] = field(default_factory=list)
    failure: StatementError | None = None
    partial: StatementError | None = None
    seen: dict[TableName, tuple[str, ...] | None] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        """How many names of columns and tables it holds."""
        writes = (effect for effect in self.effects if isinstance(effect, Write))
        return 1 + sum(len(w.sources) + len(w.columns) + sum(1 + len(refs) for _, refs in w.fields) for w in writes)

    def add(self, write: Write) -> None:
        """Add a write; one statement has one for each destination, so the columns of a second are united with it."""
        before = next((w for w in self.effects if isinstance(w, Write) and w.target == write.target), None)
        if before is None:
            self.effects.append(write)
            return
        fields = dict(before.fields)
        for name, refs in write.fields:
            fields[name] = union(fields.get(name, ()), refs)
        united = Write(
            target=write.target,
            sources=tuple(dict.fromkeys((*before.sources, *write.sources))),
            fields=tuple(fields.items()),
            opens=tuple(dict.fromkeys((*before.opens, *write.opens))),
            mode=before.mode,
            is_view=before.is_view,
            temporary=before.temporary,
            columns=before.columns,
        )
        self.effects[self.effects.index(before)] = united


def merged(fields: Iterable[tuple[str, Refs]]) -> tuple[tuple[str, Refs], ...]:
    """Return each column once, with all that it is computed from."""
    found: dict[str, Refs] = {}
    for name, refs in fields:
        found[name] = union(found[name], refs) if name in found else refs
    return tuple(found.items())


def fields_of(relation: Relation, names: Sequence[str] | None) -> Fields:
    """Return how a query's columns land in a table.

    :param names: the table's columns by position; ``None``: they are called as in the query.
    """
    if names is None:
        return [(column.name, column.refs) for column in relation.named.values() if column.name is not None]
    return [(name, column.refs) for name, column in zip(names, relation.leading(), strict=False)]


def columns_of(relation: Relation) -> tuple[str, ...]:
    """Return the names of all columns, ``()`` unless every one is known."""
    names = [item.name for item in relation.items if isinstance(item, Column) and item.name is not None]
    return tuple(names) if len(names) == len(relation.items) else ()
