"""Columns and types of the tables that statements mention, a schema at a time, in bounded memory."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.exceptions import SourceError

MOST_COLUMNS = 100_000
_MOST_SCHEMAS = 1_000


@dataclass
class SchemaTables:
    """What is known of the tables of one schema.

    :param most_columns: with more columns than this none is kept.
    :ivar columns: their names in order, by table.
    :ivar types: asset types such as ``VIEW``, by table; what is not here is not known.
    :ivar too_large: whether there were more columns.
    """

    most_columns: int = MOST_COLUMNS
    columns: dict[str, list[str]] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    too_large: bool = False

    def add_columns(self, rows: Iterable[Sequence[str]]) -> None:
        """Add rows of table and column, in the order of the columns; they are not read further than is kept."""
        for number, (table, column) in enumerate(rows):
            if number == self.most_columns:
                self.columns.clear()
                self.too_large = True
                return
            self.columns.setdefault(table, []).append(sys.intern(column))

    @property
    def size(self) -> int:
        """How many names are held."""
        return len(self.types) + sum(map(len, self.columns.values()))


class SchemaCache:
    """Looks up tables for the parser, which needs their columns to expand ``*`` and to place unqualified names.

    A schema is read when one of its tables is first asked for, and forgotten when others need the room.

    :param read: reads a schema, given database and schema, into an empty :class:`SchemaTables`. A
        :class:`~airflow_provider_montecarlo_push.exceptions.SourceError` means that it cannot be seen.
    :param most_columns: how many names are kept.
    """

    def __init__(
        self,
        read: Callable[[str, str, SchemaTables], None],
        report: CollectionReport,
        *,
        most_columns: int = MOST_COLUMNS,
    ) -> None:
        self._read = read
        self._report = report
        self._most_columns = most_columns
        self._known: OrderedDict[tuple[str, str], SchemaTables] = OrderedDict()
        self._size = 0

    def columns(self, database: str, schema: str, table: str) -> Sequence[str] | None:
        """Return the names of the table's columns in order, ``None`` when they are not known."""
        return self.schema(database, schema).columns.get(table)

    def asset_type(self, database: str, schema: str, table: str) -> str | None:
        """Return the asset type of a table, ``None`` when it is not known."""
        return self.schema(database, schema).types.get(table)

    def schema(self, database: str, schema: str) -> SchemaTables:
        """Return what is known of a schema."""
        key = (database, schema)
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            return known
        known = self._known[key] = self._load(database, schema)
        self._size += known.size
        while len(self._known) > 1 and (self._size > self._most_columns or len(self._known) > _MOST_SCHEMAS):
            self._size -= self._known.popitem(last=False)[1].size
        return known

    def _load(self, database: str, schema: str) -> SchemaTables:
        found = SchemaTables(self._most_columns)
        try:
            self._read(database, schema, found)
        except SourceError:
            # Dropped since, or not granted: the statement is still parsed, without its columns where it has a "*".
            self._report.count("schemas_not_visible")
            return SchemaTables()
        if found.too_large:
            self._report.count("schemas_too_large")
        return found
