"""Sensors in real Airflow runs against the sandbox, whose pushes become visible later."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.triggers import visibility
from tests.operators.airflow_runs import AirflowRun, run_dag
from tests.operators.conftest import TaskLog
from tests.operators.outcomes import NO_DELAY, failed_at_once

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections", "hurry")]
IMPORTS = """
from airflow_provider_montecarlo_push.sensors.lineage import MonteCarloLineageSensor
from airflow_provider_montecarlo_push.sensors.metadata import MonteCarloMetadataSensor
from airflow_provider_montecarlo_push.sensors.query_logs import MonteCarloQueryLogsSensor
from airflow_provider_montecarlo_push.sensors.received import MonteCarloPushReceivedSensor
SOON = {"poke_interval": 0.1, "timeout": 60}
NOW = {"poke_interval": 0.1, "timeout": 0.3}
"""
MODES = {"poke": "", "reschedule": ", mode='reschedule'", "deferred": ", deferrable=True"}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let triggers ask at once: here they run in the task's own process, without the race that they wait for."""
    monkeypatch.setattr(visibility, "FIRST_POLL", 0.05)
    monkeypatch.setattr(visibility, "LEAST_INTERVAL", 0.05)


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return MODES[request.param]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> TaskLog:
    caplog.set_level(logging.INFO)
    return TaskLog(caplog, capsys)


@pytest.fixture
def meanwhile() -> Any:
    """Do something beside a run, when a condition holds."""
    threads: list[threading.Thread] = []

    def start(condition: Callable[[], bool], action: Callable[[], Any]) -> None:
        def wait() -> None:
            deadline = time.monotonic() + 60
            while not condition() and time.monotonic() < deadline:
                time.sleep(0.02)
            action()

        threads.append(threading.Thread(target=wait, daemon=True))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join(60)


def run(body: str, **options: Any) -> AirflowRun:
    return run_dag(IMPORTS + body, dag_options=NO_DELAY, **options)


def asked(sandbox: Sandbox, fewest: int) -> Callable[[], bool]:
    """Tell whether Monte Carlo was asked as often."""
    return lambda: len(sandbox.requests("graphql")) >= fewest


PUSH = {
    "metadata": """
collect = MonteCarloCollectMetadataOperator(task_id="collect", **SHOP)
push = MonteCarloPushMetadataOperator(task_id="push", manifest=collect.output, max_events=2)
""",
    "lineage": """
collect = MonteCarloCollectLineageOperator(task_id="collect", **SHOP)
push = MonteCarloPushLineageOperator(task_id="push", manifest=collect.output)
""",
    "query_logs": """
collect = MonteCarloCollectQueryLogsOperator(task_id="collect", **SHOP)
push = MonteCarloPushQueryLogsOperator(task_id="push", manifest=collect.output)
""",
}
SENSORS = {
    "metadata": "MonteCarloMetadataSensor(task_id='visible', push=push.output",
    "lineage": "MonteCarloLineageSensor(task_id='visible', push=push.output",
    "received": "MonteCarloPushReceivedSensor(task_id='visible', push=push.output",
}
RESULTS = {
    "metadata": {"tables": 3, "with_fields": 0, "metrics": 3, "invocations": 3},
    "lineage": {"tables": 1, "edges": 1, "column_pairs": 0},
    "received": {"warehouses": 1},
}

MISSING = {
    "metadata": "3 missing: table RAW.S.A is not visible; table RAW.S.TMP_C is not visible; table MARTS.S.B is",
    "lineage": "1 missing: edge RAW.S.A to MARTS.S.A is not visible",
    "received": "or a later push of metadata at warehouse",
}


@pytest.mark.parametrize("sensor", SENSORS)
def test_waits_until_a_push_is_visible(sandbox: Sandbox, mode: str, sensor: str) -> None:
    sandbox.set_delay(2.0)
    outcome = run(PUSH.get(sensor, PUSH["metadata"]) + f"{SENSORS[sensor]}, **SOON{mode})")
    assert outcome.states() == {"collect": "success", "push": "success", "visible": "success"}
    assert outcome.xcom("visible") == RESULTS[sensor]
    assert asked(sandbox, 3)()


