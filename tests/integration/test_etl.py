"""A whole Airflow tells Monte Carlo of its own DAGs and runs, with our operators in its workers."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sandbox.demo.__main__ import connections
from airflow_provider_montecarlo_push.sandbox.demo.airflow_server import AirflowServer, free_port

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("running_airflow")]

_EXAMPLE = Path(__file__).parents[2] / "dags" / "montecarlo_airflow_etl.py"
_ORDERS = "snowflake://org-account/analytics/marts/orders"
_SHOP = """
from datetime import datetime, timedelta
from airflow.sdk import DAG, Asset, CronTriggerTimetable, task
from airflow.providers.standard.operators.empty import EmptyOperator

ORDERS = Asset("{orders}")
with DAG("shop_load", schedule=None, start_date=datetime(2024, 1, 1), tags=["shop", "nightly"],
         description="Loads the shop",
         default_args={{"owner": "shop@example.com"}}):
    @task(inlets=[Asset("s3://lake/raw/orders.parquet"), Asset("x-thing://a/b")])
    def extract():
        return [1, 2, 3]

    @task(max_active_tis_per_dagrun=1)
    def part(number):
        return number

    @task(outlets=[ORDERS], retries=1, retry_delay=timedelta(seconds=1), doc_md="Writes orders")
    def load(parts, ti=None):
        if ti.try_number == 1:
            raise ValueError("not yet")

    load(part.expand(number=extract()))

with DAG("shop_report", schedule=[ORDERS], start_date=datetime(2024, 1, 1)):
    @task
    def report():
        pass
    report()

with DAG("shop_broken", schedule=None, start_date=datetime(2024, 1, 1)):
    @task
    def fails():
        raise ValueError("broken")

    @task
    def never():
        pass

    fails() >> never()

# These stay paused.
with DAG("shop_nightly", schedule=CronTriggerTimetable("0 3 * * *", timezone="Europe/Berlin"),
         start_date=datetime(2024, 1, 1), catchup=False):
    EmptyOperator(task_id="nothing")

with DAG("shop_monthly", schedule=timedelta(days=30), start_date=datetime(2024, 1, 1), catchup=False):
    EmptyOperator(task_id="nothing")

with DAG("other", schedule=None, start_date=datetime(2024, 1, 1)):
    @task
    def waits():
        import time
        time.sleep(600)
    waits()
"""
_FIRST = ("shop_load", "shop_broken", "other")


class Airflow:
    """A running Airflow, its sandbox, and when the runs of its DAGs took place."""

    def __init__(self, server: AirflowServer, sandbox: Sandbox) -> None:
        self.server = server
        self.sandbox = sandbox

    def trigger(self, dag_id: str, **conf: Any) -> str:
        self.server.unpause(dag_id)
        body = {"logical_date": None, "conf": conf}
        answer = self.server._client.post(f"/api/v2/dags/{dag_id}/dagRuns", json=body).raise_for_status()
        return str(answer.json()["dag_run_id"])

    def run(
        self, dag_id: str, run_id: str, *, until: frozenset[str] = frozenset({"success", "failed"})
    ) -> dict[str, Any]:
        deadline = time.monotonic() + 240
        while True:
            run = self.server._get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")
            if run["state"] in until:
                return run
            assert time.monotonic() < deadline, f"{dag_id} is {run['state']}; see {self.server.log_file}"
            time.sleep(0.5)

    def push(self, dag_id: str, **conf: Any) -> dict[str, dict[str, Any]]:
        """Run one of the example's DAGs; return what its tasks returned."""
        run_id = self.trigger(dag_id, etl_container=self.sandbox.etl_uuid, **conf)
        run = self.run(dag_id, run_id)
        tasks = self.server.tasks(dag_id, run_id)
        assert run["state"] == "success", [self.server.log_of(task) for task in tasks if task["state"] == "failed"]
        return {task["task_id"].rpartition(".")[2]: self.server.xcom(task) for task in tasks}


