"""The collector by its name on an operator, in real Airflow runs against the sandbox."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from airflow_provider_montecarlo_push.collectors.dbapi.collector import DbApiCollector
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.collectors.dbapi.conftest import MakeCollector
from tests.operators.airflow_runs import run_dag, run_file

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("airflow_database", "monte_carlo_connections"),
    pytest.mark.xdist_group("dbapi"),
]
PAGE = Path(__file__).parents[3] / "docs" / "dbapi.md"
DBAPI = f"{DbApiCollector.__module__}.{DbApiCollector.__name__}"


def test_metadata(sandbox: Sandbox, on_mariadb: MakeCollector) -> None:
    run = run_dag(
        f"""collect_and_push("metadata", source_conn_id={on_mariadb().conn_id!r}, collect_kwargs={{
            "collector": "{DBAPI}", "collector_kwargs": {{"dialect": "mysql"}}, "include": "shop", "exclude": "*.*._*",
            "resource_type": "mysql", "redact_literals": True}})"""
    )
    assert run.xcom("metadata.push")["events"] == 5
    assets = {event["relational_asset"]["metadata"]["name"]: event["relational_asset"] for event in sandbox.events()}
    assert assets["orders"]["volume"] == {"row_count": 3, "byte_count": 16384}
    assert assets["orders"]["fields"][1] == {"name": "amount", "type": "DECIMAL(10,2)"}
    assert "`shop`.`orders`" in assets["v"]["metadata"]["view_query"]
    assert sandbox.pushes()[0]["resource_type"] == "mysql"


def test_the_example_of_the_documentation(
    sandbox: Sandbox, on_mariadb: MakeCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = os.environ[f"AIRFLOW_CONN_{on_mariadb().conn_id.upper()}"]
    monkeypatch.setenv("AIRFLOW_CONN_MYSQL_DEFAULT", uri)
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    path = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / "montecarlo_mysql.py"
    path.write_text(example)
    try:
        run = run_file(path, path.stem)
    finally:
        path.unlink()
    assert run.xcom("metadata.push")["events"] == len(sandbox.events("metadata")) == 7


def test_nothing_visible_fails(sandbox: Sandbox, on_postgres: MakeCollector) -> None:
    run = run_dag(
        f"""MonteCarloCollectMetadataOperator(
            task_id="collect", source_conn_id={on_postgres(user="blind").conn_id!r}, collector="{DBAPI}")"""
    )
    assert run.states() == {"collect": "failed"}


def test_access(on_postgres: MakeCollector) -> None:
    run = run_dag(
        f"""MonteCarloCheckAccessOperator(
            task_id="check", source_conn_id={on_postgres(user="reader").conn_id!r}, collector="{DBAPI}")"""
    )
    checks = {check["name"]: check["readable"] for check in run.xcom("check")}
    assert checks == {f"information_schema.{view}": True for view in ("tables", "columns", "views")}
