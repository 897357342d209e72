"""Edges of views through the three servers, and those of queries in the log of HiveServer2."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from tests.collectors.hive.conftest import MakeCollector
from tests.collectors.hive.server import Server

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("hive")]

WINDOW = explicit_window(datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1))
VIEWS = {
    "mart.revenue": "shop.orders: day(orders.day) revenue(orders.total)",
    "mart.renamed": "mart.revenue~: one(revenue.day) two(revenue.revenue)",
    "mart.everything": "shop.orders: id(orders.id) total(orders.total) detail(orders.detail) code(orders.code) "
    "at(orders.at) day(orders.day) hr(orders.hr)",
    "mart.by_spark": "shop.orders: number(orders.id) d(orders.day)",
}


def shown(event: LineageEvent) -> tuple[str, str]:
    """Return the destination, and sources and columns; ``~`` marks views."""
    names = {source.asset_id: source.name for source in event.sources}
    for end in (event.destination, *event.sources):
        assert end.database == end.schema
    sources = ",".join(f"{end.database}.{end.name}{'~' * (end.type == 'VIEW')}" for end in event.sources)
    columns = " ".join(
        f"{field.name}({','.join(f'{names[s.asset_id]}.{s.field_name}' for s in field.source_fields)})"
        for field in event.fields
    )
    return f"{event.destination.database}.{event.destination.name}", f"{sources}: {columns}"


@pytest.mark.parametrize("server", ["metastore", "hiveserver2", "spark"])
def test_views(on: MakeCollector, server: str) -> None:
    collector = on(server)
    edges = list(collector.lineage(TableFilter(["shop", "mart"]), WINDOW))
    assert dict(map(shown, edges)) == VIEWS
    assert {edge.destination.type for edge in edges} == {"VIEW"}
    counts = collector.report.counts
    assert (counts["edges_views"], counts["views_without_source"]) == (4, 1)
    assert "views alone" in collector.report.notes[0]


def test_views_in_scope(on: MakeCollector) -> None:
    edges = on("metastore").lineage(TableFilter("mart.*.re*", exclude="*.*.renamed"), WINDOW)
    assert [edge.destination.name for edge in edges] == ["revenue"]


def test_views_of_trino_are_left_out(on: MakeCollector, hiveserver2: Server) -> None:
    hiveserver2.execute("CREATE VIEW mart.trino TBLPROPERTIES ('presto_view' = 'true') AS SELECT id FROM shop.empty")
    try:
        for server in ("metastore", "hiveserver2"):
            collector = on(server)
            assert list(collector.lineage(TableFilter("mart.*.trino"), WINDOW)) == []
            assert collector.report.left_out["view_of_trino"] == 1
    finally:
        hiveserver2.execute("DROP VIEW mart.trino")


def test_queries_in_the_log(on: MakeCollector, hiveserver2: Server) -> None:
    hiveserver2.execute("CREATE TABLE mart.daily AS SELECT id, total FROM shop.orders")
    try:
        collector = on("hiveserver2", log_path=str(hiveserver2.logs))
        edges = dict(map(shown, collector.lineage(TableFilter("mart"), WINDOW)))
        assert edges["mart.daily"] == "shop.orders: id(orders.id) total(orders.total)"
        assert edges["mart.revenue"] == VIEWS["mart.revenue"]
        assert collector.report.counts["edges_native"] >= 1
        queries = [entry.query_text for entry in collector.query_logs(WINDOW)]
        assert "CREATE TABLE mart.daily AS SELECT id, total FROM shop.orders" in queries
    finally:
        hiveserver2.execute("DROP TABLE mart.daily")


def test_without_the_log_there_are_no_queries(on: MakeCollector) -> None:
    with pytest.raises(ConfigurationError, match="log_path"):
        list(on("metastore").query_logs(WINDOW))
