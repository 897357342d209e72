"""The API key's hook against real HTTP servers that answer badly, and what it makes of the connections to one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
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
from airflow_provider_montecarlo_push.graphql.asking import Conversation, Question
from airflow_provider_montecarlo_push.hooks import graphql
from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook
from airflow_provider_montecarlo_push.push.retries import RetryPolicy
from tests.graphql.http_server import Answer, HttpServer, http_server

pytestmark = pytest.mark.integration
Run = Callable[..., dict[str, Any]]
HTML = {"Content-Type": "text/html; charset=utf-8"}
JSON = {"Content-Type": "application/json"}
PAGE = b"<!doctype html><html><head><title>Down for\n maintenance &amp; tea</title></head><body>" + b"x" * 5000
HOOK = {"retries": RetryPolicy(attempts=2, first_wait=0.01)}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpServer]:
    with http_server() as running:
        running.connect(monkeypatch)
        yield running


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    def execute(query: str = "{ x }", variables: dict[str, Any] | None = None) -> dict[str, Any]:
        hook = MonteCarloHook(**HOOK)
        if request.param == "sync":
            return hook.execute(query, variables)
        return asyncio.run(hook.execute_async(query, variables))

    return execute


@pytest.mark.parametrize(
    ("answer", "error", "said", "requests"),
    [
        (Answer(200, PAGE, HTML), ProtocolError, "a web page titled 'Down for maintenance & tea'. Check the host", 1),
        (Answer(404, b"<HTML>no title</HTML>"), ProtocolError, "404 from .* is not a GraphQL answer: a web page.", 1),
        (Answer(200, b"", HTML), ProtocolError, "is not a GraphQL answer: a web page", 1),
        (Answer(200, b"ok", {"Content-Type": "text/plain"}), ProtocolError, "is not a GraphQL answer: ok.", 1),
        (Answer(302, b"", {"Location": "https://sso.example/login"}), ProtocolError, "redirect to https://sso", 1),
        (Answer(204), ProtocolError, "204 from .* is not a GraphQL answer: no message.", 1),
        (Answer(200, b"", JSON), ProtocolError, "200 from .* is not a GraphQL answer", 1),
        (Answer.of([1]), ProtocolError, "is not a GraphQL answer", 1),
        (Answer.of({"data": None}), ProtocolError, "is not a GraphQL answer", 1),
        (Answer.of({"data": [1]}), ProtocolError, "is not a GraphQL answer", 1),
        (Answer.of({"message": "no such path"}, 404), ProtocolError, "404 from .*no such path", 1),
        (Answer(200, b'{"data": {"a": {"secret": "n3w', JSON), GatewayUnavailableError, "is cut off after 30 byte", 2),
        (Answer(200, b'{"data"', JSON, length=500), GatewayUnavailableError, "Cannot reach", 2),
        (Answer(200, b"{}", {**JSON, "Content-Encoding": "gzip"}), GatewayUnavailableError, "decompressing", 2),
        (Answer(408, b"slow"), GatewayUnavailableError, "408 from .*slow", 2),
        (Answer(429, b"{}", {"Retry-After": "0"}), GatewayUnavailableError, "429", 2),
        (Answer(502, PAGE, HTML), GatewayUnavailableError, "502 from .*a web page titled 'Down for", 2),
        (Answer.of({"errors": [{"message": "x"}]}, 500), GatewayUnavailableError, "500 from .*x", 2),
        (Answer.of({"message": "no"}, 401), AuthenticationError, "401 from .*is wrong, expired or deleted", 1),
        (Answer(403, PAGE, HTML), AuthenticationError, "If this page is not Monte Carlo's, a proxy or fire", 1),
        (Answer.of({"errors": [{"message": "boom"}]}, 400), GraphQLError, "refused the query: boom", 1),
        (Answer.of({"errors": ["boom", {"code": 7}]}), GraphQLError, "query: boom; {'code': 7}", 1),
        (Answer.of({"errors": {"message": "boom"}}), GraphQLError, "refused the query: boom", 1),
        (Answer.of({"errors": "boom"}), GraphQLError, "refused the query: boom", 1),
    ],
)
def test_what_a_server_may_answer(
    server: HttpServer, run: Run, answer: Answer, error: type[MonteCarloPushError], said: str, requests: int
) -> None:
    server.always(answer)
    with pytest.raises(error, match=said) as caught:
        run()
    assert type(caught.value).__name__ == error.__name__
    assert isinstance(caught.value, AirflowFailException) is isinstance(caught.value, FinalError)
    assert len(server.asked) == requests, "what will be the same the next time is asked once"
    assert len(str(caught.value)) < 1_000
    for secret in ("s3cr3t", "n3w", "xxxx"):
        assert secret not in str(caught.value)


def test_partial_data_comes_with_the_error_which_says_what_it_is_about(server: HttpServer, run: Run) -> None:
    errors = [{"message": "boom", "path": [f"t{number}", "x"]} for number in (1, 3, 4, 5)]
    errors += [{"message": "other", "path": ["unknown"]}, {"message": "odd", "path": "t1"}]
    server.always(Answer.of({"data": {"t0": {"mcon": "m"}, "t1": None}, "errors": errors}))
    with pytest.raises(GraphQLError) as caught:
        run("query", {f"t{number}": f"DB:S.T{number}" for number in range(6)} | {"warehouse": "w"})
    assert str(caught.value) == (
        "Monte Carlo refused the query: boom (DB:S.T1, DB:S.T3, DB:S.T4 and 1 more); other; odd"
    )
    assert caught.value.data == {"t0": {"mcon": "m"}, "t1": None}
    assert len(caught.value.errors) == 6


def test_many_errors_are_a_short_message(server: HttpServer, run: Run) -> None:
    server.always(Answer.of({"errors": [{"message": f"error {number} " + "x" * 200} for number in range(500)]}))
    with pytest.raises(GraphQLError, match="error 0") as caught:
        run()
    assert len(str(caught.value)) < 700
    assert len(caught.value.errors) == 500


@pytest.mark.parametrize(
    "answer",
    [
        Answer.of(
            {"errors": [{"message": "bad s3cr3t", "extensions": {"headers": ["s3cr3t"]}}], "data": {"t": "s3cr3t"}}
        ),
        Answer.of({"message": "bad s3cr3t"}, 401),
        Answer(200, b"<title>s3cr3t</title>", HTML),
        Answer(503, b"s3cr3t"),
    ],
)
def test_a_secret_that_is_echoed_gets_nowhere(server: HttpServer, run: Run, answer: Answer) -> None:
    server.always(answer)
    with pytest.raises(MonteCarloPushError) as caught:
        run()
    assert "s3cr3t" not in f"{caught.value}{vars(caught.value)}"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"password": "s3c\nr3t"}, "The secret of connection .* has characters that no key has"),
        ({"password": "s3cr\xe9t"}, "The secret of connection"),
        ({"login": "key\tid"}, "The key id of connection"),
        ({"password": "  "}, "Connection 'montecarlo_default' has no key id or no secret"),
        ({"host": "ftp://x"}, "is not an http"),
        ({"extra": {"timeout": "soon"}}, "is not a positive number of seconds"),
    ],
)
def test_a_connection_that_cannot_be_used(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch, run: Run, fields: dict[str, Any], said: str
) -> None:
    server.connect(monkeypatch, **fields)
    with pytest.raises(ConfigurationError, match=said) as caught:
        run()
    assert isinstance(caught.value, AirflowFailException)
    assert "s3c" not in str(caught.value)


def test_blanks_around_a_pasted_key_do_no_harm(server: HttpServer, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    server.connect(monkeypatch, password=" s3cr3t\n", login="key-id ")
    assert run() == {}
    assert server.tokens == ["s3cr3t"]


def test_a_password_in_the_host_is_not_shown(server: HttpServer, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    server.connect(monkeypatch, host=server.url.replace("http://", "http://proxy:pr0xy@"))
    for answer in (Answer(200, PAGE, HTML), Answer(503), Answer(200, b"{", JSON, length=50)):
        server.always(answer)
        with pytest.raises(MonteCarloPushError) as caught:
            run()
        assert "pr0xy" not in str(caught.value)
        assert "127.0.0.1" in str(caught.value)


def questions(number: int) -> Conversation[list[Any]]:
    """Ask that many times, and return the answers."""
    answers: list[Any] = []
    for at in range(number):
        answers += [(yield Question("{ x }", {"at": at}))]
    return answers


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The connections that were looked up."""
    found: list[str] = []
    sync, asynchronous = MonteCarloHook.get_connection, graphql.get_async_connection

    def get(conn_id: str) -> Any:
        found.append(conn_id)
        return sync(conn_id)

    async def get_async(conn_id: str) -> Any:
        found.append(conn_id)
        return await asynchronous(conn_id)

    monkeypatch.setattr(MonteCarloHook, "get_connection", staticmethod(get))
    monkeypatch.setattr(graphql, "get_async_connection", get_async)
    return found


