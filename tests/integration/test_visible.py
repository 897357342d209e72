"""The example that waits for its push, as it is and without deferring: from the embedded Snowflake to the sandbox."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.bases import sensor as airflows

from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse
from airflow_provider_montecarlo_push.triggers import visibility
from tests.operators.airflow_runs import AirflowRun, run_file
from tests.operators.conftest import TaskLog

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("airflow_database", "monte_carlo_connections"),
    pytest.mark.xdist_group("examples"),
]
DAG_ID = "montecarlo_visible"
Run = Callable[[], AirflowRun]


@pytest.fixture
def pauses(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the sensor paused, in the worker or the triggerer; the sandbox's time goes on by as much."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        sandbox.advance(seconds)

    async def sleep_async(seconds: float) -> None:
        await asyncio.to_thread(sleep, seconds)

    clock = {"time": lambda: time.time() + sum(slept), "monotonic": lambda: time.monotonic() + sum(slept)}
    monkeypatch.setattr(visibility, "asyncio", SimpleNamespace(sleep=sleep_async, timeout=asyncio.timeout))
    monkeypatch.setattr(visibility, "time", SimpleNamespace(**clock))
    monkeypatch.setattr(airflows, "time", SimpleNamespace(sleep=sleep, **clock))
    return slept


@pytest.fixture(params=["deferred", "in a worker"])
def run(request: pytest.FixtureRequest, warehouse: EmbeddedWarehouse, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the example; without deferring it is the same but for that parameter."""
    for name, value in warehouse.environment("snowflake_default").items():
        monkeypatch.setenv(name, value)
    text = (Path(__file__).parents[2] / "dags" / f"{DAG_ID}.py").read_text()
    assert "deferrable=True" in text
    if request.param == "in a worker":
        text = text.replace("deferrable=True", "deferrable=False")

    def start() -> AirflowRun:
        path = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / f"{DAG_ID}.py"
        path.write_text(text)
        try:
            return run_file(path, DAG_ID)
        finally:
            path.unlink()

    return start


def test_what_was_pushed_is_waited_for(sandbox: Sandbox, run: Run, pauses: list[float]) -> None:
    sandbox.set_delay(150)
    outcome = run()
    assert outcome.states() == {"collect": "success", "push": "success", "visible": "success"}
    assert pauses == [60, 60, 60]
    result = outcome.xcom("visible")
    assert (result["tables"], result["with_fields"], result["invocations"]) == (1, 1, 1)
    assert result["metrics"] > 0
    assert outcome.xcom("push")["events"] == len(sandbox.tables()) > 1


def test_what_is_visible_at_once_is_not_waited_for(sandbox: Sandbox, run: Run, pauses: list[float]) -> None:
    outcome = run()
    assert outcome.states()["visible"] == "success"
    assert pauses == []


def test_after_half_an_hour_it_fails_without_a_retry(
    sandbox: Sandbox, run: Run, pauses: list[float], task_log: Any
) -> None:
    sandbox.set_delay(24 * 3600)
    assert run().states()["visible"] == "failed"
    assert 1700 <= sum(pauses) <= 1860
    assert max(pauses) == 60
    text = task_log.text
    assert "Not visible at Monte Carlo after 0:30:00, 1 missing: table ANALYTICS.MARTS." in text


def test_a_key_that_expires_while_it_waits_fails_at_once(
    sandbox: Sandbox, run: Run, pauses: list[float], task_log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = sandbox.add_key("api", expires_after=100)
    monkeypatch.setenv(
        "AIRFLOW_CONN_MONTECARLO_DEFAULT",
        f'{{"conn_type": "montecarlo", "host": "{sandbox.graphql_url}", "login": "{key.id}", '
        f'"password": "{key.secret}"}}',
    )
    sandbox.set_delay(24 * 3600)
    outcome = run()
    assert outcome.states() == {"collect": "success", "push": "success", "visible": "failed"}
    assert pauses == [60, 60]
    text = task_log.text
    assert "wrong, expired or deleted" in text
    assert key.secret not in text


@pytest.fixture
def task_log(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> TaskLog:
    return TaskLog(caplog, capsys)
