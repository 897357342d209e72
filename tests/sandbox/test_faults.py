"""Every fault, as a client sees it, and what the sandbox notes and stores."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sandbox.faults import FaultRules

pytestmark = pytest.mark.integration


@pytest.fixture
def send(sandbox: Sandbox, post: Any, events: Any) -> Any:
    def request(*names: str, **options: Any) -> httpx.Response:
        resource = {"uuid": sandbox.warehouse_uuid, "resource_type": "snowflake"}
        tables = [events.table(name) for name in names or ("orders",)]
        return post("metadata", {"event_type": "METADATA", "resource": resource, "events": tables}, **options)

    return request


def test_a_status_with_headers_and_body(sandbox: Sandbox, send: Any) -> None:
    sandbox.inject("status", status=429, headers={"Retry-After": "7"}, body={"message": "slow down"}, count=2)
    for _ in range(2):
        response = send()
        assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
        assert response.json() == {"message": "slow down"}
    assert send().status_code == 202
    assert len(sandbox.pushes()) == 1
    assert [item["fault"] for item in sandbox.requests()] == ["status", "status", None]
    assert sandbox.faults()[0]["applied"] == 2


def test_a_text_as_body(sandbox: Sandbox, send: Any) -> None:
    sandbox.inject("status", status=503, body="upstream connect error")
    response = send()
    assert (response.status_code, response.text) == (503, "upstream connect error")
    assert response.headers["Content-Type"].startswith("text/plain")


def test_a_status_after_the_push_was_stored(sandbox: Sandbox, send: Any) -> None:
    sandbox.inject("status", status=502, store=True, count=1)
    assert send().status_code == 502
    assert len(sandbox.pushes()) == 1


def test_a_delay_and_what_follows_it(sandbox: Sandbox, send: Any) -> None:
    sandbox.inject("delay", seconds=0.2, count=1)
    sandbox.inject("status", status=500, count=1)
    started = time.monotonic()
    assert send().status_code == 500
    assert time.monotonic() - started >= 0.2
    assert sandbox.requests()[0]["fault"] == "delay, status"
    assert send().status_code == 202


def test_a_reset_connection(sandbox: Sandbox, send: Any) -> None:
    sandbox.inject("reset", count=1)
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        send()
    assert sandbox.pushes() == []
    assert [(item["status"], item["fault"]) for item in sandbox.requests()] == [(None, "reset")]
    assert send().status_code == 202


def test_a_timeout_after_the_push_was_accepted(sandbox: Sandbox, send: Any) -> None:
    sandbox.inject("timeout_after_accept", count=1)
    with pytest.raises(httpx.ReadTimeout):
        send(timeout=0.3)
    (push,) = sandbox.pushes()
    assert sandbox.requests()[0]["invocation_id"] == push["invocation_id"]


def test_a_stall_ends_with_a_closed_connection(sandbox: Sandbox, send: Any) -> None:
    sandbox.inject("timeout_after_accept", seconds=0.1, count=1)
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        send()
    assert len(sandbox.pushes()) == 1


def test_a_page_instead_of_an_answer(sandbox: Sandbox, send: Any) -> None:
    sandbox.inject("html", count=1)
    response = send()
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/html")
    assert "<h1>" in response.text
    assert sandbox.pushes() == []


def test_no_invocation_id(sandbox: Sandbox, send: Any) -> None:
    sandbox.inject("no_invocation_id", count=1)
    response = send()
    assert (response.status_code, response.json()) == (202, {})
    assert len(sandbox.pushes()) == 1


def test_a_truncated_answer(sandbox: Sandbox, send: Any) -> None:
    sandbox.inject("truncate", count=1)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        send()
    assert len(sandbox.pushes()) == 1


class TestReject:
    def test_every_batch_with_a_matching_event(self, sandbox: Sandbox, send: Any) -> None:
        sandbox.inject("reject", pattern=r"shop\.public\.bad_\d$")
        response = send("good", "bad_1", "fine", "bad_2")
        assert response.status_code == 400
        assert [item["loc"] for item in response.json()["details"]] == ["events[1]", "events[3]"]
        assert send("good", "fine", "bad_12").status_code == 202
        assert send("bad_1").status_code == 400
        assert [item["fault"] for item in sandbox.requests()] == ["reject", None, "reject"]

    def test_without_saying_which(self, sandbox: Sandbox, send: Any) -> None:
        sandbox.inject("reject", pattern="bad", with_index=False)
        response = send("good", "bad")
        assert (response.status_code, response.json()) == (400, {"message": "An event was rejected."})

    def test_lineage_and_queries(self, sandbox: Sandbox, post: Any, push: Any, events: Any) -> None:
        sandbox.inject("reject", pattern="bad")
        edge = {"destination": events.ref("good"), "sources": [events.ref("fine"), events.ref("bad")]}
        resource = {"uuid": sandbox.warehouse_uuid, "resource_type": "snowflake"}
        assert post("lineage", {"event_type": "LINEAGE", "resource": resource, "events": [edge]}).status_code == 400
        resource = {"uuid": sandbox.warehouse_uuid, "log_type": "snowflake"}
        for query in (events.query("select bad"), events.query(query_id="bad")):
            document = {"event_type": "QUERY_LOG", "resource": resource, "events": [query]}
            assert post("query_logs", document).status_code == 400
        push("query_logs", events.query("select good"))

    def test_an_invalid_batch_is_refused_for_its_own_fault(self, sandbox: Sandbox, send: Any) -> None:
        sandbox.inject("reject", pattern="bad")
        response = send("bad", "")
        assert "must not be empty" in response.json()["details"][0]["msg"]

    def test_skip_and_count(self, sandbox: Sandbox, send: Any) -> None:
        sandbox.inject("reject", pattern="bad", skip=1, count=1)
        assert [send("bad").status_code for _ in range(3)] == [202, 400, 202]


class TestMatching:
    def test_by_flow(self, sandbox: Sandbox, send: Any, push: Any, events: Any) -> None:
        sandbox.inject("status", flow="metadata")
        push("query_logs", events.query())
        assert send().status_code == 500

    def test_by_path(self, sandbox: Sandbox, send: Any) -> None:
        sandbox.inject("status", path="/graph*")
        assert send().status_code == 202
        response = httpx.post(sandbox.graphql_url, json={"query": "{getUser{email}}"})
        assert response.status_code == 500

    def test_graphql_is_a_flow(self, sandbox: Sandbox, send: Any) -> None:
        sandbox.inject("html", flow="graphql")
        assert send().status_code == 202
        assert "<h1>" in httpx.post(sandbox.graphql_url, json={}).text

    def test_some_may_pass_first(self, sandbox: Sandbox, send: Any) -> None:
        sandbox.inject("status", skip=2, count=1)
        assert [send().status_code for _ in range(4)] == [202, 202, 500, 202]

    def test_rules_are_used_up_in_their_order(self, sandbox: Sandbox, send: Any) -> None:
        sandbox.inject("status", status=500, count=1)
        sandbox.inject("status", status=503, count=1)
        assert [send().status_code for _ in range(3)] == [500, 503, 202]

    def test_rules_can_be_removed(self, sandbox: Sandbox, send: Any) -> None:
        rule = sandbox.inject("status")
        assert send().status_code == 500
        assert httpx.delete(f"{sandbox.url}/sandbox/api/faults/{rule['id']}").status_code == 200
        assert httpx.delete(f"{sandbox.url}/sandbox/api/faults/{rule['id']}").status_code == 404
        assert send().status_code == 202
        sandbox.inject("status")
        sandbox.clear_faults()
        assert sandbox.faults() == []

    def test_the_sandbox_itself_stays_reachable(self, sandbox: Sandbox) -> None:
        sandbox.inject("reset")
        assert sandbox.state()["faults"][0]["action"] == "reset"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"action": "explode"}, "Unknown fault action 'explode'"),
        ({"action": "status", "flow": "metrics"}, "Unknown flow 'metrics'"),
        ({"action": "status", "code": 500}, "Unknown fault field 'code'"),
        ({"action": "status", "status": 99}, "between 200 and 599"),
        ({"action": "status", "status": "500"}, "status must be a whole number"),
        ({"action": "status", "count": True}, "count must be a whole number"),
        ({"action": "status", "skip": -1}, "must be 0 or more"),
        ({"action": "delay", "seconds": "soon"}, "seconds must be a number"),
        ({"action": "delay", "seconds": float("inf")}, "must be 0 or more"),
        ({"action": "status", "headers": {"Retry-After": 5}}, "must have a line of ASCII text"),
        ({"action": "status", "headers": {"X": "a\r\nY: b"}}, "must have a line of ASCII text"),
        ({"action": "reject"}, "needs a pattern"),
        ({"action": "reject", "pattern": "("}, "no regular expression"),
        ({"flow": "metadata"}, "cannot be used"),
        ({"action": "status", "applied": 3}, "Unknown fault field 'applied'"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        FaultRules().add(rule)


def test_a_refused_rule_is_a_400(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigurationError, match="400: Unknown fault action"):
        sandbox.inject("explode")


class TestGraphQL:
    QUERY = """query($m:String){ user: getUser{ email account{ warehouses{ uuid pushEvents{ status } } } }
      getTable(mcon:$m){ mcon thresholds{ freshness{ status } } } }"""

    def _ask(self, sandbox: Sandbox, query: str | None = None, **options: Any) -> httpx.Response:
        headers = {"x-mcd-id": sandbox.api_key.id, "x-mcd-token": sandbox.api_key.secret}
        variables = {"m": sandbox.mcon("shop", "public", "orders")}
        body = {"query": query or self.QUERY, "variables": variables if query is None else {}}
        return httpx.post(sandbox.graphql_url, headers=headers, json=body, **options)

    def test_one_field_fails_and_the_rest_is_there(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", events.table())
        sandbox.inject("graphql_error", field="getTable", message="upstream timed out", count=1)
        answer = self._ask(sandbox)
        assert answer.status_code == 200
        data, (error,) = answer.json()["data"], answer.json()["errors"]
        assert (data["getTable"], data["user"]["email"]) == (None, "sandbox@example.com")
        assert (error["message"], error["path"]) == ("upstream timed out", ["getTable"])
        assert self._ask(sandbox).json()["data"]["getTable"]["mcon"]
        assert [item["fault"] for item in sandbox.requests("graphql")] == ["graphql_error", None]

    def test_a_field_of_a_type(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", events.table())
        sandbox.inject("graphql_error", field="Warehouse.pushEvents", skip=1, count=1)
        sandbox.inject("graphql_error", field="Freshness.status", count=1)
        answer = self._ask(sandbox).json()
        first, second = answer["data"]["user"]["account"]["warehouses"]
        assert len(first["pushEvents"]) == 3
        assert second["pushEvents"] is None
        assert answer["data"]["getTable"]["thresholds"]["freshness"] == {"status": None}
        assert {tuple(error["path"]) for error in answer["errors"]} == {
            ("user", "account", "warehouses", 1, "pushEvents"),
            ("getTable", "thresholds", "freshness", "status"),
        }

    def test_without_a_field_every_one_of_the_operation_fails(self, sandbox: Sandbox) -> None:
        sandbox.inject("graphql_error")
        answer = self._ask(sandbox).json()
        assert answer["data"] == {"user": None, "getTable": None}
        assert [error["message"] for error in answer["errors"]] == ["Internal server error"] * 2

    def test_a_mutation_that_was_done_and_answered_with_an_error(self, sandbox: Sandbox) -> None:
        mutation = 'mutation{createIntegrationKey(description:"d",scope:Ingestion){key{id}}}'
        before = len(sandbox.state()["keys"])
        sandbox.inject("graphql_error", field="create*", count=1)
        assert self._ask(sandbox, mutation).json()["data"] == {"createIntegrationKey": None}
        assert len(sandbox.state()["keys"]) == before
        sandbox.inject("graphql_error", field="create*", count=1, store=True)
        assert self._ask(sandbox, mutation).json()["errors"][0]["message"] == "Internal server error"
        assert len(sandbox.state()["keys"]) == before + 1

    @pytest.mark.parametrize(
        ("rule", "status", "content_type"),
        [
            ({"action": "html"}, 200, "text/html"),
            ({"action": "html", "status": 502}, 502, "text/html"),
            ({"action": "status", "status": 401, "body": {"message": "Unauthorized"}}, 401, "application/json"),
            ({"action": "status", "status": 429, "headers": {"Retry-After": "3"}}, 429, "application/json"),
            ({"action": "status", "status": 200, "body": {"data": None}}, 200, "application/json"),
            ({"action": "delay", "seconds": 0.01}, 200, "application/json"),
        ],
    )
    def test_the_other_faults_strike_requests_with_a_field(
        self, sandbox: Sandbox, rule: dict[str, Any], status: int, content_type: str
    ) -> None:
        sandbox.inject(**rule, field="getTable", count=1)
        assert self._ask(sandbox, "{getUser{email}}").json() == {"data": {"getUser": {"email": "sandbox@example.com"}}}
        answer = self._ask(sandbox)
        assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (status, content_type)
        assert self._ask(sandbox).json()["data"]["user"]["email"]
        assert [item["fault"] for item in sandbox.requests("graphql")] == [None, rule["action"], None]

    def test_a_slow_answer_and_a_lost_one(self, sandbox: Sandbox) -> None:
        sandbox.inject("delay", flow="graphql", seconds=5, field="getUser", count=1)
        with pytest.raises(httpx.ReadTimeout):
            self._ask(sandbox, timeout=0.2)
        sandbox.inject("timeout_after_accept", field="createIntegrationKey", count=1)
        before = len(sandbox.state()["keys"])
        with pytest.raises(httpx.ReadTimeout):
            self._ask(sandbox, 'mutation{createIntegrationKey(description:"d",scope:Ingestion){key{id}}}', timeout=0.5)
        assert len(sandbox.state()["keys"]) == before + 1

    def test_ingest_requests_are_left_alone(self, sandbox: Sandbox, send: Any) -> None:
        sandbox.inject("status", field="*")
        sandbox.inject("graphql_error")
        assert send().status_code == 202
        assert self._ask(sandbox).status_code == 500

    @pytest.mark.parametrize("rule", [{"action": "graphql_error"}, {"action": "status", "field": "getTable"}])
    def test_a_field_belongs_to_graphql(self, rule: dict[str, Any]) -> None:
        with pytest.raises(ConfigurationError, match="cannot be about the flow 'metadata'"):
            FaultRules().add({**rule, "flow": "metadata"})
