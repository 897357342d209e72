"""A BigQuery of its own for the tests: local-bigquery, in the environment that ``tests/prerequisites.py`` makes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_EMULATOR = Path(__file__).with_name("emulator.py")
_START_SECONDS = 60


def environment() -> Path:
    """Where the server is installed; DuckDB's extensions are under its ``home``."""
    return Path(__file__).parents[3] / ".servers" / "local-bigquery"


def is_installed() -> bool:
    return (environment() / "bin" / "local-bigquery").exists() and (environment() / "home").is_dir()


@contextmanager
def running(project: str) -> Iterator[str]:
    """Start a server with an empty ``project``; yield its URL."""
    folder = Path(tempfile.mkdtemp(prefix="montecarlo-bigquery-"))
    port, grpc_port = _free_port(), _free_port()
    python = str(environment() / "bin" / "python")
    ports = ("--host", "127.0.0.1", "--port", str(port), "--grpc-port", str(grpc_port))
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [python, str(_EMULATOR), *ports, "--project", project, "--data-dir", str(folder / "data")],
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env={"HOME": str(environment() / "home"), "PATH": os.environ["PATH"]},
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, project, process, folder / "log")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(url: str, project: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/bigquery/v2/projects/{project}/datasets", timeout=5)
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"local-bigquery did not start:\n{log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
