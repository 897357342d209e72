"""Resources that are no warehouses, for nodes of the lineage graph."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_montecarlo_push.exceptions import GraphQLError
from airflow_provider_montecarlo_push.sandbox import Sandbox

pytestmark = pytest.mark.integration

PUT = """
mutation($name:String,$type:String,$uuid:UUID){ createOrUpdateResource(name:$name,type:$type,uuid:$uuid){
  resource{uuid name type isUserProvided isDefault} } }
"""
LIST = "{ getResources{ uuid name type isUserProvided } }"
GET = "query($uuid:UUID,$name:String){ getResource(uuid:$uuid,name:$name){ uuid name } }"


def put(sandbox: Sandbox, **variables: Any) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.graphql(PUT, variables)["createOrUpdateResource"]["resource"]
    return found


def test_a_resource_is_created_once_and_used_by_name(sandbox: Sandbox) -> None:
    first = put(sandbox, name="dbt", type="dbt")
    assert (first["isUserProvided"], first["isDefault"]) == (True, False)
    assert put(sandbox, name="dbt") == first
    renamed = put(sandbox, uuid=first["uuid"], name="dbt production")
    assert renamed == {**first, "name": "dbt production"}
    assert sandbox.graphql(GET, {"name": "dbt production"})["getResource"]["uuid"] == first["uuid"]
    node = """mutation{createOrUpdateLineageNode(objectType:"model",objectId:"m",resourceName:"dbt production"){
      node{mcon}}}"""
    assert first["uuid"] in sandbox.graphql(node)["createOrUpdateLineageNode"]["node"]["mcon"]
    assert [item["resource"] for item in sandbox.nodes()] == ["dbt production"]
    sandbox.reset()
    assert len(sandbox.resources()) == 2


def test_warehouses_are_resources(sandbox: Sandbox) -> None:
    found = sandbox.graphql(LIST)["getResources"]
    assert {(item["uuid"], item["type"], item["isUserProvided"]) for item in found} == {
        (sandbox.warehouse_uuid, "snowflake", False),
        (sandbox.lake_uuid, "data-lake", False),
    }
    assert sandbox.graphql(GET, {"uuid": sandbox.lake_uuid})["getResource"]["name"] == "Data lake (sandbox)"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "needs a name"),
        ({"name": "Data lake (sandbox)"}, "is a warehouse"),
        ({"uuid": "da7a1a4e-0000-4000-8000-000000000002", "name": "lake"}, "is a warehouse"),
        ({"uuid": "00000000-0000-4000-8000-000000000000", "name": "lake"}, "no resource 00000000-"),
    ],
)
def test_what_is_refused(sandbox: Sandbox, variables: dict[str, Any], message: str) -> None:
    with pytest.raises(GraphQLError, match=message):
        put(sandbox, **variables)
    assert len(sandbox.resources()) == 2


def test_two_resources_of_one_name(sandbox: Sandbox) -> None:
    put(sandbox, name="one")
    other = put(sandbox, name="two")
    with pytest.raises(GraphQLError, match="Another resource is called 'one'"):
        put(sandbox, uuid=other["uuid"], name="one")
    with pytest.raises(GraphQLError, match="no resource called 'three'"):
        sandbox.graphql(GET, {"name": "three"})
