"""Rows that belong together stand together: one group at a time is held."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

from airflow_provider_montecarlo_push.collectors.sql_catalog.values import Record
from airflow_provider_montecarlo_push.exceptions import SourceError

Key = TypeVar("Key", bound=Hashable)


def groups(rows: Iterable[tuple[Key, Record]], *, order_by: str) -> Iterator[tuple[Key, Iterator[Record]]]:
    """Yield the rows of each key, in the order in which the keys come.

    Of keys that have passed, only a number each is kept.

    :param rows: with the key of each.
    :param order_by: the columns that make the key, for the error.
    :raises SourceError: when a key comes back after another one.
    """
    for key, group in groupby(_checked(rows, order_by), key=itemgetter(0)):
        yield key, (record for _, record in group)


def _checked(rows: Iterable[tuple[Key, Record]], order_by: str) -> Iterator[tuple[Key, Record]]:
    passed: set[int] = set()
    current: Key | None = None
    for key, record in rows:
        if key != current:
            mark = hash(key)
            if mark in passed:
                raise SourceError(
                    f"{record.place}: rows of {key} came before, with others between them. Rows that belong together "
                    f"have to stand together: end the SQL with ORDER BY {order_by}."
                )
            passed.add(mark)
            current = key
        yield key, record
