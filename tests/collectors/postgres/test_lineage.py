from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.manifests.model import TimeWindow
from tests.collectors.postgres.conftest import MakeCollector
from tests.collectors.postgres.records import line
from tests.collectors.postgres.server import Server

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("postgres")]

ALL = TableFilter()
LONG_AGO = explicit_window("2020-01-01T00:00:00Z", "2020-01-01T01:00:00Z")
Edge = tuple[str, set[str], dict[str, set[str]]]


def flat(event: LineageEvent) -> Edge:
    """Return destination, sources and columns by their names."""
    names = {source.asset_id: f"{source.schema}.{source.name}" for source in event.sources}
    columns = {f.name: {f"{names[s.asset_id]}.{s.field_name}" for s in f.source_fields} for f in event.fields}
    return f"{event.destination.schema}.{event.destination.name}", set(names.values()), columns


def edges(events: Any) -> dict[str, Edge]:
    return {edge[0]: edge for edge in map(flat, events)}


def since(start: datetime) -> TimeWindow:
    return TimeWindow(start, datetime.now(UTC) + timedelta(seconds=1))


def test_views(on_server: MakeCollector) -> None:
    collector = on_server()
    events = list(collector.lineage(ALL, LONG_AGO))
    found = edges(events)
    assert set(found) == {"mart.revenue", "mart.renamed", "mart.top", "mart.recent", "mart.v.1", 'Odd "S" 50%.V 1'}
    assert found["mart.revenue"][1:] == (
        {"raw.orders", "raw.customers"},
        {"name": {"raw.customers.name"}, "revenue": {"raw.orders.total"}},
    )
    assert found["mart.renamed"][2] == {"a": {"mart.revenue.name"}, "b": {"mart.revenue.revenue"}}
    assert found["mart.recent"][1:] == ({"raw.events"}, {"at": {"raw.events.at"}, "v": {"raw.events.v"}})
    assert found["mart.v.1"][1:] == ({"raw.dotted.name"}, {"c.d": {"raw.dotted.name.a.b"}})
    types = {e.destination.name: (e.destination.type, {s.type for s in e.sources}) for e in events}
    assert types["renamed"] == ("VIEW", {"VIEW"})
    assert types["revenue"] == ("VIEW", {"TABLE"})
    assert collector.report.counts["edges_views"] == 6
    assert collector.report.counts["views_without_source"] == 1
    assert collector.report.counts["edges_of_uncollected_tables"] == 1
    assert "log_path" in collector.report.notes[0]


def test_views_in_scope_and_in_other_databases(on_server: MakeCollector) -> None:
    collector = on_server(databases=["shop", "other"])
    events = list(collector.lineage(TableFilter(["shop.mart.re*", "other"]), LONG_AGO))
    assert {(e.destination.database, e.destination.name) for e in events} == {
        ("shop", "revenue"),
        ("shop", "renamed"),
        ("shop", "recent"),
        ("other", "seen"),
    }


def test_statements_of_the_log(server: Server, on_server: MakeCollector) -> None:
    start = datetime.now(UTC)
    with server.connect("shop") as session:
        session.execute("CREATE SCHEMA load")
        session.execute("CREATE TABLE load.fact (id bigint, total numeric)")
        session.execute("CREATE TEMPORARY TABLE stage AS SELECT * FROM raw.orders")
        session.execute("INSERT INTO load.fact SELECT id, total FROM stage WHERE total > %s", [10])
        session.execute("CREATE TABLE by_part AS SELECT v FROM raw.events_2026_a")
        session.execute(
            "PREPARE load_names (int) AS INSERT INTO load.fact (id) SELECT id FROM raw.customers WHERE id > $1"
        )
        session.execute("EXECUTE load_names (3)")
        session.execute("CREATE TABLE stats AS SELECT relname FROM pg_stat_user_tables")
        with pytest.raises(Exception, match="does not exist"):
            session.execute("INSERT INTO load.fact SELECT id, 0 FROM raw.nowhere")
    try:
        collector = on_server(log_path=str(server.log))
        found = [flat(event) for event in collector.lineage(TableFilter(exclude=["shop.mart", "*.Odd*"]), since(start))]
    finally:
        server.execute("DROP SCHEMA load CASCADE", "DROP TABLE by_part, stats", database="shop")
    assert ("load.fact", {"raw.orders"}, {"id": {"raw.orders.id"}, "total": {"raw.orders.total"}}) in found
    assert ("load.fact", {"raw.customers"}, {"id": {"raw.customers.id"}}) in found
    assert ("public.by_part", {"raw.events"}, {"v": {"raw.events.v"}}) in found
    assert len(found) == 3
    counts = collector.report.counts
    assert counts["edges_parsed"] == 3
    assert counts["statements_failed"] == 1
    assert counts["temporary_tables_written"] == 1
    assert counts["edges_of_uncollected_tables"] == 1


