"""Lineage through the DatabricksSqlHook."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.databricks.names import SYSTEM_CATALOGS
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from tests.collectors.databricks.conftest import MakeCollector
from tests.collectors.databricks.server import USER, Warehouse
from tests.collectors.databricks.shop import DAY, ran, write

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("databricks")]
HOUR = explicit_window(DAY, DAY + timedelta(hours=1))
IN_HOUR = DAY + timedelta(minutes=30)
RAW, STAGE, MART = "main.raw.orders", "main.stage.orders", "main.mart.orders"

Shape = tuple[str, set[str], dict[str, set[str]]]


def shape(event: LineageEvent) -> Shape:
    """Return destination, sources, and columns with where they come from."""
    names = {source.asset_id: f"{source.database}.{source.schema}.{source.name}" for source in event.sources}
    assert len(names) == len(event.sources)
    assert None not in names
    end = event.destination
    return (
        f"{end.database}.{end.schema}.{end.name}",
        set(names.values()),
        {
            field.name: {f"{names[source.asset_id]}.{source.field_name}" for source in field.source_fields}
            for field in event.fields
        },
    )


def test_writes_become_edges(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    for source in (RAW, "main.raw.customers"):
        write(unity, source, MART, IN_HOUR, statement="s1")
    for pair in (("id", "order_id"), ("total", "total")):
        write(unity, RAW, MART, IN_HOUR, columns=pair, statement="s1")
    write(unity, "main.raw.customers", MART, IN_HOUR, columns=("id", "order_id"), statement="s1")
    write(unity, STAGE, MART, IN_HOUR, event="e2", run="r1")
    write(unity, STAGE, MART, IN_HOUR, columns=("id", "order_id"), event="e2", run="r1")
    write(unity, MART, "main.mart.a", IN_HOUR, run="r2", source_type="VIEW", target_type="STREAMING_TABLE")
    collector = on_warehouse()
    events = list(collector.lineage(TableFilter(), HOUR))
    assert [shape(event) for event in events] == [
        ("main.mart.a", {MART}, {}),
        (MART, {STAGE}, {"order_id": {f"{STAGE}.id"}}),
        (
            MART,
            {RAW, "main.raw.customers"},
            {"order_id": {f"{RAW}.id", "main.raw.customers.id"}, "total": {f"{RAW}.total"}},
        ),
    ]
    assert [source.type for source in events[0].sources] == ["VIEW"]
    assert collector.report.counts["edges_native"] == 3
    assert collector.report.left_out == {}


def test_columns_of_an_unknown_write_bring_their_own_sources(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    write(unity, RAW, MART, IN_HOUR, columns=("id", "id"), event="of column_lineage alone")
    (event,) = on_warehouse().lineage(TableFilter(), HOUR)
    assert shape(event) == (MART, {RAW}, {"id": {f"{RAW}.id"}})


def test_window_is_half_open(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    moments = {
        "before": DAY - timedelta(microseconds=1),
        "first": DAY,
        "last": HOUR.end - timedelta(microseconds=1),
        "after": HOUR.end,
    }
    for name, moment in moments.items():
        write(unity, RAW, f"main.mart.{name}", moment)
        write(unity, RAW, f"main.mart.{name}", moment, columns=("id", "id"))
    assert [event.destination.name for event in on_warehouse().lineage(TableFilter(), HOUR)] == ["first", "last"]


def test_what_is_no_edge(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    write(unity, RAW, None, IN_HOUR, target_type=None)  # a read
    write(unity, None, MART, IN_HOUR, statement="values")
    write(unity, MART, MART, IN_HOUR, statement="itself")
    write(unity, MART, MART, IN_HOUR, columns=("a", "a"), statement="itself")
    write(unity, None, MART, IN_HOUR, path="s3://bucket/file", source_type="PATH", statement="load")
    write(unity, RAW, None, IN_HOUR, target_type="PATH", statement="unload")
    write(unity, ("__databricks_internal", "x", "y"), MART, IN_HOUR, statement="internal")
    write(unity, RAW, ("system", "x", "y"), IN_HOUR, statement="system")
    collector = on_warehouse()
    assert list(collector.lineage(TableFilter(), HOUR)) == []
    assert collector.report.left_out == {"path": 2, "system_tables": 2}
    assert collector.report.counts["writes_without_source"] == 4
    assert "system" in SYSTEM_CATALOGS


def test_same_edge_again_is_one(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    for number in range(7):
        write(unity, RAW, MART, IN_HOUR, statement=f"s{number}")
        write(unity, RAW, MART, IN_HOUR, columns=("id", "id"), statement=f"s{number}")
    collector = on_warehouse()
    assert len(list(collector.lineage(TableFilter(), HOUR))) == 1
    assert collector.report.counts["duplicates"] == 6


def test_names_with_dots_are_not_split(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    write(unity, ("odd `c` 50%", "v1.2", "a.b"), ("main", "v1", "2.x"), IN_HOUR)
    (event,) = on_warehouse().lineage(TableFilter('main.v1."2.x"'), HOUR)
    assert (event.destination.schema, event.destination.name) == ("v1", "2.x")
    assert (event.sources[0].schema, event.sources[0].name) == ("v1.2", "a.b")


def test_filter_is_on_destinations(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    write(unity, RAW, MART, IN_HOUR)
    write(unity, MART, "main.tmp.orders", IN_HOUR)
    collector = on_warehouse()
    events = list(collector.lineage(TableFilter(exclude="*.tmp.*"), HOUR))
    assert [event.destination.schema for event in events] == ["mart"]
    assert collector.report.left_out == {"filtered": 1}


def test_views_once_a_day(on_warehouse: MakeCollector) -> None:
    midnight = DAY.replace(hour=0)
    collector = on_warehouse()
    events = list(collector.lineage(TableFilter(), explicit_window(midnight, midnight + timedelta(hours=1))))
    assert [(shape(event), event.destination.type) for event in events] == [
        (("main.mart.daily", {RAW}, {"id": {f"{RAW}.id"}, "total": {f"{RAW}.total"}}), "TABLE"),
        (
            (
                "main.mart.revenue",
                {RAW, "main.raw.customers"},
                {"name": {"main.raw.customers.name"}, "total": {f"{RAW}.total"}},
            ),
            "VIEW",
        ),
    ]
    assert collector.report.counts["edges_views"] == 2
    assert collector.report.left_out == {"metric_view": 1, "hidden_text": 1}


def test_views_that_were_altered(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    change = "UPDATE system_information_schema.tables SET last_altered = ? WHERE table_name = 'daily'"
    (before,) = unity.con.execute(
        "SELECT last_altered FROM system_information_schema.tables WHERE table_name = 'daily'"
    ).fetchone() or (None,)
    unity.con.execute(change, [IN_HOUR])
    try:
        events = list(on_warehouse().lineage(TableFilter(), HOUR))
    finally:
        unity.con.execute(change, [before])
    assert [event.destination.name for event in events] == ["daily"]


def test_without_column_lineage(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    unity.denied.add("system.access.column_lineage")
    write(unity, RAW, MART, IN_HOUR)
    collector = on_warehouse()
    (event,) = collector.lineage(TableFilter(), HOUR)
    assert shape(event) == (MART, {RAW}, {})
    assert f"GRANT SELECT ON TABLE system.access.column_lineage TO `{USER}`;" in collector.report.notes[0]


STATEMENTS: list[tuple[str, dict[str, Any]]] = [
    ("CREATE TABLE main.stage.daily AS SELECT * FROM main.raw.orders", {"statement_type": "CREATE"}),
    (
        (
            "MERGE INTO `main`.`mart`.`orders` t USING Main.Raw.Customers s ON t.id = s.id "
            "WHEN MATCHED THEN UPDATE SET t.name = s.name"
        ),
        {"statement_type": "MERGE"},
    ),
    ("INSERT INTO main.mart.failed SELECT id FROM main.raw.orders", {"execution_status": "FAILED"}),
    ("INSERT INTO loose SELECT id FROM main.raw.orders", {}),
    ("SELECT * FROM main.raw.orders", {"statement_type": "SELECT"}),
]


def test_statements_are_parsed_without_lineage_tables(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    unity.denied.add("system.access")
    for number, (text, facts) in enumerate(STATEMENTS):
        end = DAY + timedelta(minutes=number)
        ran(unity, f"s{number}", text, end, **{"statement_type": "INSERT", "session_id": "x", **facts})
    ran(unity, "hidden", "", IN_HOUR, statement_type="INSERT")
    ran(unity, "late", "INSERT INTO main.mart.late SELECT id FROM main.raw.orders", HOUR.end, statement_type="INSERT")
    collector = on_warehouse()
    events = [shape(event) for event in collector.lineage(TableFilter(), HOUR)]
    columns = {name: {f"{RAW}.{name}"} for name in ("id", "customer_id", "total", "lines")}
    assert events == [
        ("main.stage.daily", {RAW}, columns),
        (MART, {"main.raw.customers"}, {"name": {"main.raw.customers.name"}}),
    ]
    assert collector.report.counts["edges_parsed"] == 2
    assert collector.report.left_out == {"unresolved_name": 1, "without_text": 1}
    assert f"GRANT USE SCHEMA ON SCHEMA system.access TO `{USER}`;" in collector.report.notes[0]


def test_use_in_a_session_completes_names(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    def run(statement_id: str, text: str, session: str | None = "x") -> None:
        kind = "USE" if text.startswith("USE") else "INSERT"
        ran(unity, statement_id, text, IN_HOUR, statement_type=kind, session_id=session)

    run("1", "USE CATALOG `Main`")
    run("2", "use schema Mart;")
    run("3", "INSERT INTO daily_2 SELECT id FROM raw.orders")
    run("4", "INSERT INTO elsewhere SELECT id FROM raw.orders", "y")
    run("5", "USE other.`v1.2` -- for now")
    run("6", "INSERT INTO t SELECT id FROM main.raw.orders")
    run("7", "USE raw")
    run("8", "INSERT INTO t SELECT id FROM main.raw.orders")
    run("9", "INSERT INTO nobody SELECT id FROM main.raw.orders", None)
    collector = on_warehouse(lineage_source="query_history")
    events = [shape(event) for event in collector.lineage(TableFilter(), HOUR)]
    assert [event[:2] for event in events] == [
        ("main.mart.daily_2", {RAW}),
        ("other.v1.2.t", {RAW}),
        ("other.raw.t", {RAW}),
    ]
    assert collector.report.left_out == {"unresolved_name": 2}


def test_sources_that_are_insisted_on(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    unity.denied |= {"system.access", "system.query"}
    with pytest.raises(AccessDeniedError) as caught:
        list(on_warehouse(lineage_source="system_tables").lineage(TableFilter(), HOUR))
    assert f"GRANT SELECT ON TABLE system.access.table_lineage TO `{USER}`;" in caught.value.grants
    with pytest.raises(AccessDeniedError) as caught:
        list(on_warehouse().lineage(TableFilter(), HOUR))
    assert f"GRANT SELECT ON TABLE system.query.history TO `{USER}`;" in caught.value.grants
