from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

from airflow_provider_montecarlo_push.collectors.edges import Edge, Gate
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.schema_cache import SchemaCache
from airflow_provider_montecarlo_push.collectors.snowflake.schemas import SchemaReader
from airflow_provider_montecarlo_push.collectors.snowflake.session import Session
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse
from tests.collectors.snowflake.conftest import MakeCollector, on_wire, report
from tests.collectors.snowflake.test_access_history import said
from tests.collectors.snowflake.wire import Wire

NOON = explicit_window("2026-11-20T12:00:00Z", "2026-11-20T13:00:00Z")
NIGHT = explicit_window("2026-11-19T23:00:00Z", "2026-11-20T01:00:00Z")
DENIED = ProgrammingError(msg="Object does not exist or not authorized.", errno=2003, sqlstate="42S02")
STATEMENTS = "QUERY_TYPE IN"


def statement(text: str | None, database: str | None = "DWH", schema: str | None = "S", session: int = 1) -> Any:
    return ("q", text, database, schema, session)


def collect(
    answers: dict[str, Any], window: TimeWindow = NOON, tables: TableFilter | None = None, **options: Any
) -> tuple[list[Any], Any, Wire]:
    on = Wire(answers)
    collector = on_wire(on, **options)
    events = list(collector.lineage(tables or TableFilter(), window))
    assert on.closed
    return [said(event) for event in events], collector.report, on


def parsed(*statements: Any, **more: Any) -> tuple[list[Any], Any, Wire]:
    return collect({STATEMENTS: list(statements), **more}, lineage_source="query_history")


# From the text of statements


def test_names_resolve_against_the_querys_own_database_and_schema() -> None:
    edges, found, _ = parsed(
        statement("insert into T (A) select X from SRC"),
        statement('insert into t (a) select x from "src"', database="OTHER", schema="odd.schema"),
    )
    assert edges == [
        ("TABLE DWH.S.T", ["TABLE DWH.S.SRC"], {"A": ["SRC.X"]}),
        ("TABLE OTHER.odd.schema.T", ["TABLE OTHER.odd.schema.src"], {"A": ["src.X"]}),
    ]
    assert found.counts["edges_parsed"] == 2
    assert found.counts["statements_parsed"] == 2


def test_only_successful_writes_that_ended_in_the_window_are_asked_for() -> None:
    _, _, wire = parsed()
    ((sql, values),) = wire.asked(STATEMENTS)
    assert "END_TIME >= %s AND END_TIME < %s AND EXECUTION_STATUS = 'SUCCESS'" in sql
    assert values == ("2026-11-20 12:00:00.000000+00:00", "2026-11-20 13:00:00.000000+00:00")
    assert "'CREATE_TABLE_AS_SELECT'" in sql
    assert "'SELECT'" not in sql
    assert not wire.asked("ACCESS_HISTORY")


def test_stars_and_view_types_come_from_the_catalog() -> None:
    edges, _, wire = parsed(
        statement("create table T as select * from SRC"),
        statement("create table U as select * from V"),
        **{
            r"\.COLUMNS\nWHERE TABLE_SCHEMA = %s": [("SRC", "A"), ("SRC", "B"), ("V", "C")],
            r"\.TABLES\nWHERE TABLE_SCHEMA = %s": [("V",)],
        },
    )
    assert edges == [
        ("TABLE DWH.S.T", ["TABLE DWH.S.SRC"], {"A": ["SRC.A"], "B": ["SRC.B"]}),
        ("TABLE DWH.S.U", ["VIEW DWH.S.V"], {"C": ["V.C"]}),
    ]
    assert len(wire.asked(r"\.COLUMNS\nWHERE TABLE_SCHEMA = %s")) == 1


def test_what_cannot_be_parsed_is_counted_by_reason() -> None:
    edges, found, _ = parsed(
        statement("insert into T select from where ((("),
        statement(None),
        statement("insert into T select 1 /*" + "x" * 100_000),
        statement("copy into T from @stage"),
        statement("insert into T values (1)"),
    )
    assert edges == []
    assert found.left_out["without_text"] == 1
    assert found.left_out["text_cut_by_snowflake"] == 1
    assert found.left_out["external"] == 1
    assert found.left_out["syntax"] == 1
    assert found.counts["statements_without_edges"] == 3  # one is not SQL
    assert found.counts["without_edges_no_source"] == 1
    assert found.counts["without_edges_external"] == 1