def test_statements_of_other_databases_are_not_followed(server: Server, on_server: MakeCollector) -> None:
    start = datetime.now(UTC)
    server.execute("CREATE TABLE copied AS SELECT id FROM things", "DROP TABLE copied", database="other")
    server.execute("CREATE TABLE copied2 AS SELECT id FROM things", database="other")
    try:
        here = list(on_server(log_path=str(server.log)).lineage(ALL, since(start)))
        both = list(on_server(log_path=str(server.log), databases=["shop", "other"]).lineage(ALL, since(start)))
    finally:
        server.execute("DROP TABLE copied2", database="other")
    assert all(event.destination.database == "shop" for event in here)
    assert "public.copied2" in edges(both)


def test_the_default_schema_is_an_option(server: Server, on_server: MakeCollector) -> None:
    start = datetime.now(UTC)
    server.execute("SET search_path = raw", "CREATE TABLE chosen AS SELECT name FROM customers", database="shop")
    try:
        collector = on_server(log_path=str(server.log), default_schema="raw")
        found = edges(collector.lineage(ALL, since(start)))
    finally:
        server.execute("DROP TABLE raw.chosen", database="shop")
    assert found["raw.chosen"][2] == {"name": {"raw.customers.name"}}


def test_a_table_that_feeds_itself_and_what_is_no_edge(server: Server, on_server: MakeCollector) -> None:
    start = datetime.now(UTC)
    server.execute(
        "CREATE TABLE grown (x int)",
        "INSERT INTO grown SELECT x + 1 FROM grown",
        "INSERT INTO raw.events_2026_a SELECT * FROM raw.events_2026_a WHERE false",
        "INSERT INTO raw.events_2026_b SELECT at, 'b', v FROM raw.events_2025 WHERE false",
        "INSERT INTO raw.events_2026_b SELECT at, 'b', id FROM raw.events_2025, raw.customers WHERE false",
        "CREATE TABLE listed AS SELECT table_name FROM information_schema.tables",
        database="shop",
    )
    try:
        collector = on_server(log_path=str(server.log))
        found = edges(collector.lineage(TableFilter(["shop.public", "shop.raw"]), since(start)))
    finally:
        server.execute("DROP TABLE grown, listed", database="shop")
    assert found == {
        "public.grown": ("public.grown", {"public.grown"}, {"x": {"public.grown.x"}}),
        "raw.events": ("raw.events", {"raw.customers"}, {"v": {"raw.customers.id"}}),
    }


def test_schemas_of_databases_that_may_not_be_read(server: Server, on_server: MakeCollector, tmp_path: Path) -> None:
    """Statements of a database that is not open to the role are parsed without its catalog."""
    log = tmp_path / "a.csv"
    log.write_text(
        line("duration: 1 ms  statement: INSERT INTO t (a) SELECT b FROM s", database_name="closed")
        + line("duration: 1 ms  statement: INSERT INTO t (a) SELECT name FROM raw.customers")
    )
    window = explicit_window("2026-11-20T11:59:00Z", "2026-11-20T12:01:00Z")
    collector = on_server(user="reader", log_path=str(log), databases="*")
    found = list(collector.lineage(TableFilter(["shop.public", "closed"]), window))
    assert [(event.destination.database, flat(event)) for event in found] == [
        ("closed", ("public.t", {"public.s"}, {"a": {"public.s.b"}})),
        ("shop", ("public.t", {"raw.customers"}, {"a": {"raw.customers.name"}})),
    ]
    assert collector.report.counts["schemas_not_visible"] == 1
