"""What is taken out of the account on request: tables, and nodes of the lineage graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_montecarlo_push.sandbox.clock import Clock, to_text
from airflow_provider_montecarlo_push.sandbox.store.catalog import PUSH
from airflow_provider_montecarlo_push.sandbox.store.database import Database
from airflow_provider_montecarlo_push.sandbox.store.lineage import Lineage

TABLE, NODE = "table", "node"


class Deletions:
    """Deletes, and remembers what was deleted and when."""

    def __init__(self, database: Database, clock: Clock, graph: Lineage) -> None:
        self._database = database
        self._clock = clock
        self._graph = graph

    def delete_tables(self, mcons: Sequence[str]) -> dict[str, str]:
        """Mark pushed tables as deleted and take them and their edges out of the graph: all of them, or none.

        :return: why each MCON that stands in the way cannot be deleted; nothing where all were.
        """
        now = to_text(self._clock.now())
        with self._database.transaction() as connection:
            refused = {mcon: reason for mcon in mcons if (reason := self._refusal(mcon))}
            if not refused:
                for mcon in mcons:
                    connection.execute("UPDATE asset SET deleted_at = ? WHERE mcon = ?", (now, mcon))
                    self._note(TABLE, mcon, *self._graph.remove(connection, mcon))
        return refused

    def _refusal(self, mcon: str) -> str | None:
        row = self._database.one("SELECT deleted_at, ingest_type FROM asset WHERE mcon = ?", (mcon,))
        if row is None:
            return "there is no such table"
        if row["ingest_type"] != PUSH:
            return "it was not push-ingested"
        return None if row["deleted_at"] is None else f"it was deleted at {row['deleted_at']}"

    def delete_node(self, mcon: str) -> tuple[int, int]:
        """Take a node and its edges out of the graph; return how many nodes and edges that were."""
        with self._database.transaction() as connection:
            nodes, edges = self._graph.remove(connection, mcon)
            if nodes:
                self._note(NODE, mcon, nodes, edges)
        return nodes, edges

    def list(self, offset: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """Return what was deleted, oldest first: ``at``, ``kind``, ``mcon``, ``nodes``, ``edges``."""
        rows = self._database.all("SELECT * FROM deletion ORDER BY id LIMIT ? OFFSET ?", (limit, offset))
        return [dict(row) for row in rows]

    def count(self) -> int:
        """Return how many things were deleted."""
        return int(self._database.scalar("SELECT count(*) FROM deletion"))

    def _note(self, kind: str, mcon: str, nodes: int, edges: int) -> None:
        self._database.run(
            "INSERT INTO deletion (at, kind, mcon, nodes, edges) VALUES (?, ?, ?, ?, ?)",
            (to_text(self._clock.now()), kind, mcon, nodes, edges),
        )
