"""A lake's metastore in PostgreSQL, MariaDB, DuckDB and SQLite, read through their Airflow hooks."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.sql_catalog.collector import SqlCatalogCollector
from tests.collectors.dbapi import mariadb
from tests.collectors.dbapi.conftest import PASSWORD, add_hook, connection
from tests.collectors.dbapi.hooks import DuckDbHook, PyMySqlHook
from tests.collectors.dbapi.mariadb import MariaDb
from tests.collectors.postgres.server import Server, is_installed

MakeCollector = Callable[..., SqlCatalogCollector]

METASTORE = (
    """CREATE TABLE tables (db text, schema_name text, tbl text, kind text, comment text, rows bigint, bytes numeric,
       changed timestamptz)""",
    "CREATE TABLE columns (schema_name text, tbl text, col text, type text, position int)",
    """INSERT INTO tables VALUES
       ('metastore_db', 'raw', 'events_raw', 'EXTERNAL_TABLE', 'clicks', 50000000, 8000000000, '2024-03-01 07:00+01'),
       ('metastore_db', 'raw', 'Events', 'MANAGED_TABLE', '', -1, NULL, NULL),
       ('metastore_db', 'mart', 'daily', 'VIRTUAL_VIEW', NULL, NULL, NULL, NULL),
       (NULL, 'raw', 'lost', NULL, NULL, NULL, NULL, NULL)""",
    """INSERT INTO columns VALUES ('raw', 'events_raw', 'event_id', 'varchar(36)', 1),
       ('raw', 'events_raw', 'payload', 'struct<id:bigint>', 2), ('mart', 'daily', 'day', 'date', 1),
       ('raw', 'events_raw', 'odd', NULL, 3)""",
    "CREATE TABLE queries (id bigint, started timestamptz, ended timestamptz, sql text, who text, error text, n int)",
    """INSERT INTO queries VALUES
       (1, '2024-03-01 11:00Z', '2024-03-01 11:59:59.999Z', 'SELECT before', 'anna', NULL, 1),
       (2, '2024-03-01 11:00Z', '2024-03-01 12:00Z', 'SELECT 100%', 'anna', NULL, 2),
       (3, '2024-03-01 12:00Z', '2024-03-01 12:59:59.999999Z', 'SELEC', NULL, 'syntax error', NULL),
       (4, '2024-03-01 12:00Z', '2024-03-01 13:00Z', 'SELECT after', 'bert', NULL, 4),
       (5, '2024-03-01 12:00Z', '2024-03-01 12:30Z', NULL, 'bert', NULL, -1),
       (6, '2024-03-01 12:00Z', NULL, 'SELECT running', 'bert', NULL, NULL)""",
)
METADATA_SQL = """
    SELECT t.db AS "Database", t.schema_name AS SCHEMA, t.tbl AS name, t.kind AS type, t.comment AS description,
           t.rows AS row_count, t.bytes AS byte_count, t.changed AS last_update_time,
           c.col AS column_name, c.type AS column_type
    FROM tables t LEFT JOIN columns c USING (schema_name, tbl)
    ORDER BY t.db, t.schema_name, t.tbl, c.position;
"""
QUERIES_SQL = """
    SELECT id AS query_id, started AS start_time, ended AS end_time, sql AS query_text, who AS "user",
           n AS returned_rows, error AS error_text, 'x' || id::text AS extra_job  -- not :window_start
    FROM queries
    WHERE (ended >= :window_start AND ended < :window_end OR ended IS NULL) AND sql IS DISTINCT FROM '%:window_end'
    ORDER BY id
"""


def report() -> CollectionReport:
    return CollectionReport(logging.getLogger("tests.collectors.sql_catalog"))


@pytest.fixture(scope="session")
def metastore() -> Iterator[Server]:
    if not is_installed():
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    # Not the UTC that everything else is in.
    with Server.running(timezone="America/New_York") as server:
        server.execute("CREATE DATABASE metastore")
        server.execute(f"CREATE ROLE boss SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
        server.execute(f"CREATE ROLE blind LOGIN PASSWORD '{PASSWORD}'")
        server.execute(*METASTORE, database="metastore")
        yield server


@pytest.fixture
def on_postgres(metastore: Server, monkeypatch: pytest.MonkeyPatch) -> MakeCollector:
    """Make collectors that go through the PostgresHook."""

    def make(*, user: str = "boss", **options: Any) -> SqlCatalogCollector:
        uri = connection("postgres", metastore.port, login=user, schema="metastore")
        monkeypatch.setenv("AIRFLOW_CONN_PG_CATALOG", uri)
        return SqlCatalogCollector("pg_catalog", report(), **options)

    return make


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDb]:
    if reason := mariadb.missing():
        pytest.skip(reason)
    with MariaDb.running() as server:
        server.execute("CREATE DATABASE lake")
        yield server


@pytest.fixture
def on_mariadb(mariadb_server: MariaDb, monkeypatch: pytest.MonkeyPatch) -> MakeCollector:
    """Make collectors that go through the PyMySqlHook."""
    add_hook(monkeypatch, PyMySqlHook)

    def make(**options: Any) -> SqlCatalogCollector:
        uri = connection("pymysql", mariadb_server.port, login="admin", password="secret", schema="lake")
        monkeypatch.setenv("AIRFLOW_CONN_MARIA_CATALOG", uri)
        return SqlCatalogCollector("maria_catalog", report(), **options)

    return make


@pytest.fixture
def on_duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeCollector:
    """Make collectors that go through the DuckDbHook, over a database in which statements were run."""
    add_hook(monkeypatch, DuckDbHook)
    path = str(tmp_path / "catalog.duckdb")
    monkeypatch.setenv("AIRFLOW_CONN_DUCK", json.dumps({"conn_type": "duckdb", "host": path}))

    def make(*statements: str, **options: Any) -> SqlCatalogCollector:
        with duckdb.connect(path) as database:
            for statement in statements:
                database.execute(statement)
        return SqlCatalogCollector("duck", report(), **options)

    return make


@pytest.fixture
def on_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeCollector:
    """Make collectors that go through the SqliteHook, over a database in which statements were run."""
    path = tmp_path / "catalog.sqlite"
    monkeypatch.setenv("AIRFLOW_CONN_LITE", json.dumps({"conn_type": "sqlite", "host": str(path)}))

    def make(*statements: str, **options: Any) -> SqlCatalogCollector:
        with closing(sqlite3.connect(path)) as database:
            for statement in statements:
                database.execute(statement)
            database.commit()
        return SqlCatalogCollector("lite", report(), **options)

    return make
