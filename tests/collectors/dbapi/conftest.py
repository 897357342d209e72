"""Databases that the DB-API collectors read through Airflow's hooks."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from airflow.providers.common.sql.hooks.sql import DbApiHook

from airflow_provider_montecarlo_push.collectors.dbapi.collector import DbApiCollector
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from tests.collectors.dbapi import mariadb
from tests.collectors.dbapi.hooks import DuckDbHook, PyMySqlHook, hook_info
from tests.collectors.dbapi.mariadb import MariaDb
from tests.collectors.postgres.server import Server, is_installed

PASSWORD = "s3cret-that-nobody-may-see"

MakeCollector = Callable[..., DbApiCollector]
MakeDuckDb = Callable[..., str]

SHOP = (
    "CREATE SCHEMA raw",
    'CREATE SCHEMA "Odd %s schema"',
    "CREATE TYPE mood AS ENUM ('good', 'bad')",
    """CREATE TABLE raw.orders (id bigint, amount numeric(10,2), rate numeric, name varchar(20), code char(3),
       bits bit varying(5), made timestamp with time zone, day date, at timestamp(3), tags text[], mood mood)""",
    'CREATE TABLE raw."Orders" (a int)',
    "CREATE TABLE raw._first (a int)",
    "CREATE TABLE raw.without_columns ()",
    "CREATE VIEW raw.ids AS SELECT id FROM raw.orders",
    'CREATE TABLE "Odd %s schema"."50% ""off""" ("a.b" int)',
    "CREATE TABLE public.secret (a int)",
    f"CREATE ROLE boss SUPERUSER LOGIN PASSWORD '{PASSWORD}'",
    f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'",
    "GRANT USAGE ON SCHEMA raw TO reader",
    "GRANT SELECT ON raw.ids TO reader",
    f"CREATE ROLE blind LOGIN PASSWORD '{PASSWORD}'",
)
# Names that sort in another way by a collation than by their bytes.
MARIADB_SHOP = (
    "CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
    """CREATE TABLE shop.orders (id bigint unsigned PRIMARY KEY COMMENT 'the ''key''', amount decimal(10,2),
       size enum('Small','it''s'), made datetime(3), name varchar(20)) COMMENT 'all orders'""",
    "INSERT INTO shop.orders (id) VALUES (1), (2), (3)",
    "ANALYZE TABLE shop.orders",
    "CREATE TABLE shop._first (x int)",
    "CREATE TABLE shop.Zoo (x int)",
    "CREATE TABLE shop.`50% ``off``` (`a.b` int)",
    "CREATE TABLE shop.`übel` (x int)",
    "CREATE VIEW shop.v AS SELECT id FROM shop.orders",
    "CREATE SEQUENCE shop.numbers",
    "CREATE DATABASE Crm",
    "CREATE TABLE Crm.people (x int)",
    f"CREATE USER reader IDENTIFIED BY '{PASSWORD}'",
    "GRANT SELECT ON shop.v TO reader",
)


def report() -> CollectionReport:
    return CollectionReport(logging.getLogger("tests.collectors.dbapi"))


def connection(conn_type: str, port: int, **facts: Any) -> str:
    """Return an Airflow connection to a server of this machine, as an environment variable holds it."""
    return json.dumps({"conn_type": conn_type, "host": "127.0.0.1", "port": port, "password": PASSWORD} | facts)


@pytest.fixture(scope="session")
def shop() -> Iterator[Server]:
    """A server with the database ``shop``, some tables in it, and a user ``reader`` who may see few of them."""
    if not is_installed():
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    with Server.running() as server:
        server.execute("CREATE DATABASE shop")
        server.execute(*SHOP, database="shop")
        yield server


@pytest.fixture
def on_postgres(shop: Server, monkeypatch: pytest.MonkeyPatch) -> MakeCollector:
    """Make collectors that go through the PostgresHook."""

    def make(*, user: str = "boss", extra: dict[str, Any] | None = None, **options: Any) -> DbApiCollector:
        uri = connection("postgres", shop.port, login=user, schema="shop", extra=extra or {})
        monkeypatch.setenv("AIRFLOW_CONN_PG_TEST", uri)
        return DbApiCollector("pg_test", report(), **options)

    return make


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDb]:
    if reason := mariadb.missing():
        pytest.skip(reason)
    with MariaDb.running() as server:
        server.execute(*MARIADB_SHOP)
        yield server


@pytest.fixture
def on_mariadb(mariadb_server: MariaDb, monkeypatch: pytest.MonkeyPatch) -> MakeCollector:
    """Make collectors that go through the PyMySqlHook."""
    add_hook(monkeypatch, PyMySqlHook)

    def make(*, user: str = "admin", password: str = "secret", **options: Any) -> DbApiCollector:
        uri = connection("pymysql", mariadb_server.port, login=user, password=password)
        monkeypatch.setenv("AIRFLOW_CONN_MARIA_TEST", uri)
        return DbApiCollector("maria_test", report(), **options)

    return make


@pytest.fixture
def duckdb_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeDuckDb:
    """Make a DuckDB with some statements run in it; return the id of its Airflow connection."""
    add_hook(monkeypatch, DuckDbHook)

    def make(*statements: str) -> str:
        path = str(tmp_path / "house.duckdb")
        with duckdb.connect(path) as database:
            for statement in statements:
                database.execute(statement)
        monkeypatch.setenv("AIRFLOW_CONN_DUCK_TEST", json.dumps({"conn_type": "duckdb", "host": path}))
        return "duck_test"

    return make


def add_hook(monkeypatch: pytest.MonkeyPatch, cls: type[DbApiHook]) -> None:
    """Let Airflow know a hook by its connection type, as if its provider were installed."""
    from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

    monkeypatch.setitem(ProvidersManagerTaskRuntime().hooks, cls.conn_type, hook_info(cls))
