"""Resources: warehouses, and what else contains assets."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError

from airflow_provider_montecarlo_push.sandbox.engine import Engine
from airflow_provider_montecarlo_push.sandbox.gql.arguments import resource_of
from airflow_provider_montecarlo_push.sandbox.gql.registry import resolves
from airflow_provider_montecarlo_push.sandbox.gql.resolvers.account import describe_account


@resolves("Query", "getResources")
def get_resources(engine: Engine, _source: Any) -> list[dict[str, Any]]:
    """Return every resource, warehouses too."""
    return [_describe(engine, row) for row in engine.resources.all()]


@resolves("Query", "getResource")
def get_resource(
    engine: Engine, _source: Any, uuid: str | None = None, name: str | None = None
) -> dict[str, Any] | None:
    """Return one resource by id or name."""
    return _describe(engine, resource_of(engine, uuid, name))


@resolves("Mutation", "createOrUpdateResource")
def create_or_update_resource(
    engine: Engine,
    _source: Any,
    name: str | None = None,
    type: str | None = None,  # noqa: A002 - the schema's name
    uuid: str | None = None,
    isDefault: bool | None = None,  # noqa: N803 - the schema's name
) -> dict[str, Any]:
    """Create a resource, or change the one with this id, or else this name."""
    known = engine.resources.get(uuid) if uuid else None
    if uuid and known is None:
        raise GraphQLError(f"The account has no resource {uuid}.")
    wanted = (name or "").strip() or (known["name"] if known else "")
    if not wanted:
        raise GraphQLError("A resource needs a name.")
    others = [item for item in engine.resources.named(wanted) if item["uuid"] != uuid]
    if (known and known["is_warehouse"]) or any(item["is_warehouse"] for item in others):
        raise GraphQLError(f"{wanted!r} is a warehouse, which its integration defines.")
    if known and others:
        raise GraphQLError(f"Another resource is called {wanted!r}: {others[0]['uuid']}.")
    found = engine.resources.get(engine.resources.put(uuid, wanted, type, isDefault))
    return {"resource": None if found is None else _describe(engine, found)}


def _describe(engine: Engine, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["uuid"],
        "uuid": row["uuid"],
        "name": row["name"],
        "type": row["type"],
        "isUserProvided": not row["is_warehouse"],
        "isDefault": bool(row["is_default"]),
        "createdTime": row["created_at"],
        "lastUpdateTime": row["updated_at"],
        "account": describe_account(engine),
    }
