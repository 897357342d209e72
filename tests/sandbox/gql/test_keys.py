"""Integration keys over GraphQL: created, used at once, listed, deleted; and API keys that end while they are used."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from airflow_provider_montecarlo_push.exceptions import GraphQLError
from airflow_provider_montecarlo_push.sandbox import KeyConfig, Sandbox
from airflow_provider_montecarlo_push.sandbox.config import INGESTION_SCOPE, OTHER_SCOPES
from airflow_provider_montecarlo_push.sandbox.gql.schema import load_schema

pytestmark = pytest.mark.integration

CREATE = """
mutation($description:String!,$scope:IntegrationKeyScope!,$warehouses:[UUID]){
  createIntegrationKey(description:$description,scope:$scope,warehouseIds:$warehouses){ key{id secret} } }
"""
LIST = """
query($scope:String,$resource:UUID){ getIntegrationKeys(scope:$scope,resourceUuid:$resource){
  id description scope createdTime createdBy{email} warehouses{uuid name} } }
"""
DELETE = "mutation($id:String!){ deleteIntegrationKey(keyId:$id){ deleted } }"


def create(sandbox: Sandbox, **variables: Any) -> KeyConfig:
    given = {"description": "push", "scope": "Ingestion", **variables}
    key = sandbox.graphql(CREATE, given)["createIntegrationKey"]["key"]
    return KeyConfig(key["id"], key["secret"])


def listed(sandbox: Sandbox, **variables: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.graphql(LIST, variables)["getIntegrationKeys"]
    return found


@pytest.fixture
def send(sandbox: Sandbox, post: Any, events: Any) -> Any:
    def request(key: KeyConfig, resource_uuid: str | None = None) -> httpx.Response:
        resource = {"uuid": resource_uuid or sandbox.warehouse_uuid, "resource_type": "snowflake"}
        document = {"event_type": "METADATA", "resource": resource, "events": [events.table()]}
        response: httpx.Response = post("metadata", document, key=key)
        return response

    return request


def test_the_scopes_are_the_schemas() -> None:
    values = load_schema().type_map["IntegrationKeyScope"].to_kwargs()["values"]
    assert {INGESTION_SCOPE, *OTHER_SCOPES} == set(values)


def test_a_new_key_pushes_at_once(sandbox: Sandbox, send: Any) -> None:
    key = create(sandbox)
    assert [send(key, uuid).status_code for uuid in (sandbox.warehouse_uuid, sandbox.lake_uuid)] == [202, 202]
    refused = httpx.post(sandbox.graphql_url, headers={"x-mcd-id": key.id, "x-mcd-token": key.secret}, json={})
    assert refused.status_code == 403


def test_it_is_limited_to_its_warehouses(sandbox: Sandbox, send: Any) -> None:
    key = create(sandbox, warehouses=[sandbox.lake_uuid])
    assert send(key, sandbox.lake_uuid).status_code == 202
    refused = send(key, sandbox.warehouse_uuid)
    assert (refused.status_code, "not authorized" in refused.text) == (403, True)


def test_a_key_of_another_scope_pushes_nothing(sandbox: Sandbox, send: Any) -> None:
    key = create(sandbox, scope="Spark")
    refused = send(key)
    assert (refused.status_code, "this is a key with scope Spark" in refused.text) == (401, True)
    assert [item["scope"] for item in listed(sandbox, scope="Spark")] == ["Spark"]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"description": " "}, "description must not be empty"),
        ({"warehouses": []}, "leave it out to allow all"),
        ({"warehouses": [None]}, "leave it out to allow all"),
        ({"warehouses": ["00000000-0000-4000-8000-000000000000"]}, "no warehouse 00000000-"),
        ({"scope": "ingestion"}, "IntegrationKeyScope"),
    ],
)
def test_what_is_refused(sandbox: Sandbox, variables: dict[str, Any], message: str) -> None:
    before = sandbox.keys()
    with pytest.raises(GraphQLError, match=message):
        create(sandbox, **variables)
    assert sandbox.keys() == before


def test_keys_are_listed_without_secrets(sandbox: Sandbox) -> None:
    everywhere = create(sandbox, description="all")
    limited = create(sandbox, description="lake", warehouses=[sandbox.lake_uuid])
    found = listed(sandbox, scope="Ingestion")
    assert [item["id"] for item in found] == [sandbox.ingest_key.id, everywhere.id, limited.id]
    assert found[2] == {
        "id": limited.id,
        "description": "lake",
        "scope": "Ingestion",
        "createdTime": found[2]["createdTime"],
        "createdBy": {"email": "sandbox@example.com"},
        "warehouses": [{"uuid": sandbox.lake_uuid, "name": "Data lake (sandbox)"}],
    }
    assert [item["id"] for item in listed(sandbox, resource=sandbox.lake_uuid)] == [limited.id]
    assert limited.secret not in str(sandbox.keys()) + str(found)


def test_a_deleted_key_is_refused(sandbox: Sandbox, send: Any) -> None:
    key = create(sandbox)
    assert sandbox.graphql(DELETE, {"id": key.id}) == {"deleteIntegrationKey": {"deleted": True}}
    assert send(key).status_code == 401
    assert key.id not in [item["id"] for item in listed(sandbox)]
    for unknown in (key.id, "nothing", sandbox.api_key.id):
        assert sandbox.graphql(DELETE, {"id": unknown}) == {"deleteIntegrationKey": {"deleted": False}}


def test_a_key_expires_as_the_clock_moves(sandbox: Sandbox, send: Any) -> None:
    api, ingest = sandbox.add_key("api", expires_after=60), sandbox.add_key(expires_after=60)

    def statuses() -> list[int]:
        headers = {"x-mcd-id": api.id, "x-mcd-token": api.secret}
        answer = httpx.post(sandbox.graphql_url, headers=headers, json={"query": "{getUser{email}}"})
        return [answer.status_code, send(ingest).status_code]

    assert statuses() == [200, 202]
    sandbox.advance(61)
    assert statuses() == [401, 401]
    states = {key["id"]: key["in_force"] for key in sandbox.state()["keys"]}
    assert (states[api.id], states[ingest.id], states[sandbox.api_key.id]) == (False, False, True)
    assert ingest.id not in [item["id"] for item in listed(sandbox)]
