"""A sandbox for as long as a test or script needs it."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.sandbox.client import SandboxClient
from airflow_provider_montecarlo_push.sandbox.config import SandboxConfig

_PATIENCE = 30.0


class Sandbox(SandboxClient):
    """A sandbox that this process started.

    ::

        with Sandbox.running() as sandbox:
            push_to(sandbox.url, sandbox.ingest_key.id, sandbox.ingest_key.secret, sandbox.warehouse_uuid)
            assert sandbox.pushes(flow="metadata")[0]["events"] == 3
    """

    @classmethod
    @contextmanager
    def running(
        cls,
        config: SandboxConfig | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        database: str = ":memory:",
        own_process: bool = False,
    ) -> Iterator[Sandbox]:
        """Run a sandbox on a free port until the block ends.

        :param port: 0 takes a free one.
        :param database: SQLite file to keep what arrives.
        :param own_process: run it in a process of its own, so that its memory and CPU are not this one's. Otherwise it
            runs in a thread, which starts faster.
        :raises ConfigurationError: when the port is taken, the configuration cannot be used or the server does not
            start.
        """
        config = config or SandboxConfig()
        start = _process if own_process else _thread
        with start(config, host, port, database) as url:
            sandbox = cls(url, config)
            try:
                yield sandbox
            finally:
                sandbox.close()


@contextmanager
def _thread(config: SandboxConfig, host: str, port: int, database: str) -> Iterator[str]:
    from airflow_provider_montecarlo_push.sandbox.app import create_app
    from airflow_provider_montecarlo_push.sandbox.engine import Engine
    from airflow_provider_montecarlo_push.sandbox.server import create_server, listen

    socket = listen(host, port)
    engine = Engine(config, database)
    server = create_server(create_app(engine), log_level="error")
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, name="sandbox", daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + _PATIENCE
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise ConfigurationError(f"The sandbox did not start on {host}:{port}.")
            time.sleep(0.002)
        yield f"http://{host}:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_PATIENCE)
        socket.close()
        engine.close()


@contextmanager
def _process(config: SandboxConfig, host: str, port: int, database: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="sandbox-") as folder:
        file = Path(folder, "config.json")
        file.write_text(json.dumps(_plain(config)), encoding="utf-8")
        file.chmod(0o600)
        command = [sys.executable, "-m", "airflow_provider_montecarlo_push.sandbox", "--config", str(file)]
        command += ["--no-environment", "--host", host, "--port", str(port), "--database", database, "--quiet"]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)  # noqa: S603 - our own module
        try:
            line = process.stdout.readline().strip() if process.stdout else ""
            if not line.startswith("http"):
                raise ConfigurationError(f"The sandbox did not start on {host}:{port}; its output tells why.")
            yield line
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


def _plain(config: SandboxConfig) -> dict[str, Any]:
    return dataclasses.asdict(config)
