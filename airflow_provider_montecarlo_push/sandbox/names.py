"""Monte Carlo's names for things: full table ids and MCONs."""

from __future__ import annotations

from typing import NamedTuple

FLOWS = ("metadata", "lineage", "query_logs", "etl_metadata", "etl_runs")
# Object types whose objects are in the catalog of tables, whatever kind of table they are.
TABLE_TYPES = frozenset({"table", "view", "external", "wildcard", "wildcard_table"})

_MCON = "MCON"
_SEPARATOR = "++"


class AssetName(NamedTuple):
    """A table or view inside one resource (warehouse)."""

    resource_uuid: str
    database: str
    schema: str
    name: str

    @property
    def full_table_id(self) -> str:
        """``database:schema.name``, as ``getTable(fullTableId:)`` takes it."""
        return f"{self.database}:{self.schema}.{self.name}"

    @property
    def display_name(self) -> str:
        """``database.schema.name``, for people."""
        return f"{self.database}.{self.schema}.{self.name}"

    def mcon(self, account_uuid: str) -> str:
        """Return the Monte Carlo object name of this asset in an account."""
        return str(Mcon(account_uuid, self.resource_uuid, "table", self.full_table_id))

    @classmethod
    def parse(cls, resource_uuid: str, full_table_id: str) -> AssetName | None:
        """Return the name in ``database:schema.name``, or ``None`` where it is none. A schema has no dot in it."""
        database, _, rest = full_table_id.partition(":")
        schema, _, name = rest.partition(".")
        return cls(resource_uuid, database, schema, name) if database and schema and name else None


class Mcon(NamedTuple):
    """A Monte Carlo object name: which object of which resource of which account."""

    account_uuid: str
    resource_uuid: str
    object_type: str
    object_id: str

    @classmethod
    def parse(cls, text: str) -> Mcon | None:
        """Return the parts of an MCON, or ``None`` where it is none."""
        parts = text.split(_SEPARATOR, 4)
        return cls(*parts[1:]) if len(parts) == 5 and parts[0] == _MCON and all(parts) else None

    def __str__(self) -> str:
        return _SEPARATOR.join((_MCON, *self))
