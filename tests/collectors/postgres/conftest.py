"""A PostgreSQL server with a shop in it, and collectors that read it through the PostgresHook."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.postgres.collector import PostgresCollector
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from tests.collectors.postgres.server import Server, is_installed

CONN_ID = "postgres_test"

MakeCollector = Callable[..., PostgresCollector]

SHOP = (
    "CREATE SCHEMA raw",
    "CREATE SCHEMA mart",
    'CREATE SCHEMA "Odd ""S"" 50%"',
    "CREATE TYPE raw.mood AS ENUM ('good', 'bad')",
    "CREATE TYPE raw.\"Mixed Case\" AS ENUM ('a')",
    """CREATE TABLE raw.orders (id bigint PRIMARY KEY, customer_id int, total numeric(12,2), note varchar(40),
       at timestamp(3) with time zone, tags text[], mood raw.mood, mixed raw."Mixed Case", gone int)""",
    "ALTER TABLE raw.orders DROP COLUMN gone",
    "COMMENT ON TABLE raw.orders IS 'One row per order; it''s 100% complete'",
    "COMMENT ON COLUMN raw.orders.total IS 'in euros, ünïcode'",
    "INSERT INTO raw.orders (id, customer_id, total) SELECT i, i % 7, i FROM generate_series(1, 1000) i",
    "CREATE TABLE raw.customers (id int, name text)",
    "INSERT INTO raw.customers SELECT i, 'c' || i FROM generate_series(1, 7) i",
    "CREATE TABLE raw.empty (x int)",
    "CREATE TABLE raw.no_columns ()",
    "CREATE TABLE raw.events (at date, kind text, v int) PARTITION BY RANGE (at)",
    "CREATE TABLE raw.events_2025 PARTITION OF raw.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
    """CREATE TABLE raw.events_2026 PARTITION OF raw.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')
       PARTITION BY LIST (kind)""",
    "CREATE TABLE raw.events_2026_a PARTITION OF raw.events_2026 FOR VALUES IN ('a')",
    "CREATE TABLE raw.events_2026_b PARTITION OF raw.events_2026 DEFAULT",
    "INSERT INTO raw.events SELECT '2025-06-01', 'a', i FROM generate_series(1, 30) i",
    "INSERT INTO raw.events SELECT '2026-06-01', 'a', i FROM generate_series(1, 20) i",
    "INSERT INTO raw.events SELECT '2026-06-01', 'b', i FROM generate_series(1, 10) i",
    "CREATE DOMAIN raw.positive AS int CHECK (VALUE > 0)",
    """CREATE TABLE raw."dotted.name" (id bigint GENERATED ALWAYS AS IDENTITY, "a.b" raw.positive, list raw.positive[],
       wait interval(3), doc jsonb, twice int GENERATED ALWAYS AS ("a.b" * 2) STORED)""",
    'CREATE VIEW mart."v.1" AS SELECT "a.b" AS "c.d" FROM raw."dotted.name"',
    "CREATE TABLE raw.no_partitions (at date) PARTITION BY RANGE (at)",
    """CREATE VIEW mart.revenue AS SELECT c.name, sum(o.total) AS revenue
       FROM raw.orders o JOIN raw.customers c ON c.id = o.customer_id GROUP BY c.name""",
    "COMMENT ON VIEW mart.revenue IS 'by customer'",
    "CREATE VIEW mart.renamed (a, b) AS SELECT name, revenue FROM mart.revenue",
    "CREATE MATERIALIZED VIEW mart.top AS SELECT * FROM mart.revenue ORDER BY revenue DESC LIMIT 5",
    "CREATE VIEW mart.constant AS SELECT 1 AS one",
    "CREATE VIEW mart.catalog AS SELECT relname FROM pg_class",
    "CREATE VIEW mart.recent AS SELECT at, v FROM raw.events_2025",
    'CREATE TABLE "Odd ""S"" 50%"."it\'s ""t"" %s {x}" ("col umn" int, "ümlaut" text)',
    'CREATE VIEW "Odd ""S"" 50%"."V 1" AS SELECT "col umn" AS "C" FROM "Odd ""S"" 50%"."it\'s ""t"" %s {x}"',
    'CREATE TABLE public."表" (x int)',
    "CREATE EXTENSION file_fdw",
    "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw",
    "CREATE FOREIGN TABLE raw.imported (a text) SERVER files OPTIONS (filename '/dev/null')",
    "CREATE ROLE reader LOGIN PASSWORD 'secret'",
    "GRANT USAGE ON SCHEMA raw TO reader",
    "GRANT SELECT ON raw.orders TO reader",
    "GRANT SELECT ON mart.top TO reader",
    "SELECT pg_stat_force_next_flush()",
)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    if not is_installed():
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    with Server.running() as running:
        running.execute("CREATE DATABASE shop")
        running.execute("CREATE DATABASE other")
        running.execute("CREATE DATABASE closed", "REVOKE CONNECT ON DATABASE closed FROM PUBLIC")
        running.execute("CREATE TABLE things (id int)", "CREATE VIEW seen AS SELECT * FROM things", database="other")
        running.execute(*SHOP, database="shop")
        yield running


@pytest.fixture
def on_server(server: Server, monkeypatch: pytest.MonkeyPatch) -> MakeCollector:
    """Make collectors that go through the PostgresHook."""

    def make(database: str = "shop", user: str = "admin", **options: Any) -> PostgresCollector:
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", server.uri(database, user))
        return PostgresCollector(CONN_ID, report(), **options)

    return make


def report() -> CollectionReport:
    return CollectionReport(logging.getLogger("tests.collectors.postgres"))
