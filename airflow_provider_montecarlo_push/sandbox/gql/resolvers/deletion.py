"""Tables that are deleted on request."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError

from airflow_provider_montecarlo_push.sandbox.engine import Engine
from airflow_provider_montecarlo_push.sandbox.gql.arguments import own_mcon
from airflow_provider_montecarlo_push.sandbox.gql.registry import resolves

_MOST = 1000
_NAMED = 5


@resolves("Mutation", "deletePushIngestedTables")
def delete_tables(engine: Engine, _source: Any, mcons: list[str]) -> dict[str, Any]:
    """Delete push-ingested tables with their lineage nodes and edges: all of them, or none and an error.

    Their column lineage stays until it expires.
    """
    if not mcons:
        raise GraphQLError("deletePushIngestedTables needs at least one MCON.")
    if len(mcons) > _MOST:
        raise GraphQLError(f"deletePushIngestedTables takes at most {_MOST} MCONs, not {len(mcons)}.")
    wanted = list(dict.fromkeys(mcons))
    for mcon in wanted:
        own_mcon(engine, mcon)
    refused = engine.deletions.delete_tables(wanted)
    if refused:
        named = "; ".join(f"{mcon}: {reason}" for mcon, reason in list(refused.items())[:_NAMED])
        more = f"; and {len(refused) - _NAMED} more" if len(refused) > _NAMED else ""
        raise GraphQLError(f"Nothing was deleted, {len(refused)} of {len(wanted)} tables cannot be: {named}{more}.")
    return {"success": True, "deletedCount": len(wanted)}
