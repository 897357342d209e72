"""The example DAG as it is: a real Airflow run between the warehouse and the sandbox."""

from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.collectors.redshift.warehouse import Warehouse
from tests.operators.airflow_runs import run_example

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("airflow_database", "monte_carlo_connections"),
    pytest.mark.xdist_group("redshift"),
]


def test_all_flows(sandbox: Sandbox, history: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REDSHIFT_DEFAULT", history.uri())
    orders, customers, revenue = (history.table_id(name) for name in ("raw.orders", "raw.customers", "mart.revenue"))
    history.ran(
        "insert into mart.revenue\nselect c.name, o.total from raw.orders o join raw.customers c using (id)",
        reads=[orders, customers],
        writes=[revenue],
    )

    window = {"window_start": "2026-11-20T12:00:00Z", "window_end": "2026-11-20T13:00:00Z"}
    run = run_example("montecarlo_redshift_hourly", run_conf={"include": ["dev", "sales"], **window})

    assert set(run.states().values()) == {"success"}
    tables = {event["relational_asset"]["metadata"]["name"]: event for event in sandbox.events("metadata")}
    assert tables["revenue"]["relational_asset"]["freshness"]["last_update_time"] == "2026-11-20T12:00:00Z"
    (edge,) = sandbox.events("lineage")
    assert [source["name"] for source in edge["sources"]] == ["orders", "customers"]
    assert len(edge["fields"]) == 2
    (query,) = sandbox.events("query_logs")
    assert query["query_text"].startswith("insert into mart.revenue\nselect")
    assert {push["resource_type"] or push["log_type"] for push in sandbox.pushes()} == {"redshift"}