def test_a_new_table_that_is_swapped_into_place() -> None:
    edges, found, _ = parsed(
        statement("create transient table T_NEW as select X from SRC"),
        statement("create table STAGE as select A from OTHER"),
        statement("insert into FINAL (B) select A from STAGE", session=2),
        statement("alter table T swap with T_NEW"),
        statement("drop table STAGE", session=3),
    )
    assert edges == [
        ("TABLE DWH.S.T", ["TABLE DWH.S.SRC"], {"X": ["SRC.X"]}),
        ("TABLE DWH.S.FINAL", ["TABLE DWH.S.OTHER"], {"B": ["OTHER.A"]}),
    ]
    assert found.counts["writes_resolved_through"] == 1


def test_temporary_tables_are_followed_through_a_session() -> None:
    edges, found, _ = parsed(
        statement("create or replace temporary table STAGE as select ID, AMOUNT from SRC"),
        statement("insert into FINAL (ID, EUR) select ID, AMOUNT from STAGE"),
        statement("insert into ELSEWHERE (ID) select ID from STAGE", session=2),
    )
    assert edges == [
        ("TABLE DWH.S.FINAL", ["TABLE DWH.S.SRC"], {"ID": ["SRC.ID"], "EUR": ["SRC.AMOUNT"]}),
        ("TABLE DWH.S.ELSEWHERE", ["TABLE DWH.S.STAGE"], {"ID": ["STAGE.ID"]}),  # another session's STAGE
    ]
    assert found.counts["temporary_tables_written"] == 1


def test_a_temporary_table_that_is_filled_later() -> None:
    edges, found, _ = parsed(
        statement("create temp table STAGE (ID int, AMOUNT int)"),
        statement("insert into STAGE (ID, AMOUNT) select A, B from SRC"),
        statement("insert into FINAL (X) select AMOUNT from STAGE"),
    )
    assert [(end, sources) for end, sources, _ in edges] == [("TABLE DWH.S.FINAL", ["TABLE DWH.S.SRC"])]
    assert found.counts["temporary_tables_written"] == 2


def test_a_denied_query_history_names_the_grants() -> None:
    with pytest.raises(AccessDeniedError, match="QUERY_HISTORY") as raised:
        collect({"ACCOUNT_USAGE": DENIED})
    assert "GOVERNANCE_VIEWER" in raised.value.grants[1]


@pytest.mark.parametrize(
    ("probe", "note"),
    [(DENIED, "not there or not granted"), ([], "ACCESS_HISTORY holds nothing")],
)
def test_auto_falls_back(probe: Any, note: str) -> None:
    edges, found, _ = collect({"LIMIT 1": probe, STATEMENTS: [statement("insert into T (A) select X from SRC")]})
    assert len(edges) == 1
    assert found.counts["edges_parsed"] == 1
    assert note in found.notes[0]


# Views


def views(*texts: tuple[str, str | None], **more: Any) -> dict[str, Any]:
    return {
        "LIMIT 1": [("q",)],
        r"\.TABLES\nWHERE TABLE_SCHEMA <>": [("S", name) for name, _ in texts],
        r"\.VIEWS": [("S", name, text) for name, text in texts if text != "materialized"],
        **more,
    }


def test_views_from_their_text() -> None:
    edges, found, _ = collect(
        views(("V1", "create view V1 (A) as select X from SRC"), ("V2", "create view V2 as select 1 as ONE")), NIGHT
    )
    assert edges == [("VIEW SHOP.S.V1", ["TABLE SHOP.S.SRC"], {"A": ["SRC.X"]})]
    assert found.counts["edges_views"] == 1
    assert found.counts["views_without_source"] == 1
    assert not found.left_out


def test_a_renamed_view_goes_by_its_present_name() -> None:
    edges, _, _ = collect(views(("NEW", "create view OLD as select X from SRC")), NIGHT)
    assert edges == [("VIEW SHOP.S.NEW", ["TABLE SHOP.S.SRC"], {"X": ["SRC.X"]})]


def test_views_without_usable_text_come_from_object_dependencies() -> None:
    wire_answers = views(
        ("A_PARSED", "create view A_PARSED as select X from SRC"),
        ("B_SECURE", None),
        ("C_MATERIALIZED", "materialized"),
        ("D_BROKEN", "create view D_BROKEN as select (((("),
        ("E_NOTHING", None),
        OBJECT_DEPENDENCIES=[
            ("S", "A_PARSED", "SHOP", "S", "SRC", "TABLE"),
            ("S", "B_SECURE", "SHOP", "S", "T", "TABLE"),
            ("S", "B_SECURE", "SHOP", "S", "V", "VIEW"),
            ("S", "B_SECURE", "SHOP", "S", "F", "FUNCTION"),
            ("S", "C_MATERIALIZED", "RAW", "P", "X", "EXTERNAL TABLE"),
            ("S", "D_BROKEN", "SHOP", "S", "T", "TABLE"),
        ],
    )
    edges, found, wire = collect(wire_answers, NIGHT, keep_asset_types=True)
    assert edges == [
        ("VIEW SHOP.S.A_PARSED", ["TABLE SHOP.S.SRC"], {"X": ["SRC.X"]}),
        ("VIEW SHOP.S.B_SECURE", ["TABLE SHOP.S.T", "VIEW SHOP.S.V"], {}),
        ("VIEW SHOP.S.C_MATERIALIZED", ["EXTERNAL RAW.P.X"], {}),
        ("VIEW SHOP.S.D_BROKEN", ["TABLE SHOP.S.T"], {}),
    ]
    assert found.left_out == {"function": 1, "hidden_text": 1}
    assert found.counts["views_from_dependencies"] == 3
    assert len(wire.asked("OBJECT_DEPENDENCIES")) == 1


