"""Which node of the lineage graph a user means: resources by name, tables by what the catalog says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.graphql.asking import Conversation
from airflow_provider_montecarlo_push.graphql.deletion import KnownTable, find_by_name
from airflow_provider_montecarlo_push.graphql.lineage_graph import NodeKey
from airflow_provider_montecarlo_push.graphql.lineage_items import Reference, mcon_parts
from airflow_provider_montecarlo_push.graphql.resources import Resources


class NodeLookup:
    """Finds nodes, each table once.

    :param ask: holds a conversation with Monte Carlo, as ``MonteCarloHook.converse`` does.
    :param resources: what the account has.
    """

    def __init__(self, ask: Callable[[Conversation[Any]], Any], resources: Resources) -> None:
        self._ask = ask
        self._resources = resources
        self._tables: dict[tuple[str, TableName], KnownTable | None] = {}

    def look_up(self, references: Iterable[Reference]) -> None:
        """Ask the catalog for all tables among ``references``, many at once.

        :raises ConfigurationError: for a resource that the account does not have.
        """
        wanted: dict[str, dict[TableName, None]] = {}
        for reference in references:
            resource = self._resources.uuid_of(reference.resource)
            # Only warehouses have a catalog; in another resource a table is what the user says it is.
            if reference.table is not None and resource in self._resources.warehouses:
                wanted.setdefault(resource, {})[reference.table] = None
        for resource, tables in wanted.items():
            names = list(tables)
            for name, table in zip(names, self._ask(find_by_name(names, resource)), strict=True):
                self._tables[resource, name] = table

    def key(self, reference: Reference) -> NodeKey:
        """Return what tells the node from others: for a table of the catalog its own type and id."""
        resource = self._resources.uuid_of(reference.resource)
        table = self._table(reference)
        if table is not None and not table.deleted:
            _, _, object_type, object_id = mcon_parts(table.mcon)
            if object_type and object_id:
                return NodeKey(resource, object_type, object_id)
        return NodeKey(resource, reference.object_type, reference.object_id)

    def mcon(self, reference: Reference) -> str:
        """Return the node's MCON, whether or not it is there."""
        table = self._table(reference)
        return table.mcon if table is not None else self.key(reference).mcon(self._resources.account)

    def is_invisible(self, reference: Reference) -> bool:
        """Tell whether it is a table that the catalog of its warehouse does not show."""
        if reference.table is None or self._resources.uuid_of(reference.resource) not in self._resources.warehouses:
            return False
        table = self._table(reference)
        return table is None or table.deleted

    def _table(self, reference: Reference) -> KnownTable | None:
        if reference.table is None:
            return None
        return self._tables.get((self._resources.uuid_of(reference.resource), reference.table))
