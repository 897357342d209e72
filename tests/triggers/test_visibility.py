"""The trigger by itself: when it asks, what it remembers, what it fires, what it costs to import."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.triggers import visibility
from airflow_provider_montecarlo_push.triggers.visibility import VisibilityTrigger
from tests.conftest import table
from tests.sensors.pushes import push

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("monte_carlo_connections")]
_IMPORT = """
import json, sys
import airflow.triggers.base
import airflow_provider_montecarlo_push.triggers.visibility
print(json.dumps(sorted(sys.modules)))
"""


def trigger(sandbox: Sandbox, *names: str, deadline: float = 60, **options: Any) -> VisibilityTrigger:
    tables = [{"table": ["ANALYTICS", "PUBLIC", name], "resource": sandbox.warehouse_uuid} for name in names]
    facts = {
        "subject": "metadata",
        "expectation": {"resources": [sandbox.warehouse_uuid], "tables": tables},
        "result": {"tables": len(tables)},
        "montecarlo_conn_id": "montecarlo_default",
        "poke_interval": 30.0,
        "deadline": time.time() + deadline,
    }
    return VisibilityTrigger(**(facts | options))


def fired(waiting: VisibilityTrigger) -> dict[str, Any]:
    async def first() -> Any:
        return await anext(waiting.run(), None)

    event = asyncio.run(first())
    payload: dict[str, Any] = event.payload
    assert json.loads(json.dumps(payload)) == payload
    return payload


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the trigger pauses, without pausing; the clock goes on by as much."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    # Of this module alone: the sandbox sleeps in the same process.
    monkeypatch.setattr(visibility, "asyncio", SimpleNamespace(sleep=sleep, timeout=asyncio.timeout))
    monkeypatch.setattr(visibility, "time", SimpleNamespace(time=lambda: time.time() + sum(slept)))
    return slept


@pytest.mark.parametrize(
    ("interval", "deadline", "least_first"),
    [(30.0, 600, 30.0), (1.0, 600, 10.0), (0.0, 600, 10.0), (30.0, 2, 10.0), (30.0, -5, 10.0), (3600, 600, 500.0)],
)
def test_it_asks_no_sooner_than_ten_seconds_after_deferring(
    sandbox: Sandbox, tmp_path: Path, pauses: list[float], interval: float, deadline: float, least_first: float
) -> None:
    push(tmp_path, [table(0)])
    payload = fired(trigger(sandbox, "ORDERS_0", deadline=deadline, poke_interval=interval))
    assert payload == {"status": "visible", "result": {"tables": 1}}
    assert len(pauses) == 1
    assert least_first <= pauses[0] <= max(least_first, 600)


def test_it_stops_at_the_deadline_and_tells_what_is_missing(sandbox: Sandbox, pauses: list[float]) -> None:
    payload = fired(trigger(sandbox, *(f"T{number}" for number in range(30)), deadline=100))
    assert (payload["status"], payload["count"], payload["trouble"]) == ("timed_out", 30, None)
    assert payload["missing"] == [f"table ANALYTICS.PUBLIC.T{number} is not visible" for number in range(20)]
    assert [round(seconds) for seconds in pauses] == [30, 30, 30, 10]


def test_an_interval_of_nothing_does_not_keep_the_triggerer_busy(sandbox: Sandbox, pauses: list[float]) -> None:
    fired(trigger(sandbox, "T", deadline=13, poke_interval=0.0))
    assert min(pauses) >= 1


def test_what_is_satisfied_is_not_asked_for_again(sandbox: Sandbox, tmp_path: Path, pauses: list[float]) -> None:
    push(tmp_path, [table(number) for number in range(60)])
    waiting = trigger(sandbox, *(f"ORDERS_{number}" for number in range(60)), "LATER", deadline=70)
    assert fired(waiting)["count"] == 1
    # The warehouse once and 61 tables in two requests, then one table in one request, two times.
    assert len(sandbox.requests("graphql")) == 5
    assert waiting.expectation["tables"][0]["table"][2] == "LATER"


def test_it_comes_back_as_it_was(sandbox: Sandbox) -> None:
    first = trigger(sandbox, "A", "B")
    path, parameters = first.serialize()
    assert path == "airflow_provider_montecarlo_push.triggers.visibility.VisibilityTrigger"
    again = VisibilityTrigger(**json.loads(json.dumps(parameters)))
    assert again.serialize() == first.serialize()
    assert again.expectation == first.expectation


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        ({"action": "status", "status": 401}, "failed", "wrong, expired or deleted"),
        ({"action": "html"}, "failed", "is not a GraphQL answer"),
        ({"action": "graphql_error", "field": "getTable", "message": "boom"}, "failed", "boom"),
        ({"action": "status", "status": 503}, "timed_out", "503"),
        ({"action": "reset"}, "timed_out", "Cannot reach"),
    ],
)
def test_what_waiting_mends_and_what_it_does_not(
    sandbox: Sandbox, pauses: list[float], fault: dict[str, Any], status: str, said: str
) -> None:
    sandbox.inject(**fault, flow="graphql")
    payload = fired(trigger(sandbox, "A", deadline=60))
    assert payload["status"] == status
    assert said in (payload.get("message") or payload["trouble"])


def test_a_key_that_expires_in_the_middle(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visibility, "FIRST_POLL", 0.01)
    monkeypatch.setattr(visibility, "LEAST_INTERVAL", 0.01)
    key = sandbox.add_key("api", expires_after=3600)
    connection = {"conn_type": "montecarlo", "host": sandbox.graphql_url, "login": key.id, "password": key.secret}
    monkeypatch.setenv("AIRFLOW_CONN_EXPIRING", json.dumps(connection))

    async def wait() -> Any:
        waiting = trigger(sandbox, "A", montecarlo_conn_id="expiring", poke_interval=0.05).run()
        event = asyncio.ensure_future(anext(waiting, None))
        while len(sandbox.requests("graphql")) < 4:
            await asyncio.sleep(0.02)
        await asyncio.to_thread(sandbox.advance, 3601)
        return await event

    payload = asyncio.run(wait()).payload
    assert (payload["status"], payload["kind"]) == ("failed", "AuthenticationError")
    assert key.secret not in str(payload)


def test_one_round_that_takes_too_long_is_given_up(
    sandbox: Sandbox, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visibility, "_LEAST_PATIENCE", 0.1)
    sandbox.inject("delay", flow="graphql", seconds=3)
    payload = fired(trigger(sandbox, "A", deadline=5))
    assert (payload["status"], payload["trouble"]) == ("timed_out", "Monte Carlo did not answer in time.")


def test_importing_it_loads_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", _IMPORT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert not {"pycarlo", "sqlglot", "pandas", "graphql"} & set(loaded)
    assert not [name for name in loaded if name.startswith("airflow_provider_montecarlo_push.collectors")]
