"""Merge streams that are ordered by schema and name, holding one table's rows at a time."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_montecarlo_push.collectors.snowflake.session import Row
from airflow_provider_montecarlo_push.exceptions import SourceError


class Follower:
    """Hands out the rows that belong to one table after another.

    :param rows: rows that begin with schema and name, ordered by these two.
    :param what: what the rows are, for the error.
    """

    def __init__(self, rows: Iterator[Row], what: str) -> None:
        self._rows = rows
        self._what = what
        self._next: Row | None = next(rows, None)
        self._passed: tuple[str, str] | None = None

    def take(self, schema: str, name: str) -> list[Row]:
        """Return the rows of a table, in their order, and pass by those of tables that come before it.

        :raises SourceError: when the rows turn out not to be ordered, so that some could be missed.
        """
        wanted = (schema, name)
        taken: list[Row] = []
        row = self._next
        while row is not None:
            if row[1] == name and row[0] == schema:
                taken.append(row)
            else:
                key = (row[0], row[1])
                if key > wanted:
                    break
                self._pass_by(key, wanted if taken else self._passed)
            row = next(self._rows, None)
        self._next = row
        self._passed = wanted
        return taken

    def _pass_by(self, key: tuple[str, str], before: tuple[str, str] | None) -> None:
        if before is not None and key <= before:
            raise SourceError(
                f"Snowflake returned {self._what} out of order: {key!r} after {before!r}. Please report this, "
                "with the collation of the account (SHOW PARAMETERS LIKE 'DEFAULT_DDL_COLLATION' IN ACCOUNT)."
            )


def in_order(rows: Iterator[Row], what: str) -> Iterator[Row]:
    """Yield ``rows``, which begin with schema and name.

    :raises SourceError: when they are not ordered by these two.
    """
    before: tuple[str, str] | None = None
    for row in rows:
        key = (row[0], row[1])
        if before is not None and key < before:
            raise SourceError(f"Snowflake returned {what} out of order: {key!r} after {before!r}. Please report this.")
        before = key
        yield row
