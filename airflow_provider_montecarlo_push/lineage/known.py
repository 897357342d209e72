"""What is known of tables while one statement is followed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.lineage.tables import Tables

ColumnsOf = Callable[[TableName], Sequence[str] | None]


def lower(name: tuple[str, ...]) -> tuple[str, ...]:
    """Return a name in lower case."""
    return tuple(part.lower() for part in name)


class Known:
    """Columns of tables: of those that earlier statements have made, and of those in the catalog.

    It remembers what it was asked of the former, for the statement means the same only while that stays.

    :param tables: the session's.
    :param owner: the connection that runs the statement.
    :param catalog: gives the columns of a table, ``None`` when they are unknown.
    :param spelling: names of tables by their lower case, where case does not tell them apart.
    :param columns_wanted: edges are to have columns.
    :param external_wanted: stages and files are ends of edges too.
    """

    def __init__(
        self,
        tables: Tables,
        owner: Hashable,
        catalog: ColumnsOf,
        spelling: Mapping[tuple[str, ...], TableName],
        *,
        columns_wanted: bool,
        external_wanted: bool,
    ) -> None:
        self.columns_wanted = columns_wanted
        self.external_wanted = external_wanted
        self.seen: dict[TableName, tuple[str, ...] | None] = {}
        self._tables = tables
        self._owner = owner
        self._catalog = catalog
        self._spelling = spelling

    def spelled(self, name: TableName) -> TableName:
        """Return a name as the catalog has it, where case does not tell tables apart."""
        return self._spelling.get(lower(name), name) if self._spelling else name

    def columns(self, name: TableName) -> Sequence[str] | None:
        """Return the columns of a table, ``None`` when they are not known."""
        made = self._made(name)
        if not self.columns_wanted:
            return None
        return (self._catalog(name) if made is None else made) or None

    def has(self, name: TableName) -> bool:
        """Whether an earlier statement has made the table."""
        return self._made(name) is not None

    def _made(self, name: TableName) -> tuple[str, ...] | None:
        if name not in self.seen:
            self.seen[name] = self._tables.columns(name, self._owner)
        return self.seen[name]
