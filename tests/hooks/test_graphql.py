"""The API key's hook against the sandbox's GraphQL, which validates against Monte Carlo's own schema."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_montecarlo_push.exceptions import (
    AuthenticationError,
    ConfigurationError,
    FinalError,
    GatewayUnavailableError,
    GraphQLError,
    MonteCarloPushError,
    ProtocolError,
)
from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook
from airflow_provider_montecarlo_push.push.retries import RetryPolicy
from airflow_provider_montecarlo_push.sandbox import Sandbox

pytestmark = pytest.mark.integration
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def connect(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., MonteCarloHook]:
    def make(**fields: Any) -> MonteCarloHook:
        connection = {
            "conn_type": "montecarlo",
            "host": sandbox.graphql_url,
            "login": sandbox.api_key.id,
            "password": sandbox.api_key.secret,
        }
        monkeypatch.setenv("AIRFLOW_CONN_MC", json.dumps(connection | fields))
        return MonteCarloHook("mc", retries=RetryPolicy(attempts=3, first_wait=0.01))

    return make


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    def execute(hook: MonteCarloHook, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        if request.param == "sync":
            return hook.execute(query, variables)
        return asyncio.run(hook.execute_async(query, variables))

    return execute


ME = "query { getUser { email } }"
TABLE = "query($id: String!, $dw: UUID!) { getTable(fullTableId: $id, dwId: $dw) { mcon } }"


def test_a_query_with_variables_answers_with_data(sandbox: Sandbox, connect: Any, run: Run) -> None:
    assert "getUser" in run(connect(), ME)
    answer = run(connect(), TABLE, {"id": "no:such.table", "dw": sandbox.warehouse_uuid})
    assert answer == {"getTable": None}


def test_warehouses_are_listed_with_their_pushes(sandbox: Sandbox, connect: Any) -> None:
    warehouses = {warehouse["uuid"]: warehouse for warehouse in connect().warehouses()}
    assert warehouses[sandbox.warehouse_uuid]["connectionType"] == "SNOWFLAKE"
    assert {push["status"] for push in warehouses[sandbox.warehouse_uuid]["pushEvents"]} == {"NEVER_RECEIVED"}


@pytest.mark.parametrize("attempt", ["host without path", "mcd connection", "mcd extras"])
def test_connections_of_other_shapes_do_as_well(sandbox: Sandbox, connect: Any, attempt: str) -> None:
    key = {"mcd_id": sandbox.api_key.id, "mcd_token": sandbox.api_key.secret}
    fields = {
        "host without path": {"host": sandbox.url},
        "mcd connection": {"conn_type": "mcd", "host": sandbox.url},
        "mcd extras": {"conn_type": "mcd", "login": None, "password": None, "extra": key},
    }[attempt]
    works, message = connect(**fields).test_connection()
    assert works, message
    assert sandbox.warehouse_uuid in message


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({"password": "wrong-secret"}, AuthenticationError, "is wrong, expired or deleted"),
        ({"login": None}, ConfigurationError, "has no key id or no secret"),
        ({"host": "http://127.0.0.1:9"}, GatewayUnavailableError, "Cannot reach"),
    ],
)
def test_a_wrong_connection_says_what_to_do(
    connect: Any, run: Run, fields: dict[str, Any], error: type[MonteCarloPushError], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        run(connect(**fields), ME)
    assert isinstance(caught.value, AirflowFailException) is isinstance(caught.value, FinalError)
    assert "wrong-secret" not in str(caught.value)
    assert connect(**fields).test_connection()[0] is False


def test_an_ingestion_key_is_told_apart(sandbox: Sandbox, connect: Any, run: Run) -> None:
    with pytest.raises(AuthenticationError, match="Ingestion key: GraphQL needs an API key"):
        run(connect(login=sandbox.ingest_key.id, password=sandbox.ingest_key.secret), ME)


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (("html", {}), ProtocolError, "is not a GraphQL answer"),
        (("status", {"status": 503}), GatewayUnavailableError, "503"),
        (("reset", {}), GatewayUnavailableError, "Cannot reach"),
    ],
)
def test_other_answers_are_errors(
    sandbox: Sandbox, connect: Any, run: Run, fault: tuple[str, Any], error: type[MonteCarloPushError], said: str
) -> None:
    sandbox.inject(fault[0], flow="graphql", **fault[1])
    with pytest.raises(error, match=said):
        run(connect(), ME)


def test_passing_trouble_is_retried(sandbox: Sandbox, connect: Any, run: Run) -> None:
    sandbox.inject("status", flow="graphql", status=502, count=2)
    assert "getUser" in run(connect(), ME)


def test_errors_come_with_their_partial_data(connect: Any, run: Run) -> None:
    with pytest.raises(GraphQLError, match="noSuchField") as caught:
        run(connect(), "query { noSuchField }")
    assert caught.value.errors
