"""The embedded warehouse from the outside: start it in a process of its own, talk to it, stop it."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_provider_montecarlo_push.exceptions import SourceError, SourceUnavailableError
from airflow_provider_montecarlo_push.sandbox.warehouse.connection import (
    DEFAULT_CONN_ID,
    connection_json,
    environment,
)
from airflow_provider_montecarlo_push.sandbox.warehouse.editions import Edition

START_TIMEOUT = 120.0
"""Seconds to wait for the warehouse to answer."""

_MODULE = "airflow_provider_montecarlo_push.sandbox.warehouse"


@dataclass(frozen=True)
class EmbeddedWarehouse:
    """A running warehouse.

    :param port: where it listens on 127.0.0.1.
    :param ca_bundle: PEM file with certifi's authorities and the warehouse's own.
    :param seconds: how long the start took.
    :param initial_edition: the edition it was started with.
    """

    port: int
    ca_bundle: Path
    seconds: float
    initial_edition: Edition = "enterprise"

    @classmethod
    @contextmanager
    def running(
        cls,
        directory: Path,
        *,
        port: int = 0,
        seed: bool = True,
        edition: Edition = "enterprise",
        live: bool = False,
    ) -> Iterator[EmbeddedWarehouse]:
        """Start a warehouse, and stop it at the end.

        :param directory: where its certificates and its log are written.
        :param port: port to listen on, 0 for a free one.
        :param seed: whether to fill it with the shop; without, it has no database at all.
        :param edition: kind of account to look like.
        :param live: whether the shop goes on running its statements, so that later hours have a history too.
        :raises SourceUnavailableError: if it does not answer; the message holds the end of its log.
        """
        directory.mkdir(parents=True, exist_ok=True)
        ready, log = directory / "ready.json", directory / "warehouse.log"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", _MODULE, "--port", str(port), "--directory", str(directory)]
        command += ["--ready-file", str(ready), "--edition", edition, "--until-stdin-closes"]
        command += ["--seed" if seed else "--no-seed", *(["--live"] if live else [])]
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603  # our own module, no shell
                command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT
            )
            try:
                facts = _wait(process, ready, log)
                yield cls(facts["port"], Path(facts["ca_bundle"]), facts["seconds"], edition)
            finally:
                _stop(process)

    def connection_json(self, **changes: str) -> str:
        """The Airflow connection for SnowflakeHook; ``changes`` as in :func:`.connection.connection_json`."""
        return connection_json(self.port, **changes)

    def environment(self, conn_id: str = DEFAULT_CONN_ID) -> dict[str, str]:
        """Variables that make Airflow's ``conn_id`` point here and the connector trust the certificate."""
        return environment(self.port, self.ca_bundle, conn_id)

    def execute(self, sql: str, *, database: str | None = None, schema: str | None = None) -> list[list[Any]]:
        """Run one statement as the owner, whatever the edition.

        :param sql: the statement, in Snowflake's SQL.
        :param database: current database for unqualified names.
        :param schema: current schema.
        :return: its rows; values other than numbers, booleans and ``None`` as text.
        :raises SourceError: if the statement fails.
        """
        answer = self._send("POST", "/sandbox/execute", {"sql": sql, "database": database, "schema": schema})
        rows: list[list[Any]] = answer["rows"]
        return rows

    @contextmanager
    def as_edition(self, edition: Edition) -> Iterator[None]:
        """Look like another kind of account for a while, to all sessions."""
        self._send("PUT", "/sandbox/edition", {"edition": edition})
        try:
            yield
        finally:
            self._send("PUT", "/sandbox/edition", {"edition": self.initial_edition})

    def _send(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(  # always https
            f"https://127.0.0.1:{self.port}{path}", json.dumps(body).encode(), method=method
        )
        context = ssl.create_default_context(cafile=str(self.ca_bundle))
        with urllib.request.urlopen(request, context=context, timeout=START_TIMEOUT) as response:  # noqa: S310  # as above
            answer: dict[str, Any] = json.load(response)
        if "error" in answer:
            raise SourceError(f"The embedded warehouse refused: {answer['error']}")
        return answer


def _wait(process: subprocess.Popen[bytes], ready: Path, log: Path) -> dict[str, Any]:
    deadline = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        if ready.exists():
            facts: dict[str, Any] = json.loads(ready.read_text())
            return facts
        time.sleep(0.05)
    reason = f"ended with code {process.returncode}" if process.returncode is not None else "did not answer in time"
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise SourceUnavailableError(f"The embedded warehouse {reason}. Its log, {log}, ends with:\n{tail}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
