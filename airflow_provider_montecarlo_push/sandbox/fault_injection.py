"""Where the fault rules strike: around the ingest and GraphQL endpoints, below them the connection itself."""

from __future__ import annotations

import asyncio
import json
import socket
import struct

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from airflow_provider_montecarlo_push.sandbox import faults
from airflow_provider_montecarlo_push.sandbox.engine import Engine
from airflow_provider_montecarlo_push.sandbox.faults import FaultRule
from airflow_provider_montecarlo_push.sandbox.flows import flow_of_path
from airflow_provider_montecarlo_push.sandbox.store.requests import RequestRecord

# Set in a request's scope by the server (server.py) and by this module.
TRANSPORT = "sandbox.transport"
RECORD = "sandbox.request"

_PAGE = b"<!doctype html><title>Maintenance</title><h1>We will be right back</h1>\n"
# How long to wait for the server to notice that a connection was closed under it.
_MOMENT = 1.0
_NO_LINGER = struct.pack("ii", 1, 0)


class FaultInjection:
    """ASGI middleware: writes the request log and applies the fault rules to API requests."""

    def __init__(self, app: ASGIApp, engine: Engine) -> None:
        self._app = app
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, well or badly."""
        flow = flow_of_path(scope["path"]) if scope["type"] == "http" else None
        if flow is None:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        record = RequestRecord(
            scope["method"],
            scope["path"],
            flow,
            trace_id=_header(headers, b"x-mcd-trace-id"),
            session_id=_header(headers, b"x-mcd-session-id"),
        )
        scope[RECORD] = record
        await self._serve(scope, receive, send, record)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, record: RequestRecord) -> None:
        async def watch(message: Message) -> None:
            # Noted before the client hears of it, so that whoever got an answer finds it in the log.
            if message["type"] == "http.response.start":
                record.status = message["status"]
                await run_in_threadpool(self._engine.requests.add, record)
            await send(message)

        body = b""
        if self._engine.faults.look_inside(record.flow):
            body, receive = await _buffered(receive)
        rules = self._engine.faults.take(scope["path"], record.flow, body)
        record.fault = ", ".join(rule.action for rule in rules) or None
        for rule in rules:
            if rule.action != faults.DELAY:
                await self._misbehave(rule, scope, receive, watch)
                return
            await asyncio.sleep(rule.seconds or 0)
        await self._app(scope, receive, watch)

    async def _misbehave(self, rule: FaultRule, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await _handled(self._app, scope, receive) if rule.store else await _drained(receive)
        if rule.action in (faults.RESET, faults.TIMEOUT):
            await run_in_threadpool(self._engine.requests.add, scope[RECORD])
            if rule.action == faults.TIMEOUT:
                await _until_gone(receive, rule.seconds or 0)
            _reset(scope)
            await _until_gone(receive, _MOMENT)
        elif rule.action == faults.TRUNCATE:
            await _truncate(answer, scope, send)
            await _until_gone(receive, _MOMENT)
        else:
            await _answer(send, rule)


async def _buffered(receive: Receive) -> tuple[bytes, Receive]:
    """Read the request to its end; return its body, and what gives it to be read once more."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    body = b"".join(message.get("body", b"") for message in messages)

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return body, again


async def _drained(receive: Receive) -> list[Message]:
    """Read the request to its end, so that the client is not cut off while it writes."""
    while (await receive()).get("more_body"):
        pass
    return []


async def _handled(app: ASGIApp, scope: Scope, receive: Receive) -> list[Message]:
    """Handle the request and keep the answer back."""
    kept: list[Message] = []

    async def keep(message: Message) -> None:
        kept.append(message)

    await app(scope, receive, keep)
    return kept


async def _until_gone(receive: Receive, seconds: float) -> None:
    """Wait until the connection is closed, at most ``seconds``."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(gone(), seconds)
    except TimeoutError:
        return


async def _truncate(answer: list[Message], scope: Scope, send: Send) -> None:
    body = b"".join(message.get("body", b"") for message in answer[1:])
    await send(answer[0])
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    transport: asyncio.Transport | None = scope.get(TRANSPORT)
    if transport is not None:
        transport.close()


async def _answer(send: Send, rule: FaultRule) -> None:
    status, body, content_type = _content(rule)
    sent = {"content-type": content_type, "content-length": str(len(body))}
    sent.update({name.lower(): value for name, value in rule.headers.items()})
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _content(rule: FaultRule) -> tuple[int, bytes, str]:
    status = rule.status or 500
    if rule.action == faults.NO_ID:
        return 202, b"{}", "application/json"
    if rule.action == faults.HTML:
        return status, _PAGE, "text/html; charset=utf-8"
    if isinstance(rule.body, str):
        return status, rule.body.encode(), "text/plain; charset=utf-8"
    body = {"message": "Injected by the sandbox"} if rule.body is None else rule.body
    return status, json.dumps(body).encode(), "application/json"


def _reset(scope: Scope) -> None:
    """Reset the connection: the client sees ECONNRESET, as when a load balancer drops it."""
    transport: asyncio.Transport | None = scope.get(TRANSPORT)
    if transport is None:
        raise RuntimeError("A connection can be reset only where the sandbox runs on its own server.")
    connection = transport.get_extra_info("socket")
    if connection is not None and not transport.is_closing():
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()


def _header(headers: dict[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")
