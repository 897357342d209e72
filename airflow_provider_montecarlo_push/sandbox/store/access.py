"""Keys and warehouses: who may push and read, and what there is to push to."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow_provider_montecarlo_push.sandbox.clock import Clock, to_text
from airflow_provider_montecarlo_push.sandbox.config import (
    EtlContainerConfig,
    KeyConfig,
    SandboxConfig,
    WarehouseConfig,
)
from airflow_provider_montecarlo_push.sandbox.store.database import Database


@dataclass(frozen=True)
class Key:
    """A key that was recognised: its id, kind, and the warehouses it is limited to (``None``: all)."""

    id: str
    kind: str
    warehouses: frozenset[str] | None

    def may_use(self, resource_uuid: str) -> bool:
        """Return whether this key is allowed for a resource."""
        return self.warehouses is None or resource_uuid in self.warehouses


class Access:
    """Keys and warehouses of the account."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def restore(self, config: SandboxConfig) -> None:
        """Make keys, warehouses and ETL containers exactly those of ``config``."""
        self._database.clear(("api_key", "warehouse", "etl_container"))
        self.add_missing(config)

    def add_missing(self, config: SandboxConfig) -> None:
        """Add the keys, warehouses and ETL containers of ``config`` that are not there yet."""
        for warehouse in config.warehouses:
            self.add_warehouse(warehouse)
        for container in config.etl_containers:
            self.add_etl_container(container)
        for key in config.keys:
            self.add_key(key)

    def add_key(self, key: KeyConfig, *, expires_after: float | None = None) -> None:
        """Add a key, or replace the one with the same id (which un-revokes it).

        :param expires_after: seconds until it is refused; never where absent.
        """
        now = self._clock.now()
        self._database.run(
            "INSERT OR REPLACE INTO api_key (id, secret, kind, description, warehouses, created_at, expire_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                key.id,
                key.secret,
                key.kind,
                key.description,
                None if key.warehouses is None else json.dumps(key.warehouses),
                to_text(now),
                None if expires_after is None else to_text(now + timedelta(seconds=expires_after)),
            ),
        )

    def revoke_key(self, key_id: str) -> bool:
        """Revoke a key; return whether there was one to revoke."""
        return (
            self._database.run(
                "UPDATE api_key SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                (to_text(self._clock.now()), key_id),
            )
            > 0
        )

    def identify(self, key_id: str | None, secret: str | None) -> Key | None:
        """Return the key with this id and secret, or ``None`` when there is none, it was revoked or has expired."""
        row = self._database.one(
            "SELECT * FROM api_key WHERE id = ? AND revoked_at IS NULL AND coalesce(expire_at, '9999') > ?",
            (key_id or "", to_text(self._clock.now())),
        )
        if row is None or not hmac.compare_digest(row["secret"].encode(), (secret or "").encode()):
            return None
        limited = None if row["warehouses"] is None else frozenset(json.loads(row["warehouses"]))
        return Key(row["id"], row["kind"], limited)

    def keys(self) -> list[dict[str, Any]]:
        """Return every key without its secret, oldest first."""
        now = to_text(self._clock.now())
        return [
            {
                "id": row["id"],
                "kind": row["kind"],
                "description": row["description"],
                "warehouses": None if row["warehouses"] is None else json.loads(row["warehouses"]),
                "created_at": row["created_at"],
                "revoked_at": row["revoked_at"],
                "expire_at": row["expire_at"],
                "in_force": row["revoked_at"] is None and (row["expire_at"] is None or row["expire_at"] > now),
            }
            for row in self._database.all("SELECT * FROM api_key ORDER BY created_at, rowid")
        ]

    def add_warehouse(self, warehouse: WarehouseConfig) -> None:
        """Add a warehouse, or rename the one with the same UUID."""
        self._database.run(
            "INSERT INTO warehouse (uuid, name, connection_type, created_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (uuid) DO UPDATE SET name = excluded.name, connection_type = excluded.connection_type",
            (warehouse.uuid, warehouse.name, warehouse.connection_type, to_text(self._clock.now())),
        )

    def warehouses(self) -> list[dict[str, Any]]:
        """Return every warehouse, oldest first."""
        return [dict(row) for row in self._database.all("SELECT * FROM warehouse ORDER BY created_at, rowid")]

    def has_warehouse(self, resource_uuid: str) -> bool:
        """Return whether the account has this resource."""
        return self._database.one("SELECT 1 FROM warehouse WHERE uuid = ?", (resource_uuid,)) is not None

    def add_etl_container(self, container: EtlContainerConfig) -> None:
        """Add an ETL container, or rename the one with the same UUID."""
        self._database.run(
            "INSERT INTO etl_container (uuid, name, type, created_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (uuid) DO UPDATE SET name = excluded.name, type = excluded.type",
            (container.uuid, container.name, container.type, to_text(self._clock.now())),
        )

    def etl_containers(self) -> list[dict[str, Any]]:
        """Return every ETL container, oldest first."""
        return [dict(row) for row in self._database.all("SELECT * FROM etl_container ORDER BY created_at, rowid")]

    def has_etl_container(self, resource_uuid: str) -> bool:
        """Return whether the account has this ETL container."""
        return self._database.one("SELECT 1 FROM etl_container WHERE uuid = ?", (resource_uuid,)) is not None
