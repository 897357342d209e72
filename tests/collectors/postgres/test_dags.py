"""The example DAG as it is: a real Airflow run between a PostgreSQL server and the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.collectors.postgres.server import Server
from tests.operators.airflow_runs import run_example

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("airflow_database", "monte_carlo_connections"),
    pytest.mark.xdist_group("postgres"),
]


def test_every_flow(sandbox: Sandbox, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    start = datetime.now(UTC)
    server.execute("CREATE TABLE mart.daily AS SELECT id, total FROM raw.orders", database="shop")
    monkeypatch.setenv("AIRFLOW_CONN_POSTGRES_DEFAULT", server.uri("shop"))
    window = {"window_start": start.isoformat(), "window_end": (datetime.now(UTC) + timedelta(seconds=1)).isoformat()}
    try:
        outcome = run_example("montecarlo_postgres_hourly", run_conf={"log_path": str(server.log), **window})
    finally:
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
