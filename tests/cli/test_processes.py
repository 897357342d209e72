"""Commands as processes of their own: under Airflow's command line, in a terminal, interrupted, in a pipe."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from upath import UPath

from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.conftest import table, write_manifest

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("monte_carlo_connections")]
BY_ITSELF = (sys.executable, "-m", "airflow_provider_montecarlo_push")


@pytest.fixture(autouse=True)
def as_users_run_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """In its unit test mode Airflow prints to stdout that it is."""
    monkeypatch.setenv("AIRFLOW__CORE__UNIT_TEST_MODE", "False")


@pytest.fixture
def manifest(tmp_path: Path) -> str:
    folder = Folder(UPath((tmp_path / "manifest").as_uri()))
    write_manifest(folder, [table(number) for number in range(40)])
    return folder.uri


def test_under_airflows_command_line(sandbox: Sandbox) -> None:
    airflow = Path(sys.executable).with_name("airflow")
    ended = subprocess.run(
        [airflow, "montecarlo", "warehouses", "-o", "json"], capture_output=True, text=True, check=True
    )
    assert {row["uuid"] for row in json.loads(ended.stdout)} >= {sandbox.warehouse_uuid, sandbox.lake_uuid}


def test_results_alone_go_to_stdout(manifest: str) -> None:
    ended = subprocess.run(
        [*BY_ITSELF, "push", manifest, "--verbose", "-o", "json"], capture_output=True, text=True, check=True
    )
    assert json.loads(ended.stdout)["events"] == 40
    assert "info: Pushed 40" in ended.stderr


def test_bars_in_a_terminal(manifest: str) -> None:
    terminal, end = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(
        [*BY_ITSELF, "push", manifest], stdout=subprocess.PIPE, stderr=end, env=environment, text=True
    ) as process:
        os.close(end)
        written = _all_of(terminal)
        assert process.stdout is not None
        out = process.stdout.read()
    assert process.returncode == 0
    assert "━" not in out
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written)
    assert re.search(r"Pushed ━+ +40/40 events", shown)


def _all_of(terminal: int) -> str:
    pieces = []
    while select.select([terminal], [], [], 60)[0]:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # how Linux says that the other end is closed
            break
        pieces.append(piece)
    os.close(terminal)
    return b"".join(pieces).decode()


def test_an_interrupted_push_goes_on_later(sandbox: Sandbox, manifest: str) -> None:
    sandbox.inject("delay", flow="metadata", seconds=1)
    push = [*BY_ITSELF, "push", manifest, "--max-events", "1", "--concurrency", "1", "-o", "json"]
    with subprocess.Popen(push, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not sandbox.pushes("metadata"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert "Interrupted." in process.stderr.read()
    assert process.returncode == 130
    sandbox.clear_faults()
    result = json.loads(subprocess.run(push, capture_output=True, text=True, check=True).stdout)
    assert (result["events"], 0 < result["resumed"] < 40) == (40, True)
    assert len(sandbox.events("metadata")) <= 41  # one request may have been on its way


def test_a_reader_that_goes_away(manifest: str) -> None:
    show = " ".join([*BY_ITSELF, "manifest", "show", manifest, "--events", "40"])
    piped = f"({show}; echo $? >&2) | head -c 10"
    ended = subprocess.run(["bash", "-c", piped], capture_output=True, text=True, check=True)
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr


def test_the_sandbox() -> None:
    with subprocess.Popen(
        [*BY_ITSELF, "sandbox", "--port", "0", "--no-environment", "--quiet"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
    assert process.returncode in (0, 130)
