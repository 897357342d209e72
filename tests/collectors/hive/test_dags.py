"""The example DAG as it is: a real Airflow run between Hive and the sandbox."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.collectors.hive.server import Server
from tests.operators.airflow_runs import run_file

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("airflow_database", "monte_carlo_connections"),
    pytest.mark.xdist_group("hive"),
]
EXAMPLE = Path(__file__).parents[3] / "dags" / "montecarlo_hive_hourly.py"


def test_every_flow(sandbox: Sandbox, metastore: Server, hiveserver2: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    start = datetime.now(UTC)
    hiveserver2.execute("CREATE TABLE mart.hourly AS SELECT id, total FROM shop.orders")
    monkeypatch.setenv("AIRFLOW_CONN_METASTORE_DEFAULT", metastore.uri("hive-metastore"))
    path = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / EXAMPLE.name
    shutil.copy(EXAMPLE, path)
    window = {"window_start": start.isoformat(), "window_end": (datetime.now(UTC) + timedelta(seconds=1)).isoformat()}
    conf = {"include": ["shop", "mart"], "log_path": str(hiveserver2.logs), **window}
    try:
        outcome = run_file(path, path.stem, run_conf=conf)
    finally:
        path.unlink()
        hiveserver2.execute("DROP TABLE mart.hourly")
    assert set(outcome.states().values()) == {"success"}
    tables = {
        event["relational_asset"]["metadata"]["name"]: event["relational_asset"] for event in sandbox.events("metadata")
    }
    assert tables["orders"]["volume"]["row_count"] == 3
    assert tables["revenue"]["type"] == "VIEW"
    edges = {event["destination"]["name"]: event for event in sandbox.events("lineage")}
    assert {"hourly", "revenue"} <= edges.keys()
    assert [field["name"] for field in edges["hourly"]["fields"]] == ["id", "total"]
    (logged,) = [event for event in sandbox.events("query_logs") if "mart.hourly" in event["query_text"]]
    assert logged["extra"]["database"] == "default"
    assert outcome.xcom("lineage.collect")["counts"]["edges_native"] == 1
