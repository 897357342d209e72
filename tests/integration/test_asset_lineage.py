"""A running Airflow: a real task emits its asset event, the DAG that it triggers runs, the sandbox shows the edge."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sandbox.demo.__main__ import connections, resources
from airflow_provider_montecarlo_push.sandbox.demo.airflow_server import AirflowServer
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("running_airflow")]

DAGS = Path(__file__).parents[2] / "dags"
# Two producers of one alias and an asset, and a schedule of time or assets: what the example does not show.
MORE = """
from datetime import datetime
from airflow.sdk import DAG, Asset, AssetAlias, AssetOrTimeSchedule, CronTriggerTimetable, get_current_context, task
from airflow_provider_montecarlo_push.assets.producers import record_sources
from airflow_provider_montecarlo_push.operators.asset_lineage import MonteCarloAssetLineageOperator
from airflow_provider_montecarlo_push.operators.push import MonteCarloPushLineageOperator

RAW = "snowflake://embedded/RAW/SHOP"
FIRST, PLAIN = Asset(f"{RAW}/FIRST"), Asset("no table at all")
ALIAS = AssetAlias("montecarlo_second")
START = dict(start_date=datetime(2024, 1, 1), catchup=False)

with DAG("producers", schedule=None, **START):
    @task(outlets=[FIRST], inlets=[Asset(f"{RAW}/ORDERS")])
    def first():
        record_sources(get_current_context())

    @task(outlets=[ALIAS], inlets=[Asset(f"{RAW}/PAYMENTS")])
    def second(**context):
        context["outlet_events"][ALIAS].add(Asset(f"{RAW}/SECOND"))
        record_sources(context)

    @task(outlets=[PLAIN])
    def third():
        pass

    first() >> second() >> third()

with DAG(
    "consumer",
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("0 0 1 1 *", timezone="UTC"), assets=FIRST & ALIAS & PLAIN
    ),
    **START,
):
    lineage = MonteCarloAssetLineageOperator(task_id="lineage")
    MonteCarloPushLineageOperator(task_id="push", manifest=lineage.output)
"""


class Running(NamedTuple):
    """What runs for these tests."""

    airflow: AirflowServer
    sandbox: Sandbox


@pytest.fixture(scope="module")
def running(
    own_sandbox: Sandbox, changed_warehouse: EmbeddedWarehouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("airflow")
    dags = home / "dags"
    dags.mkdir()
    shutil.copy(DAGS / "montecarlo_asset_lineage.py", dags)
    (dags / "more.py").write_text(MORE)
    variables = changed_warehouse.environment("snowflake_default") | connections(own_sandbox) | resources(own_sandbox)
    with AirflowServer.running(home, dags, variables) as airflow:
        yield Running(airflow, own_sandbox)


def run(airflow: AirflowServer, producer: str, consumer: str) -> dict[str, Any]:
    """Run a producer, and return the XComs and states of the consumer's run that its assets start."""
    airflow.wait_for_dags([producer, consumer])
    for dag_id in (consumer, producer):
        airflow.unpause(dag_id)
    airflow.trigger(producer)
    assert airflow.wait_for_run(producer)["state"] == "success"
    outcome = airflow.wait_for_run(consumer, run_type="asset_triggered")
    tasks = airflow.tasks(consumer, outcome["dag_run_id"])
    assert {task["task_id"]: task["state"] for task in tasks} == {task["task_id"]: "success" for task in tasks}
    return {task["task_id"]: airflow.xcom(task) for task in tasks}


def edges(sandbox: Sandbox) -> set[tuple[str, str]]:
    return {
        (source["name"], event["destination"]["name"])
        for event in sandbox.events("lineage")
        for source in event["sources"]
    }


def test_the_edge_is_there_when_the_etl_task_has_written_its_asset(running: Running) -> None:
    sandbox = running.sandbox
    results = run(running.airflow, "montecarlo_asset_lineage_etl", "montecarlo_asset_lineage")
    assert results["push_lineage"]["events"] == results["push_freshness"]["events"] == 1
    graph = sandbox.lineage(sandbox.mcon("ANALYTICS", "MARTS", "SALES_BY_CATEGORY"), hops=1)
    names = {node["name"].rpartition(".")[2] for node in graph["nodes"]}
    assert {"SALES_BY_CATEGORY", "FCT_ORDERS", "FCT_ORDER_ITEMS"} <= names
    (event,) = [event for event in sandbox.events("lineage") if event["destination"]["name"] == "SALES_BY_CATEGORY"]
    assert {field["name"] for field in event["fields"]} == {"CATEGORY", "REVENUE", "STATUS"}
    (fresh,) = sandbox.events("metadata")
    assert fresh["relational_asset"]["metadata"]["name"] == "SALES_BY_CATEGORY"
    assert fresh["relational_asset"]["freshness"]["last_update_time"]


def test_several_producers_an_alias_and_a_schedule_of_time_or_assets(running: Running) -> None:
    results = run(running.airflow, "producers", "consumer")
    assert {("ORDERS", "FIRST"), ("PAYMENTS", "SECOND")} <= edges(running.sandbox)
    assert results["lineage"]["counts"]["asset_events"] == 3
    assert results["lineage"]["left_out"] == {"not_tables": 1}
    by_time = running.airflow.wait_for_run("consumer", run_type="scheduled")
    assert by_time["state"] == "success", "a run that no asset has started pushes nothing, and says so"
