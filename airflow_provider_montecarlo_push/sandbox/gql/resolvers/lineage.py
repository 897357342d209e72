"""The lineage graph of tables and of columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from graphql import GraphQLError

from airflow_provider_montecarlo_push.sandbox.engine import Engine
from airflow_provider_montecarlo_push.sandbox.gql.arguments import own_mcon
from airflow_provider_montecarlo_push.sandbox.gql.connections import cursor, window
from airflow_provider_montecarlo_push.sandbox.gql.registry import resolves
from airflow_provider_montecarlo_push.sandbox.store.lineage import DOWNSTREAM, UPSTREAM

_MOST_BASES = 12
_DEFAULT_LIMIT = 500
_DEFAULT_PAGE = 100


@resolves("Query", "getTableLineage")
def get_table_lineage(
    engine: Engine,
    _source: Any,
    direction: str,
    mcon: str | None = None,
    mcons: list[str] | None = None,
    hops: int | None = 1,
    limit: int | None = _DEFAULT_LIMIT,
    filters: list[dict[str, Any]] | None = None,
    startTime: datetime | None = None,  # noqa: ARG001, N803 - the schema's name; nodes carry no history here
    endTime: datetime | None = None,  # noqa: ARG001, N803 - as above
    **unsupported: Any,
) -> dict[str, Any]:
    """Return what is upstream or downstream of one or several assets."""
    bases = list(mcons or ([mcon] if mcon else []))
    _check(bases, direction, hops, unsupported)
    for base in bases:
        own_mcon(engine, base)
    found = engine.lineage.walk(
        bases, direction, 1 if hops is None else hops, _DEFAULT_LIMIT if limit is None else limit
    )
    connected = [node for node in engine.lineage.nodes(found.mcons) if _wanted(node, filters or [])]
    kept = {node["mcon"] for node in connected} | set(bases)
    base_nodes = [describe_node(node) for node in engine.lineage.nodes(bases)]
    return {
        "baseNode": base_nodes[0] if base_nodes else None,
        "baseNodes": base_nodes,
        "connectedNodes": [describe_node(node) for node in connected],
        "flattenedEdges": _flattened([edge for edge in found.edges if kept.issuperset(edge)], direction),
    }


def _check(bases: list[str], direction: str, hops: int | None, unsupported: dict[str, Any]) -> None:
    if direction not in (UPSTREAM, DOWNSTREAM):
        raise GraphQLError(f"direction must be 'upstream' or 'downstream', not {direction!r}.")
    if not bases:
        raise GraphQLError("getTableLineage needs mcon or mcons.")
    if len(bases) > _MOST_BASES:
        raise GraphQLError(f"getTableLineage takes at most {_MOST_BASES} mcons.")
    if hops is not None and hops < 1:
        raise GraphQLError("hops must be 1 or more.")
    given = sorted(name for name, value in unsupported.items() if value is not None)
    if given:
        raise GraphQLError(f"The sandbox does not implement the argument {given[0]} of getTableLineage.")


def _wanted(node: dict[str, Any], filters: Sequence[dict[str, Any]]) -> bool:
    """Apply OBJECT_TYPE filters, the only kind that the schema has."""
    return all((node["object_type"] in item["values"]) == (item["operator"] == "INCLUDE") for item in filters)


def _flattened(edges: list[tuple[str, str]], direction: str) -> list[dict[str, Any]]:
    """Group edges by the node that is nearer to the base; its neighbours are one hop further in the direction."""
    near = 1 if direction == UPSTREAM else 0
    ordered = sorted({(edge[near], edge[1 - near]) for edge in edges})
    return [
        {
            "mcon": node,
            "directlyConnectedMcons": [pair[1] for pair in pairs],
            "directlyConnectedNodes": [{"mcon": pair[1], "jobs": []} for pair in pairs],
        }
        for node, group in groupby(ordered, key=lambda pair: pair[0])
        for pairs in [list(group)]
    ]


def describe_node(node: dict[str, Any]) -> dict[str, Any]:
    """Return a stored node as the schema's ``LineageGraphNode``."""
    return {
        "mcon": node["mcon"],
        "displayName": node["display_name"],
        "objectType": node["object_type"],
        "isCustom": bool(node["is_custom"]),
        "hasUpstreamNodes": bool(node["has_upstream"]),
        "hasDownstreamNodes": bool(node["has_downstream"]),
        "jobTs": node["job_at"],
        "expireAt": node["expire_at"],
        "isMonitored": True,
        "isExcluded": False,
    }


@resolves("Query", "getDerivedTablesPartialLineage")
def get_derived_tables(
    engine: Engine,
    _source: Any,
    mcon: str | None = None,
    column: str | None = None,
    cursor: str | None = None,  # the schema's name hides the function, which _page uses
    pageSize: int | None = _DEFAULT_PAGE,  # noqa: N803 - the schema's name
) -> dict[str, Any]:
    """Return the tables, a page at a time, with the columns of each that are computed from a column."""
    if not mcon or not column:
        raise GraphQLError("getDerivedTablesPartialLineage needs mcon and column.")
    own_mcon(engine, mcon)
    pairs = engine.lineage.columns(source=mcon, source_column=column)
    tables = [(destination, list(group)) for destination, group in groupby(pairs, key=lambda pair: pair["destination"])]
    destinations = []
    for destination, group in tables:
        node = engine.lineage.node(destination)
        destinations.append(
            {
                "mcon": destination,
                "displayName": node["display_name"] if node else None,
                "columns": [
                    {"columnName": pair["destination_column"], "columnType": _type(engine, destination, pair)}
                    for pair in group
                ],
                "sourceColumnUsedAsNonSelected": False,
            }
        )
    return {"mcon": mcon, "sourceColumn": column, **_page(destinations, cursor, pageSize)}


def _type(engine: Engine, mcon: str, pair: dict[str, Any]) -> str | None:
    versions = engine.catalog.versions(mcon)
    columns = versions[0]["fields"] if versions else []
    return next((item["type"] for item in columns if item["name"] == pair["destination_column"]), None)


def _page(items: list[dict[str, Any]], after: str | None, size: int | None) -> dict[str, Any]:
    selected = window(len(items), {"first": _DEFAULT_PAGE if size is None else size, "after": after})
    last = selected.stop >= len(items)
    return {
        "destinations": items[selected.start : selected.stop],
        "isLastPage": last,
        "cursor": None if last else cursor(selected.stop - 1),
    }
