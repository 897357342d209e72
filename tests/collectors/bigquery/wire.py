"""BigQuery's REST API with recorded answers, for the system views and the refusals that the emulator does not have."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Schema = Sequence[Any]
"""Columns: "name TYPE", or ("name", [columns of a struct]); a name that ends in "[]" is repeated."""

TABLE: Schema = ["project_id STRING", "dataset_id STRING", "table_id STRING"]


@dataclass
class Answer:
    """The rows of a statement."""

    columns: Schema
    rows: Sequence[Sequence[Any]] = ()


@dataclass
class Refusal:
    """An error instead.

    :param times: how often, until the next answer that fits is given.
    :param in_job: whether the job fails, rather than the call that makes it.
    """

    status: int
    reason: str
    message: str
    times: int = 1_000_000
    in_job: bool = False


@dataclass
class Statement:
    """What was sent."""

    sql: str
    values: list[Any]
    location: str | None
    page_rows: list[int] = field(default_factory=list)


@dataclass
class Wire:
    """What to answer: the first answer whose text is in the statement."""

    answers: list[tuple[str, Answer | Refusal]] = field(default_factory=list)
    locations: list[str] | Refusal = field(default_factory=lambda: ["US"])
    statements: list[Statement] = field(default_factory=list)
    jobs: dict[str, tuple[Answer | Refusal, Statement]] = field(default_factory=dict)
    url: str = ""

    def answer(self, text: str, found: Answer | Refusal) -> None:
        self.answers.append((text, found))

    def find(self, sql: str) -> Answer | Refusal:
        for text, found in self.answers:
            if text in sql and not (isinstance(found, Refusal) and found.times <= 0):
                if isinstance(found, Refusal):
                    found.times -= 1
                return found
        return Answer(["nothing STRING"])

    def sent(self, text: str) -> list[Statement]:
        return [statement for statement in self.statements if text in statement.sql]

    @contextmanager
    def serving(self) -> Iterator[Wire]:
        wire = self

        class Handler(_Handler):
            state = wire

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    state: Wire
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        query = body["configuration"]["query"]
        reference = body["jobReference"]
        values = [parameter["parameterValue"].get("value") for parameter in query.get("queryParameters", ())]
        statement = Statement(query["query"], values, reference.get("location"))
        self.state.statements.append(statement)
        found = self.state.find(query["query"])
        if isinstance(found, Refusal) and not found.in_job:
            self._refuse(found)
            return
        self.state.jobs[reference["jobId"]] = (found, statement)
        self._job(reference["jobId"], query)

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        parts = address.path.strip("/").split("/")
        parameters = {key: values[0] for key, values in parse_qs(address.query).items()}
        if parts[-1] == "datasets":
            self._datasets()
        elif parts[-2] == "queries":
            self._rows(parts[-1], parameters)
        else:
            self._job(parts[-1], {})

    def _job(self, job_id: str, query: dict[str, Any]) -> None:
        found, _ = self.state.jobs[job_id]
        status: dict[str, Any] = {"state": "DONE"}
        if isinstance(found, Refusal):
            status["errorResult"] = {"reason": found.reason, "message": found.message}
            status["errors"] = [status["errorResult"]]
        self._send(
            {
                "jobReference": {"projectId": "proj", "jobId": job_id, "location": "US"},
                "configuration": {"jobType": "QUERY", "query": query},
                "status": status,
                "statistics": {"query": {"statementType": "SELECT"}},
            }
        )

    def _rows(self, job_id: str, parameters: dict[str, str]) -> None:
        found, statement = self.state.jobs[job_id]
        if isinstance(found, Refusal):
            self._refuse(found)
            return
        start = int(parameters.get("pageToken") or parameters.get("startIndex") or 0)
        end = start + int(parameters.get("maxResults") or 100_000)
        statement.page_rows.append(end - start)
        rows = found.rows[start:end]
        answer: dict[str, Any] = {
            "jobReference": {"projectId": "proj", "jobId": job_id, "location": "US"},
            "jobComplete": True,
            "schema": {"fields": [_field(column) for column in found.columns]},
            "totalRows": str(len(found.rows)),
            "rows": [{"f": _cells(found.columns, row)} for row in rows],
        }
        if end < len(found.rows):
            answer["pageToken"] = str(end)
        self._send(answer)

    def _datasets(self) -> None:
        if isinstance(self.state.locations, Refusal):
            self._refuse(self.state.locations)
            return
        datasets = [
            {"datasetReference": {"projectId": "proj", "datasetId": f"d{number}"}, "location": location}
            for number, location in enumerate(self.state.locations)
        ]
        self._send({"kind": "bigquery#datasetList", "datasets": datasets})

    def _refuse(self, found: Refusal) -> None:
        details = [{"reason": found.reason, "message": found.message, "domain": "global"}]
        self._send({"error": {"code": found.status, "message": found.message, "errors": details}}, found.status)

    def _send(self, answer: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


def _field(column: Any) -> dict[str, Any]:
    name, kind = column.split() if isinstance(column, str) else (column[0], "RECORD")
    found = {"name": name.removesuffix("[]"), "type": kind, "mode": "REPEATED" if name.endswith("[]") else "NULLABLE"}
    return found if isinstance(column, str) else {**found, "fields": [_field(inner) for inner in column[1]]}


def _cells(columns: Schema, row: Sequence[Any]) -> list[dict[str, Any]]:
    return [{"v": _cell(column, value)} for column, value in zip(columns, row, strict=True)]


def _cell(column: Any, value: Any) -> Any:
    name = column.split()[0] if isinstance(column, str) else column[0]
    if name.endswith("[]"):
        inner = column.replace("[]", "") if isinstance(column, str) else (name.removesuffix("[]"), column[1])
        return [{"v": _cell(inner, item)} for item in value]
    if value is None:
        return None
    if not isinstance(column, str):
        return {"f": _cells(column[1], value)}
    if isinstance(value, datetime):
        return str((value - _EPOCH) // timedelta(microseconds=1))
    return str(value).lower() if isinstance(value, bool) else str(value)
