"""Nodes and edges that users draw into the lineage graph themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from graphql import GraphQLError

from airflow_provider_montecarlo_push.sandbox.engine import Engine
from airflow_provider_montecarlo_push.sandbox.gql.arguments import own_mcon, resource_of
from airflow_provider_montecarlo_push.sandbox.gql.registry import resolves
from airflow_provider_montecarlo_push.sandbox.gql.resolvers.lineage import describe_node
from airflow_provider_montecarlo_push.sandbox.names import TABLE_TYPES, AssetName
from airflow_provider_montecarlo_push.sandbox.store.custom_lineage import NodeKey

_DEFAULT_EDGE_TYPE = "IS_DOWNSTREAM"


@resolves("Mutation", "createOrUpdateLineageNode")
def create_or_update_node(
    engine: Engine,
    _source: Any,
    objectType: str,  # noqa: N803 - the schema's name
    objectId: str,  # noqa: N803 - the schema's name
    resourceId: str | None = None,  # noqa: N803 - the schema's name
    resourceName: str | None = None,  # noqa: N803 - the schema's name
    name: str | None = None,
    properties: Sequence[dict[str, str] | None] | None = None,
    expireAt: datetime | None = None,  # noqa: N803 - the schema's name
) -> dict[str, Any]:
    """Create or update a node. Without ``expireAt`` it goes after seven days."""
    key = _key(
        engine,
        {"objectType": objectType, "objectId": objectId, "resourceId": resourceId, "resourceName": resourceName},
    )
    node = engine.custom_lineage.put_node(key, name, _properties(properties), expireAt)
    return {"node": describe_node(node)}


@resolves("Mutation", "createOrUpdateLineageEdge")
def create_or_update_edge(
    engine: Engine,
    _source: Any,
    source: Mapping[str, Any],
    destination: Mapping[str, Any],
    edgeType: str | None = None,  # noqa: N803 - the schema's name
    expireAt: datetime | None = None,  # noqa: N803 - the schema's name
) -> dict[str, Any]:
    """Create or update an edge between nodes that exist. Without ``expireAt`` it goes after seven days."""
    with engine.database.transaction() as connection:
        mcons = []
        for side, given in (("source", source), ("destination", destination)):
            key = _key(engine, given)
            mcon = engine.custom_lineage.find(connection, key)
            if mcon is None:
                raise GraphQLError(
                    f"The {side} does not exist: {key}. Create it with createOrUpdateLineageNode, or push it."
                )
            mcons.append(mcon)
        edge = engine.custom_lineage.put_edge(mcons[0], mcons[1], edgeType or _DEFAULT_EDGE_TYPE, expireAt)
        ends = [describe_node(node) for node in engine.lineage.nodes(mcons)]
    return {
        "edge": {
            "source": ends[0],
            "destination": ends[1],
            "jobTs": edge["last_seen"],
            "expireAt": edge["expire_at"],
            "isCustom": bool(edge["is_custom"]),
        }
    }


@resolves("Mutation", "deleteLineageNode")
def delete_node(engine: Engine, _source: Any, mcon: str) -> dict[str, Any]:
    """Delete a node and the edges that touch it."""
    own_mcon(engine, mcon)
    nodes, edges = engine.deletions.delete_node(mcon)
    if not nodes:
        raise GraphQLError(f"There is no lineage node {mcon}.")
    return {"objectsDeleted": nodes + edges, "nodesDeleted": nodes, "edgesDeleted": edges}


def _key(engine: Engine, given: Mapping[str, Any]) -> NodeKey:
    kind, identifier = given["objectType"].strip().lower(), given["objectId"].strip()
    for name, value in (("objectType", kind), ("objectId", identifier)):
        if not value:
            raise GraphQLError(f"{name} must not be empty.")
    resource = resource_of(engine, given.get("resourceId"), given.get("resourceName"))
    if kind in TABLE_TYPES and AssetName.parse(resource["uuid"], identifier) is None:
        raise GraphQLError(f"The objectId of a {kind} is database:schema.name, not {identifier!r}.")
    if "++" in kind:
        raise GraphQLError(f"objectType {kind!r} must not contain '++'.")
    return NodeKey(resource, kind, identifier)


def _properties(given: Sequence[dict[str, str] | None] | None) -> list[dict[str, str]] | None:
    if given is None:
        return None
    if any(item is None for item in given):
        raise GraphQLError("properties must not hold null.")
    return [{"name": item["propertyName"], "value": item["propertyValue"]} for item in given if item]
