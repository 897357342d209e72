"""The lineage graph: nodes, edges between tables, pairs of columns, each until it expires."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from airflow_provider_montecarlo_push.sandbox.clock import Clock, from_text, to_text
from airflow_provider_montecarlo_push.sandbox.names import AssetName
from airflow_provider_montecarlo_push.sandbox.store.database import Database, like

NEVER = "9999-12-31T00:00:00.000000Z"
COLUMN_LIFETIME = timedelta(days=10)
UPSTREAM, DOWNSTREAM = "upstream", "downstream"


@dataclass
class Neighbourhood:
    """Part of the graph: MCONs in order of distance, edges as (source, destination), whether the limit cut it."""

    mcons: list[str] = field(default_factory=list)
    edges: list[tuple[str, str]] = field(default_factory=list)
    truncated: bool = False


class Lineage:
    """The lineage graph of the account."""

    def __init__(self, database: Database, clock: Clock, account_uuid: str) -> None:
        self._database = database
        self._clock = clock
        self._account_uuid = account_uuid

    def put(
        self,
        connection: sqlite3.Connection,
        resource_uuid: str | None,
        event: Mapping[str, Any],
        at: str,
        invocation_id: str,
    ) -> None:
        """Store what one lineage event says.

        :param resource_uuid: the request's resource; ``None`` where every asset names its own.
        :param at: when the push arrived; column pairs expire ten days later.
        """
        destination = self._put_node(connection, resource_uuid, event["destination"], at)
        sources = {
            index: self._put_node(connection, resource_uuid, source, at)
            for index, source in enumerate(event["sources"])
        }
        connection.executemany(
            "INSERT INTO edge (source, destination, first_seen, last_seen, expire_at, invocation_id) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (source, destination) DO UPDATE SET is_custom = 0, "
            "last_seen = excluded.last_seen, expire_at = excluded.expire_at, invocation_id = excluded.invocation_id",
            [(source, destination, at, at, NEVER, invocation_id) for source in sources.values()],
        )
        alias = {source.get("asset_id"): sources[index] for index, source in enumerate(event["sources"])}
        expire_at = to_text(from_text(at) + COLUMN_LIFETIME)
        connection.executemany(
            "INSERT OR REPLACE INTO column_edge VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (alias[pair["asset_id"]], pair["field_name"], destination, column["name"], at, expire_at, invocation_id)
                for column in event.get("fields") or ()
                for pair in column["source_fields"]
            ],
        )

    def _put_node(
        self, connection: sqlite3.Connection, resource_uuid: str | None, asset: Mapping[str, Any], at: str
    ) -> str:
        own = asset.get("resource_uuid")
        name = AssetName((own or resource_uuid or "").lower(), asset["database"], asset["schema"], asset["name"])
        return self.put_table_node(connection, name, asset["type"], at)

    def put_table_node(self, connection: sqlite3.Connection, name: AssetName, asset_type: str, at: str) -> str:
        """Store the node of a pushed table or view, which never expires; return its MCON."""
        mcon = name.mcon(self._account_uuid)
        connection.execute(
            "INSERT INTO node (mcon, resource_uuid, object_type, object_id, display_name, container, label, job_at, "
            "expire_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (mcon) DO UPDATE SET "
            "object_type = excluded.object_type, job_at = excluded.job_at, expire_at = excluded.expire_at, "
            "display_name = excluded.display_name, label = excluded.label, container = excluded.container, "
            "is_custom = 0",
            (
                mcon,
                name.resource_uuid,
                asset_type.lower(),
                name.full_table_id,
                name.display_name,
                f"{name.database}.{name.schema}",
                name.name,
                at,
                NEVER,
            ),
        )
        return mcon

    def node(self, mcon: str) -> dict[str, Any] | None:
        """Return a node that has not expired, with whether it has neighbours on either side; or ``None``."""
        row = self._database.one(
            "SELECT n.*, "
            "EXISTS (SELECT 1 FROM edge e WHERE e.destination = n.mcon AND e.expire_at > :now) AS has_upstream, "
            "EXISTS (SELECT 1 FROM edge e WHERE e.source = n.mcon AND e.expire_at > :now) AS has_downstream "
            "FROM node n WHERE n.mcon = :mcon AND n.expire_at > :now",
            {"mcon": mcon, "now": self._now()},
        )
        return None if row is None else dict(row)

    def remove(self, connection: sqlite3.Connection, mcon: str) -> tuple[int, int]:
        """Remove a node and every edge that touches it; return how many nodes and edges that were.

        Pairs of columns stay until they expire, which is all that Monte Carlo does with them.
        """
        edges = connection.execute("DELETE FROM edge WHERE source = :mcon OR destination = :mcon", {"mcon": mcon})
        nodes = connection.execute("DELETE FROM node WHERE mcon = ?", (mcon,))
        return nodes.rowcount, edges.rowcount

    def forget_expired(self) -> None:
        """Remove nodes that have expired, the edges that touch them, and edges that have expired."""
        now = self._now()
        expired = (
            "SELECT EXISTS (SELECT 1 FROM node WHERE expire_at <= :now) "
            "OR EXISTS (SELECT 1 FROM edge WHERE expire_at <= :now)"
        )
        if not self._database.scalar(expired, {"now": now}):
            return
        with self._database.transaction() as connection:
            for row in connection.execute("SELECT mcon FROM node WHERE expire_at <= ?", (now,)).fetchall():
                self.remove(connection, row["mcon"])
            connection.execute("DELETE FROM edge WHERE expire_at <= ?", (now,))

    def list_nodes(self, *, custom: bool | None = None, offset: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """Return nodes in order of name."""
        rows = self._database.all(
            "SELECT mcon FROM node WHERE (:custom IS NULL OR is_custom = :custom) AND expire_at > :now "
            "ORDER BY display_name, mcon LIMIT :limit OFFSET :offset",
            {"custom": custom, "now": self._now(), "limit": limit, "offset": offset},
        )
        return self.nodes(row["mcon"] for row in rows)

    def list_edges(self, *, custom: bool | None = None, offset: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """Return edges in order of source and destination."""
        rows = self._database.all(
            "SELECT * FROM edge WHERE (:custom IS NULL OR is_custom = :custom) AND expire_at > :now "
            "ORDER BY source, destination LIMIT :limit OFFSET :offset",
            {"custom": custom, "now": self._now(), "limit": limit, "offset": offset},
        )
        return [dict(row) for row in rows]

    def edge(self, source: str, destination: str) -> dict[str, Any] | None:
        """Return an edge that has not expired, or ``None``."""
        row = self._database.one(
            "SELECT * FROM edge WHERE source = ? AND destination = ? AND expire_at > ?",
            (source, destination, self._now()),
        )
        return None if row is None else dict(row)

    def nodes(self, mcons: Iterable[str]) -> list[dict[str, Any]]:
        """Return the nodes of ``mcons`` that have not expired, in their order."""
        return [node for node in map(self.node, mcons) if node is not None]

    def search(self, text: str, limit: int) -> tuple[int, list[dict[str, Any]]]:
        """Return how many nodes have ``text`` in their name, in any case, and the first ``limit`` of them."""
        where = "display_name LIKE ? ESCAPE '\\' AND expire_at > ?"
        parameters = (like(text), self._now())
        total = int(self._database.scalar(f"SELECT count(*) FROM node WHERE {where}", parameters))  # noqa: S608 - a constant
        rows = self._database.all(
            f"SELECT mcon FROM node WHERE {where} ORDER BY length(display_name), display_name, mcon LIMIT ?",  # noqa: S608 - as above
            (*parameters, limit),
        )
        return total, self.nodes(row["mcon"] for row in rows)

    def neighbours(self, mcon: str, direction: str) -> list[str]:
        """Return the MCONs one edge upstream or downstream, in order of name."""
        here, there = ("destination", "source") if direction == UPSTREAM else ("source", "destination")
        rows = self._database.all(
            f"SELECT e.{there} FROM edge e JOIN node n ON n.mcon = e.{there} "  # noqa: S608 - one of two columns
            f"WHERE e.{here} = ? AND e.expire_at > ? AND n.expire_at > ? ORDER BY n.display_name, n.mcon",
            (mcon, self._now(), self._now()),
        )
        return [row[0] for row in rows]

    def walk(self, starts: Iterable[str], direction: str, hops: int, limit: int) -> Neighbourhood:
        """Return what is within ``hops`` edges of ``starts`` in one direction, at most ``limit`` nodes.

        The starting nodes are not among the result's ``mcons``; a circle is walked once.
        """
        found = Neighbourhood()
        frontier = list(dict.fromkeys(starts))
        seen = set(frontier)
        for _ in range(hops):
            frontier = self._step(frontier, direction, seen, found, limit)
            if not frontier:
                break
        return found

    def _step(self, frontier: list[str], direction: str, seen: set[str], found: Neighbourhood, limit: int) -> list[str]:
        reached: list[str] = []
        for mcon in frontier:
            for neighbour in self.neighbours(mcon, direction):
                if neighbour not in seen:
                    if len(found.mcons) >= limit:
                        found.truncated = True
                        continue
                    seen.add(neighbour)
                    found.mcons.append(neighbour)
                    reached.append(neighbour)
                edge = (neighbour, mcon) if direction == UPSTREAM else (mcon, neighbour)
                found.edges.append(edge)
        return reached

    def everything(self, limit: int) -> Neighbourhood:
        """Return the whole graph, or its first ``limit`` nodes by name."""
        now = self._now()
        rows = self._database.all(
            "SELECT mcon FROM node WHERE expire_at > ? ORDER BY display_name, mcon LIMIT ?", (now, limit + 1)
        )
        mcons = [row["mcon"] for row in rows]
        kept = set(mcons[:limit])
        edges = self._database.all("SELECT source, destination FROM edge WHERE expire_at > ?", (now,))
        pairs = [(row["source"], row["destination"]) for row in edges]
        return Neighbourhood(
            mcons[:limit], [pair for pair in pairs if pair[0] in kept and pair[1] in kept], len(mcons) > limit
        )

    def columns(
        self, *, source: str | None = None, source_column: str | None = None, destination: str | None = None
    ) -> list[dict[str, Any]]:
        """Return column pairs that have not expired, from a table or column, into a table, or both."""
        rows = self._database.all(
            "SELECT * FROM column_edge WHERE (:source IS NULL OR source = :source) "
            "AND (:column IS NULL OR source_column = :column) "
            "AND (:destination IS NULL OR destination = :destination) AND expire_at > :now "
            "ORDER BY destination, destination_column, source, source_column",
            {"source": source, "column": source_column, "destination": destination, "now": self._now()},
        )
        return [dict(row) for row in rows]

    def counts(self) -> dict[str, int]:
        """Return the number of nodes, edges and column pairs that have not expired."""
        now = self._now()
        return {
            name: int(self._database.scalar(f"SELECT count(*) FROM {table} WHERE expire_at > ?", (now,)))  # noqa: S608 - constants
            for name, table in (("nodes", "node"), ("edges", "edge"), ("column_pairs", "column_edge"))
        }

    def _now(self) -> str:
        return to_text(self._clock.now())
