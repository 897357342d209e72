"""From accepted pushes to the catalog: what Monte Carlo's pipeline does in minutes, done when somebody looks."""

from __future__ import annotations

import sqlite3
from typing import Any

from airflow_provider_montecarlo_push.sandbox.clock import Clock, to_text
from airflow_provider_montecarlo_push.sandbox.store.catalog import Catalog
from airflow_provider_montecarlo_push.sandbox.store.database import Database
from airflow_provider_montecarlo_push.sandbox.store.etl import Jobs
from airflow_provider_montecarlo_push.sandbox.store.lineage import Lineage
from airflow_provider_montecarlo_push.sandbox.store.pushes import decode_body
from airflow_provider_montecarlo_push.sandbox.store.queries import Queries


class Processing:
    """Applies pushes to the catalog, in order of arrival, once they are due."""

    def __init__(
        self, database: Database, clock: Clock, catalog: Catalog, lineage: Lineage, queries: Queries, jobs: Jobs
    ) -> None:
        self._database = database
        self._clock = clock
        self._catalog = catalog
        self._lineage = lineage
        self._queries = queries
        self._jobs = jobs

    def catch_up(self) -> None:
        """Forget what has expired; apply every push whose delay has passed."""
        self._lineage.forget_expired()
        due = self._database.all(
            "SELECT id FROM push WHERE processed = 0 AND visible_at <= ? ORDER BY id", (to_text(self._clock.now()),)
        )
        for row in due:
            with self._database.transaction() as connection:
                push = connection.execute("SELECT * FROM push WHERE id = ? AND processed = 0", (row["id"],)).fetchone()
                if push is not None:
                    self._apply(connection, push)
                    connection.execute("UPDATE push SET processed = 1 WHERE id = ?", (row["id"],))

    def _apply(self, connection: sqlite3.Connection, push: sqlite3.Row) -> None:
        document: dict[str, Any] = decode_body(push["body"])
        resource, at, invocation_id = push["resource_uuid"], push["received_at"], push["invocation_id"]
        for event in document["events"]:
            if push["flow"] == "metadata":
                self._catalog.put(connection, resource, event["relational_asset"], at, invocation_id)
            elif push["flow"] == "lineage":
                self._lineage.put(connection, resource, event, at, invocation_id)
            elif push["flow"] == "etl_metadata":
                self._jobs.put(connection, resource, event["etl_asset"], at, invocation_id)
            elif push["flow"] == "etl_runs":
                self._jobs.put_run(connection, resource, event, invocation_id)
            else:
                self._queries.put(connection, resource, push["resource_type"], event, invocation_id)
