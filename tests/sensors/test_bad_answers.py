"""Every sensor, in a worker and in the triggerer, when Monte Carlo answers well at first and badly then."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout

from airflow_provider_montecarlo_push.exceptions import MonteCarloPushError
from airflow_provider_montecarlo_push.push.retries import RetryPolicy
from airflow_provider_montecarlo_push.sensors import base
from airflow_provider_montecarlo_push.sensors.base import MonteCarloVisibilitySensor
from airflow_provider_montecarlo_push.sensors.lineage import MonteCarloLineageSensor
from airflow_provider_montecarlo_push.sensors.metadata import MonteCarloMetadataSensor
from airflow_provider_montecarlo_push.sensors.query_logs import MonteCarloQueryLogsSensor
from airflow_provider_montecarlo_push.sensors.received import MonteCarloPushReceivedSensor
from airflow_provider_montecarlo_push.triggers import visibility
from airflow_provider_montecarlo_push.triggers.visibility import VisibilityTrigger
from tests.graphql.http_server import Answer, HttpServer, http_server

pytestmark = pytest.mark.integration
R = "5f10a4e0-0000-4000-8000-000000000001"
WINDOW = {"window_start": "2024-03-01T00:00:00Z", "window_end": "2024-03-02T00:00:00Z"}
SENSORS: dict[str, MonteCarloVisibilitySensor] = {
    sensor.subject: sensor
    for sensor in (
        MonteCarloMetadataSensor(task_id="metadata", tables="A.B.C", resource_uuid=R),
        MonteCarloLineageSensor(task_id="lineage", table="A.B.C", upstream="A.B.D", resource_uuid=R),
        MonteCarloQueryLogsSensor(task_id="queries", tables="A.B.C", resource_uuid=R, **WINDOW),
        MonteCarloPushReceivedSensor(task_id="received", flow="lineage", since="2024-03-01T00:00:00Z", resource_uuid=R),
    )
}
ACCOUNT = {"getUser": {"account": {"uuid": "acc", "warehouses": [{"uuid": R, "name": "wh", "pushEvents": []}]}}}
HTML, JSON = {"Content-Type": "text/html"}, {"Content-Type": "application/json"}
PAGE = b"<!doctype html><title>Maintenance</title>"

FINAL = {
    "a page": (Answer(200, PAGE, HTML), "ProtocolError", "is not a GraphQL answer: a web page titled 'Maintenance'"),
    "a redirect": (Answer(302, PAGE, {**HTML, "Location": "/login"}), "ProtocolError", "redirect to /login"),
    "nothing": (Answer(204), "ProtocolError", "204 from .* is not a GraphQL answer"),
    "no data": (Answer.of({"data": None}), "ProtocolError", "is not a GraphQL answer"),
    "an expired key": (Answer.of({"message": "expired"}, 401), "AuthenticationError", "wrong, expired or deleted"),
    "a firewall": (Answer(403, PAGE, HTML), "AuthenticationError", "a proxy or firewall refuses"),
    "partial data": (
        Answer.of({"data": {**ACCOUNT, "t0": {"mcon": "m"}}, "errors": [{"message": "boom", "path": ["t0"]}]}),
        "GraphQLError",
        "refused the query: boom",
    ),
}
PASSING = {
    "half an answer": (Answer(200, b'{"data"', JSON, length=100), "Cannot reach"),
    "half of JSON": (Answer(200, b'{"data": {"getU', JSON), "is cut off after 15 bytes"),
    "too many": (Answer(429, b"slow down", {"Retry-After": "0"}), "429 from"),
    "a gateway's page": (Answer(502, PAGE, HTML), "502 from .*a web page titled 'Maintenance'"),
    "slow": (Answer(408), "408 from"),
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpServer]:
    for module in (base, visibility):
        monkeypatch.setattr(module, "RETRIES", RetryPolicy(attempts=2, first_wait=0.01))
    with http_server() as running:
        running.connect(monkeypatch)
        yield running


class Waiting:
    """A sensor that looks, in a worker or as a trigger; ``rounds`` counts how often."""

    def __init__(self, server: HttpServer, sensor: MonteCarloVisibilitySensor, monkeypatch: pytest.MonkeyPatch) -> None:
        self._server = server
        self._sensor = sensor
        self._monkeypatch = monkeypatch
        self._sensor._wanted = None
        self.rounds = 0

    def answer_well_once(self, then: Answer) -> None:
        def answer(question: dict[str, Any]) -> Answer:
            if self.rounds > 1:
                return then
            return Answer.of({"data": ACCOUNT if "getUser" in question["query"] else {}})

        self._server.answer = answer

    def poke(self) -> bool:
        self.rounds += 1
        return bool(self._sensor.poke({}).is_done)  # type: ignore[arg-type]

    def event(self, *, deadline: float = 100) -> dict[str, Any]:
        """Return what the trigger fires, with a clock of its own."""
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            self.rounds += 1
            slept.append(seconds)

        # Of this module alone: the HTTP client sleeps as well.
        self._monkeypatch.setattr(visibility, "asyncio", SimpleNamespace(sleep=sleep, timeout=asyncio.timeout))
        self._monkeypatch.setattr(visibility, "time", SimpleNamespace(time=lambda: time.time() + sum(slept)))
        wanted = self._sensor.expect({})  # type: ignore[arg-type]
        trigger = VisibilityTrigger(
            subject=self._sensor.subject,
            expectation=wanted.expectation,
            result=wanted.result,
            montecarlo_conn_id="montecarlo_default",
            poke_interval=30,
            deadline=time.time() + deadline,
        )

        async def first() -> Any:
            return (await anext(trigger.run())).payload

        return dict(json.loads(json.dumps(asyncio.run(first()))))


@pytest.fixture(params=SENSORS)
def waiting(request: pytest.FixtureRequest, server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> Waiting:
    return Waiting(server, SENSORS[request.param], monkeypatch)


@pytest.mark.parametrize("case", FINAL)
def test_a_worker_fails_at_once(waiting: Waiting, case: str) -> None:
    answer, kind, said = FINAL[case]
    waiting.answer_well_once(answer)
    assert waiting.poke() is False
    before = len(waiting._server.asked)
    with pytest.raises(MonteCarloPushError, match=said) as caught:
        waiting.poke()
    assert isinstance(caught.value, AirflowFailException)
    assert type(caught.value).__name__ == kind
    assert len(waiting._server.asked) == before + 1, "it is not asked again"
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("case", FINAL)
def test_a_trigger_ends_with_an_error_that_fails_the_task(waiting: Waiting, case: str) -> None:
    answer, kind, said = FINAL[case]
    waiting.answer_well_once(answer)
    event = waiting.event()
    assert (event["status"], event["kind"], waiting.rounds) == ("failed", kind, 2)
    assert "s3cr3t" not in str(event)
    with pytest.raises(MonteCarloPushError, match=said) as caught:
        waiting._sensor.execute_complete({}, event)  # type: ignore[arg-type]
    assert isinstance(caught.value, AirflowFailException)
    assert type(caught.value).__name__ == kind


@pytest.mark.parametrize("case", PASSING)
def test_a_worker_goes_on_waiting(waiting: Waiting, case: str, caplog: pytest.LogCaptureFixture) -> None:
    waiting.answer_well_once(PASSING[case][0])
    assert [waiting.poke(), waiting.poke()] == [False, False]
    assert "Asking again: " in caplog.text
    assert waiting._sensor._trouble is not None
    waiting.answer_well_once(Answer.of({"data": ACCOUNT}))
    assert waiting.poke() is False
    assert waiting._sensor._trouble is None


@pytest.mark.parametrize("case", PASSING)
def test_a_trigger_goes_on_waiting_and_says_at_the_end_what_was_missing_and_why(waiting: Waiting, case: str) -> None:
    answer, said = PASSING[case]
    waiting.answer_well_once(answer)
    event = waiting.event()
    assert (event["status"], event["count"], waiting.rounds) == ("timed_out", 1, 4)
    with pytest.raises(AirflowSensorTimeout, match=f"1 missing: .*could not be asked in the end: .*{said}"):
        waiting._sensor.execute_complete({}, event)  # type: ignore[arg-type]


def test_a_key_that_is_changed_while_a_trigger_waits_is_taken_up(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = waiting._server

    def answer(question: dict[str, Any]) -> Answer:
        if waiting.rounds == 2:
            server.connect(monkeypatch, password="n3w")
        return Answer.of({"data": ACCOUNT if "getUser" in question["query"] else {}})

    server.answer = answer
    waiting.event()
    assert list(dict.fromkeys(server.tokens)) == ["s3cr3t", "n3w"]


def test_a_connection_that_cannot_be_looked_up_for_a_while_is_waited_for(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = waiting._server

    def answer(question: dict[str, Any]) -> Answer:
        monkeypatch.delenv("AIRFLOW_CONN_MONTECARLO_DEFAULT", raising=False)
        return Answer.of({"data": ACCOUNT if "getUser" in question["query"] else {}})

    server.answer = answer
    event = waiting.event()
    assert (event["status"], event["count"], waiting.rounds) == ("timed_out", 1, 4)
    assert "montecarlo_default" in event["trouble"]


def test_another_account_is_an_unknown_warehouse(waiting: Waiting) -> None:
    waiting._server.always(Answer.of({"data": {"getUser": {"account": {"uuid": "acc", "warehouses": []}}}}))
    with pytest.raises(MonteCarloPushError, match=f"no warehouse {R} to this API key") as caught:
        waiting.poke()
    assert isinstance(caught.value, AirflowFailException)
    event = waiting.event()
    assert (event["status"], event["kind"], waiting.rounds) == ("failed", "ConfigurationError", 2)


def test_a_connection_without_a_key_ends_the_waiting(waiting: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting._server.connect(monkeypatch, password="")
    event = waiting.event()
    assert (event["status"], event["kind"], waiting.rounds) == ("failed", "ConfigurationError", 1)
    assert "no key id or no secret" in event["message"]
