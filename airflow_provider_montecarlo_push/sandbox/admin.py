"""``/sandbox/api``: what arrived, and the controls. For tests, the web page and people; no keys are asked for."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.sandbox import views
from airflow_provider_montecarlo_push.sandbox.clock import to_text
from airflow_provider_montecarlo_push.sandbox.config import (
    INGESTION,
    KEY_KINDS,
    OTHER_SCOPES,
    EtlContainerConfig,
    KeyConfig,
    WarehouseConfig,
)
from airflow_provider_montecarlo_push.sandbox.engine import Engine
from airflow_provider_montecarlo_push.sandbox.errors import RequestError
from airflow_provider_montecarlo_push.sandbox.names import AssetName
from airflow_provider_montecarlo_push.sandbox.parameters import Parameters
from airflow_provider_montecarlo_push.sandbox.store.catalog import PULL
from airflow_provider_montecarlo_push.sandbox.validation import check_request

_LONGEST_KEY = 1e9
View = Callable[[Engine, Parameters], Any]
Command = Callable[[Engine, dict[str, Any]], Any]


def reads(view: View) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that shows something of the account as it is now."""

    async def endpoint(request: Request) -> Response:
        engine: Engine = request.app.state.engine

        def answer() -> Any:
            engine.processing.catch_up()
            return view(engine, Parameters({**request.query_params, **request.path_params}))

        return await _answered(answer)

    return endpoint


def changes(command: Command, status: int = 200) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that takes a JSON object and changes something.

    It insists on ``application/json``, which a page of another origin cannot send without being asked first.
    """

    async def endpoint(request: Request) -> Response:
        engine: Engine = request.app.state.engine
        body: dict[str, Any] = {}
        raw = await request.body()
        if request.method != "DELETE":
            if not request.headers.get("content-type", "").startswith("application/json"):
                return RequestError(415, "Content-Type must be application/json.").response()
            try:
                body = await request.json() if raw else {}
            except ValueError as error:
                return RequestError(400, f"The body is not JSON: {error}.").response()
            if not isinstance(body, dict):
                return RequestError(400, "The body must be a JSON object.").response()
        return await _answered(lambda: command(engine, {**body, **request.path_params}), status)

    return endpoint


async def _answered(answer: Callable[[], Any], status: int = 200) -> Response:
    try:
        return JSONResponse(await run_in_threadpool(answer), status)
    except ConfigurationError as error:
        return RequestError(400, str(error)).response()
    except RequestError as error:
        return error.response()


def add_key(engine: Engine, values: dict[str, Any]) -> dict[str, Any]:
    """Add a key; id and secret are made up where they are not given. The only answer that shows a secret."""
    _only(values, "id", "secret", "kind", "description", "warehouses", "expires_after")
    kind = values.get("kind", INGESTION)
    if kind not in (*KEY_KINDS, *OTHER_SCOPES):
        raise ConfigurationError(f"kind must be one of {', '.join(KEY_KINDS)} or another scope, not {kind!r}.")
    expires_after = values.get("expires_after")
    if expires_after is not None and not 0 <= _seconds(values, "expires_after") <= _LONGEST_KEY:
        raise ConfigurationError(f"expires_after must be between 0 and {_LONGEST_KEY:g} seconds.")
    limited = values.get("warehouses")
    if limited is not None and not (isinstance(limited, list) and all(isinstance(item, str) for item in limited)):
        raise ConfigurationError("warehouses must be an array of UUIDs, or null for all.")
    _texts(values, "id", "secret", "description")
    key = KeyConfig(
        values.get("id") or uuid.uuid4().hex,
        values.get("secret") or uuid.uuid4().hex,
        kind,
        values.get("description", ""),
        None if limited is None else tuple(limited),
    )
    engine.access.add_key(key, expires_after=expires_after)
    return dataclasses.asdict(key)


def revoke_key(engine: Engine, values: dict[str, Any]) -> dict[str, Any]:
    """Revoke a key."""
    if not engine.access.revoke_key(values["id"]):
        raise RequestError(404, f"There is no key {values['id']!r} in force.")
    return {"revoked": values["id"]}


def add_warehouse(engine: Engine, values: dict[str, Any]) -> dict[str, Any]:
    """Add a warehouse, or rename one."""
    _only(values, "uuid", "name", "connection_type")
    _texts(values, "uuid", "name", "connection_type")
    if not values.get("name"):
        raise ConfigurationError("A warehouse needs a name.")
    warehouse = WarehouseConfig(
        values.get("uuid") or str(uuid.uuid4()), values["name"], values.get("connection_type", "SNOWFLAKE")
    )
    engine.access.add_warehouse(warehouse)
    return dataclasses.asdict(warehouse)


def add_etl_container(engine: Engine, values: dict[str, Any]) -> dict[str, Any]:
    """Add an ETL container, or rename one."""
    _only(values, "uuid", "name", "type")
    _texts(values, "uuid", "name", "type")
    if not values.get("name"):
        raise ConfigurationError("An ETL container needs a name.")
    container = EtlContainerConfig(
        values.get("uuid") or str(uuid.uuid4()), values["name"], values.get("type", "AIRFLOW")
    )
    engine.access.add_etl_container(container)
    return dataclasses.asdict(container)


def add_collected_table(engine: Engine, values: dict[str, Any]) -> dict[str, Any]:
    """Add a table as if Monte Carlo had collected it itself, with an event of the metadata flow."""
    _only(values, "warehouse", "event")
    warehouse = values.get("warehouse") or engine.access.warehouses()[0]["uuid"]
    checked = check_request(
        "metadata",
        {
            "event_type": "METADATA",
            "resource": {"uuid": warehouse, "resource_type": "snowflake"},
            "events": [values.get("event")],
        },
    )
    if checked.message is not None:
        raise RequestError(400, checked.message, checked.details)
    if not engine.access.has_warehouse(warehouse.lower()):
        raise ConfigurationError(f"There is no warehouse {warehouse}.")
    asset = values["event"]["relational_asset"]
    name = AssetName(warehouse.lower(), *(asset["metadata"][part] for part in ("database", "schema", "name")))
    with engine.database.transaction() as connection:
        now = to_text(engine.clock.now())
        engine.catalog.put(connection, name.resource_uuid, asset, now, None, ingest_type=PULL)
    return {"mcon": name.mcon(engine.config.account_uuid)}


def change_settings(engine: Engine, values: dict[str, Any]) -> dict[str, Any]:
    """Change delays and limits."""
    _only(values, "visible_after", "accept_gzip", "max_compressed_bytes", "max_raw_bytes")
    for name in ("max_compressed_bytes", "max_raw_bytes"):
        if name in values and (not isinstance(values[name], int) or values[name] < 1):
            raise ConfigurationError(f"{name} must be a number of bytes, 1 or more.")
    if not isinstance(values.get("accept_gzip", True), bool):
        raise ConfigurationError("accept_gzip must be true or false.")
    delays = values.get("visible_after", {})
    if not isinstance(delays, dict):
        raise ConfigurationError("visible_after must be an object: seconds by flow.")
    engine.set_delays(delays)
    for name in ("accept_gzip", "max_compressed_bytes", "max_raw_bytes"):
        if name in values:
            setattr(engine, name, values[name])
    return views.settings(engine)


def advance_clock(engine: Engine, values: dict[str, Any]) -> dict[str, Any]:
    """Move the sandbox's clock forward by ``seconds``."""
    _only(values, "seconds")
    try:
        engine.clock.advance(_seconds(values, "seconds"))
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(str(error)) from error
    return views.settings(engine)


