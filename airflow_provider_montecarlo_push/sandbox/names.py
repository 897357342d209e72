"""Monte Carlo's names for things: full table ids and MCONs."""

from __future__ import annotations

from typing import NamedTuple

FLOWS = ("metadata", "lineage", "query_logs")


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
        return f"MCON++{account_uuid}++{self.resource_uuid}++table++{self.full_table_id}"
