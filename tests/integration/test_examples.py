"""The example DAGs as they are: real Airflow runs between the embedded Snowflake and the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse
from tests.operators.airflow_runs import AirflowRun, run_example

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("airflow_database", "monte_carlo_connections"),
    pytest.mark.xdist_group("examples"),
]
Run = Callable[..., AirflowRun]


@pytest.fixture
def run(warehouse: EmbeddedWarehouse, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run an example by its DAG id."""
    for name, value in warehouse.environment("snowflake_default").items():
        monkeypatch.setenv(name, value)
    return run_example


def test_metadata_in_full_and_then_freshness_and_volume(sandbox: Sandbox, run: Run) -> None:
    first = run("montecarlo_snowflake_metadata", run_conf={"what": "everything", "exclude": ["SCRATCH"]})
    assert first.states() == {"collect": "success", "push": "success"}
    tables = {event["relational_asset"]["metadata"]["name"]: event for event in sandbox.events("metadata")}
    orders = tables["FCT_ORDERS"]["relational_asset"]
    assert {"name": "ORDER_ID", "type": "NUMBER(38,0)"}.items() <= orders["fields"][0].items()
    assert orders["volume"]["row_count"] > 0
    assert "last_update_time" in orders["freshness"]
    assert first.xcom("push")["events"] == len(sandbox.tables()) > 40
    second = run(
        "montecarlo_snowflake_metadata",
        run_conf={"what": "freshness and volume", "include": ["ANALYTICS.MARTS"], "force": True},
    )
    assert second.states()["push"] == "success"
    lean = [push["invocation_id"] for push in sandbox.pushes()][-1]
    assert all("fields" not in event["relational_asset"] for event in sandbox.events(invocation_id=lean))


def test_a_second_run_within_the_hour_waits(sandbox: Sandbox, run: Run) -> None:
    assert run("montecarlo_snowflake_metadata").states()["push"] == "success"
    assert run("montecarlo_snowflake_metadata").states()["push"] == "skipped"
    assert len(sandbox.pushes()) == 1


@pytest.mark.parametrize("edition", ["enterprise", "standard"])
def test_lineage_of_a_window(sandbox: Sandbox, run: Run, warehouse: EmbeddedWarehouse, edition: Any) -> None:
    now = datetime.now(UTC)
    window = {"window_start": (now - timedelta(hours=26)).isoformat(), "window_end": now.isoformat()}
    with warehouse.as_edition(edition):
        outcome = run("montecarlo_snowflake_lineage", run_conf=window)
    assert outcome.states() == {"lineage.collect": "success", "lineage.push": "success"}
    graph = sandbox.lineage(sandbox.mcon("ANALYTICS", "MARTS", "FCT_ORDERS"), hops=1)
    sources = {node["name"].rpartition(".")[2] for node in graph["nodes"]}
    assert {"STG_ORDERS", "STG_PAYMENTS", "STG_ORDER_ITEMS"} <= sources
    assert outcome.xcom("lineage.collect")["counts"]["with_fields"] > 5


def test_query_logs_of_a_window_failures_included(sandbox: Sandbox, run: Run) -> None:
    now = datetime.now(UTC)
    window = {"window_start": (now - timedelta(hours=26)).isoformat(), "window_end": now.isoformat()}
    outcome = run("montecarlo_snowflake_query_logs", run_conf=window)
    assert outcome.xcom("query_logs.push")["events"] > 100
    failed = [event for event in sandbox.events("query_logs") if "error_code" in event]
    assert failed
    assert all(event["error_text"] for event in failed)


def test_each_database_by_a_task_of_its_own(sandbox: Sandbox, run: Run) -> None:
    outcome = run("montecarlo_snowflake_databases", run_conf={"databases": ["RAW", "Marketing Data"]})
    assert {"collect[0]", "collect[1]", "push[0]", "push[1]"} <= set(outcome.states())
    assert set(outcome.states().values()) == {"success"}
    names = {event["relational_asset"]["metadata"]["database"] for event in sandbox.events("metadata")}
    assert names == {"RAW", "Marketing Data"}


def test_events_of_ones_own(sandbox: Sandbox, run: Run) -> None:
    outcome = run("montecarlo_push_events")
    assert outcome.xcom("push_spark_jobs")["events"] == len(sandbox.queries()) == 2


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[2] / "dags").glob("*.py")), ids=lambda path: path.stem)
def test_every_example_parses(path: Path) -> None:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(path))
    assert not bag.import_errors
    assert path.stem in bag.dags
    assert all(dag.doc_md for dag in bag.dags.values())