def test_dependencies_that_are_not_granted_are_noted_once() -> None:
    answers = views(("A", None), ("B", None), OBJECT_DEPENDENCIES=DENIED)
    edges, found, wire = collect(answers | {"SHOW DATABASES": [("X", ""), ("Y", "")]}, NIGHT)
    assert edges == []
    assert found.left_out == {"hidden_text": 4}
    assert sum("OBJECT_VIEWER" in note for note in found.notes) == 1
    assert len(wire.asked("OBJECT_DEPENDENCIES")) == 2


def test_between_midnights_only_new_definitions_are_read() -> None:
    for window, restricted in ((NIGHT, False), (NOON, True)):
        _, _, wire = collect(views(("V", "create view V as select X from SRC")), window)
        for pattern in (r"\.TABLES\nWHERE TABLE_SCHEMA <>", r"\.VIEWS"):
            ((sql, values),) = wire.asked(pattern)
            assert ("COALESCE(LAST_DDL, CREATED) >= %s" in sql) is restricted
            assert ("2026-11-20 12:00:00.000000+00:00" in values) is restricted


def test_views_in_scope_only() -> None:
    answers = views(
        ("KEEP", "create view KEEP as select X from SRC"), ("SKIP", "create view SKIP as select X from SRC")
    )
    edges, found, wire = collect(answers, NIGHT, TableFilter("SHOP.*.KEEP"))
    assert [end for end, _, _ in edges] == ["VIEW SHOP.S.KEEP"]
    assert found.left_out == {"filtered": 1}
    ((sql, _),) = wire.asked(r"\.VIEWS")
    assert "LOWER(TABLE_NAME) LIKE %s" in sql


def test_a_denied_database_leaves_the_lineage_incomplete_or_fails() -> None:
    answers = views(("V", "create view V as select X from SRC")) | {
        "SHOW DATABASES": [("DENIED", ""), ("SHOP", "")],
    }
    answers = {'"DENIED"': DENIED, **answers}
    edges, found, _ = collect(answers, NIGHT)
    assert len(edges) == 1
    assert not found.complete
    with pytest.raises(AccessDeniedError, match="DENIED"):
        collect(answers, NIGHT, TableFilter(["DENIED", "SHOP"]))


# Parts


def test_duplicates_pass_when_memory_is_full() -> None:
    events = [_event(f"T{number}") for number in (1, 2, 3, 1, 3)]
    filled = report()
    gate = Gate(filled, TableFilter(), remembered=2)
    assert [event.destination.name for event in gate.admit(events, "edges")] == ["T1", "T2", "T3", "T3"]
    assert filled.counts == {"edges": 4, "duplicates": 1}


def _event(name: str) -> LineageEvent:
    edge = Edge(TableName("DB", "S", name), "TABLE")
    edge.add_source(TableName("DB", "S", "SRC"), "TABLE")
    event = edge.event()
    assert event is not None
    return event


def test_schemas_are_read_once_and_forgotten_when_others_need_the_room() -> None:
    def columns(values: Sequence[Any]) -> list[tuple[str, str]]:
        return [(f"{values[0]}_T", f"C{number}") for number in range(4)]

    wire = Wire({r"\.COLUMNS": columns, r"\.TABLES": [("V",)]})
    schemas = SchemaCache(SchemaReader(Session(wire, "c")).read, report(), most_columns=10)
    assert schemas.columns("DB", "A", "A_T") == ["C0", "C1", "C2", "C3"]
    assert schemas.columns("DB", "A", "NOPE") is None
    assert schemas.asset_type("DB", "A", "V") == "VIEW"
    assert schemas.asset_type("DB", "A", "A_T") is None
    assert len(wire.asked(r"\.COLUMNS")) == 1
    for schema in "BCA":  # only two of them fit
        schemas.columns("DB", schema, "T")
    assert len(wire.asked(r"\.COLUMNS")) == 4


