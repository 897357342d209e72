"""The log that a running HiveServer2 writes, with LineageLogger."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_montecarlo_push.collectors.hive.logs.options import LogOptions
from airflow_provider_montecarlo_push.collectors.hive.logs.reader import check_logs
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from tests.collectors.hive import server as servers
from tests.collectors.hive.install import is_installed
from tests.collectors.hive.logs.conftest import Reading

pytestmark = [
    pytest.mark.integration,
    pytest.mark.xdist_group("hive"),
    pytest.mark.skipif(not is_installed(), reason="Hive is not installed: python -m tests.collectors.hive.install"),
]
FIRST = (
    "CREATE DATABASE live_shop",
    "CREATE DATABASE live_mart",
    "USE live_shop",
    "CREATE TABLE orders (id INT, customer STRING, amount INT)",
    "INSERT INTO orders VALUES (1, 'größe', 5), (2, 'b', 6)",
    "CREATE TABLE live_mart.totals AS\nSELECT customer, sum(amount) AS total\nFROM orders GROUP BY customer",
    "CREATE VIEW live_mart.big AS SELECT customer FROM live_mart.totals WHERE total > 5",
    "CREATE TEMPORARY TABLE staged AS SELECT id, amount FROM orders",
    "CREATE TABLE live_mart.doubled AS SELECT id, amount * 2 AS twice FROM staged",
)
SECOND = ("USE live_mart", "CREATE TABLE copied AS SELECT id FROM live_shop.orders", "SELECT count(*) FROM copied")


@pytest.fixture(scope="module")
def server() -> Iterator[servers.Server]:
    with servers.metastore() as catalog, servers.hiveserver2(catalog) as running:
        running.execute(*FIRST)
        other = threading.Thread(target=running.execute, args=SECOND)
        other.start()
        with pytest.raises(Exception, match="Table not found"):
            running.execute("SELECT * FROM live_shop.nowhere")
        other.join()
        yield running


def reading(server: servers.Server) -> Reading:
    now = datetime.now(UTC)
    window = explicit_window(now - timedelta(hours=1), now + timedelta(minutes=1))
    return Reading(server.logs, window)


def test_query_logs(server: servers.Server) -> None:
    entries = {entry.query_text: entry for entry in reading(server).queries()}
    assert set(entries) >= {*FIRST, *SECOND, "SELECT * FROM live_shop.nowhere"}
    assert {text for text, entry in entries.items() if entry.error_text} == {"SELECT * FROM live_shop.nowhere"}
    failed = entries["SELECT * FROM live_shop.nowhere"]
    assert failed.error_code == 10001
    assert failed.error_text == "FAILED: SemanticException [Error 10001]: Line 1:14 Table not found 'nowhere'"
    made = entries[FIRST[5]]
    assert made.end_time - made.start_time > timedelta(milliseconds=50)
    assert made.query_id is not None
    databases = {text: (entry.extra or {}).get("database") for text, entry in entries.items()}
    assert (databases[FIRST[5]], databases[SECOND[1]]) == ("live_shop", "live_mart")
    assert len({(entry.extra or {})["session_id"] for entry in entries.values()}) == 3


def test_lineage(server: servers.Server) -> None:
    collection = reading(server)
    assert set(collection.edges()) == {
        "live_mart.totals<live_shop.orders: customer(live_shop.orders.customer) total(live_shop.orders.amount)",
        "~live_mart.big<live_mart.totals: customer(live_mart.totals.customer)",
        "live_mart.doubled<live_shop.orders: id(live_shop.orders.id) twice(live_shop.orders.amount)",
        "live_mart.copied<live_shop.orders: id(live_shop.orders.id)",
    }
    assert collection.report.counts["edges_native"] == 3
    assert collection.report.counts["edges_parsed"] == 1
    assert not collection.report.left_out


def test_access(server: servers.Server) -> None:
    (check,) = check_logs(LogOptions(log_path=str(server.logs)))
    assert check.readable