@pytest.fixture(scope="module")
def airflow(own_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    folder = tmp_path_factory.mktemp("etl")
    (folder / "dags").mkdir()
    (folder / "dags" / "shop.py").write_text(_SHOP.format(orders=_ORDERS))
    shutil.copy(_EXAMPLE, folder / "dags")
    port = free_port()
    variables = connections(own_sandbox) | {
        "AIRFLOW_CONN_AIRFLOW_API": json.dumps(
            {"conn_type": "http", "host": "127.0.0.1", "schema": "http", "port": port}
        ),
    }
    with AirflowServer.running(folder / "airflow", folder / "dags", variables, port=port) as server:
        server.wait_for_dags([*_FIRST, "shop_report", "montecarlo_airflow_etl", "montecarlo_airflow_etl_jobs"])
        running = Airflow(server, own_sandbox)
        server.unpause("shop_report")
        started = {dag_id: running.trigger(dag_id) for dag_id in _FIRST}
        for dag_id in ("shop_load", "shop_broken"):
            running.run(dag_id, started[dag_id])
        server.wait_for_run("shop_report")
        running.run("other", started["other"], until=frozenset({"running"}))
        yield running


def _window() -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "window_start": (now - timedelta(hours=1)).isoformat(),
        "window_end": (now + timedelta(hours=1)).isoformat(),
    }


def test_dags_are_jobs(airflow: Airflow) -> None:
    outcome = airflow.push("montecarlo_airflow_etl_jobs", include=["shop_*"])
    sandbox = airflow.sandbox
    assert outcome["push"]["events"] == 5
    assert outcome["collect"]["counts"]["tasks"] == 8
    assert outcome["collect"]["left_out"] == {"filtered": 3, "not_tables": 1}
    jobs = {job["job_source_id"]: job for job in sandbox.jobs()}
    assert set(jobs) == {"shop_load", "shop_report", "shop_broken", "shop_nightly", "shop_monthly"}
    load = jobs["shop_load"]
    assert load["description"] == "Loads the shop"
    assert load["properties"] == [{"key": "nightly"}, {"key": "shop"}]
    assert load["owner"]["primary_email"] == "shop@example.com"
    assert load["schedule"]["kind"] == "manual"
    assert [jobs[name]["is_paused"] for name in ("shop_load", "shop_nightly")] == [False, True]
    assert load["job_url"] == f"{airflow.server.url}/dags/shop_load"
    tasks = {task["name"]: task for task in load["tasks"]}
    assert set(tasks) == {"extract", "part", "load"}
    assert tasks["part"]["upstream_task_source_ids"] == ["shop_load/extract"]
    assert tasks["load"]["upstream_task_source_ids"] == ["shop_load/part"]
    assert tasks["load"]["description"] == "Writes orders"
    assert tasks["load"]["task_type"] == "@task"
    assert tasks["load"]["outputs"] == [
        {"asset_type": "TABLE", "role": "OUTPUT", "fully_qualified_name": "ANALYTICS.MARTS.ORDERS"}
    ]
    assert tasks["load"]["triggered_job_source_ids"] == ["shop_report"]
    assert tasks["extract"]["inputs"] == [
        {"asset_type": "FILE", "role": "INPUT", "fully_qualified_name": "s3://lake/raw/orders.parquet"}
    ]
    report = jobs["shop_report"]["schedule"]
    assert report["kind"] == "event"
    assert report["upstream_job_source_ids"] == ["shop_load"]
    assert _ORDERS in json.dumps(report["event_trigger"])
    nightly, monthly = jobs["shop_nightly"]["schedule"], jobs["shop_monthly"]["schedule"]
    assert (nightly["kind"], nightly["cron_expression"]) == ("cron", "0 3 * * *")
    assert "next_run_at" in nightly
    assert (monthly["kind"], monthly["interval_seconds"]) == ("interval", 30 * 24 * 3600)


