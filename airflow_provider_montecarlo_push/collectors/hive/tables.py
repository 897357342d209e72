"""A table or view as Hive's catalog has it, whichever server it was read from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from airflow_provider_montecarlo_push.collectors.schema_cache import SchemaTables
from airflow_provider_montecarlo_push.events.names import TableName

VIEW_KINDS = ("VIRTUAL_VIEW", "MATERIALIZED_VIEW")
INDEX_KIND = "INDEX_TABLE"


class Column(NamedTuple):
    """A column, with its type as Hive writes it: ``struct<a:int>``."""

    name: str
    type: str
    comment: str | None = None


@dataclass
class Statistics:
    """How much there is, and when it was last written, as far as it is known.

    :param rows: number of rows.
    :param size: bytes of its files.
    :param changed: seconds since 1970.
    """

    rows: int | None = None
    size: int | None = None
    changed: int | None = None


@dataclass
class Table:
    """A table or view.

    :param kind: the metastore's type: ``MANAGED_TABLE``, ``EXTERNAL_TABLE``, ``VIRTUAL_VIEW``, ….
    :param columns: those of partitions last.
    :param statistics: of the table as a whole.
    :param text: the SELECT of a view, names of tables with their databases.
    :param text_database: where names without one are, in the text of a view that another engine made.
    :param partition_columns: how many of the columns; those of the table's own files are none.
    """

    database: str
    name: str
    kind: str
    columns: Sequence[Column] = ()
    comment: str | None = None
    created: int | None = None
    statistics: Statistics = field(default_factory=Statistics)
    parameters: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    text_database: str | None = None
    partition_columns: int = 0

    @property
    def full_name(self) -> TableName:
        """Hive's databases have no schemas in them: the name of the database stands for both."""
        return TableName(self.database, self.database, self.name)

    @property
    def is_view(self) -> bool:
        return self.kind in VIEW_KINDS


class Catalog(Protocol):
    """A metastore, or HiveServer2, that is connected to."""

    def databases(self) -> list[str]:
        """Return the names of all databases."""

    def names(self, database: str, pattern: str, *, only_views: bool = False) -> list[str]:
        """Return the names of tables and views.

        :param pattern: in Hive's own form: ``*`` for any characters, ``|`` between alternatives.
        :param only_views: leave out tables, where the server can tell without looking at each.
        """

    def tables(self, database: str, names: Sequence[str]) -> Iterator[Table]:
        """Yield those of ``names`` that are there."""

    def lean_tables(self, database: str, names: Sequence[str]) -> Iterator[Table]:
        """Yield those of ``names`` that are there and no views, if need be without columns and comments."""

    @property
    def sum_partitions(self) -> Callable[[Table, int], PartitionSum] | None:
        """What returns the sum of the partitions of a table, of so many at most; ``None`` where none can be asked."""

    def read_schema(self, database: str, found: SchemaTables) -> None:
        """Read names of columns and kinds of all tables of a database into ``found``."""


@dataclass
class PartitionSum:
    """What the partitions of a table come to.

    :param count: how many there are; at least so many when there are too many.
    :param too_many: whether there were more than were asked for; then nothing is summed up.
    :param incomplete: how many have no number of rows or bytes that can be trusted.
    """

    count: int = 0
    too_many: bool = False
    incomplete: int = 0
    statistics: Statistics = field(default_factory=Statistics)


OpenCatalog = AbstractContextManager[Catalog]