def reset(engine: Engine, values: dict[str, Any]) -> dict[str, Any]:
    """Return to the start."""
    _only(values)
    engine.reset()
    return views.settings(engine)


def add_fault(engine: Engine, values: dict[str, Any]) -> dict[str, Any]:
    """Add a fault rule."""
    return dataclasses.asdict(engine.faults.add(values))


def remove_faults(engine: Engine, values: dict[str, Any]) -> dict[str, Any]:
    """Remove one rule, or all of them."""
    if "id" not in values:
        engine.faults.clear()
    elif not engine.faults.remove(values["id"]):
        raise RequestError(404, f"There is no fault rule {values['id']!r}.")
    return {"faults": engine.faults.list()}


def _only(values: dict[str, Any], *known: str) -> None:
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ConfigurationError(f"Unknown field {unknown[0]!r}; known are {', '.join(known) or 'none'}.")


def _seconds(values: dict[str, Any], name: str) -> float:
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigurationError(f"{name} must be a number of seconds.")
    return value


def _texts(values: dict[str, Any], *names: str) -> None:
    for name in names:
        if name in values and not isinstance(values[name], str):
            raise ConfigurationError(f"{name} must be a string.")


def routes() -> list[Route]:
    """Return the routes below ``/sandbox/api``."""
    return [
        Route("/state", reads(views.state)),
        Route("/pushes", reads(views.pushes)),
        Route("/pushes/{invocation_id}", reads(views.push)),
        Route("/pushes/{invocation_id}/events", reads(views.events)),
        Route("/requests", reads(views.requests)),
        Route("/tables", reads(views.tables)),
        Route("/tables", changes(add_collected_table, 201), methods=["POST"]),
        Route("/table", reads(views.table)),
        Route("/lineage", reads(views.lineage)),
        Route("/lineage/nodes", reads(views.lineage_nodes)),
        Route("/nodes", reads(views.nodes)),
        Route("/edges", reads(views.edges)),
        Route("/deletions", reads(views.deletions)),
        Route("/resources", reads(lambda engine, _: {"resources": engine.resources.all()})),
        Route("/queries", reads(views.queries)),
        Route("/queries/{number}", reads(views.query)),
        Route("/etl/containers", reads(lambda engine, _: {"etl_containers": engine.access.etl_containers()})),
        Route("/etl/containers", changes(add_etl_container, 201), methods=["POST"]),
        Route("/etl/jobs", reads(views.jobs)),
        Route("/etl/runs", reads(views.runs)),
        Route("/keys", reads(lambda engine, _: {"keys": engine.access.keys()})),
        Route("/keys", changes(add_key, 201), methods=["POST"]),
        Route("/keys/{id}", changes(revoke_key), methods=["DELETE"]),
        Route("/warehouses", reads(lambda engine, _: {"warehouses": engine.access.warehouses()})),
        Route("/warehouses", changes(add_warehouse, 201), methods=["POST"]),
        Route("/settings", changes(change_settings), methods=["PATCH"]),
        Route("/clock", changes(advance_clock), methods=["POST"]),
        Route("/reset", changes(reset), methods=["POST"]),
        Route("/faults", reads(lambda engine, _: {"faults": engine.faults.list()})),
        Route("/faults", changes(add_fault, 201), methods=["POST"]),
        Route("/faults", changes(remove_faults), methods=["DELETE"]),
        Route("/faults/{id}", changes(remove_faults), methods=["DELETE"]),
    ]
