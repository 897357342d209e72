"""The listener itself: what it does to a task, and what it never does."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import Asset

from airflow_provider_montecarlo_push.assets.extra import EXTRA_KEY
from airflow_provider_montecarlo_push.hooks.locations import manifest_root
from airflow_provider_montecarlo_push.listeners.lineage import LineageListener
from tests.listeners.conftest import TaskInstance

_A, _B = "snowflake://org-account/DB/S/A", "snowflake://org-account/DB/S/B"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The manifest root of the settings."""
    folder = tmp_path / "manifests"
    monkeypatch.setenv("AIRFLOW__MONTECARLO_PUSH__MANIFEST_ROOT", folder.as_uri())
    return folder


def spooled(root: Path) -> list[Path]:
    return list(root.glob("spool/incoming/*/*.json.gz"))


def run(listener: LineageListener, instance: Any) -> None:
    listener.on_task_instance_running(None, instance)
    listener.on_task_instance_success(None, instance)


def test_a_task_that_did_something_is_spooled(root: Path, task_instance: TaskInstance) -> None:
    run(LineageListener(), task_instance(inlets=[Asset(_A)], outlets=[Asset(_B)]))
    assert len(spooled(root)) == 1


@pytest.mark.usefixtures("collector")
def test_a_task_that_did_nothing_is_not(root: Path, task_instance: TaskInstance) -> None:
    before = threading.active_count()
    run(LineageListener(), task_instance())
    assert not root.exists()
    assert threading.active_count() == before


@pytest.mark.parametrize("instance", [SimpleNamespace(task=None), SimpleNamespace(), None])
def test_a_task_that_somebody_marked_is_not(root: Path, instance: Any, caplog: pytest.LogCaptureFixture) -> None:
    run(LineageListener(), instance)
    assert not root.exists()
    assert not caplog.records


@pytest.fixture
def metrics(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The tags of the errors that were counted in Airflow's metrics."""
    from airflow.providers.common.compat import sdk

    counted: list[dict[str, str]] = []
    stats = SimpleNamespace(incr=lambda name, tags: counted.append({"name": name, **tags}))
    monkeypatch.setattr(sdk, "Stats", stats, raising=False)
    return counted


def test_a_store_that_cannot_be_written(
    tmp_path: Path,
    task_instance: TaskInstance,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    metrics: list[dict[str, str]],
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("AIRFLOW__MONTECARLO_PUSH__MANIFEST_ROOT", (tmp_path / "file").as_uri())
    listener = LineageListener()
    for _ in range(3):
        run(listener, task_instance(outlets=[Asset(_B)]))
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1, "once, not for each task"
    assert "The task goes on" in warnings[0].getMessage()
    assert [one["name"] for one in metrics] == ["montecarlo_push.listener.errors"] * 3


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_store_that_hangs(
    silent_port: int,
    task_instance: TaskInstance,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    metrics: list[dict[str, str]],
) -> None:
    endpoint = f"http://127.0.0.1:{silent_port}"
    connection = {"conn_type": "aws", "login": "key", "password": "secret", "extra": {"endpoint_url": endpoint}}
    monkeypatch.setenv("AIRFLOW_CONN_HANGING_S3", json.dumps(connection))
    monkeypatch.setenv("AIRFLOW__MONTECARLO_PUSH__MANIFEST_ROOT", "s3://hanging_s3@bucket/root")
    monkeypatch.setenv("AIRFLOW__MONTECARLO_PUSH__LISTENER_TIMEOUT", "0.5")
    assert manifest_root()._fs, "loaded and connected before, so that the network is what hangs"
    instance = task_instance(outlets=[Asset(_B)])
    finished = threading.Event()

    def task() -> None:
        run(LineageListener(), instance)
        finished.set()

    threading.Thread(target=task, daemon=True).start()
    assert finished.wait(30), "the task goes on"
    assert "longer than 0.5 seconds" in caplog.text
    assert metrics == [{"name": "montecarlo_push.listener.errors", "reason": "timeout"}]


def test_whatever_goes_wrong_with_a_task_is_caught(
    root: Path, caplog: pytest.LogCaptureFixture, task_instance: TaskInstance
) -> None:
    instance = task_instance()
    del instance.task.inlets
    run(LineageListener(), instance)
    assert "AttributeError" in caplog.text


def test_inlets_go_into_the_events_of_outlets(
    root: Path, task_instance: TaskInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlet = Asset(_B)
    instance = task_instance(inlets=[Asset(_A), "text"], outlets=[outlet])
    extra = instance.get_template_context()["outlet_events"][outlet].extra
    LineageListener().on_task_instance_running(None, instance)
    assert extra == {}, "only where that is asked for"
    monkeypatch.setenv("AIRFLOW__MONTECARLO_PUSH__LISTENER_RECORDS_INLETS", "True")
    LineageListener().on_task_instance_running(None, instance)
    assert extra == {EXTRA_KEY: {"sources": [_A], "columns": {}}}


_PROBE = """
import json, sys
from airflow.sdk import plugins_manager
plugins, errors = plugins_manager._get_plugins()
(plugin,) = [plugin for plugin in plugins if plugin.name == "montecarlo_lineage"]
loaded = sorted(name for name in sys.modules if name.startswith("airflow_provider_montecarlo_push."))
print(json.dumps([len(plugin.listeners), len(plugin.hook_lineage_readers), loaded, errors]))
"""


@pytest.mark.parametrize(("setting", "on"), [("False", False), ("True", True), ("perhaps", False)])
def test_the_plugin(tmp_path: Path, setting: str, on: bool) -> None:
    import os

    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__MONTECARLO_PUSH__LISTENER_ENABLED": setting,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    output = subprocess.run(
        [sys.executable, "-c", _PROBE], env=environment, capture_output=True, text=True, check=True, timeout=120
    ).stdout
    listeners, readers, loaded, errors = json.loads(output.splitlines()[-1])
    assert (listeners, readers) == ((1, 1) if on else (0, 0))
    assert not errors
    if not on:
        few = {"plugins", "plugins.lineage", "plugins.receipts", "get_provider_info"}
        assert {name.partition(".")[2] for name in loaded} <= few, "switched off, it costs nothing"
