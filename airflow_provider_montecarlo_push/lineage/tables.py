"""What the statements of a session have made of tables, in the order in which they ran.

A table that is made, read and dropped again within a session is no end of an edge: who read it has read what had been
written into it. Whether that is so is known only in the end, and until then a table may be renamed. So each read
remembers the table itself and what it held at that time, and names are given when edges are asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.lineage.effects import Alter, Drop, Effect, Mode, Rename, Swap, Write
from airflow_provider_montecarlo_push.lineage.model import Reason

_TEMPORARY_PREFIXES = ("#", "@")


class Table:
    """A table, whatever it is called in the course of time.

    :param name: what it is called now.
    :param temporary: it is seen by its session alone.
    :param created: it was made within the session, so all that it holds is known.
    """

    __slots__ = ("columns", "created", "dropped", "first_name", "holds", "name", "temporary", "written")

    def __init__(self, name: TableName, *, temporary: bool = False, created: bool = False) -> None:
        self.name = self.first_name = name
        self.temporary = temporary
        self.created = created
        self.dropped = False
        self.columns: tuple[str, ...] = ()
        self.holds: Held | None = None
        self.written: set[Hashable] = set()

    def hold(self, edge: Edge) -> None:
        """Note what is written to it; the same once more adds nothing."""
        if edge.key not in self.written:
            self.written.add(edge.key)
            self.holds = Held(self.holds, edge)

    def empty(self) -> None:
        """Note that its rows are gone."""
        self.holds = None
        self.written = set()


class Held:
    """What a table holds: a write, or a change to its columns, on top of what it held before."""

    __slots__ = ("before", "change", "edge")

    def __init__(self, before: Held | None, edge: Edge | None, change: Alter | None = None) -> None:
        self.before = before
        self.edge = edge
        self.change = change


class Edge:
    """A write that has run: its target, and for each of its sources the table that was meant and what it held."""

    __slots__ = ("reads", "target", "write")

    def __init__(self, write: Write, target: Table, reads: tuple[tuple[Table, Held | None], ...]) -> None:
        self.write = write
        self.target = target
        self.reads = reads

    @property
    def key(self) -> Hashable:
        """What two edges have in common that say the same."""
        return id(self.write), id(self.target), tuple((id(table), id(held)) for table, held in self.reads)


class Tables:
    """The tables of a session, by their names of now."""

    def __init__(self) -> None:
        self._tables: dict[Hashable, Table] = {}
        self.edges: list[Edge] = []

    def __len__(self) -> int:
        return len(self._tables)

    def columns(self, name: TableName, owner: Hashable = None) -> tuple[str, ...] | None:
        """Return the columns of a table that was made here, ``()`` if they are not known; ``None`` for others.

        :param owner: the connection that asks; it sees its own temporary tables.
        """
        table = self._find(name, owner)
        return table.columns if table is not None and (table.created or table.columns) else None

    def is_through(self, table: Table) -> bool:
        """Whether who reads ``table`` has read what was written into it."""
        if table.temporary:
            return True
        return table.created and table.dropped and table.name not in self._tables

    def apply(self, effects: Iterable[Effect], owner: Hashable = None) -> Counter[str]:
        """Take what a statement does; return the number of ``writes``, and of those to a temporary table."""
        counts: Counter[str] = Counter()
        for effect in effects:
            if isinstance(effect, Write):
                self._write(effect, owner, counts)
            elif isinstance(effect, Drop):
                self._drop(effect.table, owner)
            elif isinstance(effect, Rename):
                self._rename(effect.table, effect.new_name, owner)
            elif isinstance(effect, Swap):
                self._swap(effect, owner)
            elif isinstance(effect, Alter):
                self._alter(effect, owner)
        return counts

    def _find(self, name: TableName, owner: Hashable) -> Table | None:
        return self._tables.get((owner, name)) or self._tables.get(name)

    def _take(self, name: TableName, owner: Hashable) -> Table:
        """Return the table ``name``; one that is named for the first time is there already, unless it is temporary."""
        table = self._find(name, owner)
        if table is None:
            temporary = name.name.startswith(_TEMPORARY_PREFIXES)
            table = Table(name, temporary=temporary, created=temporary)
            self._put(table, owner)
        return table

    def _put(self, table: Table, owner: Hashable) -> None:
        self._tables[(owner, table.name) if table.temporary else table.name] = table

    def _write(self, write: Write, owner: Hashable, counts: Counter[str]) -> None:
        reads = tuple((table, table.holds) for table in (self._take(name, owner) for name in write.sources))
        target = self._target(write, owner)
        if target.temporary:
            counts[Reason.TEMPORARY] += 1
        if not write.sources:
            return
        edge = Edge(write, target, reads)
        if target.created:
            target.hold(edge)
        if not target.temporary:
            counts["writes"] += 1
            self.edges.append(edge)

    def _target(self, write: Write, owner: Hashable) -> Table:
        if write.mode is Mode.CREATE or (write.mode is Mode.ENSURE and self._find(write.target, owner) is None):
            temporary = write.temporary or write.target.name.startswith(_TEMPORARY_PREFIXES)
            table = Table(write.target, temporary=temporary, created=True)
            table.columns = write.columns
            self._put(table, owner)
            return table
        table = self._take(write.target, owner)
        if write.mode is Mode.OVERWRITE:
            table.empty()
        return table

    def _pop(self, name: TableName, owner: Hashable) -> Table | None:
        return self._tables.pop((owner, name), None) or self._tables.pop(name, None)

    def _drop(self, name: TableName, owner: Hashable) -> None:
        table = self._pop(name, owner)
        if table is not None:
            table.dropped = True

    def _rename(self, old: TableName, new: TableName, owner: Hashable) -> None:
        table = self._take(old, owner)
        self._pop(old, owner)
        table.name = new
        self._put(table, owner)

    def _swap(self, swap: Swap, owner: Hashable) -> None:
        first, second = self._take(swap.table, owner), self._take(swap.other, owner)
        self._pop(first.name, owner)
        self._pop(second.name, owner)
        first.name, second.name = second.name, first.name
        self._put(first, owner)
        self._put(second, owner)

    def _alter(self, change: Alter, owner: Hashable) -> None:
        table = self._find(change.table, owner)
        if table is None:
            return
        if not change.old:
            table.columns = ()
            return
        table.columns = tuple(change.new if column == change.old else column for column in table.columns)
        if table.created:
            table.holds = Held(table.holds, None, change)
