"""The SQLite database of a sandbox: one connection, used by one thread at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from airflow_provider_montecarlo_push.exceptions import ConfigurationError

_LAYOUT = 3

_TABLES = """
CREATE TABLE IF NOT EXISTS warehouse (
    uuid TEXT PRIMARY KEY, name TEXT NOT NULL, connection_type TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS api_key (
    id TEXT PRIMARY KEY, secret TEXT NOT NULL, kind TEXT NOT NULL, description TEXT NOT NULL,
    warehouses TEXT, created_at TEXT NOT NULL, revoked_at TEXT, expire_at TEXT);
CREATE TABLE IF NOT EXISTS etl_container (
    uuid TEXT PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL, created_at TEXT NOT NULL);
-- What is no warehouse but contains assets: a dbt project, a report server.
CREATE TABLE IF NOT EXISTS resource (
    uuid TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, type TEXT, is_default INTEGER NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL);

-- Every request, refused ones too; every accepted one is also a push.
CREATE TABLE IF NOT EXISTS request (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, flow TEXT,
    status INTEGER, fault TEXT, key_id TEXT, trace_id TEXT, session_id TEXT, raw_bytes INTEGER, message TEXT,
    invocation_id TEXT);
CREATE TABLE IF NOT EXISTS push (
    id INTEGER PRIMARY KEY, invocation_id TEXT NOT NULL UNIQUE, flow TEXT NOT NULL, event_type TEXT NOT NULL,
    resource_uuid TEXT, resource_type TEXT, key_id TEXT NOT NULL, trace_id TEXT, session_id TEXT,
    received_at TEXT NOT NULL, visible_at TEXT NOT NULL, raw_bytes INTEGER NOT NULL,
    compressed_bytes INTEGER NOT NULL, content_encoding TEXT, events INTEGER NOT NULL, body BLOB NOT NULL,
    processed INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS push_waiting ON push (processed, visible_at);
CREATE INDEX IF NOT EXISTS push_flow ON push (flow, id);
CREATE TABLE IF NOT EXISTS push_resource (
    push_id INTEGER NOT NULL, resource_uuid TEXT NOT NULL, PRIMARY KEY (push_id, resource_uuid)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS asset (
    mcon TEXT PRIMARY KEY, resource_uuid TEXT NOT NULL, full_table_id TEXT NOT NULL, database TEXT NOT NULL,
    schema TEXT NOT NULL, name TEXT NOT NULL, asset_type TEXT NOT NULL, description TEXT, view_query TEXT,
    created_on TEXT, tags TEXT NOT NULL DEFAULT '[]', discovered_at TEXT NOT NULL, observed_at TEXT NOT NULL,
    invocation_id TEXT, deleted_at TEXT, ingest_type TEXT NOT NULL DEFAULT 'PUSH');
CREATE UNIQUE INDEX IF NOT EXISTS asset_identity ON asset (resource_uuid, full_table_id);
CREATE INDEX IF NOT EXISTS asset_invocation ON asset (invocation_id);
CREATE TABLE IF NOT EXISTS asset_version (
    mcon TEXT NOT NULL, number INTEGER NOT NULL, at TEXT NOT NULL, invocation_id TEXT,
    fields TEXT NOT NULL, PRIMARY KEY (mcon, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS measurement (
    mcon TEXT NOT NULL, metric TEXT NOT NULL, measured_at TEXT NOT NULL, value REAL NOT NULL,
    invocation_id TEXT, PRIMARY KEY (mcon, metric, measured_at)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS node (
    mcon TEXT PRIMARY KEY, resource_uuid TEXT NOT NULL, object_type TEXT NOT NULL, object_id TEXT NOT NULL,
    display_name TEXT NOT NULL, container TEXT NOT NULL, label TEXT NOT NULL,
    is_custom INTEGER NOT NULL DEFAULT 0, job_at TEXT NOT NULL, expire_at TEXT NOT NULL,
    properties TEXT NOT NULL DEFAULT '[]');
CREATE INDEX IF NOT EXISTS node_expiry ON node (expire_at);
CREATE TABLE IF NOT EXISTS edge (
    source TEXT NOT NULL, destination TEXT NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL,
    expire_at TEXT NOT NULL, invocation_id TEXT, is_custom INTEGER NOT NULL DEFAULT 0,
    edge_type TEXT NOT NULL DEFAULT 'IS_DOWNSTREAM', PRIMARY KEY (source, destination)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS edge_destination ON edge (destination);
CREATE INDEX IF NOT EXISTS edge_expiry ON edge (expire_at);
CREATE TABLE IF NOT EXISTS column_edge (
    source TEXT NOT NULL, source_column TEXT NOT NULL, destination TEXT NOT NULL, destination_column TEXT NOT NULL,
    last_seen TEXT NOT NULL, expire_at TEXT NOT NULL, invocation_id TEXT NOT NULL,
    PRIMARY KEY (source, source_column, destination, destination_column)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS column_edge_destination ON column_edge (destination);
-- What the mutations removed: tables and lineage nodes, with how many edges went with each.
CREATE TABLE IF NOT EXISTS deletion (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, mcon TEXT NOT NULL, nodes INTEGER NOT NULL,
    edges INTEGER NOT NULL);

CREATE TABLE IF NOT EXISTS query (
    id INTEGER PRIMARY KEY, resource_uuid TEXT NOT NULL, log_type TEXT NOT NULL, query_id TEXT, shape TEXT NOT NULL,
    query_text TEXT NOT NULL, user TEXT, start_time TEXT NOT NULL, end_time TEXT NOT NULL,
    duration_ms INTEGER NOT NULL, error_code TEXT, error_text TEXT, returned_rows INTEGER, extra TEXT,
    database TEXT NOT NULL, schema TEXT NOT NULL, invocation_id TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS query_identity ON query (resource_uuid, query_id) WHERE query_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS query_shape_end ON query (shape, end_time);
CREATE INDEX IF NOT EXISTS query_end ON query (end_time);
-- Queries that differ in literals and white space only share a shape; tables are looked for once per shape.
CREATE TABLE IF NOT EXISTS shape (
    hash TEXT PRIMARY KEY, log_type TEXT NOT NULL, sample TEXT NOT NULL, category TEXT, reads TEXT, writes TEXT);

CREATE TABLE IF NOT EXISTS etl_job (
    mcon TEXT PRIMARY KEY, container_uuid TEXT NOT NULL, source_id TEXT NOT NULL, name TEXT NOT NULL,
    observed_at TEXT NOT NULL, invocation_id TEXT NOT NULL, job TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS etl_job_identity ON etl_job (container_uuid, source_id);
-- Runs of jobs, and of tasks: those have a task_source_id. The latest event_time of a run wins.
CREATE TABLE IF NOT EXISTS etl_run (
    container_uuid TEXT NOT NULL, job_source_id TEXT NOT NULL, task_source_id TEXT NOT NULL, source_id TEXT NOT NULL,
    parent_source_id TEXT, status TEXT NOT NULL, event_time TEXT NOT NULL, start_time TEXT, end_time TEXT,
    sort_time TEXT NOT NULL, events INTEGER NOT NULL, invocation_id TEXT NOT NULL, run TEXT NOT NULL,
    PRIMARY KEY (container_uuid, job_source_id, task_source_id, source_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS etl_run_time ON etl_run (sort_time);
CREATE INDEX IF NOT EXISTS etl_run_parent ON etl_run (container_uuid, parent_source_id);
"""

_CONTENT = (
    "request", "push", "push_resource", "asset", "asset_version", "measurement", "node", "edge", "column_edge",
    "query", "shape", "deletion", "resource", "etl_job", "etl_run",
)  # fmt: skip


class Database:
    """A SQLite file, or memory.

    :param path: file, or ``:memory:``.
    :raises ConfigurationError: when the file cannot be opened, is no sandbox database or one of another layout.
    """

    def __init__(self, path: str = ":memory:") -> None:
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = OFF")
            layout = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if layout not in (0, _LAYOUT):
                raise ConfigurationError(
                    f"{path} was written by another version of the sandbox (layout {layout}, expected {_LAYOUT}). "
                    "Delete it, or name another file."
                )
            self._connection.executescript(_TABLES)
            self._connection.execute(f"PRAGMA user_version = {_LAYOUT}")
        except sqlite3.Error as error:
            raise ConfigurationError(f"Cannot use {path} as the sandbox's database: {error}.") from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to one thread, commit at the end and roll back on an error. May be nested."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()

    def all(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[sqlite3.Row]:
        """Return every row of a query."""
        with self._lock:
            return self._connection.execute(sql, parameters).fetchall()

    def one(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> sqlite3.Row | None:
        """Return the first row of a query, or ``None``."""
        with self._lock:
            row: sqlite3.Row | None = self._connection.execute(sql, parameters).fetchone()
            return row

    def scalar(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> Any:
        """Return the first value of the first row, or ``None``."""
        row = self.one(sql, parameters)
        return None if row is None else row[0]

    def run(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> int:
        """Execute one statement in its own transaction; return the number of rows it changed."""
        with self.transaction() as connection:
            return connection.execute(sql, parameters).rowcount

    def clear(self, tables: Iterable[str] = _CONTENT) -> None:
        """Delete every row of ``tables``; keys and warehouses are kept unless named."""
        with self.transaction() as connection:
            for table in tables:
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names come from this module

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()


def like(text: str) -> str:
    """Return a LIKE pattern (``ESCAPE '\\'``) for rows that contain ``text`` as it stands."""
    for character in "\\%_":
        text = text.replace(character, "\\" + character)
    return f"%{text}%"
