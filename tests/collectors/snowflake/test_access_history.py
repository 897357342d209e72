from __future__ import annotations

import json
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.events.wire import encode_event
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from tests.collectors.snowflake.conftest import on_wire
from tests.collectors.snowflake.wire import Wire

WINDOW = explicit_window("2026-11-20T12:00:00Z", "2026-11-20T13:00:00Z")
LONG = "N" * 300


def thing(
    name: str | None, domain: str | None = "Table", **columns: list[tuple[str, str] | tuple[str, str, str]]
) -> Any:
    """An object of ACCESS_HISTORY; ``columns`` map its columns to (source, column[, domain])."""
    found: dict[str, Any] = {"objectDomain": domain, "objectId": 1, "objectName": name}
    found["columns"] = [
        {
            "columnId": number,
            "columnName": column,
            "directSources": [
                {"columnName": source[1], "objectName": source[0], "objectDomain": (*source, "Table")[2], "objectId": 2}
                for source in sources
            ],
            "baseSources": [{"columnName": "B", "objectName": "BASE.S.T", "objectDomain": "Table"}],
        }
        for number, (column, sources) in enumerate(columns.items())
    ]
    return {key: value for key, value in found.items() if value is not None}


def wire(*rows: tuple[Any, Any]) -> Wire:
    encoded = [
        (f"q{number}", *(part if isinstance(part, str) or part is None else json.dumps(part) for part in row))
        for number, row in enumerate(rows)
    ]
    return Wire({"LIMIT 1": [("q",)], "ACCESS_HISTORY A": encoded})


def collect(
    *rows: tuple[Any, Any], tables: TableFilter | None = None, on: Wire | None = None, **options: Any
) -> tuple[list[LineageEvent], Any]:
    on = on or wire(*rows)
    collector = on_wire(on, **options)
    events = list(collector.lineage(tables or TableFilter(), WINDOW))
    assert on.closed
    return events, collector.report


def said(event: LineageEvent) -> tuple[str, list[str], dict[str, list[str]]]:
    """Return an edge as readable text: destination, sources, fields."""

    def name(asset: Any) -> str:
        return f"{asset.type} {asset.database}.{asset.schema}.{asset.name}"

    aliases = {source.asset_id: source.name for source in event.sources}
    return (
        name(event.destination),
        [name(source) for source in event.sources],
        {f.name: [f"{aliases[s.asset_id]}.{s.field_name}" for s in f.source_fields] for f in event.fields},
    )


CASES = {
    "columns and tables": (
        [thing("RAW.S.ORDERS"), thing("RAW.S.RATES")],
        [thing("DWH.S.FCT", ID=[("RAW.S.ORDERS", "ID")], EUR=[("RAW.S.RATES", "RATE"), ("RAW.S.ORDERS", "AMOUNT")])],
        [
            (
                "TABLE DWH.S.FCT",
                ["TABLE RAW.S.ORDERS", "TABLE RAW.S.RATES"],
                {"ID": ["ORDERS.ID"], "EUR": ["ORDERS.AMOUNT", "RATES.RATE"]},
            )
        ],
        {},
    ),
    "quoted names": (
        [thing('"Marketing Data"."weird.schema"."O\'Reilly ""Special"""')],
        [thing(f'DWH.S."{LONG}"', **{"a b": [('"Marketing Data"."weird.schema"."O\'Reilly ""Special"""', 'x"y')]})],
        [
            (
                f"TABLE DWH.S.{LONG}",
                ['TABLE Marketing Data.weird.schema.O\'Reilly "Special"'],
                {"a b": ['O\'Reilly "Special".x"y']},
            )
        ],
        {},
    ),
    "views stay in the graph": (
        [thing("DWH.S.V", "View"), thing("DWH.S.MV", "Materialized view")],
        [thing("DWH.S.T", "Dynamic table", A=[("DWH.S.V", "A", "View")])],
        [("TABLE DWH.S.T", ["VIEW DWH.S.MV", "VIEW DWH.S.V"], {"A": ["V.A"]})],
        {},
    ),
    "a table that reads itself": (
        [thing("S.S.T"), thing("S.S.U")],
        [thing("S.S.T", A=[("S.S.T", "A"), ("S.S.U", "B")], C=[("S.S.T", "C")])],
        [("TABLE S.S.T", ["TABLE S.S.U"], {"A": ["U.B"]})],
        {},
    ),
    "nothing but itself": ([thing("S.S.T")], [thing("S.S.T", A=[("S.S.T", "A")])], [], {}),
    "several destinations": (
        [thing("S.S.SRC")],
        [thing("S.S.A", X=[("S.S.SRC", "X")]), thing("S.S.B", Y=[("S.S.SRC", "Y")])],
        [
            ("TABLE S.S.A", ["TABLE S.S.SRC"], {"X": ["SRC.X"]}),
            ("TABLE S.S.B", ["TABLE S.S.SRC"], {"Y": ["SRC.Y"]}),
        ],
        {},
    ),
    "a source that only a column names": (
        [],
        [thing("S.S.A", X=[("S.S.SRC", "X")])],
        [("TABLE S.S.A", ["TABLE S.S.SRC"], {"X": ["SRC.X"]})],
        {},
    ),
    "stages, streams and functions": (
        [
            {"objectDomain": "Stage", "objectName": "S.S.STG", "stageKind": "External Named"},
            thing("S.S.CHANGES", "Stream"),
            {"objectDomain": "FUNCTION", "objectName": "S.S.F", "argumentSignature": "(A NUMBER)", "objectId": "2"},
            thing("S.S.SRC"),
        ],
        [thing("S.S.A", X=[("S.S.CHANGES", "X", "Stream")])],
        [("TABLE S.S.A", ["TABLE S.S.SRC"], {})],
        {"stage": 1, "stream": 1, "function": 1},
    ),
    "unloading to a stage": ([thing("S.S.SRC")], [thing("S.S.STG", "Stage")], [], {"stage": 1}),
    "objects without a name or with too few parts": (
        [thing(None), thing("T"), {"objectId": 3}, thing("S.S.SRC")],
        [thing("S.S.A")],
        [("TABLE S.S.A", ["TABLE S.S.SRC"], {})],
        {"unnamed": 3},
    ),
    "values without a source": ([], [thing("S.S.A")], [], {}),
    "no JSON": ("{", [thing("S.S.A")], [], {"unreadable": 1}),
    "another shape": ("[1]", [thing("S.S.A")], [], {"unreadable": 1}),
    "null": (None, [thing("S.S.A", X=[("S.S.SRC", "X")])], [("TABLE S.S.A", ["TABLE S.S.SRC"], {"X": ["SRC.X"]})], {}),
}


