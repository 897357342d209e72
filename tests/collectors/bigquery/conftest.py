"""A BigQuery with a shop in it, and collectors that read it, or recorded answers, through the BigQueryHook."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.bigquery import client
from airflow_provider_montecarlo_push.collectors.bigquery.collector import BigQueryCollector
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.manifests.model import TimeWindow
from tests.collectors.bigquery import server
from tests.collectors.bigquery.wire import Wire

CONN_ID = "bigquery_test"
PROJECT = "shop-project"

MakeCollector = Callable[..., BigQueryCollector]

SHOP = (
    "CREATE SCHEMA raw",
    "CREATE SCHEMA mart",
    """CREATE TABLE raw.orders (id INT64 NOT NULL OPTIONS(description='Number of the "order"'),
       info STRUCT<customer STRING OPTIONS(description='Who'), lines ARRAY<STRUCT<sku STRING, price NUMERIC>>>,
       total NUMERIC(12, 2), note STRING(40), day DATE)
       PARTITION BY day CLUSTER BY note, id
       OPTIONS(description='One row per order', labels=[('team', 'sales'), ('tier', '1')])""",
    "INSERT INTO raw.orders (id, total, day) VALUES (1, 10, '2026-01-01'), (2, 20, '2026-01-02')",
    "CREATE TABLE raw.empty (x FLOAT64)",
    "CREATE TABLE raw.iceberg_visits (at TIMESTAMP)",
    "CREATE TABLE raw.events_20260101 (kind STRING) OPTIONS(description='first')",
    "CREATE TABLE raw.events_20260102 (kind STRING, v INT64) OPTIONS(description='second')",
    "INSERT INTO raw.events_20260101 VALUES ('a')",
    "INSERT INTO raw.events_20260102 VALUES ('a', 1), ('b', 2)",
    "CREATE TABLE raw.events_20269999 (kind STRING)",
    "CREATE TABLE raw.hits_20260101 AS SELECT 1 AS n",
    "CREATE TABLE raw.hits_20260102 AS SELECT 2 AS n",
    "CREATE VIEW mart.revenue AS SELECT day, total AS revenue FROM raw.orders",
    "CREATE MATERIALIZED VIEW mart.by_day AS SELECT day, COUNT(*) AS orders FROM raw.orders GROUP BY day",
    f"CREATE TABLE mart.top AS SELECT * FROM `{PROJECT}.mart.revenue`",
    "CREATE TABLE mart.hits (n INT64)",
    "INSERT INTO mart.hits (n) SELECT n FROM `raw.hits_*`",
    """MERGE mart.hits t USING (SELECT id FROM raw.orders) s ON t.n = s.id
       WHEN NOT MATCHED THEN INSERT (n) VALUES (s.id)""",
    "UPDATE mart.hits SET n = 0 WHERE n > 5",
    "CREATE TABLE mart.gone AS SELECT id FROM raw.orders",
    "DROP TABLE mart.gone",
)
FAILING = "SELECT nope FROM raw.orders"


@pytest.fixture(scope="session")
def bigquery() -> Iterator[str]:
    """The URL of a server that holds the shop."""
    if not server.is_installed():
        pytest.skip(f"local-bigquery is not installed in {server.environment()} (python tests/prerequisites.py)")
    with server.running(PROJECT) as url, pytest.MonkeyPatch.context() as patch:
        point_to(patch, url)
        connected = client.connect_with_hook(CONN_ID)
        for statement in SHOP:
            list(connected.rows(statement, [], None, 10))
        with pytest.raises(Exception, match="nope"):
            list(connected.rows(FAILING, [], None, 10))
        connected.close()
        yield url


@pytest.fixture
def on_server(bigquery: str, monkeypatch: pytest.MonkeyPatch) -> MakeCollector:
    """Make collectors that read the shop."""
    point_to(monkeypatch, bigquery)
    return make


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """Recorded answers, which collectors of :func:`make` read."""
    monkeypatch.setattr(client, "_RETRY_SECONDS", 0.5)
    with Wire().serving() as serving:
        point_to(monkeypatch, serving.url)
        yield serving


def point_to(patch: pytest.MonkeyPatch, url: str, **extra: Any) -> None:
    connection = {
        "conn_type": "google_cloud_platform",
        "extra": {"is_anonymous": True, "project": PROJECT, "num_retries": 0, **extra},
    }
    patch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", json.dumps(connection))
    patch.setenv("BIGQUERY_EMULATOR_HOST", url)


def make(**options: Any) -> BigQueryCollector:
    return BigQueryCollector(CONN_ID, report(), **options)


def report() -> CollectionReport:
    return CollectionReport(logging.getLogger("tests.collectors.bigquery"))


@pytest.fixture
def today() -> TimeWindow:
    """A window that holds all that the server did, and midnight."""
    now = datetime.now(UTC)
    return explicit_window(now - timedelta(days=1), now + timedelta(minutes=1))
