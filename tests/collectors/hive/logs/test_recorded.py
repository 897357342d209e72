"""Lines that Hive 2.3.10 wrote, thinned out: some records, and most of the stacks, are left away."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from tests.collectors.hive.logs.conftest import RECORDED, Reading

LOG = RECORDED / "hive-2.3.10.log"
LAYOUTS = explicit_window("2026-11-21T13:00:00Z", "2026-11-21T14:00:00Z")
ALICE, BOB = "5839c7b0-64d1-4ce6-b18d-06a4b28699da", "1ad83c98-9d4b-4876-b671-24d8bd00b206"
NATIVE = [
    "mart.revenue<shop.customers,shop.orders: country(shop.customers.country) total(shop.orders.amount)",
    "mart.revenue<shop.customers,shop.orders: country(shop.customers.country) total(shop.orders.amount)",
    "~mart.v_revenue<mart.revenue: country(mart.revenue.country) total(mart.revenue.total)",
    "~mart.v_revenue<mart.revenue: country(mart.revenue.country) n(mart.revenue.n)",
    "mart.by_customer<shop.orders: customer(shop.orders.customer) total(shop.orders.amount)",
    "mart.by_day<shop.orders: day(shop.orders.day) total(shop.orders.amount)",
    "shop.odd2<shop.orders: upper(shop.orders.customer) we ird(shop.orders.id)",
    "mart.copy<shop.customers: country(shop.customers.country) name(shop.customers.name)",
    "mart.c2<shop.customers: name(shop.customers.name)",
    "mart.copy<shop.orders: country(shop.orders.day) name(shop.orders.customer)",
]


def test_queries() -> None:
    reading = Reading(LOG)
    entries = reading.queries()
    assert len(entries) == 40
    assert len({entry.query_id for entry in entries}) == 40
    by_text = {entry.query_text: entry for entry in entries}
    union = next(text for text in by_text if text.startswith("INSERT OVERWRITE TABLE mart.revenue"))
    assert union.splitlines()[2] == "-- 2026-11-21T12:00:00,000  INFO [x] this is no log line"
    assert union.endswith("UNION ALL SELECT 'x', amount, 2 FROM orders")
    insert = by_text["INSERT INTO customers VALUES ('b','DE'),('ä\u2013ö','AT')"]
    assert insert.start_time.isoformat() == "2026-11-21T12:42:27.466000+00:00"
    assert insert.end_time.isoformat() == "2026-11-21T12:42:29.160000+00:00"
    assert (insert.user, insert.error_text, insert.query_id) == (
        "root",
        None,
        "root_20261121124227_bdf00992-f9f1-4f41-8db0-22e37fa5e5f2",
    )
    assert insert.extra == {"database": "shop", "session_id": ALICE}
    copy = by_text["SELECT\n  count(*)\nFROM copy"]
    assert copy.extra == {"database": "mart", "session_id": BOB}
    assert reading.report.left_out == {}


@pytest.mark.parametrize(
    ("beginning", "code", "text"),
    [
        (
            "SELECT * FROM nowhere",
            10001,
            "FAILED: SemanticException [Error 10001]: Line 1:14 Table not found 'nowhere'",
        ),
        ("SELEC 1", None, "FAILED: ParseException line 1:0 cannot recognize input near 'SELEC' '1' '<EOF>'"),
        ("INSERT INTO odd SELECT", None, None),
        ("CREATE TABLE `odd` (`a.b`", None, None),
    ],
)
def test_failures(beginning: str, code: int | None, text: str | None) -> None:
    (entry,) = [entry for entry in Reading(LOG).queries() if entry.query_text.startswith(beginning)]
    assert entry.error_code == code
    assert entry.error_text is not None
    assert text is None or entry.error_text == text
    assert "\tat " not in entry.error_text
    assert "HiveSQLException" not in entry.error_text


def test_five_queries_failed() -> None:
    assert sum(entry.error_text is not None for entry in Reading(LOG).queries()) == 5


def test_native_lineage_alone() -> None:
    reading = Reading(LOG)
    assert reading.edges(parse=False) == NATIVE
    counts = reading.report.counts
    assert counts["edges_native"] == 10
    assert counts["edges_parsed"] == 0
    assert counts["lineage_records"] == 22
    assert counts["statements_failed"] == 5


def test_what_was_told_natively_is_not_parsed_again() -> None:
    reading = Reading(LOG)
    # The table that was made of a temporary one was dropped again.
    assert reading.edges() == NATIVE
    counts = reading.report.counts
    assert counts["statements_native"] + counts["statements_parsed"] + counts["statements_failed"] == 40
    assert counts["temporary_tables_written"] == 1


def without_lineage_logger(path: Path) -> Path:
    lines = [line for line in LOG.read_text("utf-8").splitlines() if "LineageLogger" not in line]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_parsed_lineage(tmp_path: Path) -> None:
    reading = Reading(without_lineage_logger(tmp_path / "hive.log"))
    edges = reading.edges()
    assert set(edges) >= {
        "mart.revenue<shop.customers,shop.orders: country(shop.customers.country) total(shop.orders.amount)",
        "~mart.v_revenue<mart.revenue: country(mart.revenue.country) n(mart.revenue.n)",
        "mart.by_customer<shop.orders: customer(shop.orders.customer) total(shop.orders.amount)",
        "mart.copy<shop.customers: name(shop.customers.name) country(shop.customers.country)",
    }
    # One more than LineageLogger gives: from the table into itself.
    assert sorted(tables(edge) for edge in edges) == sorted([*map(tables, NATIVE), ("shop.orders", "shop.orders")])
    assert reading.report.counts["edges_native"] == 0
    assert reading.report.counts["edges_parsed"] == len(edges)


def tables(edge: str) -> tuple[str, ...]:
    destination, _, sources = edge.lstrip("~").split(":")[0].partition("<")
    return (destination, *sorted(sources.split(",")))


@pytest.mark.parametrize("name", ["ambari", "cloudera", "console", "default", "hortonworks", "rfc5424"])
def test_layouts(name: str) -> None:
    """The same records, written by one server in several layouts."""
    reading = Reading(RECORDED / "layouts" / f"{name}.log", LAYOUTS)
    entries = reading.queries()
    assert [(entry.query_text.split("\n")[0], entry.error_code) for entry in entries] == [
        ("USE `default`", None),
        ("USE `default`", None),
        ("CREATE DATABASE shop", None),
        ("USE shop", None),
        ("CREATE TABLE orders (id INT, amount INT)", None),
        ("INSERT INTO orders VALUES (1, 2)", None),
        ("CREATE TABLE doubled AS", None),
        ("SELECT * FROM nowhere", 10001),
        ("INSERT INTO doubled SELECT id, CAST(assert_true(amount > 100) AS INT) FROM orders", 2),
    ]
    assert (
        entries[6].query_text
        == "CREATE TABLE doubled AS\nSELECT id, amount * 2 AS twice\nFROM orders\nWHERE amount > 0"
    )
    assert entries[-1].error_text == (
        "FAILED: Execution Error, return code 2 from org.apache.hadoop.hive.ql.exec.mr.MapRedTask"
    )
    assert entries[0].extra == {"session_id": "c74b146d-acc7-4fd5-bcec-9e46f1992f13"}
    assert str(entries[-1].end_time).startswith("2026-11-21 13:03:51")
    assert Reading(RECORDED / "layouts" / f"{name}.log", LAYOUTS).edges() == [
        "shop.doubled<shop.orders: id(shop.orders.id) twice(shop.orders.amount)"
    ]


def test_lineage_logger_with_a_file_of_its_own() -> None:
    """``%m%n`` alone: each line is JSON, and nothing else is known."""
    reading = Reading(RECORDED / "layouts" / "lineage.log", LAYOUTS)
    assert reading.queries() == []
    reading = Reading(RECORDED / "layouts" / "lineage.log", LAYOUTS)
    assert reading.edges() == ["shop.doubled<shop.orders: id(shop.orders.id) twice(shop.orders.amount)"]
    assert reading.report.counts["lineage_records_without_query"] == 2


def test_lineage_logger_beside_the_log_of_the_server(tmp_path: Path) -> None:
    layouts = RECORDED / "layouts"
    lines = (layouts / "default.log").read_text("utf-8").splitlines()
    (tmp_path / "hive.log").write_text("\n".join(line for line in lines if "LineageLogger" not in line) + "\n")
    (tmp_path / "lineage.log").write_bytes((layouts / "lineage.log").read_bytes())
    reading = Reading(tmp_path, LAYOUTS)
    assert reading.edges() == ["shop.doubled<shop.orders: id(shop.orders.id) twice(shop.orders.amount)"]
    assert reading.report.counts["edges_native"] == 1
    assert reading.report.counts["edges_parsed"] == 0
    assert reading.report.counts["lineage_records_without_query"] == 0
