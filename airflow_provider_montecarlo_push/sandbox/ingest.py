"""The ingest endpoints.

Order of checks: the key (401), the size (413), the encoding and the JSON (400, 415), the key against the resources that
the request names (403), the schema (400). So a request with no events tells whether a key is good.
"""

from __future__ import annotations

import json
import re
import zlib
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from airflow_provider_montecarlo_push.sandbox.config import API, INGESTION
from airflow_provider_montecarlo_push.sandbox.engine import Engine
from airflow_provider_montecarlo_push.sandbox.errors import RequestError
from airflow_provider_montecarlo_push.sandbox.fault_injection import RECORD
from airflow_provider_montecarlo_push.sandbox.flows import ETL_FLOWS, INGEST_PATHS
from airflow_provider_montecarlo_push.sandbox.store.access import Key
from airflow_provider_montecarlo_push.sandbox.store.pushes import NewPush
from airflow_provider_montecarlo_push.sandbox.store.requests import RequestRecord
from airflow_provider_montecarlo_push.sandbox.validation import check_request, named_resources

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_GZIP = 31  # zlib's window bits for a gzip header


async def ingest(request: Request) -> Response:
    """Accept a push, or say what is wrong with it."""
    engine: Engine = request.app.state.engine
    record: RequestRecord = request.scope[RECORD]
    flow = INGEST_PATHS[request.url.path]
    try:
        key = await run_in_threadpool(_identify, engine, request)
        record.key_id = key.id
        _check_content_type(request)
        body = await _read(request, engine.max_raw_bytes)
        record.raw_bytes = len(body)
        encoding = request.headers.get("content-encoding")
        record.invocation_id = await run_in_threadpool(_accept, engine, flow, key, body, encoding, record)
    except RequestError as error:
        record.message = error.message
        return error.response()
    return JSONResponse({"invocation_id": record.invocation_id}, 202)


def _identify(engine: Engine, request: Request) -> Key:
    key = engine.access.identify(request.headers.get("x-mcd-id"), request.headers.get("x-mcd-token"))
    if key is None:
        raise RequestError(401, "Authentication failed: wrong key id or secret.")
    if key.kind != INGESTION:
        what = "an API key" if key.kind == API else f"a key with scope {key.kind}"
        raise RequestError(401, f"Authentication failed: a key with scope Ingestion is needed, this is {what}.")
    return key


def _check_content_type(request: Request) -> None:
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != "application/json":
        raise RequestError(415, f"Content-Type must be application/json, not {given or 'absent'}.")


async def _read(request: Request, limit: int) -> bytes:
    """Read the body to its end, even where it is too long: the client gets its answer, not a broken pipe."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
    if size > limit:
        raise RequestError(413, f"Payload too large: {size} bytes, at most {limit} are taken.")
    return b"".join(chunks)


def _accept(engine: Engine, flow: str, key: Key, body: bytes, encoding: str | None, record: RequestRecord) -> str:
    raw = _decompressed(engine, body, encoding)
    compressed = zlib.compress(raw, 1)
    if len(compressed) > engine.max_compressed_bytes:
        raise RequestError(
            413, f"Payload too large: {len(compressed)} bytes compressed, at most {engine.max_compressed_bytes}."
        )
    document = _decoded(raw)
    resources = _authorised(engine, key, flow, document)
    checked = check_request(flow, document)
    if checked.message is not None:
        raise RequestError(400, checked.message, checked.details)
    _reject_on_purpose(engine, flow, document, record)
    resource = document.get("resource") or {}
    return engine.pushes.add(
        NewPush(
            flow=flow,
            event_type=document["event_type"],
            resource_uuid=resource["uuid"].lower() if resource else None,
            resource_type=resource.get("log_type") or resource.get("resource_type"),
            resources=resources,
            events=len(document["events"]),
            raw_bytes=len(raw),
            compressed=compressed,
            key_id=key.id,
            trace_id=record.trace_id,
            session_id=record.session_id,
            content_encoding=encoding,
        )
    )


def _decompressed(engine: Engine, body: bytes, encoding: str | None) -> bytes:
    if encoding is None or encoding.lower() == "identity":
        return body
    if encoding.lower() != "gzip" or not engine.accept_gzip:
        raise RequestError(415, f"Content-Encoding {encoding} is not supported.")
    decompressor = zlib.decompressobj(_GZIP)
    try:
        raw = decompressor.decompress(body, engine.max_raw_bytes + 1)
    except zlib.error as error:
        raise RequestError(400, f"The body is not gzip: {error}.") from error
    if len(raw) > engine.max_raw_bytes:
        raise RequestError(413, f"Payload too large: more than {engine.max_raw_bytes} bytes when decompressed.")
    if not decompressor.eof or decompressor.unused_data:
        raise RequestError(400, "The body is not one complete gzip member.")
    return raw


def _decoded(raw: bytes) -> Any:
    """Return the JSON in a body. Stricter than Python's: no NaN, no numbers beyond a double, no lone surrogates."""
    try:
        document = json.loads(raw.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite)
        if _SURROGATE.search(raw):
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except UnicodeError as error:
        raise RequestError(400, f"The body is not UTF-8: {error}.") from error
    except (ValueError, RecursionError) as error:
        raise RequestError(400, f"The body is not JSON: {error}.") from error
    return document


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:40]} is too large")
    return number


def _authorised(engine: Engine, key: Key, flow: str, document: Any) -> frozenset[str]:
    """Return the resources that a request names, all of which the key is allowed for."""
    named: dict[str, str] = {}
    for resource, place in named_resources(document):
        named.setdefault(resource, place)
    for resource, place in named.items():
        if not key.may_use(resource):
            raise RequestError(403, f"The key is not authorized for resource {resource} ({place}).")
        is_known = engine.access.has_etl_container if flow in ETL_FLOWS else engine.access.has_warehouse
        if not is_known(resource):
            what = "ETL container" if flow in ETL_FLOWS else "resource"
            raise RequestError(403, f"The account has no {what} {resource} ({place}).")
    return frozenset(named)


def _reject_on_purpose(engine: Engine, flow: str, document: dict[str, Any], record: RequestRecord) -> None:
    found = engine.faults.rejected(record.path, flow, lambda: [_names(flow, event) for event in document["events"]])
    if found is None:
        return
    rule, hits = found
    record.fault = ", ".join(item for item in (record.fault, rule.action) if item)
    if not rule.with_index:
        raise RequestError(400, "An event was rejected.")
    details = [{"loc": f"events[{index}]", "msg": f"rejected: matches {rule.pattern!r}"} for index in hits]
    raise RequestError(400, f"Rejected events: {len(hits)}", details)


def _names(flow: str, event: dict[str, Any]) -> list[str]:
    if flow == "query_logs":
        return [event.get("query_id") or "", event["query_text"]]
    if flow == "etl_metadata":
        return [event["etl_asset"]["job_source_id"], event["etl_asset"]["name"]]
    if flow == "etl_runs":
        return [event["job_source_id"], event["run_source_id"]]
    assets = (
        [event["relational_asset"]["metadata"]] if flow == "metadata" else [event["destination"], *event["sources"]]
    )
    return [f"{item['database']}.{item['schema']}.{item['name']}" for item in assets]
