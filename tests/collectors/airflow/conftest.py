"""An Airflow API server of a few lines, for what a real one does too seldom: errors, expired tokens, moving pages."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from airflow_provider_montecarlo_push.collectors.airflow.api import AirflowApi
from airflow_provider_montecarlo_push.collectors.airflow.connection import Address
from airflow_provider_montecarlo_push.collectors.report import CollectionReport

Answer = tuple[int, Any]


class SmallAirflow:
    """Answers by path; lists are cut into pages.

    :ivar answers: by path: a document, a status, or a function of the query that returns one of these.
    :ivar asked: what was asked, in order.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        self.token = "token-1"
        self.password = "secret"
        self.url = ""
        self.page = 100

    def listing(self, path: str, name: str, rows: list[Any], before: Callable[[int], None] | None = None) -> None:
        """Serve ``rows`` as ``name``; ``before`` is called with the offset of each page."""

        def answer(query: dict[str, list[str]]) -> Any:
            offset, limit = int(query["offset"][0]), min(int(query["limit"][0]), self.page)
            if before is not None:
                before(offset)
            return {name: rows[offset : offset + limit], "total_entries": len(rows)}

        self.answers[path] = answer

    def answer(self, method: str, target: str, token: str | None, body: Any) -> Answer:
        parts = urlsplit(target)
        self.asked.append(f"{method} {parts.path}")
        if parts.path.startswith("/auth/token"):
            good = method == "GET" or body == {"username": "someone", "password": self.password}
            return (201, {"access_token": self.token}) if good else (401, {"detail": "Invalid credentials"})
        if token != f"Bearer {self.token}":
            return 401, {"detail": "Unauthorized"}
        found = self.answers.get(parts.path.removeprefix("/api/v2"), 404)
        if callable(found):
            found = found(parse_qs(parts.query))
        return (found, {"detail": "as told"}) if isinstance(found, int) else (200, found)


@pytest.fixture
def airflow() -> Iterator[SmallAirflow]:
    small = SmallAirflow()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one packet: in two it waits for the client's acknowledgement

        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, document = small.answer(self.command, self.path, self.headers.get("authorization"), body)
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _serve  # noqa: N815 - the standard library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    small.url = f"http://127.0.0.1:{server.server_port}"
    yield small
    server.shutdown()
    server.server_close()


@pytest.fixture
def report() -> CollectionReport:
    return CollectionReport(logging.getLogger("test"))


@pytest.fixture
def api(airflow: SmallAirflow) -> Iterator[AirflowApi]:
    address = Address(airflow.url, user="someone", password="secret")
    with AirflowApi(address, "airflow_api", sleep=lambda _: None) as api:
        yield api