@pytest.mark.parametrize(("accessed", "modified", "expected", "left_out"), CASES.values(), ids=CASES)
def test_edges(accessed: Any, modified: Any, expected: list[Any], left_out: dict[str, int]) -> None:
    events, report = collect((accessed, modified))
    found = [(end, sources, dict(sorted(fields.items()))) for end, sources, fields in map(said, events)]
    assert found == [(end, sources, dict(sorted(fields.items()))) for end, sources, fields in expected]
    assert report.left_out == left_out
    assert report.counts["edges_native"] == len(expected)
    for event in events:
        encode_event(event)


def test_values_that_come_decoded() -> None:
    on = wire()
    on.answers["ACCESS_HISTORY A"] = [("q", [thing("S.S.SRC")], [thing("S.S.A")])]
    events, _ = collect(on=on)
    assert [said(event)[0] for event in events] == ["TABLE S.S.A"]


def test_writes_without_source_are_counted() -> None:
    _, report = collect(([], [thing("S.S.A")]), ([thing("S.S.A")], [thing("S.S.A")]))
    assert report.counts["writes_without_source"] == 2


def test_external_tables_keep_their_type_when_asked_to() -> None:
    row = ([thing("S.S.X", "External table")], [thing("S.S.A")])
    for keep, expected in ((False, "TABLE S.S.X"), (True, "EXTERNAL S.S.X")):
        (event,), _ = collect(row, keep_asset_types=keep)
        assert said(event)[1] == [expected]


def test_the_same_edge_comes_once() -> None:
    first = ([thing("S.S.A"), thing("S.S.B")], [thing("S.S.T", X=[("S.S.A", "X")], Y=[("S.S.B", "Y")])])
    again = ([thing("S.S.B"), thing("S.S.A")], [thing("S.S.T", Y=[("S.S.B", "Y")], X=[("S.S.A", "X")])])
    events, report = collect(first, again, first)
    assert len(events) == 1
    assert report.counts["duplicates"] == 2


def test_only_destinations_in_scope() -> None:
    rows = [([thing("RAW.S.A")], [thing(f"{database}.S.T")]) for database in ("DWH", "RAW", "dwh")]
    on = wire(*rows)
    on.answers["SHOW DATABASES"] = [("DWH", ""), ("dwh", "")]
    events, report = collect(on=on, tables=TableFilter("dwh.*.T"))
    assert [said(event)[0] for event in events] == ["TABLE DWH.S.T", "TABLE dwh.S.T"]
    assert report.left_out == {"filtered": 1}


def test_statements_are_chunked_and_selected_by_their_end() -> None:
    on = wire(([thing("S.S.SRC")], [thing("S.S.A")]))
    collector = on_wire(on, lineage_chunk_hours=2)
    list(collector.lineage(TableFilter(), explicit_window("2026-11-20T10:00:00Z", "2026-11-20T15:00:00Z")))
    asked = on.asked("ACCESS_HISTORY A")
    assert [values[:2] for _, values in asked] == [
        ("2026-11-20 10:00:00.000000+00:00", "2026-11-20 12:00:00.000000+00:00"),
        ("2026-11-20 12:00:00.000000+00:00", "2026-11-20 14:00:00.000000+00:00"),
        ("2026-11-20 14:00:00.000000+00:00", "2026-11-20 15:00:00.000000+00:00"),
    ]
    for sql, values in asked:
        assert "Q.END_TIME >= %s AND Q.END_TIME < %s" in sql
        assert "LIMIT" not in sql
        assert values[2][:10] == "2026-11-13"  # a statement takes seven days at most
        assert values[3] == values[1]


DENIED = ProgrammingError(msg="Object does not exist or not authorized.", errno=2003, sqlstate="42S02")


def test_access_history_that_was_asked_for_has_to_be_granted() -> None:
    with pytest.raises(AccessDeniedError, match="ACCESS_HISTORY") as raised:
        collect(on=Wire({"ACCESS_HISTORY": DENIED}), lineage_source="access_history")
    assert raised.value.grants[1].startswith("GRANT DATABASE ROLE SNOWFLAKE.GOVERNANCE_VIEWER")


def test_an_access_history_that_stays_empty_is_noted() -> None:
    events, report = collect(on=Wire(), lineage_source="access_history")
    assert events == []
    assert "Enterprise edition" in report.notes[0]


def test_a_long_list_of_columns() -> None:
    columns: dict[str, Any] = {f"C{number}": [("S.S.SRC", f"C{number}")] for number in range(5000)}
    (event,), _ = collect(([thing("S.S.SRC")], [thing("S.S.A", **columns)]))
    assert len(event.fields) == 5000
