"""What users draw into the lineage graph themselves, until it expires."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_montecarlo_push.sandbox.clock import Clock, to_text
from airflow_provider_montecarlo_push.sandbox.names import TABLE_TYPES, AssetName, Mcon
from airflow_provider_montecarlo_push.sandbox.store.catalog import Catalog
from airflow_provider_montecarlo_push.sandbox.store.database import Database
from airflow_provider_montecarlo_push.sandbox.store.lineage import Lineage

CUSTOM_LIFETIME = timedelta(days=7)


@dataclass(frozen=True)
class NodeKey:
    """What tells a node from all others.

    :param resource: the resource that contains it: ``uuid`` and ``name``.
    :param object_type: in lower case, such as ``table``, ``model``, ``report`` or ``job``.
    :param object_id: for tables and views ``database:schema.name``.
    """

    resource: dict[str, Any]
    object_type: str
    object_id: str

    def __str__(self) -> str:
        return f"{self.object_type} {self.object_id!r} in resource {self.resource['name']!r}"


class CustomLineage:
    """Nodes and edges that were created one by one, in the graph of :class:`Lineage`.

    What was pushed stays what it is: it keeps its expiry unless another one is given.
    """

    def __init__(self, database: Database, clock: Clock, account_uuid: str, catalog: Catalog, graph: Lineage) -> None:
        self._database = database
        self._clock = clock
        self._account_uuid = account_uuid
        self._catalog = catalog
        self._graph = graph

    def mcon(self, key: NodeKey) -> str:
        """Return the MCON of a node. A table of the catalog has one, whichever kind of table it is said to be."""
        kind = "table" if key.object_type in TABLE_TYPES else key.object_type
        return str(Mcon(self._account_uuid, key.resource["uuid"], kind, key.object_id))

    def find(self, connection: sqlite3.Connection, key: NodeKey) -> str | None:
        """Return the MCON of a node that exists, or of a table in the catalog, which gets its node; or ``None``."""
        mcon = self.mcon(key)
        if self._graph.node(mcon) is not None:
            return mcon
        asset = self._catalog.get(mcon=mcon)
        if asset is None or asset["deleted_at"] is not None:
            return None
        name = AssetName(asset["resource_uuid"], asset["database"], asset["schema"], asset["name"])
        return self._graph.put_table_node(connection, name, asset["asset_type"], to_text(self._clock.now()))

    def put_node(
        self, key: NodeKey, name: str | None, properties: Sequence[dict[str, str]] | None, expire_at: datetime | None
    ) -> dict[str, Any]:
        """Create a node, or change its name, properties and expiry; return it.

        :param name: what it is called; its object id where it has none.
        :param expire_at: seven days from now where absent.
        """
        now = self._clock.now()
        with self._database.transaction() as connection:
            mcon = self.find(connection, key) or self.mcon(key)
            known = self._graph.node(mcon)
            label, container = _texts(key)
            shown = name or (known["display_name"] if known else label)
            row = {
                "mcon": mcon,
                "resource_uuid": key.resource["uuid"],
                "object_type": known["object_type"] if known else key.object_type,
                "object_id": key.object_id,
                "display_name": shown,
                "container": known["container"] if known else container,
                "label": name or (known["label"] if known else label),
                "is_custom": int(known is None or bool(known["is_custom"])),
                "job_at": to_text(now),
                "expire_at": self._expiry(known, expire_at),
                "properties": json.dumps(properties)
                if properties is not None
                else (known or {}).get("properties", "[]"),
            }
            connection.execute(
                f"INSERT OR REPLACE INTO node ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})",  # noqa: S608 - own columns
                row,
            )
        return self._described(row, known)

    def put_edge(self, source: str, destination: str, edge_type: str, expire_at: datetime | None) -> dict[str, Any]:
        """Create an edge between two nodes that exist, or change its type and expiry; return it.

        :param source: MCON, as is ``destination``.
        """
        now = to_text(self._clock.now())
        with self._database.transaction() as connection:
            known = self._graph.edge(source, destination)
            row = {
                "source": source,
                "destination": destination,
                "first_seen": known["first_seen"] if known else now,
                "last_seen": now,
                "expire_at": self._expiry(known, expire_at),
                "invocation_id": known["invocation_id"] if known else None,
                "is_custom": int(known is None or bool(known["is_custom"])),
                "edge_type": edge_type,
            }
            connection.execute(
                f"INSERT OR REPLACE INTO edge ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})",  # noqa: S608 - own columns
                row,
            )
        return row

    def _expiry(self, known: dict[str, Any] | None, wanted: datetime | None) -> str:
        if wanted is not None:
            return to_text(wanted)
        if known is not None and not known["is_custom"]:
            return str(known["expire_at"])
        return to_text(self._clock.now() + CUSTOM_LIFETIME)

    @staticmethod
    def _described(row: dict[str, Any], known: dict[str, Any] | None) -> dict[str, Any]:
        """Return a node that was stored, as :meth:`Lineage.node` does, even where it expired at once."""
        sides = ("has_upstream", "has_downstream")
        return {**row, **{side: bool(known and known[side]) for side in sides}}


def _texts(key: NodeKey) -> tuple[str, str]:
    """Return what a node without a name is called, and what is written below it."""
    if key.object_type in TABLE_TYPES:
        name = AssetName.parse(key.resource["uuid"], key.object_id)
        if name is not None:
            return name.display_name, f"{name.database}.{name.schema}"
    return key.object_id, key.resource["name"]
