"""The listener in a running Airflow: real tasks on the embedded Snowflake, the spool, the push DAG, the sandbox."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sandbox.demo.__main__ import connections
from airflow_provider_montecarlo_push.sandbox.demo.airflow_server import AirflowServer
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("running_airflow")]
_DAGS = Path(__file__).parents[2] / "dags"
_ACCOUNT = "snowflake://org-account"
_ETL = '''
from datetime import datetime
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG, Asset, task

with DAG("etl", schedule=None, start_date=datetime(2024, 1, 1)):
    SQLExecuteQueryOperator(
        task_id="operator", conn_id="snowflake_default", split_statements=True, database="ANALYTICS",
        sql="""
            CREATE OR REPLACE TRANSIENT TABLE ANALYTICS.PUBLIC.BY_OPERATOR AS
                SELECT ORDER_ID AS ID, 'pass-w0rd-1234' AS NOTE FROM ANALYTICS.MARTS.FCT_ORDERS;
            SELECT 1
        """,
    )

    @task
    def hook():
        from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook
        from airflow.sdk.log import mask_secret

        mask_secret("pass-w0rd-1234")
        SnowflakeHook(snowflake_conn_id="snowflake_default", database="ANALYTICS", schema="PUBLIC").run(
            "CREATE OR REPLACE TRANSIENT TABLE BY_HOOK AS "
            "SELECT ORDER_ID, 'pass-w0rd-1234' AS NOTE FROM MARTS.FCT_ORDERS"
        )

    @task
    def broken():
        """A hook that records nonsense, and after it something that makes sense."""
        from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector

        class Broken:
            def get_conn_id(self):
                raise RuntimeError("broken on purpose")

        class Odd:
            conn_type = "snowflake"
            conn_name_attr = "there_is_none"

        collector = get_hook_lineage_collector()
        collector.add_extra(context=Broken(), key="sql_job", value={"sql": "SELECT 1"})
        collector.add_extra(context=Odd(), key="sql_job", value={"sql": "SELECT 1"})
        collector.add_extra(context=Broken(), key="sql_job", value="no dict")
        collector.add_input_asset(context=Odd(), uri="ACCOUNT/RAW/SHOP/READ")
        collector.add_output_asset(context=Odd(), uri="ACCOUNT/RAW/SHOP/WRITTEN")
        collector.add_output_asset(context=Odd(), uri="trino://host/short")

    @task(inlets=[Asset("ACCOUNT/RAW/SHOP/IN")], outlets=[Asset("ACCOUNT/RAW/SHOP/OUT")])
    def declared():
        pass

    @task
    def nothing():
        pass

    @task
    def failing():
        from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector

        get_hook_lineage_collector().add_output_asset(context=object(), uri="ACCOUNT/RAW/SHOP/NOT_WRITTEN")
        raise RuntimeError("on purpose")

    hook(), broken(), declared(), nothing(), failing()

with DAG("consumer", schedule=[Asset("ACCOUNT/RAW/SHOP/OUT")], start_date=datetime(2024, 1, 1)):

    @task
    def seen(triggering_asset_events=None):
        return [event.extra for events in triggering_asset_events.values() for event in events]

    seen()
'''.replace("ACCOUNT", _ACCOUNT)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("airflow")


@pytest.fixture(scope="module")
def airflow(own_sandbox: Sandbox, changed_warehouse: EmbeddedWarehouse, home: Path) -> Iterator[AirflowServer]:
    dags = home / "dags"
    dags.mkdir()
    (dags / "etl.py").write_text(_ETL)
    push = dags / "montecarlo_push_spool.py"
    shutil.copy(_DAGS / push.name, push)
    text = push.read_text().replace('schedule="*/10 * * * *"', "schedule=None").replace('"retries": 2', '"retries": 0')
    push.write_text(text.replace("max_active_runs=1", "max_active_runs=2"))
    resource = {"resource_uuid": own_sandbox.warehouse_uuid, "resource_type": "snowflake"}
    variables = {
        **changed_warehouse.environment("snowflake_default"),
        **connections(own_sandbox),
        "AIRFLOW__MONTECARLO_PUSH__LISTENER_ENABLED": "True",
        "AIRFLOW__MONTECARLO_PUSH__LISTENER_RECORDS_INLETS": "True",
        "AIRFLOW__MONTECARLO_PUSH__RESOURCES": json.dumps({_ACCOUNT: resource, "snowflake_default": resource}),
    }
    with AirflowServer.running(home / "airflow", dags, variables) as server:
        server.wait_for_dags(["etl", "consumer", "montecarlo_push_spool"])
        for dag_id in ("etl", "consumer", "montecarlo_push_spool"):
            server.unpause(dag_id)
        yield server


def trigger(airflow: AirflowServer, dag_id: str) -> str:
    answer = airflow._client.post(f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": {}})
    return str(answer.raise_for_status().json()["dag_run_id"])


def wait(airflow: AirflowServer, dag_id: str, run_id: str) -> dict[str, dict[str, Any]]:
    """Wait until a run is over; return its task instances by task."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        run = airflow._client.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}").raise_for_status().json()
        if run["state"] in ("success", "failed"):
            return {task["task_id"]: task for task in airflow.tasks(dag_id, run_id)}
        time.sleep(0.5)
    raise AssertionError(f"{dag_id} {run_id} is not over")


