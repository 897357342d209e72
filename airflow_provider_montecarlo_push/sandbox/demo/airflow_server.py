"""A whole Airflow on this machine, in a folder of its own, driven over its REST API."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from airflow_provider_montecarlo_push.exceptions import SourceUnavailableError

_START_SECONDS = 180.0
# A machine that starts several servers at once answers late.
_CLIENT_SECONDS = 120.0
_STOP_SECONDS = 30.0
_FINISHED = frozenset({"success", "failed"})


class AirflowServer:
    """A running Airflow.

    :param url: base URL of its UI and API.
    :param log_file: what its components print.
    """

    def __init__(self, url: str, log_file: Path) -> None:
        self.url = url
        self.log_file = log_file
        self._client = httpx.Client(base_url=url, timeout=_CLIENT_SECONDS)

    @classmethod
    @contextmanager
    def running(cls, home: Path, dags: Path, variables: Mapping[str, str], *, port: int = 0) -> Iterator[AirflowServer]:
        """Start the scheduler, DAG processor, triggerer and API server; stop them at the end.

        :param home: AIRFLOW_HOME; database and logs are kept there.
        :param dags: folder with the DAGs.
        :param variables: further environment variables, such as connections.
        :param port: port of the UI, 0 for a free one.
        :raises SourceUnavailableError: when it does not become healthy.
        """
        home.mkdir(parents=True, exist_ok=True)
        port = port or free_port()
        url = f"http://127.0.0.1:{port}"
        log_file = home / "airflow.log"
        with log_file.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "airflow", "standalone"],
                env=os.environ | _settings(home, dags, port) | dict(variables),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            server = cls(url, log_file)
            try:
                server._wait_until_healthy(process)
                yield server
            finally:
                server._client.close()
                _stop(process)

    def wait_for_dags(self, dag_ids: list[str]) -> None:
        """Wait until the DAG processor has read ``dag_ids``.

        :raises SourceUnavailableError: when they do not appear.
        """
        deadline = time.monotonic() + _START_SECONDS
        while missing := [dag_id for dag_id in dag_ids if self._client.get(f"/api/v2/dags/{dag_id}").is_error]:
            if time.monotonic() > deadline:
                raise SourceUnavailableError(f"Airflow does not show {missing}; see {self.log_file}.")
            time.sleep(0.5)

    def unpause(self, dag_id: str) -> None:
        """Let a DAG run."""
        self._client.patch(f"/api/v2/dags/{dag_id}", json={"is_paused": False}).raise_for_status()

    def trigger(self, dag_id: str) -> None:
        """Start a run of a DAG by hand."""
        answer = self._client.post(f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": {}})
        answer.raise_for_status()

    def wait_for_run(self, dag_id: str, *, run_type: str | None = None, seconds: float = 300.0) -> dict[str, Any]:
        """Wait until a DAG has a finished run and return it.

        :param run_type: what started it, such as ``asset_triggered``; anything when not given.
        :raises SourceUnavailableError: when it takes longer than ``seconds``.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for run in self._get(f"/api/v2/dags/{dag_id}/dagRuns")["dag_runs"]:
                if run["state"] in _FINISHED and run_type in (None, run["run_type"]):
                    return dict(run)
            time.sleep(0.5)
        raise SourceUnavailableError(f"No run of {dag_id} has finished after {seconds:.0f} s; see {self.log_file}.")

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the task instances of a run."""
        return list(self._get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"])

    def xcom(self, task: Mapping[str, Any]) -> Any:
        """Return what a task instance returned, ``None`` when nothing."""
        path = f"/api/v2/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}/xcomEntries"
        answer = self._client.get(
            f"{path}/return_value", params={"map_index": task["map_index"], "deserialize": "true"}
        )
        return None if answer.status_code == httpx.codes.NOT_FOUND else answer.raise_for_status().json()["value"]

    def log_of(self, task: Mapping[str, Any]) -> str:
        """Return the log of a task instance's last attempt."""
        path = f"/api/v2/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}/logs"
        answer = self._client.get(
            f"{path}/{task['try_number']}", params={"map_index": task["map_index"], "full_content": "true"}
        )
        content = answer.json().get("content", []) if answer.is_success else []
        return "\n".join(str(entry.get("event", entry)) if isinstance(entry, dict) else str(entry) for entry in content)

    def _get(self, path: str) -> dict[str, Any]:
        answer = self._client.get(path)
        answer.raise_for_status()
        return dict(answer.json())

    def _wait_until_healthy(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise SourceUnavailableError(
                    f"Airflow ended with code {process.returncode}:\n{_tail(self.log_file)}\n({self.log_file})"
                )
            if self._is_healthy():
                token = self._client.get("/auth/token").raise_for_status().json()["access_token"]
                self._client.headers["Authorization"] = f"Bearer {token}"
                return
            time.sleep(0.5)
        raise SourceUnavailableError(
            f"Airflow is not healthy after {_START_SECONDS:.0f} s:\n{_tail(self.log_file)}\n({self.log_file})"
        )

    def _is_healthy(self) -> bool:
        try:
            answer = self._client.get("/api/v2/monitor/health")
        except httpx.HTTPError:
            return False
        if not answer.is_success:
            return False
        parts = answer.json()
        return all(parts[part].get("status") == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))


def _settings(home: Path, dags: Path, port: int) -> dict[str, str]:
    return {
        # `airflow standalone` starts its parts by the name of the command.
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags.resolve()),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # In it, servers and tasks would sign with different secrets.
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__MONTECARLO_PUSH__MANIFEST_ROOT": (home / "montecarlo_push").resolve().as_uri(),
        "PYTHONWARNINGS": "ignore",
    }


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _tail(file: Path) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-20:])


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop Airflow and every process that it started: they share a session."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
