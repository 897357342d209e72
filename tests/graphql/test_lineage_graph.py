"""Nodes and edges as users write them, and the conversations about them: without any I/O, and with the sandbox."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from graphql import parse, validate

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, GraphQLError
from airflow_provider_montecarlo_push.graphql import documents
from airflow_provider_montecarlo_push.graphql.asking import Conversation, Question
from airflow_provider_montecarlo_push.graphql.lineage_graph import (
    PUT_EDGES,
    PUT_NODES,
    DeletedNode,
    Edge,
    KnownNode,
    Node,
    NodeKey,
    PutNode,
    Refused,
    delete_nodes,
    find_nodes,
    outcomes_of,
    put_edges,
    put_nodes,
)
from airflow_provider_montecarlo_push.graphql.lineage_items import (
    NEVER,
    Defaults,
    Reference,
    UnwantedNode,
    WantedEdge,
    WantedNode,
    read_items,
    unwanted_node,
    wanted_edge,
    wanted_node,
)
from airflow_provider_montecarlo_push.graphql.resources import Resources, put_resource, resources
from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sandbox.gql.schema import load_schema

DEFAULTS = Defaults(resource="dwh")
ORDERS = Reference("dwh", "table", "DB:S.ORDERS", TableName("DB", "S", "ORDERS"))
MODEL = Reference("dbt", "model", "shop.orders")
THE_MODEL = {"object_type": "model", "object_id": "shop.orders", "resource": "dbt"}
KEY = NodeKey("0b6f0000-0000-4000-8000-000000000001", "model", "shop.orders")


def held(conversation: Conversation[Any], answer: dict[str, Any]) -> tuple[Any, Question]:
    """Hold a conversation of one question; return its result and what was asked."""
    question = next(conversation)
    with pytest.raises(StopIteration) as end:
        conversation.send(answer)
    return end.value.value, question


# What users write ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "node"),
    [
        ("DB.S.ORDERS", WantedNode(ORDERS)),
        ("DB:S.ORDERS", WantedNode(ORDERS)),
        ({"table": {"database": "D.B", "schema": "S", "name": "O"}},
         WantedNode(Reference("dwh", "table", "D.B:S.O", TableName("D.B", "S", "O")))),
        ({"table": "DB.S.ORDERS", "object_type": "view", "resource": "lake"},
         WantedNode(Reference("lake", "view", "DB:S.ORDERS", TableName("DB", "S", "ORDERS")))),
        (THE_MODEL, WantedNode(MODEL)),
        ({"object_type": "job", "object_id": 4711}, WantedNode(Reference("dwh", "job", "4711"))),
        ({"table": "DB.S.ORDERS", "name": "Orders", "expire_at": date(2030, 1, 2)},
         WantedNode(ORDERS, "2030-01-02", "Orders")),
        ({"table": "DB.S.ORDERS", "expire_at": datetime(2030, 1, 2)}, WantedNode(ORDERS, "2030-01-02T00:00:00+00:00")),
        ({"table": "DB.S.ORDERS", "expire_at": "2030-01-02T00:00Z"}, WantedNode(ORDERS, "2030-01-02T00:00:00+00:00")),
        ({"table": "DB.S.ORDERS", "expire_at": " 20300102 "}, WantedNode(ORDERS, "2030-01-02")),
        ({"table": "DB.S.ORDERS", "properties": {"owner": ["ann", "bob"], "tier": 1, "pii": True}},
         WantedNode(ORDERS, NEVER, None, (("owner", "ann"), ("owner", "bob"), ("tier", "1"), ("pii", "true")))),
        ({"table": "DB.S.ORDERS", "properties": {}}, WantedNode(ORDERS, NEVER, None, ())),
    ],
)  # fmt: skip
def test_nodes_as_they_are_written(written: Any, node: WantedNode) -> None:
    assert wanted_node(written, DEFAULTS, "nodes[0]") == node


def test_without_a_word_about_it_a_node_never_expires() -> None:
    assert wanted_node("DB.S.ORDERS", DEFAULTS, "nodes[0]").expire_at == "9999-12-31"
    assert wanted_edge(["A.B.C", "D.E.F"], DEFAULTS, "edges[0]").expire_at == "9999-12-31"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("ORDERS", "names a table 'ORDERS'; write 'database.schema.table'"),
        (7, r"nodes\[3\] is '7'; write an object"),
        ({}, "has no object_type"),
        ({"object_type": "model"}, "has no object_id"),
        ({"object_id": "x"}, "has no object_type"),
        ({"object_type": "", "object_id": "x"}, "object_type is ''; write a text"),
        ({"object_type": "a++b", "object_id": "x"}, r"must not contain '\+\+'"),
        ({"table": "A.B.C", "object_id": "x"}, "both table and object_id"),
        ({"objectType": "model", "object_id": "x"}, "has 'objectType'.*Did you mean 'object_type'"),
        ({"table": "A.B.C", "resourceId": "x"}, "has 'resourceId'.*Did you mean 'resource'"),
        ({"table": "A.B.C", "tags": {}}, "has 'tags', which is not one of table, object_type"),
        ({"table": "A.B.C", "expire_at": "next year"}, r"nodes\[3\].expire_at is 'next year'; write a date"),
        ({"table": "A.B.C", "expire_at": 9999}, "expire_at is 9999"),
        ({"table": "A.B.C", "properties": ["a"]}, "write an object of names and values"),
        ({"table": "A.B.C", "properties": {"a": {"b": 1}}}, "properties.a is"),
        ({"table": "A.B.C", "properties": {"a": None}}, "properties.a is None"),
        ({"table": "A.B.C", "name": ""}, "name is ''"),
    ],
)  # fmt: skip
def test_a_node_that_cannot_be_understood_is_named(written: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        wanted_node(written, DEFAULTS, "nodes[3]")


def test_a_node_without_a_resource_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"nodes\[0\] names no resource.*parameter resource"):
        wanted_node("A.B.C", Defaults(), "nodes[0]")


@pytest.mark.parametrize(
    ("written", "edge"),
    [
        ({"source": "DB.S.ORDERS", "destination": THE_MODEL}, WantedEdge(ORDERS, MODEL)),
        (["DB.S.ORDERS", THE_MODEL], WantedEdge(ORDERS, MODEL)),
        ({"source": "DB.S.ORDERS", "destination": THE_MODEL, "edge_type": "IS_READ_BY", "expire_at": "2030-01-01"},
         WantedEdge(ORDERS, MODEL, "2030-01-01", "IS_READ_BY")),
    ],
)  # fmt: skip
def test_edges_as_they_are_written(written: Any, edge: WantedEdge) -> None:
    assert wanted_edge(written, DEFAULTS, "edges[0]") == edge


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"source": "A.B.C"}, r"edges\[1\] has no destination"),
        ({"destination": "A.B.C"}, "has no source"),
        ({"source": "A.B.C", "destination": "A.B"}, r"edges\[1\].destination names a table 'A.B'"),
        ({"source": "A.B.C", "destination": "A:B.C"}, "to itself"),
        ({"source": "A.B.C", "destination": "A.B.D", "edge_type": "DOWN"}, "accepts IS_DOWNSTREAM, MODIFIES, IS_R"),
        ({"source": {"table": "A.B.C", "name": "x"}, "destination": "A.B.D"}, r"edges\[1\].source has 'name'"),
        (["A.B.C"], "write an object"),
    ],
)  # fmt: skip
def test_an_edge_that_cannot_be_understood_is_named(written: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        wanted_edge(written, DEFAULTS, "edges[1]")


@pytest.mark.parametrize(
    ("written", "node"),
    [
        ("MCON++a++r++table++d:s.t", UnwantedNode(mcon="MCON++a++r++table++d:s.t")),
        ("DB.S.ORDERS", UnwantedNode(ORDERS)),
        (THE_MODEL, UnwantedNode(MODEL)),
        (THE_MODEL | {"name": "Orders", "properties": {"a": 1}, "expire_at": "2030-01-01"}, UnwantedNode(MODEL)),
    ],
)
def test_nodes_to_delete_as_they_are_written(written: Any, node: UnwantedNode) -> None:
    assert unwanted_node(written, DEFAULTS, "nodes[0]") == node


@pytest.mark.parametrize("mcon", ["MCON++a++r++table", "MCON++a++++table++x", "mcon++a++r++table++x"])
def test_half_an_mcon_is_refused(mcon: str) -> None:
    with pytest.raises(ConfigurationError, match="not a whole MCON"):
        unwanted_node(mcon, DEFAULTS, "nodes[0]")


def test_the_same_item_twice_is_one() -> None:
    assert read_items(["DB.S.ORDERS", "DB:S.ORDERS"], wanted_node, DEFAULTS, "nodes") == [WantedNode(ORDERS)]


def test_two_wishes_for_one_node_are_refused() -> None:
    twice = ["DB.S.ORDERS", "A.B.C", {"table": "DB.S.ORDERS", "name": "Orders"}]
    with pytest.raises(ConfigurationError, match=r"nodes\[2\] and nodes\[0\] are both table 'DB:S.ORDERS' in 'dwh'"):
        read_items(twice, wanted_node, DEFAULTS, "nodes")


# Conversations -------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", [documents.RESOURCES, documents.PUT_RESOURCE])
def test_the_documents_about_resources_are_valid(document: str) -> None:
    assert not validate(load_schema(), parse(document))


def test_what_is_not_given_is_not_sent_and_expiry_always_is() -> None:
    nodes = [Node(KEY, NEVER), Node(KEY, "2030-01-01", "Orders", (("a", "b"),))]
    found, question = held(put_nodes(nodes), {"t0": {"node": {"mcon": "m", "expireAt": "9999-12-31"}}, "t1": None})
    assert found == [PutNode("m", "9999-12-31"), None]
    assert question.variables == {
        "type0": "model", "id0": "shop.orders", "resource0": KEY.resource, "expire0": "9999-12-31",
        "type1": "model", "id1": "shop.orders", "resource1": KEY.resource, "expire1": "2030-01-01",
        "name1": "Orders", "properties1": [{"propertyName": "a", "propertyValue": "b"}],
    }  # fmt: skip
    _, question = held(put_edges([Edge(KEY, KEY._replace(object_id="x"), NEVER)]), {})
    assert set(question.variables) == {"source0", "destination0", "expire0"}


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"t0": {"nodesDeleted": 1, "edgesDeleted": 3}}, DeletedNode(absent=False, edges=3)),
        ({"t0": {"nodesDeleted": 0, "edgesDeleted": 0}}, DeletedNode(absent=True, edges=0)),
        ({"t0": {"nodesDeleted": None, "edgesDeleted": None}}, DeletedNode(absent=True, edges=0)),
        ({"t0": None}, None),
    ],
)
def test_what_a_deletion_took_out(answer: Any, found: Any) -> None:
    assert held(delete_nodes(["m"]), answer)[0] == [found]


@pytest.mark.parametrize("fact", [None, {}, {"edge": None}, {"edge": {"source": {"mcon": "a"}, "destination": None}}])
def test_an_edge_without_both_ends_was_not_made(fact: Any) -> None:
    assert PUT_EDGES.read(fact) is None
    assert PUT_NODES.read(fact) is None
    assert held(find_nodes(["m"]), {"t0": fact})[0] == [None]


OK = {"node": {"mcon": "m", "expireAt": None}}
DONE = PutNode("m", None)


@pytest.mark.parametrize(
    ("errors", "data", "outcomes"),
    [
        ([{"message": "bad", "path": ["t1"]}], {"t0": OK, "t1": None, "t2": OK}, [DONE, Refused("bad"), DONE]),
        ([{"message": "bad", "path": ["t1", "node"]}], {"t0": OK, "t1": {"node": None}, "t2": OK},
         [DONE, Refused("bad"), DONE]),
        ([{"message": "half", "path": ["t0", "node", "expireAt"]}], {"t0": OK, "t1": OK, "t2": OK},
         [Refused("half"), DONE, DONE]),
        ([{"message": "bad"}], {"t0": OK, "t1": None, "t2": None}, [DONE, None, None]),
        ([{"message": "bad"}], None, [None, None, None]),
        ([], None, [None, None, None]),
    ],
)  # fmt: skip
def test_what_an_answer_with_errors_says_of_each(errors: Any, data: Any, outcomes: Any) -> None:
    assert outcomes_of(GraphQLError("refused", errors=errors, data=data), 3, PUT_NODES.read) == outcomes


def test_an_error_about_a_single_one_is_its_refusal() -> None:
    assert outcomes_of(GraphQLError("no such type"), 1, PUT_NODES.read) == [Refused("no such type")]


# Resources -----------------------------------------------------------------------------------------

SHOP = Resources("acc", {"u1": "Snowflake", "u2": "dbt", "u3": "twice", "u4": "twice"}, frozenset({"u1"}))


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("snowflake", r"no resource 'snowflake'. Did you mean 'Snowflake'\? It has: 'Snowflake' \(u1\), 'dbt' \(u2\)"),
        ("Tableau", "no resource 'Tableau'. It has:"),
        ("twice", "2 resources are called 'twice'; give the UUID of one: u3, u4"),
    ],
)
def test_a_resource_must_be_there_once(named: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        SHOP.uuid_of(named)


def test_resources_go_by_name_or_uuid() -> None:
    assert SHOP.uuid_of("dbt") == "u2"
    assert SHOP.uuid_of("0B6F0000-0000-4000-8000-000000000001") == "0b6f0000-0000-4000-8000-000000000001"
    assert SHOP.find("Tableau") is None


def test_an_answer_without_an_account_is_an_error() -> None:
    conversation = resources()
    next(conversation)
    with pytest.raises(GraphQLError, match="which account"):
        conversation.send({"getUser": None, "getResources": []})


@pytest.mark.integration
@pytest.mark.usefixtures("monte_carlo_connections")
class TestWithTheSandbox:
    def test_nodes_and_edges_across_resources(self, sandbox: Sandbox, converse: Any) -> None:
        dbt = converse(put_resource("dbt"))
        known = converse(resources())
        assert (known.account, known.uuid_of("dbt")) == (sandbox.config.account_uuid, dbt)
        assert known.warehouses == {sandbox.warehouse_uuid, sandbox.lake_uuid}
        assert converse(put_resource("dbt")) == dbt
        model, table = NodeKey(dbt, "model", "m"), NodeKey(sandbox.warehouse_uuid, "table", "db:s.t")
        made = converse(put_nodes([Node(model, NEVER, "M", (("a", "b"),)), Node(table, NEVER)]))
        assert [one.mcon for one in made] == [key.mcon(known.account) for key in (model, table)]
        (edge,) = converse(put_edges([Edge(table, model, NEVER, "IS_READ_BY")]))
        assert (edge.source, edge.destination) == (made[1].mcon, made[0].mcon)
        (row,) = sandbox.edges(custom=True)
        assert (row["edge_type"], row["expire_at"][:10]) == ("IS_READ_BY", "9999-12-31")
        mcon = made[0].mcon
        assert converse(find_nodes([mcon, f"{mcon}x"])) == [KnownNode(mcon, "M", "model", True), None]
        assert converse(delete_nodes([mcon])) == [DeletedNode(absent=False, edges=1)]

    def test_one_that_is_refused_does_not_keep_the_others(self, sandbox: Sandbox, converse: Any) -> None:
        good, bad = (NodeKey(sandbox.warehouse_uuid, "table", text) for text in ("db:s.t", "no table id"))
        with pytest.raises(GraphQLError) as caught:
            converse(put_nodes([Node(bad, NEVER), Node(good, NEVER)]))
        refused, done = outcomes_of(caught.value, 2, PUT_NODES.read)
        assert "database:schema.name" in refused.message
        assert done.mcon == sandbox.mcon("db", "s", "t")
        assert len(sandbox.nodes()) == 1

    def test_times_are_taken_as_they_are_sent(self, sandbox: Sandbox, converse: Any) -> None:
        read = wanted_node({"object_type": "job", "object_id": "j", "expire_at": datetime(2999, 1, 1, tzinfo=UTC)},
                           Defaults(sandbox.warehouse_uuid), "nodes[0]")  # fmt: skip
        key = NodeKey(sandbox.warehouse_uuid, "job", "j")
        assert converse(put_nodes([Node(key, read.expire_at)]))[0].expire_at == "2999-01-01T00:00:00+00:00"
