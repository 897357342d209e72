"""``POST /graphql``."""

from __future__ import annotations

import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from airflow_provider_montecarlo_push.sandbox.config import API, scope_of_kind
from airflow_provider_montecarlo_push.sandbox.engine import Engine
from airflow_provider_montecarlo_push.sandbox.errors import RequestError
from airflow_provider_montecarlo_push.sandbox.fault_injection import RECORD
from airflow_provider_montecarlo_push.sandbox.store.requests import RequestRecord


async def graphql_endpoint(request: Request) -> Response:
    """Execute a GraphQL request: ``{"query", "variables", "operationName"}``."""
    engine: Engine = request.app.state.engine
    record: RequestRecord = request.scope[RECORD]
    try:
        await run_in_threadpool(_authenticate, engine, request, record)
        body = await request.body()
        record.raw_bytes = len(body)
        document, variables, operation = _parse(body)
    except RequestError as error:
        record.message = error.message
        return error.response()
    return await run_in_threadpool(_execute, engine, record, document, variables, operation)


def _authenticate(engine: Engine, request: Request, record: RequestRecord) -> None:
    key = engine.access.identify(request.headers.get("x-mcd-id"), request.headers.get("x-mcd-token"))
    if key is None:
        raise RequestError(401, "Unauthorized: wrong key id or secret.")
    record.key_id = key.id
    if key.kind != API:
        scope = scope_of_kind(key.kind)
        raise RequestError(403, f"Forbidden: GraphQL needs an API key, this is a key with scope {scope}.")


def _parse(body: bytes) -> tuple[str, dict[str, Any], str | None]:
    try:
        document = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RequestError(400, f"The body is not JSON: {error}.") from error
    if not isinstance(document, dict) or not isinstance(document.get("query"), str):
        raise RequestError(400, "The body must be a JSON object with a query, a string.")
    variables, operation = document.get("variables"), document.get("operationName")
    if variables is not None and not isinstance(variables, dict):
        raise RequestError(400, "variables must be an object.")
    if operation is not None and not isinstance(operation, str):
        raise RequestError(400, "operationName must be a string.")
    return document["query"], variables or {}, operation


def _execute(
    engine: Engine, record: RequestRecord, document: str, variables: dict[str, Any], operation: str | None
) -> Response:
    from graphql import graphql_sync

    from airflow_provider_montecarlo_push.sandbox.gql.registry import Execution, default_resolver
    from airflow_provider_montecarlo_push.sandbox.gql.schema import load_schema

    engine.processing.catch_up()
    result = graphql_sync(
        load_schema(),
        document,
        context_value=Execution(engine, record),
        variable_values=variables,
        operation_name=operation,
        field_resolver=default_resolver,
    )
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        record.message = "; ".join(error.message for error in result.errors)[:500]
        answer["errors"] = [error.formatted for error in result.errors]
    # A document that cannot be executed has no path in its errors; what fails while it runs is a partial answer.
    refused = result.data is None and result.errors and all(error.path is None for error in result.errors)
    return JSONResponse(answer, 400 if refused else 200)
