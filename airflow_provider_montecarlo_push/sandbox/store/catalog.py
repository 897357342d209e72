"""Tables and views with their columns over time, tags, and measurements of volume and freshness."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_montecarlo_push.sandbox.clock import from_text, to_text
from airflow_provider_montecarlo_push.sandbox.names import AssetName
from airflow_provider_montecarlo_push.sandbox.store.database import Database, like

ROW_COUNT = "total_row_count"
BYTE_COUNT = "total_byte_count"
# The metric that Monte Carlo's own schema names as its out-of-the-box freshness metric; seconds since 1970.
LAST_UPDATED = "last_updated_on"
METRICS = (ROW_COUNT, BYTE_COUNT, LAST_UPDATED)

# How a table got into the catalog: pushed, or collected by Monte Carlo itself.
PUSH, PULL = "PUSH", "PULL"

_UPSERT = """
INSERT INTO asset (mcon, resource_uuid, full_table_id, database, schema, name, asset_type, description, view_query,
    created_on, tags, discovered_at, observed_at, invocation_id, ingest_type)
VALUES (:mcon, :resource_uuid, :full_table_id, :database, :schema, :name, :asset_type, :description, :view_query,
    :created_on, coalesce(:tags, '[]'), :at, :at, :invocation_id, :ingest_type)
ON CONFLICT (mcon) DO UPDATE SET asset_type = excluded.asset_type,
    description = coalesce(:description, description), view_query = coalesce(:view_query, view_query),
    created_on = coalesce(:created_on, created_on), tags = coalesce(:tags, tags),
    observed_at = :at, invocation_id = :invocation_id, deleted_at = NULL, ingest_type = :ingest_type