def waiting(home: Path) -> int:
    return len(list((home / "airflow" / "montecarlo_push" / "spool" / "incoming").glob("*/*.json.gz")))


@pytest.fixture(scope="module")
def ran(airflow: AirflowServer, home: Path) -> dict[str, dict[str, Any]]:
    """The ETL ran, with the own_sandbox down: all of it is in the spool."""
    tasks = wait(airflow, "etl", trigger(airflow, "etl"))
    deadline = time.monotonic() + 30
    while waiting(home) < 4 and time.monotonic() < deadline:  # the last task's listener runs after its run is over
        time.sleep(0.2)
    return tasks


def test_tasks_are_as_they_would_be(airflow: AirflowServer, ran: dict[str, dict[str, Any]], home: Path) -> None:
    states = {name: task["state"] for name, task in ran.items()}
    assert states.pop("failing") == "failed"
    assert set(states.values()) == {"success"}
    assert waiting(home) == 4, "one for each task that succeeded and did something"
    for task in ran.values():
        assert "may not reach Monte Carlo" not in airflow.log_of(task)


def test_consumers_see_inlets(airflow: AirflowServer, ran: dict[str, dict[str, Any]]) -> None:
    run = airflow.wait_for_run("consumer")
    (task,) = airflow.tasks("consumer", run["dag_run_id"])
    assert airflow.xcom(task) == [{"montecarlo": {"sources": [f"{_ACCOUNT}/RAW/SHOP/IN"], "columns": {}}}]


@pytest.fixture(scope="module")
def pushed(airflow: AirflowServer, ran: dict[str, dict[str, Any]], own_sandbox: Sandbox) -> list[dict[str, Any]]:
    """A run with the own_sandbox down, then two at once."""
    own_sandbox.inject("status", status=503, headers={"Retry-After": "3600"})
    down = wait(airflow, "montecarlo_push_spool", trigger(airflow, "montecarlo_push_spool"))["push"]
    assert down["state"] == "failed"
    own_sandbox.clear_faults()
    runs = [trigger(airflow, "montecarlo_push_spool") for _ in range(2)]
    tasks = [wait(airflow, "montecarlo_push_spool", run)["push"] for run in runs]
    assert [task["state"] for task in tasks] == ["success", "success"]
    return [airflow.xcom(task) for task in tasks]


def test_each_edge_arrives_once_with_columns(pushed: list[dict[str, Any]], own_sandbox: Sandbox) -> None:
    events = {event["destination"]["name"]: event for event in own_sandbox.events("lineage")}
    assert sorted(events) == ["BY_HOOK", "BY_OPERATOR", "OUT", "WRITTEN"]
    assert len(own_sandbox.events("lineage")) == 4
    assert [field["name"] for field in events["BY_OPERATOR"]["fields"]] == ["ID"]
    hooked = events["BY_HOOK"]
    assert (hooked["destination"]["database"], hooked["destination"]["schema"]) == ("ANALYTICS", "PUBLIC")
    assert hooked["sources"][0]["name"] == "FCT_ORDERS"
    edges = {(edge["source"], edge["destination"]) for edge in own_sandbox.edges()}
    orders = own_sandbox.mcon("ANALYTICS", "MARTS", "FCT_ORDERS")
    assert (orders, own_sandbox.mcon("ANALYTICS", "PUBLIC", "BY_OPERATOR")) in edges
    assert sum(result["events"] for result in pushed) == 4


def test_what_is_left_out_is_counted(pushed: list[dict[str, Any]]) -> None:
    left_out: dict[str, int] = {}
    for result in pushed:
        for reason, count in result["left_out"].items():
            left_out[reason] = left_out.get(reason, 0) + count
    assert left_out == {"broken_records": 2, "statements_without_connection": 1, "malformed_uris": 1}


def test_nothing_secret_is_kept(pushed: list[dict[str, Any]], home: Path) -> None:
    import gzip

    for file in (home / "airflow" / "montecarlo_push").rglob("*.gz"):
        assert "pass-w0rd" not in gzip.decompress(file.read_bytes()).decode()
    assert waiting(home) == 0
