"""Merge streams that are ordered by the names of tables, holding one table's rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any, TypeVar

from airflow_provider_montecarlo_push.exceptions import SourceError

Row = Sequence[Any]
AnyRow = TypeVar("AnyRow", bound=Row)


class Follower:
    """Hands out the rows that belong to one table after another.

    :param rows: rows that begin with the parts of a name, ordered by these: by code points, as ``str`` compares, not
        by a collation.
    :param what: what the rows are, for the error.
    :param key: how many parts the names have; at least two.
    """

    def __init__(self, rows: Iterator[Row], what: str, key: int = 2) -> None:
        self._rows = in_order(rows, what, key)
        self._names = itemgetter(*range(key))
        self._next: Row | None = next(self._rows, None)

    def take(self, *names: str) -> list[Row]:
        """Return the rows of a table, in their order, and pass by those of tables that come before it.

        :raises SourceError: when the rows turn out not to be ordered, so that some could be missed.
        """
        taken: list[Row] = []
        row = self._next
        while row is not None:
            found = self._names(row)
            if found == names:
                taken.append(row)
            elif found > names:
                break
            row = next(self._rows, None)
        self._next = row
        return taken


def in_order(rows: Iterator[AnyRow], what: str, key: int = 2) -> Iterator[AnyRow]:
    """Yield ``rows``, which begin with the ``key`` parts of a name.

    :raises SourceError: when they are not ordered by these.
    """
    names = itemgetter(*range(key))
    before: tuple[str, ...] | None = None
    for row in rows:
        found = names(row)
        if found != before:
            if before is not None and found < before:
                raise SourceError(
                    f"The {what} came out of order: {found!r} after {before!r}. The source sorts names by a collation "
                    "that is not known here, so that some could be missed. Please report this, with its settings."
                )
            before = found
        yield row
