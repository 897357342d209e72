"""Resources: the warehouses of the account, and what else contains assets, such as a dbt project."""

from __future__ import annotations

import uuid
from typing import Any

from airflow_provider_montecarlo_push.sandbox.clock import Clock, to_text
from airflow_provider_montecarlo_push.sandbox.store.database import Database

_ALL = (
    "SELECT uuid, name, lower(replace(connection_type, '_', '-')) AS type, 1 AS is_warehouse, 0 AS is_default, "
    "created_at, created_at AS updated_at FROM warehouse UNION ALL "
    "SELECT uuid, name, type, 0, is_default, created_at, updated_at FROM resource"
)


class Resources:
    """The resources of the account."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def all(self) -> list[dict[str, Any]]:
        """Return every resource, oldest first: ``uuid``, ``name``, ``type``, ``is_warehouse``, …"""
        return [dict(row) for row in self._database.all(f"{_ALL} ORDER BY created_at, uuid")]

    def get(self, resource_uuid: str) -> dict[str, Any] | None:
        """Return one resource, or ``None``."""
        row = self._database.one(f"SELECT * FROM ({_ALL}) WHERE uuid = ?", (resource_uuid,))  # noqa: S608 - a constant
        return None if row is None else dict(row)

    def named(self, name: str) -> list[dict[str, Any]]:
        """Return the resources of a name: warehouses may share one."""
        rows = self._database.all(f"SELECT * FROM ({_ALL}) WHERE name = ? ORDER BY uuid", (name,))  # noqa: S608 - as above
        return [dict(row) for row in rows]

    def put(self, resource_uuid: str | None, name: str, kind: str | None, is_default: bool | None) -> str:
        """Add a resource, or change the one with this UUID, or else this name; return its UUID."""
        now = to_text(self._clock.now())
        with self._database.transaction() as connection:
            found = connection.execute(
                "SELECT uuid FROM resource WHERE uuid = ? OR (? IS NULL AND name = ?)",
                (resource_uuid, resource_uuid, name),
            ).fetchone()
            known = found["uuid"] if found else resource_uuid or str(uuid.uuid4())
            connection.execute(
                "INSERT INTO resource VALUES (:uuid, :name, :type, coalesce(:is_default, 0), :now, :now) "
                "ON CONFLICT (uuid) DO UPDATE SET name = :name, type = coalesce(:type, type), "
                "is_default = coalesce(:is_default, is_default), updated_at = :now",
                {"uuid": known, "name": name, "type": kind, "is_default": is_default, "now": now},
            )
        return str(known)
