"""The ETL operators in real Airflow runs; the API that they read is a few lines of a server."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.airflow.assets import NamedAsset, UnnamedAssetError
from airflow_provider_montecarlo_push.operators.etl import name_asset
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.collectors.airflow.conftest import SmallAirflow, airflow  # noqa: F401 - a fixture
from tests.operators.airflow_runs import run_dag, run_example
from tests.operators.conftest import TaskLog

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]
NOON = "2026-11-20T12:00:00Z"


@pytest.fixture
def server(airflow: SmallAirflow, monkeypatch: pytest.MonkeyPatch) -> SmallAirflow:  # noqa: F811 - the fixture
    """An Airflow with 250 DAGs, each of which ran once, and the connection to it."""
    dags = [f"dag_{number:03}" for number in range(250)]
    airflow.listing("/dags", "dags", [{"dag_id": dag_id} for dag_id in dags])
    airflow.listing("/assets", "assets", [])
    runs = []
    for dag_id in dags:
        airflow.answers[f"/dags/{dag_id}/details"] = {"dag_id": dag_id}
        airflow.answers[f"/dags/{dag_id}/tasks"] = {"tasks": [{"task_id": "a"}]}
        airflow.listing(f"/dags/{dag_id}/dagRuns/r/taskInstances", "task_instances", [])
        runs.append(
            {
                "dag_id": dag_id,
                "dag_run_id": "r",
                "state": "success",
                "run_type": "scheduled",
                "start_date": NOON,
                "end_date": "2026-11-20T12:00:01Z",
            }
        )
    airflow.listing("/dags/~/dagRuns", "dag_runs", runs)
    connection = {"conn_type": "airflow", "host": airflow.url, "login": "someone", "password": "secret"}
    monkeypatch.setenv("AIRFLOW_CONN_AIRFLOW_API", json.dumps(connection))
    return airflow


_BOTH = """
from airflow_provider_montecarlo_push.operators.etl import (
    MonteCarloCollectEtlMetadataOperator, MonteCarloCollectEtlRunsOperator, MonteCarloPushEtlMetadataOperator,
    MonteCarloPushEtlRunsOperator)
from airflow_provider_montecarlo_push.sensors.received import MonteCarloPushReceivedSensor
jobs = MonteCarloCollectEtlMetadataOperator(task_id="jobs", source_conn_id="airflow_api")
push_jobs = MonteCarloPushEtlMetadataOperator(
    task_id="push_jobs", manifest=jobs.output, resource_uuid="{container}", max_events=400)
runs = MonteCarloCollectEtlRunsOperator(
    task_id="runs", source_conn_id="airflow_api", exclude="dag_24*",
    window_start="2026-11-20T12:00:00Z", window_end="2026-11-20T13:00:00Z")
push_runs = MonteCarloPushEtlRunsOperator(
    task_id="push_runs", manifest=runs.output, resource_uuid="{container}", max_events=400)
