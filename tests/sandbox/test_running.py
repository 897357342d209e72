"""Starting and stopping: in a thread, in a process, from the command line."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.sandbox import KeyConfig, Sandbox, SandboxConfig
from airflow_provider_montecarlo_push.sandbox.__main__ import main, welcome

pytestmark = pytest.mark.integration

MODULE = "airflow_provider_montecarlo_push.sandbox"


def _push(sandbox: Sandbox, table: dict[str, Any]) -> None:
    headers = {"x-mcd-id": sandbox.ingest_key.id, "x-mcd-token": sandbox.ingest_key.secret}
    resource = {"uuid": sandbox.warehouse_uuid, "resource_type": "snowflake"}
    document = {"event_type": "METADATA", "resource": resource, "events": [table]}
    assert httpx.post(f"{sandbox.url}/ingest/v1/metadata", json=document, headers=headers).status_code == 202


@pytest.mark.parametrize("own_process", [False, True])
def test_it_starts_and_stops(own_process: bool) -> None:
    config = SandboxConfig(keys=(KeyConfig("i", "s"), KeyConfig("a", "b", "api")), visible_after={"lineage": 5})
    with Sandbox.running(config, own_process=own_process) as sandbox:
        assert httpx.get(f"{sandbox.url}/health").json() == {"status": "ok"}
        assert sandbox.ingest_key.id == "i"
        assert sandbox.graphql("{getUser{account{name}}}") == {"getUser": {"account": {"name": "Sandbox"}}}
        assert sandbox.state()["settings"]["visible_after"]["lineage"] == 5
        assert ("127.0.0.1" in sandbox.url) is True
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{sandbox.url}/health")


def test_several_run_side_by_side(events: Any) -> None:
    with Sandbox.running() as one, Sandbox.running() as two:
        _push(one, events.table())
        assert (len(one.pushes()), len(two.pushes())) == (1, 0)


def test_it_stops_while_a_request_stalls(events: Any) -> None:
    with Sandbox.running() as sandbox:
        sandbox.inject("timeout_after_accept", seconds=600)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{sandbox.url}/ingest/v1/metadata", json={}, timeout=0.2)
        stalled = socket.create_connection(sandbox.url.removeprefix("http://").split(":"))
        stalled.sendall(b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
    stalled.close()


def test_a_file_keeps_what_arrived(tmp_path: Path, events: Any) -> None:
    database = str(tmp_path / "sandbox.db")
    with Sandbox.running(database=database) as sandbox:
        _push(sandbox, events.table())
        key = sandbox.add_key(id="kept", secret="kept")
    with Sandbox.running(database=database) as sandbox:
        assert [table["name"] for table in sandbox.tables()] == ["orders"]
        assert key.id in str(sandbox.state()["keys"])


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database at all, but long enough to be read as one" * 10)
    with pytest.raises(ConfigurationError, match=r"Cannot use .*notes\.txt"), Sandbox.running(database=str(file)):
        pass


def test_a_port_that_is_taken_is_named(sandbox: Sandbox) -> None:
    port = int(sandbox.url.rpartition(":")[2])
    with pytest.raises(ConfigurationError, match=rf"127\.0\.0\.1:{port}.*another port"), Sandbox.running(port=port):
        pass


@pytest.mark.parametrize("host", ["203.0.113.7", "no-such-host.invalid"])
def test_an_address_that_is_not_here_is_named(host: str) -> None:
    with pytest.raises(ConfigurationError, match=f"Cannot listen on {host}"), Sandbox.running(host=host):
        pass


class TestCommand:
    def _start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", MODULE, "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environ},
        )

    def test_it_says_where_everything_is(self, tmp_path: Path) -> None:
        process = self._start("--visible-after", "lineage=90", MCD_INGEST_ID="my-id", MCD_INGEST_TOKEN="my-token")
        assert process.stdout is not None
        try:
            lines = []
            for line in process.stdout:
                lines.append(line)
                if line.startswith("Stop"):
                    break
            text = "".join(lines)
            url = lines[0].split()[-1]
            assert url.startswith("http://127.0.0.1:")
            assert httpx.get(f"{url}/health").status_code == 200
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
        for expected in (f"{url}/graphql", "my-id", "my-token", "5f10a4e0-0000-4000-8000-000000000001", "lineage 90 s"):
            assert expected in text

    def test_quiet_prints_the_url_only(self) -> None:
        process = self._start("--quiet")
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx.get(f"{url}/health").status_code == 200
        process.terminate()
        rest, errors = process.communicate(timeout=20)
        assert (rest, errors) == ("", "")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--config", "/does/not/exist.json"], "Cannot read"),
            (["--visible-after", "soon"], "SECONDS or FLOW=SECONDS"),
            (["--visible-after", "metrics=5"], "Unknown flow 'metrics'"),
            (["--database", "/does/not/exist/sandbox.db"], "Cannot use"),
            (["--host", "203.0.113.7", "--port", "0"], "Cannot listen on"),
            (["--port", "99999"], "Cannot listen on 127.0.0.1:99999"),
        ],
    )
    def test_mistakes_end_it_with_a_message(
        self, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["--no-environment", *arguments]) == 2
        assert message in capsys.readouterr().err


def test_a_config_file_survives_the_way_into_another_process() -> None:
    limited = KeyConfig("i", "s", warehouses=("a1b2c3d4-e5f6-7890-abcd-ef1234567890",))
    with Sandbox.running(SandboxConfig(keys=(limited,), max_raw_bytes=7), own_process=True) as sandbox:
        state = sandbox.state()
    assert state["settings"]["max_raw_bytes"] == 7
    assert [key["warehouses"] for key in state["keys"]] == [["a1b2c3d4-e5f6-7890-abcd-ef1234567890"]]


def test_the_welcome_of_an_open_address_is_usable() -> None:
    assert "http://127.0.0.1:8085/" in welcome("http://127.0.0.1:8085", SandboxConfig(), "x.db")


def test_it_loads_neither_airflow_nor_pycarlo_and_the_schema_only_when_asked() -> None:
    script = f"""
import json, sys
from {MODULE} import Sandbox
with Sandbox.running() as sandbox:
    sandbox.state()
    early = "graphql" in sys.modules
    sandbox.graphql("{{getUser{{email}}}}")
    heavy = [name for name in ("airflow", "pycarlo", "sqlglot", "pandas", "fakesnow") if name in sys.modules]
print(json.dumps([early, heavy, "graphql" in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [False, [], True]
