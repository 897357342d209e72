"""The push of a spool as a task, in real Airflow runs against the sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from upath import UPath

from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.spool.writing import add
from tests.operators.airflow_runs import run_dag, run_example
from tests.operators.conftest import TaskLog
from tests.spool.spools import NAMESPACE, observation, statement

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("airflow_database", "monte_carlo_connections"),
]
_PUSH = """
from airflow_provider_montecarlo_push.operators.spool import MonteCarloPushSpoolOperator
MonteCarloPushSpoolOperator(task_id="push"{options})
"""


@pytest.fixture
def root(tmp_path: Path) -> Folder:
    """The manifest root of the settings."""
    return Folder(UPath(tmp_path.as_uri()))


@pytest.fixture
def mapped(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = {"resource_uuid": sandbox.warehouse_uuid, "resource_type": "snowflake"}
    monkeypatch.setenv("AIRFLOW__MONTECARLO_PUSH__RESOURCES", json.dumps({NAMESPACE: resource, "shop": resource}))


def arrived(sandbox: Sandbox) -> list[str]:
    return sorted(event["destination"]["name"] for event in sandbox.events("lineage"))


@pytest.mark.usefixtures("mapped")
def test_the_example(root: Folder, sandbox: Sandbox) -> None:
    add(root, observation(1))
    outcome = run_example("montecarlo_push_spool")
    assert outcome.states() == {"push": "success"}
    assert arrived(sandbox) == ["T1"]
    result = outcome.xcom("push")
    assert (result["events"], result["waiting"], result["dropped"]) == (1, 0, {})
    assert result["invocation_ids"] == [push["invocation_id"] for push in sandbox.pushes()]
    assert result["receipt"].startswith(root.uri)
    assert run_example("montecarlo_push_spool").xcom("push")["events"] == 0


@pytest.mark.usefixtures("mapped")
def test_databases_come_from_connections(root: Folder, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = {"conn_type": "snowflake", "schema": "PUBLIC", "extra": {"database": "ANALYTICS"}}
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps(connection))
    add(root, observation(1, edges=[], statements=[statement("INSERT INTO TARGET SELECT ID FROM SOURCE")]))
    run_dag(_PUSH.format(options=""))
    (event,) = sandbox.events("lineage")
    assert event["destination"] | {"asset_id": ""} == {
        "type": "TABLE",
        "database": "ANALYTICS",
        "schema": "PUBLIC",
        "name": "TARGET",
        "asset_id": "",
    }


def test_what_is_not_mapped_is_counted_and_named(root: Folder, sandbox: Sandbox, task_log: TaskLog) -> None:
    add(root, observation(1))
    outcome = run_dag(_PUSH.format(options=""))
    assert outcome.xcom("push")["left_out"] == {"unmapped": 1}
    assert NAMESPACE in task_log.text
    assert not sandbox.pushes()


@pytest.mark.usefixtures("mapped")
def test_the_gateway_is_down_and_the_next_run_delivers(root: Folder, sandbox: Sandbox) -> None:
    add(root, observation(1))
    sandbox.inject("status", status=503, headers={"Retry-After": "3600"})
    assert run_dag(_PUSH.format(options="")).states() == {"push": "failed"}
    sandbox.clear_faults()
    assert run_dag(_PUSH.format(options="")).states() == {"push": "success"}
    assert arrived(sandbox) == ["T1"]


@pytest.mark.parametrize("options", [", batch_files=0", ", max_age=-1", ", takeover=0", ", on_rejected='maybe'"])
def test_wrong_parameters_are_named(options: str, task_log: TaskLog) -> None:
    assert run_dag(_PUSH.format(options=options)).states() == {"push": "failed"}
    name = options.strip(", ").partition("=")[0]
    assert f"{name} is " in task_log.text
