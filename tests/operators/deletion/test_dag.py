"""The weekly clean-up as it is: dropped in the embedded Snowflake, approved over Airflow's API, gone at the sandbox."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.events import AssetMetadata, RelationalAsset
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse
from tests.operators.airflow_runs import AirflowRun, run_file

pytest.importorskip("airflow.providers.standard.operators.hitl", exc_type=BaseException)
pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("airflow_database", "monte_carlo_connections"),
    pytest.mark.xdist_group("examples"),
]
DAG_ID = "montecarlo_weekly_cleanup"
SCHEMA = "CLEANUP"
TABLES = [f"T{number:02d}" for number in range(20)]
SECONDS = 90


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """Airflow's API server, signed in as somebody who may answer."""
    passwords = tmp_path / "passwords.json"
    passwords.write_text(json.dumps({"olga": "secret"}))
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "olga:op")
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(passwords))
    monkeypatch.setenv(
        "AIRFLOW__CORE__AUTH_MANAGER",
        "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
    )
    from airflow.api_fastapi.app import create_app, purge_cached_app
    from fastapi.testclient import TestClient

    purge_cached_app()
    with TestClient(create_app()) as client:
        token = client.post("/auth/token", json={"username": "olga", "password": "secret"}).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client
    purge_cached_app()


class Approver(threading.Thread):
    """Waits for the question of a run, and answers it."""

    def __init__(self, api: Any, option: str) -> None:
        super().__init__(daemon=True)
        self._api = api
        self._option = option
        self.stopping = threading.Event()
        self.question: dict[str, Any] | None = None
        self.status: int | None = None

    def run(self) -> None:
        while not self.stopping.wait(0.3):
            pending = self._api.get(f"/api/v2/dags/{DAG_ID}/dagRuns/~/hitlDetails", params={"response_received": False})
            for detail in pending.json().get("hitl_details", []):
                if detail["task_instance"]["state"] not in ("awaiting_input", "deferred"):
                    continue
                self.question = detail
                run_id = detail["task_instance"]["dag_run_id"]
                path = f"/api/v2/dags/{DAG_ID}/dagRuns/{run_id}/taskInstances/approve/-1/hitlDetails"
                self.status = self._api.patch(path, json={"chosen_options": [self._option]}).status_code
                return


Week = Callable[..., tuple[AirflowRun, Approver]]


@pytest.fixture
def week(warehouse: EmbeddedWarehouse, api: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Week]:
    """Run the example, and answer what it asks."""
    for name, value in warehouse.environment("snowflake_default").items():
        monkeypatch.setenv(name, value)
    path = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / f"{DAG_ID}.py"
    shutil.copy(Path(__file__).parents[3] / "dags" / path.name, path)

    def run(answer: str = "Approve", **conf: Any) -> tuple[AirflowRun, Approver]:
        approver = Approver(api, answer)
        approver.start()
        try:
            outcome = run_file(path, DAG_ID, run_conf={"include": [f"RAW.{SCHEMA}"], "exclude": None, **conf})
        finally:
            approver.stopping.set()
            approver.join(SECONDS)
        return outcome, approver

    yield run
    path.unlink()


@pytest.fixture
def sql(warehouse: EmbeddedWarehouse) -> Iterator[Callable[[str], Any]]:
    """A schema of twenty tables in the embedded Snowflake."""
    warehouse.execute(f"CREATE SCHEMA RAW.{SCHEMA}")
    for name in TABLES:
        warehouse.execute(f"CREATE TABLE RAW.{SCHEMA}.{name} (ID INT)")
    yield warehouse.execute
    warehouse.execute(f"DROP SCHEMA RAW.{SCHEMA} CASCADE")


def push(*names: str) -> None:
    MonteCarloIngestHook().push_events(
        [
            RelationalAsset(type="TABLE", metadata=AssetMetadata(name=name, database="RAW", schema=SCHEMA))
            for name in names
        ],
        resource_type="snowflake",
    )


def names(rows: list[dict[str, Any]]) -> set[str]:
    return {row["mcon"].rpartition(".")[2] for row in rows}


def test_weeks_of_clean_up(sandbox: Sandbox, week: Week, sql: Callable[[str], Any]) -> None:
    push(*TABLES)
    first, _ = week()
    assert first.states()["report"] == "skipped", "there is nothing yet to compare with"

    idle, approver = week()
    assert idle.states() | {"collect": "success"} == idle.states()
    assert (idle.states()["report"], idle.states()["approve"], idle.states()["delete"]) == (
        "success",
        "skipped",
        "skipped",
    )
    assert approver.question is None

    sql(f"DROP TABLE RAW.{SCHEMA}.T00")
    rejected, approver = week("Reject")
    assert approver.status == 200
    assert approver.question is not None
    assert "1 of 20 tables are gone" in approver.question["body"]
    assert f"`RAW:{SCHEMA}.T00`" in approver.question["body"]
    assert (rejected.state, rejected.states()["approve"], rejected.states()["delete"]) == (
        "success",
        "success",
        "skipped",
    )
    assert sandbox.deletions() == []

    sql(f"DROP TABLE RAW.{SCHEMA}.T01")
    approved, approver = week("Approve")
    assert approver.status == 200
    assert set(approved.states().values()) == {"success"}
    assert approved.xcom("report")["tables"] == [f"RAW:{SCHEMA}.T00", f"RAW:{SCHEMA}.T01"], "rejected is not forgotten"
    assert approved.xcom("delete")["deleted"] == 2
    assert approved.xcom("delete")["record"] == approved.xcom("report")["record"]
    assert names(sandbox.deletions()) == {"T00", "T01"}
    assert names(sandbox.tables()) == set(TABLES[2:])
    approver_of = approved.xcom("approve")
    assert approver_of["responded_by_user"]["name"] == "olga"


def test_too_many_are_not_even_asked_about(sandbox: Sandbox, week: Week, sql: Callable[[str], Any]) -> None:
    push(*TABLES)
    week()
    for name in TABLES[:3]:
        sql(f"DROP TABLE RAW.{SCHEMA}.{name}")
    refused, approver = week()
    assert refused.states()["report"] == "failed"
    assert refused.states()["delete"] == "upstream_failed"
    assert approver.question is None
    assert sandbox.deletions() == []
    allowed, _ = week(max_fraction=0.2)
    assert allowed.xcom("delete")["deleted"] == 3
