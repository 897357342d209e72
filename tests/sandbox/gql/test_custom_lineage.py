"""Nodes and edges that are created over GraphQL, across resources and object types, until they expire."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_montecarlo_push.exceptions import GraphQLError
from airflow_provider_montecarlo_push.sandbox import Sandbox

pytestmark = pytest.mark.integration

PUT_NODE = """
mutation($type:String!,$id:String!,$resource:UUID,$resourceName:String,$name:String,$properties:[ObjectPropertyInput],
  $expireAt:DateTime){
  createOrUpdateLineageNode(objectType:$type,objectId:$id,resourceId:$resource,resourceName:$resourceName,name:$name,
    properties:$properties,expireAt:$expireAt){
    node{mcon displayName objectType isCustom expireAt hasUpstreamNodes hasDownstreamNodes} } }
"""
PUT_EDGE = """
mutation($source:NodeInput!,$destination:NodeInput!,$type:EdgeType,$expireAt:DateTime){
  createOrUpdateLineageEdge(source:$source,destination:$destination,edgeType:$type,expireAt:$expireAt){
    edge{source{mcon} destination{mcon} isCustom expireAt} } }
"""
DELETE_NODE = "mutation($mcon:String!){ deleteLineageNode(mcon:$mcon){ objectsDeleted nodesDeleted edgesDeleted } }"
LINEAGE = """
query($m:String!,$d:String!,$h:Int){ getTableLineage(mcon:$m,direction:$d,hops:$h){
  connectedNodes{mcon displayName objectType isCustom expireAt} flattenedEdges{mcon directlyConnectedMcons}} }
