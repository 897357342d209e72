"""What earlier statements of a text have changed for later ones."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.lineage.model import StatementError
from airflow_provider_montecarlo_push.lineage.names import Names
from airflow_provider_montecarlo_push.lineage.relations import Relation

Content = tuple[Relation, dict[TableName, None]]
"""What a temporary table holds, and the tables that this came from."""


class Session:
    """Temporary tables and new tables' columns, while the statements of one text are handled in order.

    A temporary table is never an end of an edge: who reads it reads what was written into it.
    """

    def __init__(self, names: Names) -> None:
        self.names = names
        self._temporary: dict[tuple[str, ...], Content] = {}
        self._columns: dict[TableName, tuple[str, ...]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether a statement means the same as it would alone."""
        return not self._temporary and not self._columns

    def stored(self, table: exp.Table) -> Content | None:
        """Return what ``table`` holds if it is a temporary one that was created before."""
        return self._temporary.get(self._key(table)) if self._temporary else None

    def store(self, table: exp.Table, relation: Relation, tables: Iterable[TableName]) -> None:
        """Note what the temporary ``table`` holds now."""
        self._temporary[self._key(table)] = (relation, dict.fromkeys(tables))

    def drop(self, table: exp.Table) -> None:
        """Forget ``table``."""
        self._temporary.pop(self._key(table), None)
        self.forget_columns(table)

    def forget_columns(self, table: exp.Table) -> None:
        """Forget what was noted of the columns of ``table``."""
        try:
            self._columns.pop(self.names.table(table), None)
        except StatementError:
            return  # it has no full name, so no columns were noted for it either

    def created(self, name: TableName, columns: tuple[str, ...] | None) -> None:
        """Note the columns of a new table; ``None`` when they are not known."""
        if columns:
            self._columns[name] = columns
        else:
            self._columns.pop(name, None)

    def columns(self, name: TableName) -> tuple[str, ...] | None:
        """Return the columns of a table that was created before."""
        return self._columns.get(name)

    def _key(self, table: exp.Table) -> tuple[str, ...]:
        """Return the name as far as it goes: temporary tables often belong to no schema at all."""
        try:
            return self.names.table(table)
        except StatementError:
            return tuple(self.names.part(part) for part in table.parts)