"""

# Volume and freshness of one asset are few enough to read with it, through the primary key.
_LATEST = ", ".join(
    f"(SELECT value FROM measurement m WHERE m.mcon = a.mcon AND m.metric = '{metric}' "  # noqa: S608 - constants
    f"ORDER BY measured_at DESC LIMIT 1) AS {metric}"
    for metric in METRICS
)


class Catalog:
    """The tables of the account."""

    def __init__(self, database: Database, account_uuid: str) -> None:
        self._database = database
        self._account_uuid = account_uuid

    def put(
        self,
        connection: sqlite3.Connection,
        resource_uuid: str,
        asset: Mapping[str, Any],
        at: str,
        invocation_id: str | None,
        *,
        ingest_type: str = PUSH,
    ) -> None:
        """Store what one metadata event says. A table that was deleted comes back with all that was known of it.

        A push that leaves something out (columns, description, tags) leaves what was known: an hourly push of
        freshness and volume does not wipe the columns.
        """
        metadata = asset["metadata"]
        name = AssetName(resource_uuid, metadata["database"], metadata["schema"], metadata["name"])
        mcon = name.mcon(self._account_uuid)
        created_on, tags = metadata.get("created_on"), asset.get("tags")
        connection.execute(
            _UPSERT,
            {
                **name._asdict(),
                "mcon": mcon,
                "full_table_id": name.full_table_id,
                "asset_type": asset["type"],
                "description": metadata.get("description"),
                "view_query": metadata.get("view_query"),
                "created_on": None if created_on is None else to_text(from_text(created_on)),
                "tags": json.dumps(tags) if tags else None,
                "at": at,
                "invocation_id": invocation_id,
                "ingest_type": ingest_type,
            },
        )
        if asset.get("fields"):
            self._put_fields(connection, mcon, json.dumps(asset["fields"]), at, invocation_id)
        measured = [(mcon, metric, at, value, invocation_id) for metric, value in _measurements(asset)]
        connection.executemany("INSERT OR REPLACE INTO measurement VALUES (?, ?, ?, ?, ?)", measured)

    @staticmethod
    def _put_fields(connection: sqlite3.Connection, mcon: str, fields: str, at: str, invocation_id: str | None) -> None:
        last = connection.execute(
            "SELECT number, fields FROM asset_version WHERE mcon = ? ORDER BY number DESC LIMIT 1", (mcon,)
        ).fetchone()
        if last is None or last["fields"] != fields:
            number = 1 if last is None else last["number"] + 1
            connection.execute(
                "INSERT INTO asset_version VALUES (?, ?, ?, ?, ?)", (mcon, number, at, invocation_id, fields)
            )

    def get(
        self, *, mcon: str | None = None, resource_uuid: str | None = None, full_table_id: str | None = None
    ) -> dict[str, Any] | None:
        """Return one asset by its MCON or by resource and full table id, or ``None``."""
        where = "a.mcon = ?" if mcon is not None else "a.resource_uuid = ? AND a.full_table_id = ?"
        parameters = (mcon,) if mcon is not None else (resource_uuid, full_table_id)
        row = self._database.one(f"SELECT a.*, {_LATEST} FROM asset a WHERE {where}", parameters)  # noqa: S608 - constants
        return None if row is None else _asset(row)

    def find(
        self,
        *,
        equal: Mapping[str, Any] | None = None,
        mcons: Sequence[str] | None = None,
        search: str | None = None,
        deleted: bool | None = False,
        offset: int = 0,
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """Return assets in order of name.

        :param equal: columns of ``asset`` and the values they must have.
        :param search: text in ``database.schema.name``, description or tags, in any case.
        :param deleted: only deleted ones, only others, or (``None``) both.
        """
        where, parameters = _conditions(equal or {}, mcons, search, deleted)
        rows = self._database.all(
            f"SELECT a.*, {_LATEST} FROM asset a WHERE {where} "  # noqa: S608 - columns are our own
            "ORDER BY a.database, a.schema, a.name, a.mcon LIMIT :limit OFFSET :offset",
            {**parameters, "limit": -1 if limit is None else limit, "offset": offset},
        )
        return [_asset(row) for row in rows]

    def count(
        self,
        *,
        equal: Mapping[str, Any] | None = None,
        mcons: Sequence[str] | None = None,
        search: str | None = None,
        deleted: bool | None = False,
    ) -> int:
        """Return how many assets :meth:`find` would give."""
        where, parameters = _conditions(equal or {}, mcons, search, deleted)
        return int(self._database.scalar(f"SELECT count(*) FROM asset a WHERE {where}", parameters))  # noqa: S608 - as above

    def versions(self, mcon: str) -> list[dict[str, Any]]:
        """Return the versions of a table's columns, newest first; ``fields`` as they were pushed."""
        rows = self._database.all("SELECT * FROM asset_version WHERE mcon = ? ORDER BY number DESC", (mcon,))
        return [{**dict(row), "fields": json.loads(row["fields"])} for row in rows]

    def measurements(
        self, mcon: str, metric: str, *, start: str = "", end: str = "9999", limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Return the last ``limit`` points of a metric in a window, oldest first: ``measured_at``, ``value``."""
        rows = self._database.all(
            "SELECT measured_at, value, invocation_id FROM measurement WHERE mcon = ? AND metric = ? "
            "AND measured_at >= ? AND measured_at <= ? ORDER BY measured_at DESC LIMIT ?",
            (mcon, metric, start, end, -1 if limit is None else limit),
        )
        return [dict(row) for row in reversed(rows)]


def _measurements(asset: Mapping[str, Any]) -> list[tuple[str, float]]:
    volume, freshness = asset.get("volume") or {}, asset.get("freshness")
    found: list[tuple[str, float]] = []
    for metric, key in ((ROW_COUNT, "row_count"), (BYTE_COUNT, "byte_count")):
        if volume.get(key) is not None:
            found.append((metric, float(volume[key])))
    if freshness is not None:
        found.append((LAST_UPDATED, from_text(freshness["last_update_time"]).timestamp()))
    return found


def _conditions(
    equal: Mapping[str, Any], mcons: Sequence[str] | None, search: str | None, deleted: bool | None
) -> tuple[str, dict[str, Any]]:
    where = ["1"]
    parameters: dict[str, Any] = {}
    for column, value in equal.items():
        where.append(f"a.{column} = :{column}")
        parameters[column] = value
    if mcons is not None:
        where.append("a.mcon IN (SELECT value FROM json_each(:mcons))")
        parameters["mcons"] = json.dumps(list(mcons))
    if search:
        where.append(
            "(a.database || '.' || a.schema || '.' || a.name LIKE :search ESCAPE '\\' OR a.full_table_id LIKE :search "
            "ESCAPE '\\' OR a.description LIKE :search ESCAPE '\\' OR a.tags LIKE :search ESCAPE '\\')"
        )
        parameters["search"] = like(search)
    if deleted is not None:
        where.append(f"a.deleted_at IS {'NOT ' if deleted else ''}NULL")
    return " AND ".join(where), parameters


def _asset(row: sqlite3.Row) -> dict[str, Any]:
    asset = dict(row)
    asset["tags"] = json.loads(asset["tags"])
    return asset
