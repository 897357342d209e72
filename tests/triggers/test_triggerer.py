"""Sensors that wait in the triggerer of a whole Airflow: scheduler, triggerer, workers and API server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sandbox.demo.__main__ import connections
from airflow_provider_montecarlo_push.sandbox.demo.airflow_server import AirflowServer
from tests.conftest import table
from tests.sensors.pushes import push

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("monte_carlo_connections"),
    pytest.mark.xdist_group("examples"),
]
DAG = """
from datetime import datetime
from airflow.sdk import DAG, CronDataIntervalTimetable
from airflow_provider_montecarlo_push.sensors.metadata import MonteCarloMetadataSensor

HOURLY = CronDataIntervalTimetable("@hourly", timezone="UTC")
with DAG("waiting", schedule=HOURLY, start_date=datetime(2024, 1, 1), catchup=False):
    options = {{"poke_interval": 3, "deferrable": True, "retries": 3, "resource_uuid": "{warehouse}"}}
    MonteCarloMetadataSensor(task_id="visible", tables=["ANALYTICS.PUBLIC.ORDERS_0"], timeout=300, **options)
    MonteCarloMetadataSensor.partial(task_id="missing", timeout=5, **options).expand(tables=[["A.B.C"], ["A.B.D"]])
    MonteCarloMetadataSensor(task_id="skipped", tables=["A.B.C"], timeout=5, soft_fail=True, **options)
    MonteCarloMetadataSensor(
        task_id="revoked", tables=["A.B.C"], timeout=300, montecarlo_conn_id="revoked", **options)
"""


def wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_tasks_wait_without_a_worker(sandbox: Sandbox, tmp_path: Path) -> None:
    key = sandbox.add_key("api")
    # The triggerer must not look up secrets of the extra in a way that blocks its event loop.
    connection: dict[str, Any] = {"conn_type": "montecarlo", "host": sandbox.graphql_url, "extra": {"mcd_token": "x"}}
    connection |= {"login": key.id, "password": key.secret}
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "waiting.py").write_text(DAG.format(warehouse=sandbox.warehouse_uuid))
    variables = connections(sandbox) | {
        "AIRFLOW_CONN_REVOKED": json.dumps(connection),
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    }
    sandbox.set_delay(3600)
    push(tmp_path, [table(0)])
    with AirflowServer.running(tmp_path / "airflow", tmp_path / "dags", variables) as airflow:

        def tasks() -> dict[str, dict[str, Any]]:
            runs = airflow._get("/api/v2/dags/waiting/dagRuns")["dag_runs"]
            found = airflow.tasks("waiting", runs[0]["dag_run_id"]) if runs else []
            return {f"{task['task_id']}{task['map_index']}": task for task in found}

        def asked() -> bool:
            keys = [request["key_id"] for request in sandbox.requests("graphql")]
            return keys.count(key.id) >= 4

        airflow.wait_for_dags(["waiting"])
        airflow.unpause("waiting")
        wait(lambda: {"visible-1", "revoked-1"} <= set(tasks()) and asked())
        assert tasks()["visible-1"]["state"] == "deferred"
        sandbox.advance(3600)
        sandbox.revoke_key(key)
        airflow.wait_for_run("waiting")
        found = tasks()
        assert {name: (task["state"], task["try_number"]) for name, task in found.items()} == {
            "visible-1": ("success", 1),
            "missing0": ("failed", 1),
            "missing1": ("failed", 1),
            "skipped-1": ("skipped", 1),
            "revoked-1": ("failed", 1),
        }
        assert airflow.xcom(found["visible-1"])["tables"] == 1
        logs = "".join(path.read_text() for path in (tmp_path / "airflow" / "logs").rglob("*.log"))
        assert "table A.B.D is not visible" in logs
        assert "wrong, expired or deleted" in logs
        assert key.secret not in logs
