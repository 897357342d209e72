"""Query logs, and which tables they touch."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from airflow_provider_montecarlo_push.sandbox.clock import from_text, to_text
from airflow_provider_montecarlo_push.sandbox.names import AssetName
from airflow_provider_montecarlo_push.sandbox.store.database import Database, like

READ, WRITE = "read", "write"
_LIST_TEXT = 300

# Where a query runs decides what its unqualified names mean; sources call it by these keys in ``extra``.
_DATABASE_KEYS = ("database", "database_name", "catalog", "project_id")
_SCHEMA_KEYS = ("schema", "schema_name", "dataset")


class Queries:
    """The query logs of the account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(
        self,
        connection: sqlite3.Connection,
        resource_uuid: str,
        log_type: str,
        event: Mapping[str, Any],
        invocation_id: str,
    ) -> None:
        """Store one query. One with a ``query_id`` that the resource already has replaces it."""
        from airflow_provider_montecarlo_push.sandbox.attribution import shape_of

        start, end = from_text(event["start_time"]), from_text(event["end_time"])
        extra = event.get("extra") or {}
        shape = shape_of(event["query_text"])
        connection.execute(
            "INSERT OR IGNORE INTO shape (hash, log_type, sample) VALUES (?, ?, ?)",
            (shape, log_type, event["query_text"]),
        )
        connection.execute(
            "INSERT OR REPLACE INTO query (resource_uuid, log_type, query_id, shape, query_text, user, start_time, "
            "end_time, duration_ms, error_code, error_text, returned_rows, extra, database, schema, invocation_id) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                resource_uuid, log_type, event.get("query_id") or None, shape, event["query_text"], event.get("user"),
                to_text(start), to_text(end), round((end - start).total_seconds() * 1000),
                None if event.get("error_code") is None else str(event["error_code"]), event.get("error_text"),
                event.get("returned_rows"), json.dumps(extra) if extra else None,
                _first(extra, _DATABASE_KEYS), _first(extra, _SCHEMA_KEYS), invocation_id,
            ),
        )  # fmt: skip

    def find(
        self,
        *,
        search: str | None = None,
        failed: bool | None = None,
        resource_uuid: str | None = None,
        offset: int = 0,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Return queries, the last ended first; texts cut to 300 characters (``text_length`` is the whole)."""
        where, parameters = _conditions(search, failed, resource_uuid)
        rows = self._database.all(
            f"SELECT id, resource_uuid, log_type, query_id, substr(query_text, 1, {_LIST_TEXT}) AS query_text, "  # noqa: S608 - constants
            "length(query_text) AS text_length, user, start_time, end_time, duration_ms, error_code, error_text, "
            f"returned_rows, invocation_id FROM query WHERE {where} ORDER BY end_time DESC, id DESC "
            "LIMIT :limit OFFSET :offset",
            {**parameters, "limit": limit, "offset": offset},
        )
        return [dict(row) for row in rows]

    def count(self, *, search: str | None = None, failed: bool | None = None, resource_uuid: str | None = None) -> int:
        """Return how many queries :meth:`find` would give."""
        where, parameters = _conditions(search, failed, resource_uuid)
        return int(self._database.scalar(f"SELECT count(*) FROM query WHERE {where}", parameters))  # noqa: S608 - as above

    def get(self, number: int) -> dict[str, Any] | None:
        """Return one query in full with the tables it reads and writes, or ``None``."""
        row = self._database.one("SELECT * FROM query WHERE id = ?", (number,))
        if row is None:
            return None
        query = dict(row)
        query["extra"] = json.loads(query["extra"]) if query["extra"] else None
        self._attribute([query["shape"]])
        shape = self._database.one("SELECT * FROM shape WHERE hash = ?", (query["shape"],))
        query["category"] = shape["category"] if shape else None
        for role in ("reads", "writes"):
            names = json.loads(shape[role]) if shape else []
            query[role] = sorted(".".join(part for part in name if part) for name in names)
        return query

    def touching(self, asset: AssetName, role: str, start: str, end: str) -> list[dict[str, Any]]:
        """Return the queries that read or write a table and ended in a window, oldest first.

        A name that the query leaves unqualified is completed from where the query ran, when ``extra`` says so, and
        otherwise matches in any database or schema. Failed queries count: they were run.

        :param role: ``read`` or ``write``.
        """
        named = self._database.all(
            "SELECT hash FROM shape WHERE reads IS NULL AND instr(lower(sample), ?) > 0",
            (asset.name.lower(),),
        )
        self._attribute(row["hash"] for row in named)
        rows = self._database.all(
            "SELECT q.*, s.category, part.value AS named FROM shape s "  # noqa: S608 - one of two columns
            f"JOIN json_each(s.{'reads' if role == READ else 'writes'}) part "
            "JOIN query q ON q.shape = s.hash WHERE json_extract(part.value, '$[2]') = ? AND q.resource_uuid = ? "
            "AND q.end_time >= ? AND q.end_time <= ? ORDER BY q.end_time, q.id",
            (asset.name.lower(), asset.resource_uuid, start, end),
        )
        found: dict[int, dict[str, Any]] = {}
        for row in rows:
            if row["id"] not in found and _same(asset, json.loads(row["named"]), row):
                found[row["id"]] = dict(row)
        return list(found.values())

    def _attribute(self, hashes: Iterable[str]) -> None:
        """Parse the shapes that were not parsed yet."""
        from airflow_provider_montecarlo_push.sandbox.attribution import attribute

        for shape in hashes:
            row = self._database.one("SELECT log_type, sample FROM shape WHERE hash = ? AND reads IS NULL", (shape,))
            if row is None:
                continue
            result = attribute(row["sample"], row["log_type"])
            names = [
                json.dumps([[table.database, table.schema, table.name] for table in tables])
                for tables in (result.reads, result.writes)
            ]
            self._database.run(
                "UPDATE shape SET category = ?, reads = ?, writes = ? WHERE hash = ?", (result.category, *names, shape)
            )


def _first(extra: Mapping[str, Any], keys: Iterable[str]) -> str:
    return next((str(extra[key]) for key in keys if extra.get(key)), "")


def _same(asset: AssetName, named: list[str], query: sqlite3.Row) -> bool:
    database, schema, _ = named
    schema = schema or query["schema"].lower()
    database = database or query["database"].lower()
    return schema in ("", asset.schema.lower()) and database in ("", asset.database.lower())


def _conditions(search: str | None, failed: bool | None, resource_uuid: str | None) -> tuple[str, dict[str, Any]]:
    where = ["1"]
    parameters: dict[str, Any] = {}
    if search:
        columns = ("query_text", "user", "query_id", "error_text")
        where.append("(" + " OR ".join(f"{column} LIKE :search ESCAPE '\\'" for column in columns) + ")")
        parameters["search"] = like(search)
    if failed is not None:
        error = "(coalesce(error_code, '') <> '' OR coalesce(error_text, '') <> '')"
        where.append(error if failed else f"NOT {error}")
    if resource_uuid is not None:
        where.append("resource_uuid = :resource_uuid")
        parameters["resource_uuid"] = resource_uuid
    return " AND ".join(where), parameters