@pytest.mark.parametrize("how", ["sync", "async"])
def test_a_conversation_is_one_look_up_and_one_connection(server: HttpServer, looked_up: list[str], how: str) -> None:
    server.answer = lambda question: Answer.of({"data": question["variables"]})
    hook = MonteCarloHook(**HOOK)
    found = hook.converse(questions(20)) if how == "sync" else asyncio.run(hook.converse_async(questions(20)))
    assert found == [{"at": at} for at in range(20)]
    assert (len(looked_up), server.connections, len(server.asked)) == (1, 1, 20)


def test_a_session_is_one_for_many_conversations(server: HttpServer, looked_up: list[str]) -> None:
    with MonteCarloHook(**HOOK).session() as session:
        for _ in range(5):
            session.converse(questions(3))
        session.execute("{ x }")
    assert (len(looked_up), server.connections, len(server.asked)) == (1, 1, 16)


@pytest.mark.parametrize("how", ["sync", "async"])
def test_a_connection_that_the_server_closes_is_made_again(server: HttpServer, how: str) -> None:
    cut = iter([False, False, True, False, True, False, False])
    good = Answer.of({"data": {}})
    server.answer = lambda question: good._replace(length=500) if next(cut) else good
    hook = MonteCarloHook(**HOOK)
    found = hook.converse(questions(5)) if how == "sync" else asyncio.run(hook.converse_async(questions(5)))
    assert len(found) == 5
    assert (server.connections, len(server.asked)) == (3, 7)


