"""How answers are read, without any I/O: odd ones, pages, and what is asked the next time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.graphql.asking import Question
from airflow_provider_montecarlo_push.graphql.visibility import CONVERSATIONS
from airflow_provider_montecarlo_push.graphql.visibility.expecting import (
    MOST_PACKED_BYTES,
    Outlook,
    fits,
    named,
    pack,
    unpack,
)
from tests.graphql import holding
from tests.graphql.holding import Answering

R = "5f10a4e0-0000-4000-8000-000000000001"
AT = "2024-03-01T10:30:00+00:00"


def hold(subject: str, expectation: dict[str, Any], answering: Answering) -> tuple[Outlook, list[Question]]:
    """Hold a conversation; return what it found out and what was asked."""
    return holding.hold(CONVERSATIONS[subject](expectation), answering)


def table(name: str = "T", **more: Any) -> dict[str, Any]:
    return {"table": ["DB", "S", name], "resource": R, **more}


def account(**facts: Any) -> dict[str, Any]:
    return {"getUser": {"account": {"uuid": "acc", "warehouses": [{"uuid": R, "name": "wh", **facts}]}}}


@pytest.mark.parametrize("subject", ["metadata", "lineage", "query_logs", "received"])
@pytest.mark.parametrize("answer", [{"getUser": None}, {"getUser": {"account": None}}, account()])
def test_an_unknown_warehouse_ends_the_waiting(subject: str, answer: dict[str, Any]) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    expectation = {"resources": [unknown], "warehouses": [unknown], "flow": "metadata"}
    with pytest.raises(ConfigurationError, match=f"no warehouse {unknown}.*Warehouses: (none|wh \\({R}\\))"):
        hold(subject, expectation, lambda _: answer)


def test_known_warehouses_are_checked_once_and_in_any_case() -> None:
    expectation = {"resources": [R.upper()], "tables": [table()]}
    outlook, asked = hold("metadata", expectation, lambda question: account() if "getUser" in question.document else {})
    assert len(asked) == 2
    _, asked = hold("metadata", outlook.remaining, lambda _: {})
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (None, "table DB.S.T is not visible"),
        ({}, "table DB.S.T is not visible"),
        ({"mcon": "m", "isDeleted": True}, "table DB.S.T is deleted at Monte Carlo"),
        (
            {"mcon": "m", "ingestInvocationId": "before", "lastObserved": "2024-03-01T10:00:00"},
            "before invocation ours",
        ),
        ({"mcon": "m", "ingestInvocationId": None, "lastObserved": "2024-03-01T11:00:00Z"}, "before invocation ours"),
        ({"mcon": "m", "ingestInvocationId": "before", "lastObserved": None}, "before invocation ours"),
        ({"mcon": "m", "ingestInvocationId": "ours", "lastObserved": None}, None),
        ({"mcon": "m", "ingestInvocationId": "later", "lastObserved": "2024-03-01T11:00:00+00:00"}, None),
    ],
)
def test_a_table_counts_as_of_its_push_or_a_later_one(facts: dict[str, Any] | None, said: str | None) -> None:
    expectation = {"tables": [table(pushed={"invocation": "ours", "at": AT})]}
    outlook, _ = hold("metadata", expectation, lambda _: {"t0": facts})
    assert (outlook.missing == []) if said is None else (said in outlook.missing[0])
    assert outlook.remaining["tables"] == ([] if said is None else expectation["tables"])


def test_many_tables_of_several_warehouses_are_asked_for_in_few_requests() -> None:
    tables = [table(f"T{number}") | {"resource": f"r{number % 2}"} for number in range(120)]

    def answering(question: Question) -> dict[str, Any]:
        names = {name: value for name, value in question.variables.items() if name.startswith("t")}
        return {name: {"mcon": value} for name, value in names.items() if value != "DB:S.T7"}

    outlook, asked = hold("metadata", {"tables": tables}, answering)
    assert sorted((question.variables["warehouse"], len(question.variables) - 1) for question in asked) == [
        ("r0", 10),
        ("r0", 50),
        ("r1", 10),
        ("r1", 50),
    ]
    assert outlook.missing == ["table DB.S.T7 is not visible"]
    assert outlook.remaining["tables"] == [tables[7]]


class Details:
    """A visible table with some columns and points."""

    def __init__(self, columns: list[str], points: dict[str, list[dict[str, Any]] | None]) -> None:
        self._columns, self._points = columns, points

    def __call__(self, question: Question) -> dict[str, Any]:
        variables = question.variables
        if "getMetricsV4" in question.document:
            wanted = {name: value for name, value in variables.items() if name.startswith("t")}
            return {name: {"metrics": self._points.get(metric)} for name, metric in wanted.items()}
        if "versions" not in question.document:
            return {"t0": {"mcon": "m"}}
        at = int(variables["after"] or 0)
        page = {"hasNextPage": at + 2 < len(self._columns), "endCursor": str(at + 2)}
        edges = [{"node": {"name": name}} for name in self._columns[at : at + 2]]
        return {"getTable": {"versions": {"edges": [{"node": {"fields": {"edges": edges, "pageInfo": page}}}]}}}


@pytest.mark.parametrize(
    ("columns", "fields", "said"),
    [
        (["ID", "A", "B"], ["id", "b"], []),
        (["ID", "A"], ["ID", "B", "C"], ["fields of table DB.S.T are not visible: B, C"]),
        (["ID"], list("ABCDEFGH"), ["fields of table DB.S.T are not visible: A, B, C, D, E, and 3 more"]),
        ([], True, ["fields of table DB.S.T are not visible"]),
        (["X"], True, []),
        ([], False, []),
    ],
)
def test_columns(columns: list[str], fields: Any, said: list[str]) -> None:
    outlook, _ = hold("metadata", {"tables": [table(fields=fields)]}, Details(columns, {}))
    assert outlook.missing == said


@pytest.mark.parametrize(
    ("value", "points", "arrived"),
    [
        (5.0, [], False),
        (5.0, None, False),
        (5.0, [{"value": 7.0, "measurementTimestamp": "2024-03-01T10:30:10+00:00"}], True),
        (5.0, [{"value": 7.0, "measurementTimestamp": "2024-03-01T10:28:00"}], True),
        (5.0, [{"value": 7.0, "measurementTimestamp": "2024-03-01T10:00:00+00:00"}], False),
        (5.0, [{"value": 5.0, "measurementTimestamp": "2024-03-01T10:00:00+00:00"}], True),
        (None, [{"value": 7.0, "measurementTimestamp": "2024-03-01T10:00:00+00:00"}], True),
        (5.0, [{"value": 7.0, "measurementTimestamp": None}], True),
    ],
)
def test_a_point_counts_from_its_push_on_or_by_its_value_in_that_hour(value: Any, points: Any, arrived: bool) -> None:
    item = table(metrics={"total_row_count": value}, since=AT)
    outlook, asked = hold("metadata", {"tables": [item]}, Details([], {"total_row_count": points}))
    assert outlook.missing == ([] if arrived else ["row count of table DB.S.T has not arrived"])
    assert asked[-1].variables["start"] == "2024-03-01T10:00:00+00:00"


def test_what_is_satisfied_is_not_asked_for_again() -> None:
    metrics = {"total_row_count": 1.0, "total_byte_count": 2.0}
    item = table(fields=["ID"], metrics=metrics, since=AT, pushed={"invocation": "ours", "at": AT})
    point = {"value": 1.0, "measurementTimestamp": AT}

    def visible(question: Question) -> dict[str, Any]:
        facts = {"t0": {"mcon": "m", "ingestInvocationId": "ours"}}
        details = Details(["ID"], {"total_row_count": [point]})
        return facts if "lastObserved" in question.document else details(question)

    outlook, asked = hold("metadata", {"tables": [item]}, visible)
    assert (len(asked), len(outlook.missing)) == (3, 1)
    again, asked = hold("metadata", outlook.remaining, visible)
    assert again == outlook
    assert [question.variables.get("t0") for question in asked] == ["total_byte_count"]
    assert len(asked[0].variables) == 3


def edge(*columns: list[Any], **more: Any) -> dict[str, Any]:
    return table("D", upstream=[table("A"), table("B")], columns=list(columns), **more)


def mcon(name: str, kind: str = "table", resource: str = R) -> str:
    return f"MCON++acc++{resource}++{kind}++DB:S.{name}"


def test_edges_are_told_by_warehouse_and_name_whatever_kind_of_table_it_is() -> None:
    nodes = [mcon("A", "view"), mcon("B", resource="another"), "odd", "MCON++acc++r++custom++id"]

    def answering(question: Question) -> dict[str, Any]:
        if "getTable(" in question.document:
            return {"t0": {"mcon": "known"}}
        assert question.variables == {"t0": "known"}
        return {"t0": {"connectedNodes": [None, *({"mcon": node} for node in nodes)]}}

    outlook, _ = hold("lineage", {"edges": [edge()]}, answering)
    assert outlook.missing == ["edge DB.S.B to DB.S.D is not visible"]
    assert [source.get("mcon") for source in outlook.remaining["edges"][0]["upstream"]] == [mcon("A", "view"), None]


def test_a_table_that_is_not_in_the_catalog_is_looked_for_in_the_graph() -> None:
    def answering(question: Question) -> dict[str, Any]:
        if "getUser" in question.document:
            return account()
        if "getTable(" in question.document:
            return {"t0": None}
        assert question.variables == {"t0": mcon("D")}
        return {"t0": {"connectedNodes": [{"mcon": mcon("A")}]}}

    outlook, asked = hold("lineage", {"resources": [R], "edges": [edge()]}, answering)
    assert outlook.missing == ["edge DB.S.B to DB.S.D is not visible"]
    again, asked_again = hold("lineage", outlook.remaining, answering)
    assert again == outlook
    assert len(asked_again) == len(asked) - 1


def test_pairs_of_columns_are_looked_for_page_by_page_where_the_edge_is_visible() -> None:
    pages = {
        None: {"destinations": [{"mcon": mcon("X"), "columns": [{"columnName": "OWN"}]}], "cursor": "2"},
        "2": {"destinations": [{"mcon": mcon("D"), "columns": [{"columnName": "own"}]}], "cursor": None},
    }

    def answering(question: Question) -> dict[str, Any]:
        if "getTable(" in question.document:
            return {"t0": {"mcon": "known"}}
        if "connectedNodes" in question.document:
            return {"t0": {"connectedNodes": [{"mcon": mcon("A")}]}}
        page = pages[question.variables.get("cursor")] | {"isLastPage": "cursor" in question.variables}
        return {"t0": page, "t1": {"destinations": None, "isLastPage": True}, "getDerivedTablesPartialLineage": page}

    pairs = ([0, "C", "OWN"], [0, "C", "OTHER"], [1, "C", "OWN"])
    outlook, asked = hold("lineage", {"edges": [edge(*pairs)]}, answering)
    assert outlook.missing == [
        "edge DB.S.B to DB.S.D is not visible",
        "column B.C to OWN of table DB.S.D is not visible",
        "column A.C to OTHER of table DB.S.D is not visible",
    ]
    assert [question.variables.get("cursor") for question in asked].count("2") == 1


@pytest.mark.parametrize(
    ("events", "satisfied", "said"),
    [
        (None, False, "which shows none"),
        ([{"eventType": "LINEAGE", "lastInvocationId": "b", "lastReceived": AT}], False, "which shows none"),
        ([{"eventType": "METADATA", "status": "NEVER_RECEIVED"}], False, "which shows none"),
        ([{"eventType": "METADATA", "lastInvocationId": "x", "lastReceived": AT}], False, "shows invocation x"),
        ([{"eventType": "METADATA", "lastInvocationId": "a", "lastReceived": AT}], True, ""),
        ([{"eventType": "METADATA", "lastInvocationId": "x", "lastReceived": "2024-03-01T10:30:01"}], True, ""),
    ],
)
def test_a_push_is_received_when_it_or_a_later_one_shows(events: Any, satisfied: bool, said: str) -> None:
    expectation = {"warehouses": [R], "flow": "metadata", "invocations": ["a", "b"], "since": AT}
    outlook, _ = hold("received", expectation, lambda _: account(pushEvents=events))
    assert (outlook.remaining["warehouses"] == []) is satisfied
    if said:
        assert "invocation b or a later push of metadata" in outlook.missing[0]
        assert said in outlook.missing[0]


def test_a_packed_expectation_is_the_same_and_small() -> None:
    at = datetime(2024, 3, 1, tzinfo=UTC).isoformat()
    tables = [
        table(f"ORDERS_{number}", pushed={"invocation": f"{number:08x}-0000-4000-8000-{number * 7919:012x}", "at": at})
        for number in range(500)
    ]
    assert unpack(pack({"tables": tables})) == {"tables": tables}
    assert fits({"tables": tables})
    assert not fits({"x": [f"{number * 2654435761:x}" for number in range(MOST_PACKED_BYTES)]})


def test_a_long_list_names_some() -> None:
    assert named(["a", "b"], 2) == "a; b"
    assert named(["a", "b", "c"], 2) == "a; b; and 1 more"
