"""The user, the account, its warehouses and what they received."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow_provider_montecarlo_push.sandbox.clock import from_text
from airflow_provider_montecarlo_push.sandbox.engine import Engine
from airflow_provider_montecarlo_push.sandbox.gql.registry import resolves

# PushEventType of the schema and the flow that it is about.
_EVENT_TYPES = {"METADATA": "metadata", "LINEAGE": "lineage", "QUERY_LOGS": "query_logs"}
_ETL_EVENT_TYPES = {"ETL_METADATA": "etl_metadata", "ETL_RUNS": "etl_runs"}


@resolves("Query", "getUser")
def get_user(engine: Engine, _source: Any) -> dict[str, Any]:
    """Return the user of every API key."""
    return {
        "__typename": "User",
        "id": "sandbox-user",
        "cognitoUserId": "sandbox-user",
        "email": "sandbox@example.com",
        "firstName": "Sandbox",
        "lastName": "User",
        "displayName": "Sandbox User",
        "state": "DASHBOARD",
        "isSso": False,
        "isDeleted": False,
        "role": "service",
        "account": describe_account(engine),
    }


def describe_account(engine: Engine) -> dict[str, Any]:
    return {
        "id": engine.config.account_uuid,
        "uuid": engine.config.account_uuid,
        "name": engine.config.account_name,
        "allowNonSsoLogin": True,
        "isDeleted": False,
        "hasUseCases": False,
        "hasWarehouses": True,
    }


@resolves("Account", "warehouses")
@resolves("Query", "getWarehouses")
def warehouses(engine: Engine, _source: Any, **_arguments: Any) -> list[dict[str, Any]]:
    """Return the warehouses of the account."""
    return [describe_warehouse(engine, row) for row in engine.access.warehouses()]


@resolves("Query", "getWarehouse")
def get_warehouse(engine: Engine, _source: Any, uuid: str | None = None) -> dict[str, Any] | None:
    """Return one warehouse, or null."""
    return warehouse_by_uuid(engine, uuid or "")


def warehouse_by_uuid(engine: Engine, uuid: str) -> dict[str, Any] | None:
    """Return a warehouse as the schema's ``Warehouse``, or ``None``."""
    return next((describe_warehouse(engine, row) for row in engine.access.warehouses() if row["uuid"] == uuid), None)


def warehouses_by_uuid(engine: Engine, uuids: Iterable[str]) -> list[dict[str, Any]]:
    """Return some warehouses as the schema's ``Warehouse``, in the account's order."""
    wanted = set(uuids)
    return [describe_warehouse(engine, row) for row in engine.access.warehouses() if row["uuid"] in wanted]


def describe_warehouse(engine: Engine, row: dict[str, Any]) -> dict[str, Any]:
    """Return a stored warehouse as the schema's ``Warehouse``."""
    return {
        "id": row["uuid"],
        "uuid": row["uuid"],
        "name": row["name"],
        "connectionType": row["connection_type"],
        "createdOn": row["created_at"],
        "createdTime": row["created_at"],
        "updatedTime": row["created_at"],
        "isDeleted": False,
        "connections": [],
        "account": describe_account(engine),
    }


@resolves("Warehouse", "pushEvents")
def push_events(engine: Engine, source: dict[str, Any]) -> list[dict[str, Any]]:
    """Return when each kind of push was received, and the last invocation id."""
    receipts = engine.pushes.receipts(source["uuid"])
    return [_push_event(engine, kind, receipts.get(flow)) for kind, flow in _EVENT_TYPES.items()]


@resolves("Account", "etlContainers")
@resolves("Query", "getEtlContainers")
def etl_containers(engine: Engine, _source: Any) -> list[dict[str, Any]]:
    """Return the ETL containers of the account."""
    return [
        {
            "id": row["uuid"],
            "uuid": row["uuid"],
            "name": row["name"],
            "type": row["type"],
            "createdTime": row["created_at"],
            "updatedTime": row["created_at"],
            "isSynthetic": False,
            "connections": [],
            "account": describe_account(engine),
            "jobCount": engine.jobs.count(container=row["uuid"]),
            "supportsEtlJobRuns": True,
        }
        for row in engine.access.etl_containers()
    ]


@resolves("EtlContainer", "pushEvents")
def etl_push_events(engine: Engine, source: dict[str, Any]) -> list[dict[str, Any]]:
    """Return when each kind of push about jobs was received, and the last invocation id."""
    receipts = engine.pushes.receipts(source["uuid"])
    return [_push_event(engine, kind, receipts.get(flow)) for kind, flow in _ETL_EVENT_TYPES.items()]


def _push_event(engine: Engine, kind: str, receipt: dict[str, str] | None) -> dict[str, Any]:
    if receipt is None:
        return {"eventType": kind, "status": "NEVER_RECEIVED"}
    age = (engine.clock.now() - from_text(receipt["last_received"])).total_seconds()
    return {
        "eventType": kind,
        "status": "STALE" if age > engine.config.stale_after else "ACTIVE",
        "firstReceived": receipt["first_received"],
        "lastReceived": receipt["last_received"],
        "lastInvocationId": receipt["invocation_id"],
    }
