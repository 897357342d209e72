"""Integration keys: created, listed, deleted."""

from __future__ import annotations

import uuid
from typing import Any

from graphql import GraphQLError

from airflow_provider_montecarlo_push.sandbox.config import API, KeyConfig, kind_of_scope, scope_of_kind
from airflow_provider_montecarlo_push.sandbox.engine import Engine
from airflow_provider_montecarlo_push.sandbox.gql.arguments import existing_warehouse
from airflow_provider_montecarlo_push.sandbox.gql.registry import resolves
from airflow_provider_montecarlo_push.sandbox.gql.resolvers.account import get_user, warehouses_by_uuid


@resolves("Mutation", "createIntegrationKey")
def create_key(
    engine: Engine,
    _source: Any,
    description: str,
    scope: str,
    warehouseIds: list[str | None] | None = None,  # noqa: N803 - the schema's name
) -> dict[str, Any]:
    """Create a key, which holds at once. Only this answer has its secret."""
    if not description.strip():
        raise GraphQLError("description must not be empty.")
    limited = None
    if warehouseIds is not None:
        if not warehouseIds or None in warehouseIds:
            raise GraphQLError("warehouseIds must hold UUIDs of warehouses; leave it out to allow all of them.")
        limited = tuple(dict.fromkeys(existing_warehouse(engine, item) for item in warehouseIds if item))
    key = KeyConfig(uuid.uuid4().hex, uuid.uuid4().hex + uuid.uuid4().hex, kind_of_scope(scope), description, limited)
    engine.access.add_key(key)
    return {"key": {"id": key.id, "secret": key.secret}}


@resolves("Query", "getIntegrationKeys")
def get_keys(
    engine: Engine,
    _source: Any,
    scope: str | None = None,
    resourceUuid: str | None = None,  # noqa: N803 - the schema's name
) -> list[dict[str, Any]]:
    """Return the keys in force without their secrets; a key for all warehouses lists none."""
    return [
        {
            "id": key["id"],
            "description": key["description"],
            "scope": scope_of_kind(key["kind"]),
            "warehouses": warehouses_by_uuid(engine, key["warehouses"] or ()),
            "createdTime": key["created_at"],
            "createdBy": get_user(engine, None),
        }
        for key in _in_force(engine)
        if scope in (None, scope_of_kind(key["kind"])) and resourceUuid in (None, *(key["warehouses"] or ()))
    ]


@resolves("Mutation", "deleteIntegrationKey")
def delete_key(engine: Engine, _source: Any, keyId: str) -> dict[str, Any]:  # noqa: N803 - the schema's name
    """Delete an integration key; say whether there was one."""
    known = any(key["id"] == keyId for key in _in_force(engine))
    return {"deleted": known and engine.access.revoke_key(keyId)}


def _in_force(engine: Engine) -> list[dict[str, Any]]:
    every = engine.access.keys()
    return [key for key in every if key["kind"] != API and key["in_force"]]
