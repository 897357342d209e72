"""Logging in, asking again, and pages that move while they are read."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.airflow.api import AirflowApi
from airflow_provider_montecarlo_push.collectors.airflow.connection import Address
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, SourceError, SourceUnavailableError

pytestmark = pytest.mark.integration


def read(api: AirflowApi) -> list[int]:
    rows = api.rows("/things", "things", key=lambda row: row["id"], order_by="id", what="things")
    return [row["id"] for row in rows]


def things(number: int) -> list[dict[str, int]]:
    return [{"id": item} for item in range(number)]


@pytest.mark.parametrize("number", [0, 1, 2, 99, 100, 101, 190, 191, 1234])
@pytest.mark.parametrize("page", [1, 3, 100])
def test_every_row_comes_once(api: AirflowApi, airflow: Any, number: int, page: int) -> None:
    number = min(number, 40 * page)
    airflow.page = page
    airflow.listing("/things", "things", things(number))
    assert read(api) == list(range(number))


@pytest.mark.parametrize("gone", [1, 9, 10, 60, 150, 299])
def test_no_row_is_lost_when_earlier_ones_vanish(api: AirflowApi, airflow: Any, gone: int) -> None:
    rows = things(700)

    def vanish(offset: int) -> None:
        if offset > 300 and len(rows) == 700:
            del rows[:gone]

    airflow.listing("/things", "things", rows, vanish)
    assert set(read(api)) == set(range(700))


def test_no_row_is_lost_when_so_many_vanish_that_the_next_page_is_empty(api: AirflowApi, airflow: Any) -> None:
    rows = things(195)

    def vanish(offset: int) -> None:
        if offset and len(rows) == 195:
            del rows[:99]

    airflow.listing("/things", "things", rows, vanish)
    assert set(read(api)) == set(range(195))


def test_rows_that_come_meanwhile_do_no_harm(api: AirflowApi, airflow: Any) -> None:
    rows, numbers = things(250), count(1000)

    def come(offset: int) -> None:
        if offset < 1000:
            rows.append({"id": next(numbers)})

    airflow.listing("/things", "things", rows, come)
    found = read(api)
    assert len(found) == len(set(found))
    assert set(range(250)) <= set(found)


def test_one_login_for_all_questions(api: AirflowApi, airflow: Any) -> None:
    airflow.answers["/things"] = {"a": 1}
    assert api.get("/things", what="things") == api.get("/things", what="things") == {"a": 1}
    assert airflow.asked == ["POST /auth/token", "GET /api/v2/things", "GET /api/v2/things"]


def test_a_token_that_expires_is_renewed(api: AirflowApi, airflow: Any) -> None:
    airflow.answers["/things"] = {"a": 1}
    api.get("/things", what="things")
    airflow.token = "token-2"
    assert api.get("/things", what="things") == {"a": 1}


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"user": "someone", "password": "wrong"}, "gives user 'someone' no token .HTTP 401"),
        ({"token": "made-by-hand"}, "refuses the token of connection 'airflow_api' .HTTP 401"),
    ],
)
def test_a_refused_login_says_what_to_change(airflow: Any, facts: dict[str, str], message: str) -> None:
    airflow.answers["/things"] = {}
    address = Address(airflow.url, **facts)
    with AirflowApi(address, "airflow_api") as api, pytest.raises(AccessDeniedError, match=message) as caught:
        api.get("/things", what="things")
    assert facts.get("password", facts.get("token")) not in str(caught.value)


@pytest.mark.parametrize("facts", [{}, {"token": "token-1"}])
def test_without_a_login_a_token_or_none_will_do(airflow: Any, facts: dict[str, str]) -> None:
    airflow.answers["/things"] = {"a": 1}
    with AirflowApi(Address(airflow.url, **facts), "airflow_api") as api:
        assert api.get("/things", what="things") == {"a": 1}


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (403, AccessDeniedError, "not read things .HTTP 403.*such as Viewer"),
        (404, SourceError, "knows no /things .*API server of an Airflow 3"),
        (422, SourceError, "refuses the question for things: HTTP 422, .*as told"),
        (503, SourceUnavailableError, "cannot give things now: HTTP 503"),
    ],
)
def test_errors_name_the_next_step(
    api: AirflowApi, airflow: Any, status: int, kind: type[Exception], message: str
) -> None:
    airflow.answers["/things"] = status
    with pytest.raises(kind, match=message):
        api.get("/things", what="things")


def test_what_passes_is_asked_again(api: AirflowApi, airflow: Any) -> None:
    answers = iter([503, 429, {"a": 1}])
    airflow.answers["/things"] = lambda _query: next(answers)
    assert api.get("/things", what="things") == {"a": 1}


def test_an_airflow_that_is_not_there() -> None:
    waits: list[float] = []
    message = r"Cannot reach http://127\.0\.0\.1:9: .*'airflow_api'"
    api = AirflowApi(Address("http://127.0.0.1:9"), "airflow_api", sleep=waits.append)
    with api, pytest.raises(SourceUnavailableError, match=message):
        api.get("/things", what="things")
    assert waits == [1.0, 2.0, 4.0]


def test_a_page_in_front_of_it(api: AirflowApi, airflow: Any) -> None:
    airflow.answers["/things"] = ["<html>"]
    with pytest.raises(SourceError, match="does not answer as an Airflow does"):
        api.get("/things", what="things")