@pytest.mark.parametrize("sensor", SENSORS)
def test_names_what_is_missing_when_the_time_is_up(sandbox: Sandbox, log: TaskLog, mode: str, sensor: str) -> None:
    sandbox.set_delay(3600)
    outcome = run(PUSH.get(sensor, PUSH["metadata"]) + f"{SENSORS[sensor]}, retries=3, **NOW{mode})")
    assert failed_at_once(outcome, "visible")
    text = log.text
    assert "Not visible at Monte Carlo after 0:00:00.300000, 1 missing" in text.replace("3 missing", "1 missing")
    assert MISSING[sensor] in text


def test_soft_fail_skips_instead(sandbox: Sandbox, log: TaskLog, mode: str) -> None:
    sandbox.set_delay(3600)
    outcome = run(PUSH["metadata"] + f"{SENSORS['metadata']}, soft_fail=True, **NOW{mode})")
    assert outcome.states()["visible"] == "skipped"
    assert MISSING["metadata"] in log.text


def test_pushed_again_since_counts(sandbox: Sandbox, mode: str) -> None:
    body = PUSH["metadata"] + PUSH["metadata"].replace('"collect"', '"collect_again"').replace(
        "push = ", "second = "
    ).replace('"push"', '"second"').replace("max_events=2", "max_events=2, force=True")
    outcome = run(f"{body}push >> second >> {SENSORS['metadata']}, **SOON{mode})")
    assert outcome.states()["visible"] == "success"


def test_a_second_push_is_waited_for_though_the_tables_are_there(sandbox: Sandbox, log: TaskLog) -> None:
    run(PUSH["metadata"])
    sandbox.set_delay(3600)
    second = PUSH["metadata"].replace("max_events=2", "max_events=2, force=True")
    outcome = run(second + f"{SENSORS['metadata']}, **NOW)")
    assert outcome.states()["visible"] == "failed"
    assert "is visible as it was before invocation" in log.text


def test_a_key_that_is_revoked_in_the_middle_fails_at_once(
    sandbox: Sandbox, log: TaskLog, meanwhile: Any, mode: str
) -> None:
    sandbox.set_delay(3600)
    meanwhile(asked(sandbox, 4), lambda: sandbox.revoke_key(sandbox.api_key))
    outcome = run(PUSH["metadata"] + f"{SENSORS['metadata']}, retries=3, **SOON{mode})")
    assert failed_at_once(outcome, "visible")
    assert "is wrong, expired or deleted" in log.text
    assert len([request for request in sandbox.requests("graphql") if request["status"] == 401]) == 1


@pytest.mark.parametrize("skip", [0, 4])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"action": "graphql_error", "field": "getTable", "message": "boom"}, "refused the query: boom (RAW:S.A, "),
        ({"action": "html"}, "is not a GraphQL answer"),
    ],
)
def test_what_waiting_does_not_mend_fails_at_once(
    sandbox: Sandbox, log: TaskLog, mode: str, fault: dict[str, Any], said: str, skip: int
) -> None:
    sandbox.set_delay(3600)
    if fault["action"] == "graphql_error":
        sandbox.inject(**fault, skip=skip * 3)
    else:
        sandbox.inject(**fault, flow="graphql", skip=skip)
    outcome = run(PUSH["metadata"] + f"{SENSORS['metadata']}, retries=3, **SOON{mode})")
    assert failed_at_once(outcome, "visible")
    assert said in log.text


@pytest.mark.parametrize("skip", [0, 3])
def test_what_may_pass_is_waited_for(sandbox: Sandbox, log: TaskLog, mode: str, skip: int) -> None:
    sandbox.set_delay(1)
    sandbox.inject("status", flow="graphql", status=503, skip=skip, count=3, headers={"Retry-After": "0"})
    outcome = run(PUSH["metadata"] + f"{SENSORS['metadata']}, **SOON{mode})")
    assert outcome.states()["visible"] == "success"
    assert "Asking again: 503" in log.text