seen = MonteCarloPushReceivedSensor(task_id="seen", push=push_jobs.output, poke_interval=0.1, timeout=30)
push_jobs >> runs
"""


@pytest.mark.usefixtures("server")
def test_jobs_and_runs_in_batches_of_a_hundred(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__MONTECARLO_PUSH__BATCH_MAX_EVENTS", "500")
    outcome = run_dag(_BOTH.format(container=sandbox.etl_uuid))
    assert set(outcome.states().values()) == {"success"}
    jobs, runs = sandbox.pushes("etl_metadata"), sandbox.pushes("etl_runs")
    assert sorted(push["events"] for push in jobs) == [50, 100, 100]
    assert sorted(push["events"] for push in runs) == [40, 100, 100]
    assert {push["resource_type"] for push in [*jobs, *runs]} == {"airflow"}
    assert len(sandbox.jobs()) == 250
    assert outcome.xcom("runs")["left_out"] == {"filtered": 10}
    assert outcome.xcom("push_jobs")["events"] == 250


@pytest.mark.usefixtures("server")
def test_the_hourly_rule_is_not_for_jobs(sandbox: Sandbox) -> None:
    for _ in range(2):
        assert set(run_dag(_BOTH.format(container=sandbox.etl_uuid)).states().values()) == {"success"}
    assert len(sandbox.pushes("etl_runs")) == 6


def test_the_examples_take_the_hour_before_and_leave_time_for_late_ends(sandbox: Sandbox, server: SmallAirflow) -> None:
    asked: list[dict[str, list[str]]] = []

    def remember(query: dict[str, list[str]]) -> Any:
        asked.append(query)
        return {"dag_runs": [], "total_entries": 0}

    server.answers["/dags/~/dagRuns"] = remember
    conf = {"etl_container": sandbox.etl_uuid}
    due = datetime(2026, 11, 20, 14, tzinfo=UTC)
    outcome = run_example("montecarlo_airflow_etl", run_conf=conf, logical_date=due, run_after=due)
    assert set(outcome.states().values()) == {"success"}
    assert outcome.xcom("etl_runs.collect")["events"] == 0
    (query,) = asked
    assert query["end_date_gte"] == ["2026-11-20T12:55:00+00:00"]
    assert query["start_date_lte"] == ["2026-11-20T13:55:00+00:00"]


def _fails(body: str, task_log: TaskLog, *messages: str) -> None:
    assert "failed" in run_dag(body).states().values()
    text = " ".join(task_log.text.split())  # tracebacks are wrapped
    for message in messages:
        assert message in text


_COLLECT = "MonteCarloCollectEtlMetadataOperator"
_IMPORT = "from airflow_provider_montecarlo_push.operators.etl import *\n"


def test_no_dags_at_all_say_what_to_look_at(server: SmallAirflow, task_log: TaskLog) -> None:
    _fails(
        f"{_IMPORT}{_COLLECT}(task_id='jobs', source_conn_id='airflow_api', include='shop_*')",
        task_log,
        "shows not one job in {'include': ['shop_*'], 'exclude': []}",
    )


def test_a_refused_login_fails_at_once(server: SmallAirflow, task_log: TaskLog) -> None:
    server.password = "another"
    _fails(
        f"{_IMPORT}{_COLLECT}(task_id='jobs', source_conn_id='airflow_api', retries=3)",
        task_log,
        "gives user 'someone' no token",
    )
    assert server.asked == ["POST /auth/token"]


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (f"{_COLLECT}(task_id='a', source_conn_id='airflow_api', resource_type='airflw')", "Did you mean 'airflow'"),
        (f"{_COLLECT}(task_id='a', source_conn_id='shop', collector=SHOP['collector'])", "gives no etl_metadata"),
        ("MonteCarloCollectMetadataOperator(task_id='a', source_conn_id='airflow_api')", "gives no metadata"),
        (f"{_COLLECT}(task_id='a', source_conn_id='airflow_api', include=' ')", "names no job"),
        (
            f"{_COLLECT}(task_id='a', source_conn_id='airflow_api', collector_kwargs={{'ui_url': 'airflow'}})",
            "ui_url is 'airflow'",
        ),
    ],
)
def test_what_is_wrong_is_named(task_log: TaskLog, body: str, message: str) -> None:
    _fails(_IMPORT + body, task_log, message)


@pytest.mark.usefixtures("server")
def test_a_warehouse_is_no_container(sandbox: Sandbox, task_log: TaskLog) -> None:
    outcome = run_dag(_BOTH.format(container=sandbox.warehouse_uuid))
    assert outcome.states()["push_jobs"] == "failed"
    assert "no ETL container" in task_log.text


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("snowflake://org-account/db/schema/orders", NamedAsset("TABLE", "DB.SCHEMA.ORDERS")),
        ("bigquery://project/set/orders", NamedAsset("TABLE", "project.set.orders")),
        ("s3://lake/raw/orders.parquet", NamedAsset("FILE", "s3://lake/raw/orders.parquet")),
    ],
)
def test_assets_are_called_as_their_warehouse_calls_them(uri: str, expected: NamedAsset) -> None:
    assert name_asset(uri) == expected


@pytest.mark.parametrize(
    ("uri", "reason"), [("x-thing://a", "not_tables"), ("orders", "not_tables"), ("snowflake://a/b", "malformed_uris")]
)
def test_assets_without_a_name(uri: str, reason: str) -> None:
    with pytest.raises(UnnamedAssetError) as caught:
        name_asset(uri)
    assert caught.value.reason == reason
