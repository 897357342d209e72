"""Nodes and edges of the lineage graph: created, updated, looked up and deleted, several in one request.

Source: ``createOrUpdateLineageNode``, ``createOrUpdateLineageEdge`` and ``deleteLineageNode`` of the GraphQL schema.
Each mutation is carried out by itself, so of several in one request some may be refused; :func:`outcomes_of` reads
those of an answer that came with errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from airflow_provider_montecarlo_push.exceptions import GraphQLError
from airflow_provider_montecarlo_push.graphql import documents
from airflow_provider_montecarlo_push.graphql.asking import (
    Answer,
    Conversation,
    Question,
    ask_each,
    failed_fields,
    numbered,
)
from airflow_provider_montecarlo_push.graphql.lineage_items import Properties

MOST_AT_ONCE = 10


class NodeKey(NamedTuple):
    """What tells a node from all others: the UUID of its resource, its type and its id there."""

    resource: str
    object_type: str
    object_id: str

    def mcon(self, account: str) -> str:
        """Return the MCON in an account."""
        return f"MCON++{account}++{self.resource}++{self.object_type}++{self.object_id}"


class Node(NamedTuple):
    """A node to create or update; a name or properties that are ``None`` stay as they are."""

    key: NodeKey
    expire_at: str
    name: str | None = None
    properties: Properties | None = None


class Edge(NamedTuple):
    """An edge to create or update, between two nodes."""

    source: NodeKey
    destination: NodeKey
    expire_at: str
    edge_type: str | None = None


class PutNode(NamedTuple):
    """A node as Monte Carlo has it now."""

    mcon: str
    expire_at: str | None


class PutEdge(NamedTuple):
    """An edge as Monte Carlo has it now, by the MCONs of its ends."""

    source: str
    destination: str
    expire_at: str | None


class DeletedNode(NamedTuple):
    """What a deletion took out: whether there was no such node, and how many edges went with it."""

    absent: bool
    edges: int


class KnownNode(NamedTuple):
    """A node of the graph; ``custom`` when a user made it, not a push or Monte Carlo's own collection."""

    mcon: str
    name: str
    object_type: str
    custom: bool


class Refused(NamedTuple):
    """What Monte Carlo says about one that it refused."""

    message: str


Result = TypeVar("Result")


class Verb(NamedTuple):
    """Something that is done to nodes or edges.

    :param done: what it is called when it is done.
    :param things: ``nodes`` or ``edges``.
    :param ask: the conversation about up to :data:`MOST_AT_ONCE` of them, which returns ``None`` for each about which
        the answer says nothing.
    :param read: reads one field of an answer.
    """

    done: str
    things: str
    ask: Callable[[Sequence[Any]], Conversation[list[Any]]]
    read: Callable[[Any], Any]


def put_nodes(nodes: Sequence[Node]) -> Conversation[list[PutNode | None]]:
    """Create or update nodes."""
    variables: dict[str, Any] = {}
    for number, node in enumerate(nodes):
        variables[f"type{number}"] = node.key.object_type
        variables[f"id{number}"] = node.key.object_id
        variables[f"resource{number}"] = node.key.resource
        variables[f"expire{number}"] = node.expire_at
        # A null could be taken for the wish to empty it, so what is not to change is left out.
        if node.name is not None:
            variables[f"name{number}"] = node.name
        if node.properties is not None:
            variables[f"properties{number}"] = [
                {"propertyName": name, "propertyValue": value} for name, value in node.properties
            ]
    answer = yield Question(documents.put_nodes(len(nodes)), variables)
    return _each(answer, len(nodes), _put_node)


def put_edges(edges: Sequence[Edge]) -> Conversation[list[PutEdge | None]]:
    """Create or update edges."""
    variables: dict[str, Any] = {}
    for number, edge in enumerate(edges):
        variables[f"source{number}"] = _node_input(edge.source)
        variables[f"destination{number}"] = _node_input(edge.destination)
        variables[f"expire{number}"] = edge.expire_at
        if edge.edge_type is not None:
            variables[f"type{number}"] = edge.edge_type
    answer = yield Question(documents.put_edges(len(edges)), variables)
    return _each(answer, len(edges), _put_edge)


def delete_nodes(mcons: Sequence[str]) -> Conversation[list[DeletedNode | None]]:
    """Delete nodes with the edges that touch them."""
    answer = yield Question(documents.delete_nodes(len(mcons)), numbered(mcon=mcons))
    return _each(answer, len(mcons), _deleted_node)


def find_nodes(mcons: Sequence[str]) -> Conversation[list[KnownNode | None]]:
    """Return the nodes of the graph with these MCONs, ``None`` for each that it does not have."""
    graphs = yield from ask_each(Question(documents.nodes_by_mcon(len(mcons)), numbered(t=mcons)), len(mcons))
    return [_known_node(graph) for graph in graphs]


def outcomes_of(error: GraphQLError, count: int, read: Callable[[Any], Result | None]) -> list[Result | Refused | None]:
    """Return what an answer with errors says about each of ``count``: the result, the refusal, or nothing.

    :param read: reads one field of an answer.
    """
    said = failed_fields(error.errors)
    outcomes: list[Result | Refused | None] = []
    for number in range(count):
        name = f"t{number}"
        result = read((error.data or {}).get(name))
        if name in said:
            outcomes.append(Refused(said[name]))
        else:
            outcomes.append(result)
    if count == 1 and outcomes == [None]:
        return [Refused(str(error))]
    return outcomes


def _each(answer: Answer, count: int, read: Callable[[Any], Result | None]) -> list[Result | None]:
    return [read(answer.get(f"t{number}")) for number in range(count)]


def _put_node(fact: Any) -> PutNode | None:
    node = (fact or {}).get("node") or {}
    return PutNode(node["mcon"], node.get("expireAt")) if node.get("mcon") else None


def _put_edge(fact: Any) -> PutEdge | None:
    edge = (fact or {}).get("edge") or {}
    source, destination = ((edge.get(side) or {}).get("mcon") for side in ("source", "destination"))
    return PutEdge(source, destination, edge.get("expireAt")) if source and destination else None


def _deleted_node(fact: Any) -> DeletedNode | None:
    return DeletedNode(not fact.get("nodesDeleted"), fact.get("edgesDeleted") or 0) if fact else None


def _known_node(fact: Any) -> KnownNode | None:
    node = (fact or {}).get("baseNode") or {}
    if not node.get("mcon"):
        return None
    return KnownNode(
        node["mcon"], node.get("displayName") or node["mcon"], node.get("objectType") or "", bool(node.get("isCustom"))
    )


def _node_input(key: NodeKey) -> dict[str, str]:
    return {"objectType": key.object_type, "objectId": key.object_id, "resourceId": key.resource}


PUT_NODES = Verb("Created or updated", "nodes", put_nodes, _put_node)
PUT_EDGES = Verb("Created or updated", "edges", put_edges, _put_edge)
DELETE_NODES = Verb("Deleted", "nodes", delete_nodes, _deleted_node)
