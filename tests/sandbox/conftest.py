from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from airflow_provider_montecarlo_push.sandbox import KeyConfig, Sandbox

PATHS = {
    "metadata": "metadata",
    "lineage": "lineage",
    "query_logs": "querylogs",
    "etl_metadata": "etl/metadata",
    "etl_runs": "etl/runs",
}

Post = Callable[..., httpx.Response]


@pytest.fixture
def post(sandbox: Sandbox) -> Post:
    """Post a document, or bytes, to the endpoint of a flow."""

    def send(
        flow: str, document: Any, *, key: KeyConfig | None = None, headers: dict[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        key = key or sandbox.ingest_key
        sent = {"x-mcd-id": key.id, "x-mcd-token": key.secret, "Content-Type": "application/json", **(headers or {})}
        body = {"content": document} if isinstance(document, bytes) else {"json": document}
        url = f"{sandbox.url}/ingest/v1/{PATHS[flow]}"
        return httpx.post(url, headers=sent, trust_env=False, **body, **options)

    return send


@pytest.fixture
def push(sandbox: Sandbox, post: Post) -> Callable[..., str]:
    """Push events of a flow, which must be accepted; return the invocation id."""

    def send(
        flow: str, *events: dict[str, Any], resource_uuid: str | None = None, event_type: str | None = None
    ) -> str:
        kind = {"metadata": "METADATA", "lineage": "LINEAGE", "query_logs": "QUERY_LOG"}[flow]
        if any(event.get("fields") for event in events):
            kind = "COLUMN_LINEAGE"
        resource = {"uuid": resource_uuid or sandbox.warehouse_uuid}
        resource["log_type" if flow == "query_logs" else "resource_type"] = "snowflake"
        response = post(flow, {"event_type": event_type or kind, "resource": resource, "events": list(events)})
        assert response.status_code == 202, response.text
        return str(response.json()["invocation_id"])

    return send


def _table(name: str = "orders", *, database: str = "shop", schema: str = "public", **block: Any) -> dict[str, Any]:
    metadata = {"name": name, "database": database, "schema": schema, **block.pop("metadata", {})}
    return {"relational_asset": {"type": block.pop("type", "TABLE"), "metadata": metadata, **block}}


def _ref(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "TABLE", "database": "shop", "schema": "public", "name": name, **more}


def _edge(destination: str, *sources: str, columns: dict[str, list[tuple[str, str]]] | None = None) -> dict[str, Any]:
    """An event; ``columns`` maps a column of the destination to (source, column) pairs."""
    event: dict[str, Any] = {
        "destination": _ref(destination, asset_id="destination"),
        "sources": [_ref(source, asset_id=source) for source in sources],
    }
    if columns:
        event["fields"] = [
            {"name": name, "source_fields": [{"asset_id": table, "field_name": column} for table, column in pairs]}
            for name, pairs in columns.items()
        ]
    return event


def _query(text: str = "select * from shop.public.orders", **more: Any) -> dict[str, Any]:
    return {
        "start_time": "2024-03-01T12:00:00Z",
        "end_time": "2024-03-01T12:00:05Z",
        "query_text": text,
        **more,
    }


class Events:
    """Builders of events as they go over the wire."""

    table = staticmethod(_table)
    ref = staticmethod(_ref)
    edge = staticmethod(_edge)
    query = staticmethod(_query)


@pytest.fixture(scope="session")
def events() -> type[Events]:
    return Events