def test_trouble_to_the_end_is_named(sandbox: Sandbox, log: TaskLog, mode: str) -> None:
    sandbox.inject("status", flow="graphql", status=503, headers={"Retry-After": "0"})
    outcome = run(PUSH["metadata"] + f"{SENSORS['metadata']}, **NOW{mode})")
    assert outcome.states()["visible"] == "failed"
    assert "could not be asked in the end: 503" in log.text


@pytest.mark.parametrize(
    ("sensor", "said"),
    [
        (f"MonteCarloMetadataSensor(task_id='visible', tables=['A.S.T'], resource_uuid='{UNKNOWN}'", "no warehouse"),
        ("MonteCarloMetadataSensor(task_id='visible', tables=['A.S.T']", "give resource_uuid"),
        ("MonteCarloMetadataSensor(task_id='visible'", "push is empty, not the result of a push"),
        ("MonteCarloMetadataSensor(task_id='visible', push=[1]", "Map the sensor as the push is"),
        ("MonteCarloMetadataSensor(task_id='visible', push={'flow': 'x'}, tables=['A.B.C']", "not both"),
        (f"MonteCarloMetadataSensor(task_id='visible', tables=['A.T'], resource_uuid='{UNKNOWN}'", "names a table"),
        (
            f"MonteCarloMetadataSensor(task_id='visible', tables='A.B.C', metrics='rows', resource_uuid='{UNKNOWN}'",
            "give some of row_count, byte_count, freshness",
        ),
        ("MonteCarloLineageSensor(task_id='visible', table='A.B.C'", "Give table, and its upstream tables"),
        ("MonteCarloQueryLogsSensor(task_id='visible', tables=[]", "give 1 to 500"),
        ("MonteCarloPushReceivedSensor(task_id='visible', flow='rows'", "give one of metadata, lineage, query_logs"),
        ("MonteCarloPushReceivedSensor(task_id='visible', flow='lineage'", "give resource_uuid"),
    ],
)
def test_a_wrong_parameter_fails_at_once(sandbox: Sandbox, log: TaskLog, sensor: str, said: str) -> None:
    assert failed_at_once(run(f"{sensor}, retries=3, **SOON)"), "visible")
    assert said in log.text


def test_a_dry_run_skips(sandbox: Sandbox) -> None:
    dry = PUSH["metadata"].replace("max_events=2", "dry_run=True")
    assert run(dry + f"{SENSORS['metadata']}, **NOW)").states()["visible"] == "skipped"


def test_mapped_over_pushes(sandbox: Sandbox, mode: str) -> None:
    sandbox.set_delay(0.5)
    options = mode.lstrip(", ")
    outcome = run(
        f"""
collect = MonteCarloCollectMetadataOperator.partial(task_id="collect", **SHOP).expand(include=["RAW.*.*", "MARTS.*.*"])
push = MonteCarloPushMetadataOperator.partial(task_id="push", min_interval=0).expand(manifest=collect.output)
MonteCarloMetadataSensor.partial(task_id="visible", **SOON, {options}).expand(push=push.output)
"""
    )
    assert {name: state for name, state in outcome.states().items() if name.startswith("visible")} == {
        "visible[0]": "success",
        "visible[1]": "success",
    }
    assert outcome.xcom("visible", map_index=1)["tables"] == 1


def test_airflows_setting_makes_sensors_deferrable(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_montecarlo_push.sensors.metadata import MonteCarloMetadataSensor

    assert MonteCarloMetadataSensor(task_id="a").deferrable is False
    monkeypatch.setenv("AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE", "True")
    assert MonteCarloMetadataSensor(task_id="b").deferrable is True
    assert MonteCarloMetadataSensor(task_id="c", deferrable=False).deferrable is False
