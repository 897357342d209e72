"""The example DAG as it is: a real Airflow run between a PostgreSQL server and the sandbox."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.collectors.postgres.server import Server
from tests.operators.airflow_runs import run_file

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("airflow_database", "monte_carlo_connections"),
    pytest.mark.xdist_group("postgres"),
]
EXAMPLE = Path(__file__).parents[3] / "dags" / "montecarlo_postgres_hourly.py"


def test_every_flow(sandbox: Sandbox, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    start = datetime.now(UTC)
    server.execute("CREATE TABLE mart.daily AS SELECT id, total FROM raw.orders", database="shop")
    monkeypatch.setenv("AIRFLOW_CONN_POSTGRES_DEFAULT", server.uri("shop"))
    path = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / EXAMPLE.name
    shutil.copy(EXAMPLE, path)
    window = {"window_start": start.isoformat(), "window_end": (datetime.now(UTC) + timedelta(seconds=1)).isoformat()}
    try:
        outcome = run_file(path, path.stem, run_conf={"log_path": str(server.log), **window})
    finally:
        path.unlink()
        server.execute("DROP TABLE mart.daily", database="shop")
    assert set(outcome.states().values()) == {"success"}
    tables = {
        event["relational_asset"]["metadata"]["name"]: event["relational_asset"] for event in sandbox.events("metadata")
    }
    assert tables["orders"]["volume"]["row_count"] == 1000
    assert tables["revenue"]["type"] == "VIEW"
    edges = {event["destination"]["name"]: event for event in sandbox.events("lineage")}
    assert {"daily", "revenue"} <= edges.keys()
    assert [field["name"] for field in edges["daily"]["fields"]] == ["id", "total"]
    (logged,) = [event for event in sandbox.events("query_logs") if "mart.daily" in event["query_text"]]
    assert (logged["user"], logged["extra"]["database"]) == ("admin", "shop")
    assert outcome.xcom("lineage.collect")["counts"]["edges_parsed"] == 1
