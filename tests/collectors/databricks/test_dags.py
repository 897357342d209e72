"""The example DAG as it is: a real Airflow run between the SQL warehouse and the sandbox."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.collectors.databricks.shop import DAY, ran, write
from tests.operators.airflow_runs import run_example

if TYPE_CHECKING:
    from tests.collectors.databricks.server import Warehouse

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("airflow_database", "monte_carlo_connections"),
    pytest.mark.xdist_group("databricks"),
]


def test_every_flow(sandbox: Sandbox, unity: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    write(unity, "main.raw.orders", "main.mart.orders", DAY, statement="q1")
    write(unity, "main.raw.orders", "main.mart.orders", DAY, columns=("id", "order_id"), statement="q1")
    ran(unity, "q1", "INSERT INTO main.mart.orders SELECT id FROM main.raw.orders", DAY, statement_type="INSERT")
    monkeypatch.setenv("AIRFLOW_CONN_DATABRICKS_DEFAULT", unity.uri())
    window = {"window_start": DAY.isoformat(), "window_end": (DAY + timedelta(hours=1)).isoformat()}
    outcome = run_example("montecarlo_databricks_hourly", run_conf=window)
    assert set(outcome.states().values()) == {"success"}
    tables = {
        event["relational_asset"]["metadata"]["name"]: event["relational_asset"] for event in sandbox.events("metadata")
    }
    assert tables["orders"]["volume"] == {"byte_count": 2_000}
    assert tables["orders"]["fields"][2] == {"name": "total", "type": "DECIMAL(12,2)"}
    assert "tmp_1" not in tables
    (edge,) = sandbox.events("lineage")
    assert edge["destination"]["name"] == "orders"
    assert [field["name"] for field in edge["fields"]] == ["order_id"]
    (logged,) = sandbox.events("query_logs")
    assert (logged["user"], logged["extra"]["statement_type"]) == ("anna@example.com", "INSERT")
    assert outcome.xcom("lineage.collect")["counts"]["edges_native"] == 1
