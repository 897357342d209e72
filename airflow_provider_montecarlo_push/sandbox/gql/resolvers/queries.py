"""Query logs, grouped as Monte Carlo shows them on a table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from graphql import GraphQLError

from airflow_provider_montecarlo_push.sandbox.clock import to_text
from airflow_provider_montecarlo_push.sandbox.engine import Engine
from airflow_provider_montecarlo_push.sandbox.gql.arguments import own_mcon
from airflow_provider_montecarlo_push.sandbox.gql.connections import cursor, window
from airflow_provider_montecarlo_push.sandbox.gql.registry import resolves
from airflow_provider_montecarlo_push.sandbox.names import AssetName
from airflow_provider_montecarlo_push.sandbox.store.queries import WRITE

_LARGEST_LIMIT = 1000
_DEFAULT_CHARACTERS = 50


@resolves("Query", "getAggregatedQueries")
def get_aggregated_queries(
    engine: Engine,
    _source: Any,
    mcon: str,
    startTime: datetime,  # noqa: N803 - the schema's name
    endTime: datetime,  # noqa: N803 - the schema's name
    queryType: str,  # noqa: N803 - the schema's name
    limit: int,
    endCursor: str | None = None,  # noqa: N803 - the schema's name
    category: str | None = None,
    user: str | None = None,
    queryCharacters: int | None = _DEFAULT_CHARACTERS,  # noqa: N803 - the schema's name
) -> dict[str, Any]:
    """Return groups of queries that read or write a table, the last ran first.

    Queries of one day, user and kind that differ in literals only make a group.
    """
    if not 0 < limit <= _LARGEST_LIMIT:
        raise GraphQLError(f"limit must be between 1 and {_LARGEST_LIMIT}.")
    own_mcon(engine, mcon)
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for query in _queries(engine, mcon, queryType, startTime, endTime):
        if category in (None, query["category"]) and user in (None, query["user"]):
            key = (query["end_time"][:10], query["shape"], query["user"], query["category"])
            groups.setdefault(key, []).append(query)
    characters = _DEFAULT_CHARACTERS if queryCharacters is None else max(queryCharacters, 0)
    rows = [_group(queries, queryType, characters) for queries in groups.values()]
    rows.sort(key=lambda row: (row["latestQueryTimestamp"], row["queryHash"], row["user"] or ""), reverse=True)
    selected = window(len(rows), {"first": limit, "after": endCursor})
    more = selected.stop < len(rows)
    return {
        "aggregatedQueries": rows[selected.start : selected.stop],
        "pageInfo": {"hasNextPage": more, "endCursor": cursor(selected.stop - 1) if more else None},
    }


def _queries(engine: Engine, mcon: str, role: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
    asset = engine.catalog.get(mcon=mcon)
    if asset is None:
        return []
    name = AssetName(asset["resource_uuid"], asset["database"], asset["schema"], asset["name"])
    return engine.queries.touching(name, role, to_text(start), to_text(end))


def _group(queries: list[dict[str, Any]], role: str, characters: int) -> dict[str, Any]:
    last = queries[-1]
    return {
        "date": last["end_time"][:10],
        "queryHash": last["shape"],
        "groupId": last["shape"] if role == WRITE else None,
        "user": last["user"],
        "category": last["category"],
        "latestQuery": last["query_text"][:characters],
        "latestQueryId": last["query_id"],
        "latestQueryTimestamp": last["end_time"],
        "count": len(queries),
        "averageRunTime": round(sum(query["duration_ms"] for query in queries) / len(queries)),
    }
