"""The warehouse's process: fakesnow, widened and seeded, behind TLS."""

from __future__ import annotations

import importlib
import json
import logging
import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn
from fakesnow.transforms import stage
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from airflow_provider_montecarlo_push.sandbox.warehouse.certificates import Certificates
from airflow_provider_montecarlo_push.sandbox.warehouse.editions import EDITIONS, Edition
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.access import ACCESS
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.install import install
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.session import WarehouseConnection
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.live import Live
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.plant import plant

if TYPE_CHECKING:
    from fakesnow.instance import FakeSnow

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Settings:
    """How to run the warehouse.

    :param directory: where certificates are written.
    :param host: address to bind.
    :param port: port to bind, 0 for a free one.
    :param hostnames: further names for the certificate.
    :param seed: whether to fill the warehouse with the shop.
    :param live: whether the shop goes on running its statements.
    :param edition: what kind of account to look like.
    :param ready_file: a file that is written, with the port, once the warehouse answers.
    :param until_stdin_closes: stop when the parent process closes the pipe, or dies.
    """

    directory: Path
    host: str = "127.0.0.1"
    port: int = 8086
    hostnames: tuple[str, ...] = ()
    seed: bool = True
    live: bool = False
    edition: Edition = "enterprise"
    ready_file: Path | None = None
    until_stdin_closes: bool = False


def serve(settings: Settings, announce: Callable[[int, Certificates, float], None]) -> None:
    """Run the warehouse until it is told to stop.

    :param announce: called with the port, the certificates and the seconds that the start took, once it answers.
    :raises OSError: if the port is taken.
    """
    started = time.monotonic()
    listener = socket.create_server((settings.host, settings.port))
    port = int(listener.getsockname()[1])
    names = dict.fromkeys(["127.0.0.1", "localhost", *settings.hostnames])
    files = Certificates.write(settings.directory, list(names))
    account = install()
    shop = Live(plant(account)) if settings.seed else None
    use_edition(settings.edition)

    config = uvicorn.Config(
        application(account),
        ssl_keyfile=str(files.key),
        ssl_certfile=str(files.certificate),
        log_level="warning",
    )
    server = _Server(config, lambda: _ready(settings, port, files, time.monotonic() - started, announce))
    if settings.until_stdin_closes:
        threading.Thread(target=_stop_with_parent, args=(server,), daemon=True).start()
    if shop and settings.live:
        shop.start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)  # uvicorn stops at these, and then repeats them
    try:
        server.run(sockets=[listener])
    finally:
        if shop and shop.is_alive():
            shop.stop()
            shop.join(timeout=5)
        shutil.rmtree(stage.LOCAL_BUCKET_PATH, ignore_errors=True)


class _Server(uvicorn.Server):
    """uvicorn that says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.stop()
        super().handle_exit(sig, frame)

    def stop(self) -> None:
        """End now: connectors keep their connections open and would be waited for."""
        self.should_exit = self.force_exit = True
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # of requests that are cut off

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def _ready(
    settings: Settings,
    port: int,
    files: Certificates,
    seconds: float,
    announce: Callable[[int, Certificates, float], None],
) -> None:
    announce(port, files, seconds)
    if settings.ready_file:
        text = json.dumps({"port": port, "pid": os.getpid(), "ca_bundle": str(files.bundle), "seconds": seconds})
        draft = settings.ready_file.with_suffix(".part")
        draft.write_text(text)
        draft.replace(settings.ready_file)


def _stop_with_parent(server: _Server) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    server.stop()


def use_edition(edition: Edition) -> None:
    """Look like another kind of account from now on."""
    account = WarehouseConnection.account
    account.access = ACCESS[edition]
    account.ledger.hide_databases(account.access.hides)


def application(account: FakeSnow) -> Starlette:
    """fakesnow's routes, made robust, and the ones by which tests change the warehouse.

    - ``POST /sandbox/execute`` ``{"sql", "database"?, "schema"?}``: run one statement as the owner.
    - ``PUT /sandbox/edition`` ``{"edition"}``: look like another kind of account.
    """
    fakesnow_server = importlib.import_module("fakesnow.server")

    async def login(request: Request) -> Response:
        response: Response = await fakesnow_server.login_request(request)
        data = json.loads(bytes(response.body))["data"]
        _introduce(fakesnow_server.sessions[data["token"]], request, await _login_data(request))
        return response

    async def query(request: Request) -> Response:
        response: Response = await fakesnow_server.query_request(request)
        if response.status_code < 500:
            return response
        # The connector repeats a 5xx for minutes; what the emulator cannot do is the statement's error.
        answer = json.loads(bytes(response.body))
        return JSONResponse({**answer, "data": {"errorCode": answer["code"], "sqlState": "XX000"}})

    async def execute(request: Request) -> Response:
        body = await request.json()
        return JSONResponse(await run_in_threadpool(_execute, account, body))

    async def edition(request: Request) -> Response:
        wanted = (await request.json())["edition"]
        if wanted not in EDITIONS:
            return JSONResponse({"error": f"edition {wanted!r} is not one of {', '.join(EDITIONS)}"}, 400)
        use_edition(wanted)
        return JSONResponse({"edition": wanted})

    replaced: dict[str, Endpoint] = {"/session/v1/login-request": login, "/queries/v1/query-request": query}
    routes = [
        Route(route.path, replaced.get(route.path, route.endpoint), methods=sorted(route.methods or ()))
        for route in fakesnow_server.routes
    ]
    routes += [
        Route("/sandbox/execute", execute, methods=["POST"]),
        Route("/sandbox/edition", edition, methods=["PUT"]),
        Route("/telemetry/send", lambda _: JSONResponse({"success": True}), methods=["POST"]),
    ]
    return Starlette(routes=routes)


async def _login_data(request: Request) -> dict[str, Any]:
    gzip = importlib.import_module("gzip")
    body = await request.body()
    if request.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    data: dict[str, Any] = json.loads(body)["data"]
    return data


def _introduce(session: WarehouseConnection, request: Request, data: dict[str, Any]) -> None:
    session.user = str(data.get("LOGIN_NAME") or session.user).upper()
    session.role = (request.query_params.get("roleName") or session.role).upper()
    session.warehouse = (request.query_params.get("warehouse") or session.warehouse).upper()
    session.query_tag = str(data.get("SESSION_PARAMETERS", {}).get("QUERY_TAG") or "")


def _execute(account: FakeSnow, body: dict[str, Any]) -> dict[str, Any]:
    session = account.connect(body.get("database"), body.get("schema"))
    try:
        cursor = session.cursor()
        cursor.execute(body["sql"])
        rows = [[value if _plain(value) else str(value) for value in row] for row in cursor.fetchall()]
        return {"rows": rows}
    except Exception as error:  # noqa: BLE001  # whatever it is belongs to the caller, who may be a test
        return {"error": str(error)}
    finally:
        session.close()


def _plain(value: object) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))