def test_dag_runs_and_attempts_at_tasks_are_runs(airflow: Airflow) -> None:
    outcome = airflow.push("montecarlo_airflow_etl", include=["shop_*", "other"], **_window())
    sandbox = airflow.sandbox
    assert outcome["push"]["events"] == 4
    runs = {run["job_source_id"]: run for run in sandbox.runs()}
    assert {job: (run["status"], run["trigger"]) for job, run in runs.items()} == {
        "shop_load": ("success", "API"),
        "shop_report": ("success", "EVENT"),
        "shop_broken": ("failed", "API"),
        "other": ("in_progress", "API"),
    }
    load = runs["shop_load"]
    assert load["run_source_id"].startswith("shop_load/manual__")
    assert load["duration_ms"] > 0
    attempts = sandbox.runs(parent=load["run_source_id"])
    assert [(task["task_source_id"], task.get("attempt_number"), task["status"]) for task in attempts] == [
        ("shop_load/extract", 1, "success"),
        ("shop_load/part", 1, "success"),
        ("shop_load/part", 1, "success"),
        ("shop_load/part", 1, "success"),
        ("shop_load/load", 1, "failed"),
        ("shop_load/load", 2, "success"),
    ]
    assert {task["attributes"].get("map_index") for task in attempts} == {None, 0, 1, 2}
    first, second = attempts[-2:]
    assert first["error"]["message"] == "Task load failed in attempt 1 of 2."
    assert second["parent_attempt_run_source_id"] == first["run_source_id"]
    assert second["run_url"].endswith("/tasks/load?try_number=2")
    assert httpx.get(second["run_url"], trust_env=False, follow_redirects=True).is_success
    report = runs["shop_report"]
    assert report["triggered_by_run_source_id"] == load["run_source_id"]
    assert report["inputs"] == [
        {"asset_type": "TABLE", "role": "INPUT", "fully_qualified_name": "ANALYTICS.MARTS.ORDERS"}
    ]
    broken = {task["task_source_id"]: task for task in sandbox.runs(parent=runs["shop_broken"]["run_source_id"])}
    assert {name: task["status"] for name, task in broken.items()} == {
        "shop_broken/fails": "failed",
        "shop_broken/never": "upstream_failed",
    }
    assert runs["other"].get("end_time") is None
    (waiting,) = sandbox.runs(parent=runs["other"]["run_source_id"])
    assert waiting["status"] == "in_progress"


def test_what_ran_long_is_told_again_when_it_has_ended(airflow: Airflow) -> None:
    sandbox, client = airflow.sandbox, airflow.server._client
    (before,) = sandbox.runs("other")
    run_id = before["run_source_id"].partition("/")[2]
    client.patch(f"/api/v2/dags/other/dagRuns/{run_id}", json={"state": "failed"}).raise_for_status()
    airflow.run("other", run_id)
    airflow.push("montecarlo_airflow_etl", include=["other"], **_window())
    (after,) = sandbox.runs("other")
    assert (after["run_source_id"], after["status"]) == (before["run_source_id"], "failed")
    assert after["start_time"] == before["start_time"]
    assert after["events"] == before["events"] + 1


def test_a_window_in_which_nothing_happened_is_no_failure(airflow: Airflow) -> None:
    window = {"window_start": "2020-01-01T00:00:00Z", "window_end": "2020-01-01T01:00:00Z"}
    outcome = airflow.push("montecarlo_airflow_etl", **window)
    assert outcome["collect"]["events"] == outcome["push"]["events"] == 0


def test_monte_carlo_shows_when_it_received_what(airflow: Airflow) -> None:
    asked = "query { getEtlContainers { uuid type jobCount pushEvents { eventType status lastInvocationId } } }"
    (container,) = airflow.sandbox.graphql(asked)["getEtlContainers"]
    assert (container["uuid"], container["type"], container["jobCount"]) == (airflow.sandbox.etl_uuid, "AIRFLOW", 5)
    assert {event["eventType"]: event["status"] for event in container["pushEvents"]} == {
        "ETL_METADATA": "ACTIVE",
        "ETL_RUNS": "ACTIVE",
    }