"""
FOREVER = "9999-12-31"
DAY = 24 * 3600


def put_node(sandbox: Sandbox, kind: str, identifier: str, **variables: Any) -> dict[str, Any]:
    if "resourceName" not in variables:
        variables.setdefault("resource", sandbox.warehouse_uuid)
    answer = sandbox.graphql(PUT_NODE, {"type": kind, "id": identifier, **variables})
    node: dict[str, Any] = answer["createOrUpdateLineageNode"]["node"]
    return node


def ref(sandbox: Sandbox, kind: str, identifier: str, resource: str | None = None) -> dict[str, str]:
    return {"objectType": kind, "objectId": identifier, "resourceId": resource or sandbox.warehouse_uuid}


def put_edge(sandbox: Sandbox, source: dict[str, str], destination: dict[str, str], **variables: Any) -> dict[str, Any]:
    answer = sandbox.graphql(PUT_EDGE, {"source": source, "destination": destination, **variables})
    edge: dict[str, Any] = answer["createOrUpdateLineageEdge"]["edge"]
    return edge


def neighbours(sandbox: Sandbox, mcon: str, direction: str = "downstream", hops: int = 1) -> list[str]:
    graph = sandbox.graphql(LINEAGE, {"m": mcon, "d": direction, "h": hops})["getTableLineage"]
    return [node["displayName"] for node in graph["connectedNodes"]]


class TestNodes:
    @pytest.mark.parametrize("kind", ["model", "report", "dashboard", "job", "custom-bi-report"])
    def test_any_object_type(self, sandbox: Sandbox, kind: str) -> None:
        node = put_node(sandbox, kind, "dbt://shop/models/orders", name="Orders", expireAt=FOREVER)
        assert node == {
            "mcon": f"MCON++{sandbox.config.account_uuid}++{sandbox.warehouse_uuid}++{kind}++dbt://shop/models/orders",
            "displayName": "Orders",
            "objectType": kind,
            "isCustom": True,
            "expireAt": "9999-12-31T00:00:00+00:00",
            "hasUpstreamNodes": False,
            "hasDownstreamNodes": False,
        }
        assert [(item["type"], item["custom"]) for item in sandbox.nodes()] == [(kind, True)]

    def test_a_second_call_changes_the_same_node(self, sandbox: Sandbox) -> None:
        first = put_node(sandbox, "report", "r1", name="Old", properties=[{"propertyName": "a", "propertyValue": "b"}])
        second = put_node(sandbox, "REPORT", "r1", name="New", expireAt=FOREVER)
        assert (first["mcon"], second["displayName"]) == (second["mcon"], "New")
        third = put_node(sandbox, "report", "r1", expireAt="2999-01-01T00:00:00Z")
        assert (third["displayName"], third["expireAt"]) == ("New", "2999-01-01T00:00:00+00:00")
        (node,) = sandbox.nodes(custom=True)
        assert node["properties"] == [{"name": "a", "value": "b"}]

    def test_without_a_name_it_is_called_by_its_id(self, sandbox: Sandbox) -> None:
        assert put_node(sandbox, "job", "nightly")["displayName"] == "nightly"
        assert put_node(sandbox, "table", "a:b.c")["displayName"] == "a.b.c"

    def test_it_goes_after_seven_days_unless_told_otherwise(self, sandbox: Sandbox) -> None:
        put_node(sandbox, "job", "week")
        put_node(sandbox, "job", "ever", expireAt=FOREVER)
        sandbox.advance(7 * DAY - 60)
        assert [node["name"] for node in sandbox.nodes()] == ["ever", "week"]
        sandbox.advance(120)
        assert [node["name"] for node in sandbox.nodes()] == ["ever"]
        sandbox.advance(1000 * DAY)
        assert [node["name"] for node in sandbox.nodes()] == ["ever"]

    def test_an_update_without_expire_at_makes_it_seven_days_again(self, sandbox: Sandbox) -> None:
        put_node(sandbox, "job", "j", expireAt=FOREVER)
        put_node(sandbox, "job", "j")
        sandbox.advance(8 * DAY)
        assert sandbox.nodes() == []

    def test_a_moment_in_the_past_removes_it(self, sandbox: Sandbox) -> None:
        put_node(sandbox, "job", "j", expireAt=FOREVER)
        put_node(sandbox, "job", "j", expireAt="2020-01-01")
        assert sandbox.nodes() == []

    def test_a_pushed_table_stays_what_it_is(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("lineage", events.edge("b", "a"))
        node = put_node(sandbox, "table", "shop:public.a", name="Raw orders")
        assert node["mcon"] == sandbox.mcon("shop", "public", "a")
        assert (node["isCustom"], node["displayName"]) == (False, "Raw orders")
        sandbox.advance(8 * DAY)
        assert len(sandbox.nodes()) == 2

    def test_a_push_makes_a_custom_table_permanent(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        put_node(sandbox, "table", "shop:public.a")
        push("lineage", events.edge("b", "a"))
        sandbox.advance(8 * DAY)
        assert [node["name"] for node in sandbox.nodes(custom=False)] == ["shop.public.a", "shop.public.b"]

    @pytest.mark.parametrize(
        ("variables", "message"),
        [
            ({"type": " "}, "objectType must not be empty"),
            ({"id": ""}, "objectId must not be empty"),
            ({"resource": None}, "resourceId or resourceName is needed"),
            ({"resource": "00000000-0000-4000-8000-000000000000"}, "no resource 00000000-"),
            ({"resource": None, "resourceName": "dbt"}, "no resource called 'dbt'"),
            ({"resourceName": "Data lake (sandbox)"}, "is called 'Snowflake"),
            ({"type": "table"}, "database:schema.name, not 'x'"),
            ({"type": "view", "id": "a.b.c"}, "database:schema.name, not 'a.b.c'"),
            ({"expireAt": "soon"}, "DateTime cannot represent"),
            ({"properties": [None]}, "must not hold null"),
            ({"type": "a++b"}, "must not contain"),
        ],
    )
    def test_what_is_refused(self, sandbox: Sandbox, variables: dict[str, Any], message: str) -> None:
        with pytest.raises(GraphQLError, match=message):
            sandbox.graphql(PUT_NODE, {"type": "job", "id": "x", "resource": sandbox.warehouse_uuid, **variables})
        assert sandbox.nodes() == []

    def test_a_resource_by_name(self, sandbox: Sandbox) -> None:
        assert sandbox.warehouse_uuid in put_node(sandbox, "job", "j", resourceName="Snowflake (sandbox)")["mcon"]
        other = sandbox.add_warehouse("Snowflake (sandbox)")
        with pytest.raises(GraphQLError, match=f"2 resources are called.*{other}"):
            put_node(sandbox, "job", "j", resourceName="Snowflake (sandbox)")


class TestEdges:
    def test_from_table_to_model_to_report_across_resources(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", events.table("orders"))
        lake = sandbox.lake_uuid
        model = put_node(sandbox, "model", "dbt://orders", name="stg_orders", resource=lake, expireAt=FOREVER)
        report = put_node(sandbox, "report", "r-1", name="Sales", resource=lake, expireAt=FOREVER)
        table = ref(sandbox, "table", "shop:public.orders")
        edge = put_edge(sandbox, table, ref(sandbox, "model", "dbt://orders", lake), expireAt=FOREVER)
        put_edge(
            sandbox, ref(sandbox, "model", "dbt://orders", lake), ref(sandbox, "report", "r-1", lake), type="IS_READ_BY"
        )
        mcon = sandbox.mcon("shop", "public", "orders")
        assert edge == {
            "source": {"mcon": mcon},
            "destination": {"mcon": model["mcon"]},
            "isCustom": True,
            "expireAt": "9999-12-31T00:00:00+00:00",
        }
        assert neighbours(sandbox, mcon, hops=2) == ["stg_orders", "Sales"]
        assert neighbours(sandbox, report["mcon"], "upstream", 2) == ["stg_orders", "shop.public.orders"]
        assert {(item["source"], item["destination"], item["edge_type"]) for item in sandbox.edges(custom=True)} == {
            (mcon, model["mcon"], "IS_DOWNSTREAM"),
            (model["mcon"], report["mcon"], "IS_READ_BY"),
        }
        sandbox.advance(8 * DAY)
        assert neighbours(sandbox, mcon, hops=2) == ["stg_orders"]
        assert [node["name"] for node in sandbox.nodes()] == ["Sales", "shop.public.orders", "stg_orders"]

    def test_a_node_that_expires_takes_its_edges_along(self, sandbox: Sandbox) -> None:
        put_node(sandbox, "job", "a", expireAt=FOREVER)
        put_node(sandbox, "job", "b")
        put_edge(sandbox, ref(sandbox, "job", "a"), ref(sandbox, "job", "b"), expireAt=FOREVER)
        sandbox.advance(8 * DAY)
        assert sandbox.edges() == []
        put_node(sandbox, "job", "b")
        assert sandbox.edges() == []

    def test_an_edge_is_removed_by_letting_it_expire(self, sandbox: Sandbox) -> None:
        for name in "ab":
            put_node(sandbox, "job", name)
        ends = (ref(sandbox, "job", "a"), ref(sandbox, "job", "b"))
        put_edge(sandbox, *ends, expireAt=FOREVER)
        put_edge(sandbox, *ends, expireAt="2020-01-01T00:00:00Z")
        assert sandbox.edges() == []

    def test_a_pushed_edge_stays_permanent(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("lineage", events.edge("b", "a"))
        edge = put_edge(
            sandbox, ref(sandbox, "table", "shop:public.a"), ref(sandbox, "table", "shop:public.b"), type="MODIFIES"
        )
        assert (edge["isCustom"], edge["expireAt"]) == (False, "9999-12-31T00:00:00+00:00")
        sandbox.advance(8 * DAY)
        assert len(sandbox.edges()) == 1

    @pytest.mark.parametrize("missing", ["source", "destination"])
    def test_both_ends_must_exist(self, sandbox: Sandbox, missing: str) -> None:
        put_node(sandbox, "job", "there")
        ends = {name: ref(sandbox, "job", "gone" if name == missing else "there") for name in ("source", "destination")}
        with pytest.raises(GraphQLError, match=f"The {missing} does not exist: job 'gone' in resource 'Snowflake"):
            put_edge(sandbox, **ends)
        assert sandbox.edges() == []

    def test_a_table_that_is_not_visible_yet_does_not_exist(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        sandbox.set_delay(900, "metadata")
        push("metadata", events.table("orders"))
        put_node(sandbox, "job", "j")
        ends = (ref(sandbox, "table", "shop:public.orders"), ref(sandbox, "job", "j"))
        with pytest.raises(GraphQLError, match="source does not exist"):
            put_edge(sandbox, *ends)
        sandbox.advance(901)
        put_edge(sandbox, *ends)
        assert len(sandbox.edges()) == 1

    def test_a_view_is_found_under_either_type(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", events.table("v", type="VIEW"))
        put_node(sandbox, "job", "j")
        for kind in ("table", "view"):
            put_edge(sandbox, ref(sandbox, kind, "shop:public.v"), ref(sandbox, "job", "j"))
        assert len(sandbox.edges()) == 1
        assert [node["type"] for node in sandbox.nodes(custom=False)] == ["view"]

    def test_an_unknown_edge_type_is_refused(self, sandbox: Sandbox) -> None:
        with pytest.raises(GraphQLError, match="EdgeType"):
            put_edge(sandbox, ref(sandbox, "job", "a"), ref(sandbox, "job", "b"), type="FEEDS")


class TestDelete:
    def test_a_node_and_its_edges(self, sandbox: Sandbox) -> None:
        for name in "abc":
            put_node(sandbox, "job", name)
        put_edge(sandbox, ref(sandbox, "job", "a"), ref(sandbox, "job", "b"))
        put_edge(sandbox, ref(sandbox, "job", "b"), ref(sandbox, "job", "c"))
        mcon = next(node["mcon"] for node in sandbox.nodes() if node["name"] == "b")
        answer = sandbox.graphql(DELETE_NODE, {"mcon": mcon})["deleteLineageNode"]
        assert answer == {"objectsDeleted": 3, "nodesDeleted": 1, "edgesDeleted": 2}
        assert [node["name"] for node in sandbox.nodes()] == ["a", "c"]
        assert sandbox.edges() == []
        (deleted,) = sandbox.deletions()
        assert (deleted["kind"], deleted["mcon"], deleted["edges"]) == ("node", mcon, 2)
        with pytest.raises(GraphQLError, match="There is no lineage node"):
            sandbox.graphql(DELETE_NODE, {"mcon": mcon})

    @pytest.mark.parametrize(
        ("mcon", "message"),
        [
            ("orders", "is not an MCON"),
            ("MCON++a++b++table", "is not an MCON"),
            ("MCON++a++b++table++c", "belongs to another account"),
        ],
    )
    def test_what_is_no_mcon_of_ours(self, sandbox: Sandbox, mcon: str, message: str) -> None:
        with pytest.raises(GraphQLError, match=message):
            sandbox.graphql(DELETE_NODE, {"mcon": mcon})

    def test_a_deleted_table_node_comes_back_with_the_next_push(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("lineage", events.edge("b", "a"))
        sandbox.graphql(DELETE_NODE, {"mcon": sandbox.mcon("shop", "public", "a")})
        assert sandbox.edges() == []
        push("lineage", events.edge("b", "a"))
        assert len(sandbox.edges()) == 1