def test_a_schema_that_is_too_large_or_not_visible_has_no_columns() -> None:
    filled = report()
    wire = Wire({'"LARGE"': [("T", f"C{number}") for number in range(11)], '"DENIED"': DENIED})
    schemas = SchemaCache(SchemaReader(Session(wire, "c")).read, filled, most_columns=10)
    assert schemas.columns("LARGE", "S", "T") is None
    assert schemas.columns("DENIED", "S", "T") is None
    assert filled.counts == {"schemas_too_large": 1, "schemas_not_visible": 1}


# Against the embedded Snowflake, through the SnowflakeHook.


def edges_of(events: Any) -> dict[str, tuple[frozenset[str], frozenset[tuple[str, tuple[str, ...]]]]]:
    merged: dict[str, tuple[set[str], set[tuple[str, tuple[str, ...]]]]] = {}
    for event in events:
        end, sources, fields = said(event)
        known = merged.setdefault(end, (set(), set()))
        known[0].update(sources)
        known[1].update((name, tuple(sorted(found))) for name, found in fields.items())
    return {end: (frozenset(sources), frozenset(fields)) for end, (sources, fields) in merged.items()}


@pytest.mark.integration
def test_access_history_and_parsing_agree(on_warehouse: MakeCollector, history: TimeWindow) -> None:
    native_collector, parsing_collector = on_warehouse(), on_warehouse(lineage_source="query_history")
    native = edges_of(native_collector.lineage(TableFilter(), history))
    from_text = edges_of(parsing_collector.lineage(TableFilter(), history))
    assert native_collector.report.counts["edges_native"] > 10
    assert native_collector.report.counts["edges_views"] > 5
    assert parsing_collector.report.counts["edges_parsed"] > 10
    differing = {}
    for end in native.keys() | from_text.keys():
        (sources, fields), (parsed_sources, parsed_fields) = native[end], from_text[end]
        # The access history does not tell whether a table was read besides being written to.
        itself = end.rpartition(".")[2]
        others = {
            (name, tuple(ref for ref in refs if not ref.startswith(f"{itself}."))) for name, refs in parsed_fields
        }
        differing[end] = (sources ^ (parsed_sources - {end}), fields ^ {field for field in others if field[1]})
    assert not {end: found for end, found in differing.items() if any(found)}


@pytest.mark.integration
def test_ends_are_called_as_in_the_catalog(on_warehouse: MakeCollector, history: TimeWindow) -> None:
    catalog = {
        (asset.metadata.database, asset.metadata.schema, asset.metadata.name): {field.name for field in asset.fields}
        for asset in on_warehouse().metadata(TableFilter())
    }
    events = list(on_warehouse(lineage_source="query_history").lineage(TableFilter(), history))
    assert len(events) > 10
    for event in events:
        ends = {end.asset_id: (end.database, end.schema, end.name) for end in (event.destination, *event.sources)}
        assert set(ends.values()) <= set(catalog), event
        for column in event.fields:
            assert column.name in catalog[ends[event.destination.asset_id]], event
            assert all(ref.field_name in catalog[ends[ref.asset_id]] for ref in column.source_fields), event


@pytest.mark.integration
def test_the_standard_edition(warehouse: EmbeddedWarehouse, on_warehouse: MakeCollector, history: TimeWindow) -> None:
    collector = on_warehouse()
    with warehouse.as_edition("standard"):
        events = list(collector.lineage(TableFilter(), history))
    assert len(events) > 10
    assert collector.report.counts["edges_parsed"] > 10
    assert collector.report.counts["edges_native"] == 0
    assert "ACCESS_HISTORY is not there or not granted" in collector.report.notes[0]


@pytest.mark.integration
def test_without_account_usage(warehouse: EmbeddedWarehouse, on_warehouse: MakeCollector) -> None:
    with warehouse.as_edition("no_account_usage"), pytest.raises(AccessDeniedError) as raised:
        list(on_warehouse().lineage(TableFilter(), NOON))
    assert 'TO ROLE "MONTE_CARLO"' in str(raised.value)


@pytest.mark.integration
def test_pieces_of_the_history_are_the_whole(on_warehouse: MakeCollector, history: TimeWindow) -> None:
    whole = edges_of(on_warehouse().lineage(TableFilter("ANALYTICS"), history))
    now = datetime.now(UTC)
    pieces: dict[str, Any] = {}
    edges = [history.start, now - timedelta(hours=20), now - timedelta(hours=9), history.end]
    for start, end in pairwise(edges):
        found = edges_of(on_warehouse().lineage(TableFilter("ANALYTICS"), TimeWindow(start, end)))
        for name, (sources, fields) in found.items():
            known = pieces.get(name, (frozenset(), frozenset()))
            pieces[name] = (known[0] | sources, known[1] | fields)
    assert pieces == whole
