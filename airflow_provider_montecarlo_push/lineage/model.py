"""What the engine takes and gives: names, reasons, results. Needs no SQL parser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from airflow_provider_montecarlo_push.events import LineageEvent


class Reason(StrEnum):
    """Why a statement gave no edge, or not its whole edge."""

    # nothing to say about the statement
    READ_ONLY = "read_only"
    DDL = "ddl"
    DELETE = "delete"
    NO_SOURCE = "no_source"
    TEMPORARY = "temporary"
    STAGED = "staged"
    EXTERNAL = "external"
    # something is missing
    SYNTAX = "syntax"
    UNSUPPORTED = "unsupported"
    SCRIPT = "script"
    UNRESOLVED_NAME = "unresolved_name"
    TOO_LARGE = "too_large"
    TOO_COMPLEX = "too_complex"
    TIME_LIMIT = "time_limit"


@dataclass(frozen=True, slots=True)
class Unparsed:
    """A statement that could not be followed, or not as a whole.

    :param statement: its text, cut after 1,000 characters.
    :param reason: a :class:`Reason`, fit for counting.
    :param detail: what was found where, for people. It may hold names, never literals.
    """

    statement: str
    reason: Reason
    detail: str = ""


@dataclass(slots=True)
class LineageResult:
    """What a text says about lineage.

    :param edges: one event per write, in the order of the statements.
    :param unparsed: what could not be followed. A statement whose edge lacks a source because that name could not
        be completed gives both its edge and an entry here.
    :param counts: ``statements``: how many there were; and by :class:`Reason` how many of them (or of their
        destinations) were understood but give no edge.
    """

    edges: list[LineageEvent] = field(default_factory=list)
    unparsed: list[Unparsed] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


ColumnLookup = Callable[[str, str, str], Sequence[str] | None]
"""Gives the column names of (database, schema, table) in the table's order, ``None`` for an unknown table."""

Catalog = Mapping[tuple[str, str, str], Sequence[str]] | ColumnLookup
"""Columns of tables: a mapping from (database, schema, table), which may load lazily, or a function."""

AssetTypes = Mapping[tuple[str, str, str], str] | Callable[[str, str, str], str | None]
"""Corrects the asset type of (database, schema, table): ``VIEW``, ``EXTERNAL``, …; ``None`` where it cannot."""


class StatementError(Exception):
    """One statement cannot be followed. Never leaves the engine: it becomes an :class:`Unparsed`.

    :param position: index of the character where the parser gave up, where it says so.
    """

    def __init__(self, reason: Reason, detail: str = "", position: int | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.position = position
