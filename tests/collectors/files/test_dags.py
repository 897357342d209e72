"""The example DAGs as they are: real Airflow runs between files, or a small database, and the sandbox."""

from __future__ import annotations

import ast
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.collectors.files.conftest import CONN_ID, Store
from tests.operators.airflow_runs import run_example

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("airflow_database", "monte_carlo_connections"),
    pytest.mark.xdist_group("examples"),
]
WINDOW = {"window_start": "2026-11-20T12:00:00Z", "window_end": "2026-11-20T13:00:00Z"}


def job(sql: str, state: str = "FINISHED") -> dict[str, Any]:
    return {
        "query": {"sql": sql},
        "started_at": "2026-11-20T12:00:00Z",
        "elapsed_ms": 1500,
        "state": state,
        "job": {"owner": "anna", "run_id": 7, "name": "nightly"},
    }


def test_files(sandbox: Sandbox, s3: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", os.environ[f"AIRFLOW_CONN_{CONN_ID.upper()}"])
    rows = [
        job("INSERT INTO curated.events SELECT user_id FROM raw.events WHERE day > '2024-03-01'"),
        job("SELECT broken", state="FAILED"),
        {"query": {}},
    ]
    s3.put("2026-11-20/spark-0.jsonl.gz", *rows, packed=True)
    s3.put("2026-11-10/spark-0.jsonl", job("SELECT 'another day'"))
    outcome = run_example("montecarlo_files_hourly", run_conf={"path": f"{s3.path}/%Y-%m-%d/", **WINDOW})
    assert set(outcome.states().values()) == {"success"}
    logs = {event["query_text"].split(" ", 2)[1]: event for event in sandbox.events("query_logs")}
    assert set(logs) == {"INTO", "broken"}
    assert logs["broken"]["error_text"] == "Execution status FAILED"
    assert logs["INTO"]["extra"] == {"session_id": "7", "job": "nightly"}
    assert logs["INTO"]["end_time"] == "2026-11-20T12:00:01.500000Z"
    assert outcome.xcom("query_logs.collect")["left_out"] == {"missing_end_time": 1}
    (edge,) = sandbox.events("lineage")
    assert [edge["destination"]["name"], edge["sources"][0]["name"]] == ["events", "events"]
    assert [edge["destination"]["schema"], edge["sources"][0]["schema"]] == ["curated", "raw"]
    assert edge["fields"][0]["name"] == "user_id"


def test_a_collector_of_ones_own(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = tmp_path / "inventory.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE lake_inventory (area, name, row_count, updated_at)")
        rows = [("raw", "events", 7, "2026-11-20T12:00:00Z"), ("raw", "TMP_1", 1, None), ("raw", "new", None, None)]
        connection.executemany("INSERT INTO lake_inventory VALUES (?, ?, ?, ?)", rows)
    monkeypatch.setenv("AIRFLOW_CONN_INVENTORY_DEFAULT", json.dumps({"conn_type": "sqlite", "host": str(database)}))
    outcome = run_example("montecarlo_custom_collector")
    assert set(outcome.states().values()) == {"success"}
    assert outcome.xcom("metadata.collect")["left_out"] == {"filtered": 1}
    assets = {
        event["relational_asset"]["metadata"]["name"]: event["relational_asset"] for event in sandbox.events("metadata")
    }
    assert set(assets) == {"events", "new"}
    assert assets["events"]["volume"] == {"row_count": 7}
    assert "freshness" not in assets["new"]


def test_the_collector_is_short() -> None:
    tree = ast.parse((Path(__file__).parents[3] / "dags" / "montecarlo_custom_collector.py").read_text())
    (cls,) = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    assert (cls.end_lineno or 0) - cls.lineno < 45


def test_the_collector_loads_without_what_it_reads() -> None:
    """Naming it costs a DAG nothing: neither Airflow's providers nor the SQL parser come with it."""
    code = (
        "import sys; import airflow_provider_montecarlo_push.collectors.files.collector;"
        "print([name for name in sys.modules if name.split('.')[0] in ('airflow', 'sqlglot', 'fsspec', 's3fs')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
