"""The log of requests to the ingest and GraphQL endpoints, refused ones too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_provider_montecarlo_push.sandbox.clock import Clock, to_text
from airflow_provider_montecarlo_push.sandbox.store.database import Database


@dataclass
class RequestRecord:
    """What is noted about one request while it is served. ``status`` stays ``None`` where no answer was sent."""

    method: str
    path: str
    flow: str | None = None
    status: int | None = None
    fault: str | None = None
    key_id: str | None = None
    trace_id: str | None = None
    session_id: str | None = None
    raw_bytes: int | None = None
    message: str | None = None
    invocation_id: str | None = None


class RequestLog:
    """Every request, newest last."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, record: RequestRecord) -> None:
        """Note a request that was served."""
        self._database.run(
            "INSERT INTO request (at, method, path, flow, status, fault, key_id, trace_id, session_id, raw_bytes, "
            "message, invocation_id) VALUES (:at, :method, :path, :flow, :status, :fault, :key_id, :trace_id, "
            ":session_id, :raw_bytes, :message, :invocation_id)",
            {**vars(record), "at": to_text(self._clock.now())},
        )

    def list(
        self, *, flow: str | None = None, status: int | None = None, refused: bool = False, limit: int = 1000
    ) -> list[dict[str, Any]]:
        """Return the newest ``limit`` requests, oldest of them first.

        :param refused: only those without a status under 400.
        """
        rows = self._database.all(
            "SELECT * FROM request WHERE (:flow IS NULL OR flow = :flow) AND (:status IS NULL OR status = :status) "
            "AND (NOT :refused OR coalesce(status, 599) >= 400) ORDER BY id DESC LIMIT :limit",
            {"flow": flow, "status": status, "refused": refused, "limit": limit},
        )
        return [dict(row) for row in reversed(rows)]

    def count(self, *, refused: bool = False) -> int:
        """Return the number of requests."""
        sql = "SELECT count(*) FROM request WHERE NOT ? OR coalesce(status, 599) >= 400"
        return int(self._database.scalar(sql, (refused,)))
