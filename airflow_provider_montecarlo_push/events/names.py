"""The full name of a table, as catalogs and lineage tell tables apart."""

from __future__ import annotations

from typing import NamedTuple


class TableName(NamedTuple):
    """A table or view, in the case that the warehouse stores."""

    database: str
    schema: str
    name: str

    def __str__(self) -> str:
        return ".".join(self)
