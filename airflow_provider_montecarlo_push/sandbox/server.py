"""The application on a socket, with uvicorn."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.sandbox.fault_injection import TRANSPORT

_LARGEST_PORT = 65535
_TRANSPORTS: dict[tuple[str, int], asyncio.Transport] = {}


class _Protocol(H11Protocol):
    """uvicorn's protocol, remembering the transport of each client for the faults that act on the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        if self.client is not None:
            _TRANSPORTS[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client is not None:
            _TRANSPORTS.pop(self.client, None)
        super().connection_lost(exc)


class _WithTransport:
    """ASGI middleware that puts the transport of a request into its scope."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("client") is not None:
            scope[TRANSPORT] = _TRANSPORTS.get(tuple(scope["client"]))
        await self._app(scope, receive, send)


def listen(host: str, port: int) -> socket.socket:
    """Return a bound socket; port 0 takes a free one.

    :raises ConfigurationError: when the port is taken or not allowed, or the host is none of this machine.
    """
    if not 0 <= port <= _LARGEST_PORT:
        raise ConfigurationError(f"Cannot listen on {host}:{port}: a port is between 0 and {_LARGEST_PORT}.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        server = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ConfigurationError(f"Cannot listen on {host}:{port}: {error}.") from error
    try:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(address)
    except OSError as error:
        server.close()
        hint = " Stop the other server, or choose another port." if error.errno == errno.EADDRINUSE else ""
        raise ConfigurationError(f"Cannot listen on {host}:{port}: {error.strerror}.{hint}") from error
    server.set_inheritable(True)
    return server


def create_server(app: ASGIApp, *, log_level: str = "warning") -> uvicorn.Server:
    """Return a server for the application; run it with ``server.run(sockets=[listen(...)])``."""
    options: dict[str, Any] = {"http": _Protocol, "ws": "none", "lifespan": "off", "proxy_headers": False}
    config = uvicorn.Config(
        _WithTransport(app),
        log_level=log_level,
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        **options,
    )
    return uvicorn.Server(config)
