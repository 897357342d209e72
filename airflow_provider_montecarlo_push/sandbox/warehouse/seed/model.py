"""How the seed says what a statement is, who runs it, and what it truly reads and writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True)
class Actor:
    """Someone with a session: user, role, warehouse, and the place that unqualified names are in."""

    user: str
    role: str
    warehouse: str
    warehouse_size: str
    database: str
    schema: str
    query_tag: str = ""


@dataclass(frozen=True)
class Lineage:
    """What a statement reads and writes, worked out by hand and never by a parser.

    :param target: full name of the table or view that is written, ``None`` for a query. Parts that need quotes have
        them: ``"Marketing Data".PUBLIC.SEGMENTS``.
    :param sources: alias → full name of each table or view that is read.
    :param columns: written column → the columns its value is made of, each ``alias.COLUMN``; none for a constant.
    :param also: columns that are read only to join or to filter, each ``alias.COLUMN``.
    """

    target: str | None
    sources: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    also: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Step:
    """A statement of the history.

    :param lineage: ``None`` where Snowflake would write no access history: failures, ``USE``, ``SHOW``.
    :param takes: how long it runs by the account's clock, beyond what it really takes.
    """

    sql: str
    lineage: Lineage | None = None
    takes: timedelta = timedelta()


@dataclass(frozen=True)
class View:
    """A view and the lineage of its columns."""

    sql: str
    lineage: Lineage


def lineage(target: str | None, sources: Mapping[str, str], columns: Mapping[str, str], also: str = "") -> Lineage:
    """Return a :class:`Lineage`; columns are separated by blanks, or by ``|`` where a name has a blank."""
    return Lineage(target, sources, {name: _split(text) for name, text in columns.items()}, _split(also))


def _split(text: str) -> tuple[str, ...]:
    parts = text.split("|") if "|" in text else text.split()
    return tuple(part.strip() for part in parts if part.strip())
