"""Accepted pushes. The body is kept compressed, as it was validated; the catalog is made from it later."""

from __future__ import annotations

import json
import uuid
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow_provider_montecarlo_push.sandbox.clock import Clock, to_text
from airflow_provider_montecarlo_push.sandbox.store.database import Database

_COLUMNS = (
    "id, invocation_id, flow, event_type, resource_uuid, resource_type, key_id, trace_id, session_id, received_at, "
    "visible_at, raw_bytes, compressed_bytes, content_encoding, events"
)


@dataclass(frozen=True)
class NewPush:
    """An accepted request.

    :param resource_type: the request's ``resource_type`` or ``log_type``; ``None`` for lineage across warehouses.
    :param resources: every resource that the push is about.
    :param compressed: the JSON body, zlib-compressed.
    """

    flow: str
    event_type: str
    resource_uuid: str | None
    resource_type: str | None
    resources: frozenset[str]
    events: int
    raw_bytes: int
    compressed: bytes
    key_id: str
    trace_id: str | None
    session_id: str | None
    content_encoding: str | None


class Pushes:
    """The pushes of the account, in order of arrival.

    :param visible_after: seconds until a push is visible, by flow; may change while the sandbox runs.
    """

    def __init__(self, database: Database, clock: Clock, visible_after: Mapping[str, float]) -> None:
        self._database = database
        self._clock = clock
        self.visible_after = dict(visible_after)

    def add(self, push: NewPush) -> str:
        """Store a push; return its new invocation id."""
        invocation_id = str(uuid.uuid4())
        now = self._clock.now()
        visible = now + timedelta(seconds=self.visible_after[push.flow])
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO push (invocation_id, flow, event_type, resource_uuid, resource_type, key_id, trace_id, "
                "session_id, received_at, visible_at, raw_bytes, compressed_bytes, content_encoding, events, body) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    invocation_id, push.flow, push.event_type, push.resource_uuid, push.resource_type, push.key_id,
                    push.trace_id, push.session_id, to_text(now), to_text(visible), push.raw_bytes,
                    len(push.compressed), push.content_encoding, push.events, push.compressed,
                ),
            )  # fmt: skip
            connection.executemany(
                "INSERT INTO push_resource VALUES (?, ?)", [(cursor.lastrowid, item) for item in push.resources]
            )
        return invocation_id

    def list(
        self,
        *,
        flow: str | None = None,
        invocation_ids: Iterable[str] | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Return pushes without their bodies, newest first.

        :param before: only pushes with a smaller ``id``, to page on.
        """
        wanted = None if invocation_ids is None else json.dumps(list(invocation_ids))
        rows = self._database.all(
            f"SELECT {_COLUMNS} FROM push WHERE (:flow IS NULL OR flow = :flow) "  # noqa: S608 - own columns
            "AND (:wanted IS NULL OR invocation_id IN (SELECT value FROM json_each(:wanted))) "
            "AND (:before IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit",
            {"flow": flow, "wanted": wanted, "before": before, "limit": limit},
        )
        return [self._described(dict(row)) for row in rows]

    def get(self, invocation_id: str) -> dict[str, Any] | None:
        """Return one push without its body, or ``None``."""
        found = self.list(invocation_ids=[invocation_id], limit=1)
        return found[0] if found else None

    def document(self, invocation_id: str) -> dict[str, Any] | None:
        """Return the JSON body that was accepted under an invocation id, or ``None``."""
        row = self._database.one("SELECT body FROM push WHERE invocation_id = ?", (invocation_id,))
        return None if row is None else decode_body(row["body"])

    def counts(self) -> dict[str, dict[str, Any]]:
        """Return pushes, events, bytes and time of the last push by flow, for flows that had any."""
        rows = self._database.all(
            "SELECT flow, count(*) AS pushes, sum(events) AS events, sum(raw_bytes) AS raw_bytes, "
            "max(received_at) AS last_received FROM push GROUP BY flow"
        )
        return {row["flow"]: {key: row[key] for key in row.keys() if key != "flow"} for row in rows}  # noqa: SIM118 - a Row is no dict

    def waiting(self) -> int:
        """Return the number of pushes that are accepted but not visible yet."""
        now = to_text(self._clock.now())
        return int(self._database.scalar("SELECT count(*) FROM push WHERE visible_at > ?", (now,)))

    def receipts(self, resource_uuid: str) -> dict[str, dict[str, str]]:
        """Return first and last visible arrival and the last invocation id by flow, for one resource."""
        rows = self._database.all(
            "SELECT p.flow, min(p.received_at) AS first_received, max(p.received_at) AS last_received, "
            "max(p.id) AS last_id FROM push p JOIN push_resource r ON r.push_id = p.id "
            "WHERE r.resource_uuid = ? AND p.visible_at <= ? GROUP BY p.flow",
            (resource_uuid, to_text(self._clock.now())),
        )
        return {
            row["flow"]: {
                "first_received": row["first_received"],
                "last_received": row["last_received"],
                "invocation_id": self._database.scalar(
                    "SELECT invocation_id FROM push WHERE id = ?", (row["last_id"],)
                ),
            }
            for row in rows
        }

    def _described(self, row: dict[str, Any]) -> dict[str, Any]:
        row["visible"] = row["visible_at"] <= to_text(self._clock.now())
        row["resources"] = [
            item["resource_uuid"]
            for item in self._database.all(
                "SELECT resource_uuid FROM push_resource WHERE push_id = ? ORDER BY resource_uuid", (row["id"],)
            )
        ]
        return row


def decode_body(body: bytes) -> dict[str, Any]:
    """Return the document in a stored body."""
    document: dict[str, Any] = json.loads(zlib.decompress(body))
    return document
