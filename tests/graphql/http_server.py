"""An HTTP server that answers whatever a test wants, and counts the connections that are made to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest


class Answer(NamedTuple):
    """An HTTP answer; ``length`` where the header is to say something else than is sent."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}
    length: int | None = None

    @classmethod
    def of(cls, value: Any, status: int = 200) -> Answer:
        """Return one that holds a JSON value."""
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


class HttpServer:
    """What the server was asked, with which key, and over how many connections; ``answer`` is set by the test."""

    def __init__(self) -> None:
        self.url = ""
        self.connections = 0
        self.asked: list[dict[str, Any]] = []
        self.tokens: list[str] = []
        self.answer: Callable[[dict[str, Any]], Answer] = lambda question: Answer.of({"data": {}})

    def always(self, answer: Answer) -> None:
        """Give the same answer to all."""
        self.answer = lambda question: answer

    def connect(self, monkeypatch: pytest.MonkeyPatch, conn_id: str = "montecarlo_default", **fields: Any) -> None:
        """Define an Airflow connection to this server."""
        connection = {"conn_type": "montecarlo", "host": self.url, "login": "key-id", "password": "s3cr3t"}
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection | fields))


def _handler(state: HttpServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            state.connections += 1
            super().setup()

        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.asked.append(question)
            state.tokens.append(self.headers["x-mcd-token"])
            answer = state.answer(question)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status != 204:
                length = len(answer.body) if answer.length is None else answer.length
                self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection = self.close_connection or answer.length is not None

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def http_server() -> Iterator[HttpServer]:
    """Run one on a free port."""
    state = HttpServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
