"""Lineage in the shape of ACCESS_HISTORY."""

from __future__ import annotations

import json

import pytest

from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import ObjectName
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.access import AccessWriter, parse_name
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.model import lineage

IDS = {
    ObjectName("RAW", "S", "T"): 1,
    ObjectName("A", "B", "V"): 2,
    ObjectName("A", "B", "W"): 3,
    ObjectName("my db", "s.x", 'q"t'): 4,
}
INNER = lineage("A.B.V", {"t": "RAW.S.T"}, {"NAME": "t.FIRST t.LAST", "ONE": ""}, "t.ID")
OUTER = lineage("A.B.W", {"v": "A.B.V"}, {"N": "v.NAME"})


@pytest.fixture
def writer() -> AccessWriter:
    return AccessWriter([INNER, OUTER], IDS.get)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b.c", ("A", "B", "C")),
        (
            '"Marketing Data"."weird.schema"."O\'Reilly ""Special"""',
            ("Marketing Data", "weird.schema", 'O\'Reilly "Special"'),
        ),
        ('RAW."x".T$1', ("RAW", "x", "T$1")),
    ],
)
def test_names_are_taken_apart(text: str, expected: tuple[str, str, str]) -> None:
    assert parse_name(text) == expected


def test_a_load_through_views_names_the_view_and_the_base(writer: AccessWriter) -> None:
    load = lineage('"my db"."s.x"."q""t"', {"w": "A.B.W"}, {"X": "w.N", "when": ""})
    row = writer.row(load, "INSERT")

    [modified] = json.loads(str(row["OBJECTS_MODIFIED"]))
    assert modified["objectName"] == '"my db"."s.x"."q""t"'
    assert modified["objectId"] == 4
    assert modified["objectDomain"] == "Table"
    value, constant = modified["columns"]
    assert value["columnName"] == "X"
    assert value["directSources"] == [{"objectDomain": "View", "objectId": 3, "objectName": "A.B.W", "columnName": "N"}]
    assert value["baseSources"] == [
        {"objectDomain": "Table", "objectId": 1, "objectName": "RAW.S.T", "columnName": "FIRST"},
        {"objectDomain": "Table", "objectId": 1, "objectName": "RAW.S.T", "columnName": "LAST"},
    ]
    assert (constant["columnName"], constant["directSources"], constant["baseSources"]) == ("when", [], [])
    assert row["OBJECT_MODIFIED_BY_DDL"] is None


def test_a_query_modifies_nothing(writer: AccessWriter) -> None:
    row = writer.row(lineage(None, {"v": "A.B.V", "t": "RAW.S.T"}, {}, "v.NAME v.ONE t.ID"), "SELECT")

    assert row["OBJECTS_MODIFIED"] == "[]"
    direct = json.loads(str(row["DIRECT_OBJECTS_ACCESSED"]))
    assert [(item["objectName"], [c["columnName"] for c in item["columns"]]) for item in direct] == [
        ("A.B.V", ["NAME", "ONE"]),
        ("RAW.S.T", ["ID"]),
    ]
    base = json.loads(str(row["BASE_OBJECTS_ACCESSED"]))
    assert [(item["objectName"], [c["columnName"] for c in item["columns"]]) for item in base] == [
        ("RAW.S.T", ["FIRST", "LAST", "ID"])
    ]


def test_a_view_is_made_by_ddl(writer: AccessWriter) -> None:
    row = writer.row(INNER, "CREATE_VIEW")

    assert row["OBJECTS_MODIFIED"] == "[]"
    made = json.loads(str(row["OBJECT_MODIFIED_BY_DDL"]))
    assert (made["objectName"], made["objectDomain"], made["operationType"]) == ("A.B.V", "View", "REPLACE")


def test_dependencies_of_views(writer: AccessWriter) -> None:
    found = [
        (row["REFERENCED_OBJECT_NAME"], row["REFERENCED_OBJECT_DOMAIN"], row["REFERENCING_OBJECT_NAME"])
        for row in writer.dependencies()
    ]

    assert found == [("T", "TABLE", "V"), ("V", "VIEW", "W")]
