"""Tables that are deleted over GraphQL, and come back when they are pushed again."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_montecarlo_push.exceptions import GraphQLError
from airflow_provider_montecarlo_push.sandbox import Sandbox

pytestmark = pytest.mark.integration

DELETE = "mutation($mcons:[String!]!){ deletePushIngestedTables(mcons:$mcons){ success deletedCount } }"
TABLE = "query($m:String){ getTable(mcon:$m){ mcon isDeleted deletedAt ingestType ingestInvocationId } }"
DERIVED = """
query($m:String!,$c:String!){ getDerivedTablesPartialLineage(mcon:$m,column:$c){ destinations{displayName} } }
"""


def delete(sandbox: Sandbox, *mcons: str) -> dict[str, Any]:
    answer: dict[str, Any] = sandbox.graphql(DELETE, {"mcons": list(mcons)})["deletePushIngestedTables"]
    return answer


def mcon(sandbox: Sandbox, name: str) -> str:
    return sandbox.mcon("shop", "public", name)


def test_tables_go_with_their_nodes_and_edges(sandbox: Sandbox, push: Any, events: Any) -> None:
    push("metadata", *(events.table(name) for name in "abc"))
    push("lineage", events.edge("b", "a", columns={"x": [("a", "y")]}), events.edge("c", "b"))
    wanted = [mcon(sandbox, "b"), mcon(sandbox, "b"), mcon(sandbox, "c")]
    assert delete(sandbox, *wanted) == {"success": True, "deletedCount": 2}
    assert [table["name"] for table in sandbox.tables()] == ["a"]
    assert [table["name"] for table in sandbox.tables(deleted=True)] == ["b", "c"]
    assert [node["name"] for node in sandbox.nodes()] == ["shop.public.a"]
    assert sandbox.edges() == []
    table = sandbox.graphql(TABLE, {"m": mcon(sandbox, "b")})["getTable"]
    assert table["isDeleted"] is True
    assert table["deletedAt"] is not None
    assert [(item["kind"], item["mcon"], item["edges"]) for item in sandbox.deletions()] == [
        ("table", mcon(sandbox, "b"), 2),
        ("table", mcon(sandbox, "c"), 0),
    ]
    assert sandbox.state()["deleted"] == 2


def test_pairs_of_columns_stay_until_they_expire(sandbox: Sandbox, push: Any, events: Any) -> None:
    push("metadata", events.table("a"), events.table("b"))
    push("lineage", events.edge("b", "a", columns={"x": [("a", "y")]}))
    delete(sandbox, mcon(sandbox, "b"))
    variables = {"m": mcon(sandbox, "a"), "c": "y"}
    assert len(sandbox.graphql(DERIVED, variables)["getDerivedTablesPartialLineage"]["destinations"]) == 1
    sandbox.advance(11 * 24 * 3600)
    assert sandbox.graphql(DERIVED, variables)["getDerivedTablesPartialLineage"]["destinations"] == []


def test_lists_leave_deleted_tables_out(sandbox: Sandbox, push: Any, events: Any) -> None:
    invocation_id = push("metadata", events.table("a"), events.table("b"))
    delete(sandbox, mcon(sandbox, "a"))
    document = "query($i:String,$d:Boolean){getTables(ingestInvocationId:$i,isDeleted:$d){edges{node{tableId}}}}"
    for deleted, expected in ((None, ["b"]), (True, ["a"]), (False, ["b"])):
        edges = sandbox.graphql(document, {"i": invocation_id, "d": deleted})["getTables"]["edges"]
        assert [edge["node"]["tableId"] for edge in edges] == expected


def test_a_repeated_push_brings_a_table_back(sandbox: Sandbox, push: Any, events: Any) -> None:
    push("metadata", events.table("a", fields=[{"name": "id", "type": "TEXT"}], volume={"row_count": 1}))
    delete(sandbox, mcon(sandbox, "a"))
    sandbox.set_delay(60, "metadata")
    again = push("metadata", events.table("a", volume={"row_count": 2}))
    assert sandbox.graphql(TABLE, {"m": mcon(sandbox, "a")})["getTable"]["isDeleted"] is True
    sandbox.advance(61)
    table = sandbox.graphql(TABLE, {"m": mcon(sandbox, "a")})["getTable"]
    assert (table["isDeleted"], table["deletedAt"], table["ingestInvocationId"]) == (False, None, again)
    known = sandbox.table(mcon(sandbox, "a"))
    assert (len(known["versions"]), len(known["history"]["row_count"])) == (1, 2)
    assert sandbox.tables(deleted=True) == []
    assert delete(sandbox, mcon(sandbox, "a"))["deletedCount"] == 1


class TestAllOrNothing:
    def _refused(self, sandbox: Sandbox, push: Any, events: Any, bad: str, message: str) -> None:
        push("metadata", events.table("good"))
        with pytest.raises(GraphQLError, match=message):
            delete(sandbox, mcon(sandbox, "good"), bad)
        assert [table["name"] for table in sandbox.tables()] == ["good"]
        assert sandbox.deletions() == []

    def test_an_unknown_table(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        bad = mcon(sandbox, "gone")
        message = r"Nothing was deleted, 1 of 2 tables cannot be: MCON.*gone: there is no such table"
        self._refused(sandbox, push, events, bad, message)

    def test_a_table_of_another_account(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        bad = mcon(sandbox, "good").replace(sandbox.config.account_uuid, sandbox.lake_uuid)
        self._refused(sandbox, push, events, bad, "another account")

    def test_what_is_no_mcon(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        self._refused(sandbox, push, events, "shop:public.good", "is not an MCON")

    def test_a_table_that_monte_carlo_collects_itself(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        bad = sandbox.add_collected_table(events.table("pulled"))
        assert sandbox.graphql(TABLE, {"m": bad})["getTable"]["ingestType"] == "PULL"
        push("metadata", events.table("good"))
        with pytest.raises(GraphQLError, match="pulled: it was not push-ingested"):
            delete(sandbox, mcon(sandbox, "good"), bad)
        assert len(sandbox.tables()) == 2
        push("metadata", events.table("pulled"))
        assert delete(sandbox, bad)["deletedCount"] == 1

    def test_a_table_that_only_lineage_names(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("lineage", events.edge("b", "a"))
        self._refused(sandbox, push, events, mcon(sandbox, "a"), "there is no such table")

    def test_a_table_that_is_deleted_already(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", events.table("good"), events.table("old"))
        delete(sandbox, mcon(sandbox, "old"))
        with pytest.raises(GraphQLError, match="it was deleted at"):
            delete(sandbox, mcon(sandbox, "good"), mcon(sandbox, "old"))
        assert len(sandbox.tables()) == 1

    def test_only_some_of_many_reasons_are_named(self, sandbox: Sandbox) -> None:
        with pytest.raises(GraphQLError, match="; and 3 more"):
            delete(sandbox, *(mcon(sandbox, f"t{index}") for index in range(8)))

    def test_not_more_than_a_thousand(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        names = [f"t{index:04}" for index in range(1001)]
        push("metadata", *(events.table(name) for name in names))
        mcons = [mcon(sandbox, name) for name in names]
        with pytest.raises(GraphQLError, match="at most 1000 MCONs, not 1001"):
            delete(sandbox, *mcons)
        assert delete(sandbox, *mcons[:1000])["deletedCount"] == 1000
        assert [table["name"] for table in sandbox.tables()] == ["t1000"]

    def test_none_at_all(self, sandbox: Sandbox) -> None:
        with pytest.raises(GraphQLError, match="at least one MCON"):
            delete(sandbox)