@pytest.mark.parametrize("how", ["sync", "async"])
def test_what_a_conversation_raises_fails_a_task_at_once(server: HttpServer, how: str) -> None:
    def unknown() -> Conversation[None]:
        yield Question("{ x }", {})
        raise ConfigurationError("unknown warehouse")

    hook = MonteCarloHook(**HOOK)
    with pytest.raises(ConfigurationError, match="unknown warehouse") as caught:
        hook.converse(unknown()) if how == "sync" else asyncio.run(hook.converse_async(unknown()))
    assert isinstance(caught.value, AirflowFailException)


def test_the_extra_is_not_read_in_a_way_that_blocks_an_event_loop(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.definitions.connection import Connection

    def blocking(self: Connection) -> dict[str, Any]:
        asyncio.get_running_loop()
        raise AssertionError("read on the event loop")

    server.connect(monkeypatch, login=None, password=None, extra={"mcd_id": "i", "mcd_token": "t", "timeout": 5})
    monkeypatch.setattr(Connection, "extra_dejson", property(blocking))
    assert asyncio.run(MonteCarloHook().execute_async("{ x }")) == {}
    assert server.tokens == ["t"]


def test_an_older_airflow_reads_the_extra_in_a_thread(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.definitions.connection import Connection

    def elsewhere(self: Connection) -> dict[str, Any]:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        return dict(json.loads(self.extra or "{}"))

    server.connect(monkeypatch, login=None, password=None, extra={"mcd_id": "i", "mcd_token": "t"})
    monkeypatch.delattr(Connection, "aextra_dejson")
    monkeypatch.setattr(Connection, "extra_dejson", property(elsewhere))
    assert asyncio.run(MonteCarloHook().execute_async("{ x }")) == {}
    assert server.tokens == ["t"]
