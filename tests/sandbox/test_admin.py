"""The sandbox's own API and its Python client."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from airflow_provider_montecarlo_push.exceptions import ConfigurationError, MonteCarloPushError
from airflow_provider_montecarlo_push.sandbox import KeyConfig, Sandbox, SandboxClient
from airflow_provider_montecarlo_push.sandbox.names import FLOWS

pytestmark = pytest.mark.integration


def _api(sandbox: Sandbox, method: str, path: str, **options: Any) -> httpx.Response:
    return httpx.request(method, f"{sandbox.url}/sandbox/api{path}", **options)


class TestKeys:
    def test_a_key_is_made_up_where_none_is_given(self, sandbox: Sandbox) -> None:
        one, two = sandbox.add_key(), sandbox.add_key("api", description="second")
        assert len({one.id, one.secret, two.id, two.secret}) == 4
        assert (one.kind, two.kind) == ("ingestion", "api")

    def test_secrets_are_not_listed(self, sandbox: Sandbox) -> None:
        key = sandbox.add_key(warehouses=[sandbox.lake_uuid.upper()], id="mine", secret="my-secret")
        assert key == KeyConfig("mine", "my-secret", "ingestion", "", (sandbox.lake_uuid,))
        listed = _api(sandbox, "GET", "/keys")
        assert "my-secret" not in listed.text
        assert "my-secret" not in str(sandbox.state())
        assert listed.json()["keys"][-1]["warehouses"] == [sandbox.lake_uuid]

    def test_a_key_is_revoked_once(self, sandbox: Sandbox) -> None:
        key = sandbox.add_key()
        sandbox.revoke_key(key)
        with pytest.raises(MonteCarloPushError, match="404: There is no key"):
            sandbox.revoke_key(key)

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({"kind": "admin"}, "kind must be one of ingestion, api"),
            ({"warehouses": "x"}, "must be an array of UUIDs"),
            ({"warehouses": ["x"]}, "is not a UUID"),
            ({"id": 5}, "id must be a string"),
            ({"scope": "Ingestion"}, "Unknown field 'scope'"),
        ],
    )
    def test_bad_keys(self, sandbox: Sandbox, body: dict[str, Any], message: str) -> None:
        response = _api(sandbox, "POST", "/keys", json=body)
        assert response.status_code == 400
        assert message in response.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", "/warehouses", {}, "needs a name"),
        ("POST", "/warehouses", {"name": "x", "uuid": "x"}, "is not a UUID"),
        ("PATCH", "/settings", {"visible_after": {"metrics": 1}}, "Unknown flow 'metrics'"),
        ("PATCH", "/settings", {"visible_after": {"metadata": -1}}, "0 or more"),
        ("PATCH", "/settings", {"visible_after": {"metadata": "soon"}}, "0 or more"),
        ("PATCH", "/settings", {"visible_after": 5}, "must be an object"),
        ("PATCH", "/settings", {"max_raw_bytes": 0}, "1 or more"),
        ("PATCH", "/settings", {"accept_gzip": 1}, "true or false"),
        ("PATCH", "/settings", {"port": 1}, "Unknown field 'port'"),
        ("POST", "/keys", {"kind": "admin"}, "or another scope, not 'admin'"),
        ("POST", "/keys", {"expires_after": "soon"}, "must be a number"),
        ("POST", "/keys", {"expires_after": -1}, "between 0 and"),
        ("POST", "/tables", {"event": {}}, "Schema validation failed: 1 error"),
        ("POST", "/tables", {"event": {}, "warehouse": 5}, "Schema validation failed: 2 errors"),
        ("POST", "/clock", {"seconds": -1}, "forward only"),
        ("POST", "/clock", {"seconds": "10"}, "must be a number"),
        ("POST", "/clock", {"seconds": 1e300}, "too large"),
        ("POST", "/clock", {"seconds": 3e11}, "ends with the year"),
        ("POST", "/clock", {}, "must be a number"),
        ("POST", "/reset", {"all": True}, "Unknown field 'all'"),
        ("POST", "/faults", {"action": "explode"}, "Unknown fault action"),
    ],
)
def test_bad_commands(sandbox: Sandbox, method: str, path: str, body: dict[str, Any], message: str) -> None:
    response = _api(sandbox, method, path, json=body)
    assert response.status_code == 400
    assert message in response.json()["message"]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"data": {"a": "b"}}, 415),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"json": []}, 400),
    ],
)
def test_commands_are_json_objects(sandbox: Sandbox, options: dict[str, Any], status: int) -> None:
    assert _api(sandbox, "POST", "/reset", **options).status_code == status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/pushes?flow=metrics", 400),
        ("/pushes?limit=0", 400),
        ("/pushes?limit=5000", 400),
        ("/tables?offset=-1", 400),
        ("/tables?offset=٣", 400),
        ("/queries?failed=maybe", 400),
        ("/table", 400),
        ("/table?mcon=nothing", 404),
        ("/pushes/nothing", 404),
        ("/pushes/nothing/events", 404),
        ("/queries/99", 404),
        ("/queries/x", 400),
    ],
)
def test_bad_questions(sandbox: Sandbox, path: str, status: int) -> None:
    response = _api(sandbox, "GET", path)
    assert response.status_code == status
    assert response.json()["message"]


def test_pushes_are_paged(sandbox: Sandbox, push: Any, events: Any) -> None:
    ids = [push("metadata", events.table()) for _ in range(5)]
    first = _api(sandbox, "GET", "/pushes?limit=3").json()["pushes"]
    rest = _api(sandbox, "GET", f"/pushes?limit=3&before={first[-1]['id']}").json()["pushes"]
    assert [item["invocation_id"] for item in first + rest] == ids[::-1]
    assert [item["invocation_id"] for item in sandbox.pushes()] == ids
    assert [item["invocation_id"] for item in sandbox.pushes(invocation_ids=ids[1:3])] == ids[1:3]
    assert _api(sandbox, "GET", f"/pushes/{ids[2]}").json()["invocation_id"] == ids[2]


def test_events_are_paged(sandbox: Sandbox, push: Any, events: Any) -> None:
    sent = [events.table(f"t{index}") for index in range(5)]
    invocation_id = push("metadata", *sent)
    page = _api(sandbox, "GET", f"/pushes/{invocation_id}/events?offset=3&limit=10").json()
    assert (page["total"], page["events"]) == (5, sent[3:])


def test_tables_are_found_by_text(sandbox: Sandbox, push: Any, events: Any) -> None:
    push(
        "metadata",
        events.table("orders", metadata={"description": "sold_things"}),
        events.table("soldXthings", tags=[{"key": "team", "value": "sales"}]),
    )
    assert [table["name"] for table in sandbox.tables("sold_things")] == ["orders"]
    assert [table["name"] for table in sandbox.tables("SALES")] == ["soldXthings"]
    assert [table["name"] for table in sandbox.tables("shop.public.o")] == ["orders"]
    assert sandbox.tables("nothing") == []


def test_the_history_of_a_table(sandbox: Sandbox, push: Any, events: Any) -> None:
    push("lineage", events.edge("orders", "raw"), events.edge("daily", "orders"))
    for rows in (1, 5):
        push("metadata", events.table(volume={"row_count": rows}))
        sandbox.advance(3600)
    table = sandbox.table(sandbox.mcon("shop", "public", "orders"))
    assert table["row_count"] == 5
    assert [point["value"] for point in table["history"]["row_count"]] == [1, 5]
    assert table["history"]["last_update_time"] == []
    assert [node["name"] for node in table["upstream"]] == ["shop.public.raw"]
    assert [node["name"] for node in table["downstream"]] == ["shop.public.daily"]


def test_the_graph_around_a_table(sandbox: Sandbox, push: Any, events: Any) -> None:
    push("lineage", events.edge("b", "a"), events.edge("c", "b"), events.edge("e", "d"), events.edge("f", "e"))
    push("lineage", events.edge("c", "b", columns={"total": [("b", "amount")]}))

    def names(graph: dict[str, Any]) -> set[str]:
        return {node["name"][-1] for node in graph["nodes"]}

    assert names(sandbox.lineage()) == set("abcdef")
    around = sandbox.lineage(sandbox.mcon("shop", "public", "b"))
    assert names(around) == set("abc")
    assert [(pair["source_column"], pair["destination_column"]) for pair in around["columns"]] == [("amount", "total")]
    assert names(sandbox.lineage(sandbox.mcon("shop", "public", "d"), hops=1)) == set("de")
    assert names(sandbox.lineage("nothing")) == set()
    limited = _api(sandbox, "GET", "/lineage?limit=2").json()
    assert (limited["truncated"], len(limited["nodes"]), limited["counts"]["nodes"]) == (True, 2, 6)


def test_queries(sandbox: Sandbox, push: Any, events: Any) -> None:
    push(
        "query_logs",
        events.query("insert into shop.public.daily select * from shop.public.orders"),
        events.query("selec 1", error_text="syntax error", user="100%_sure"),
        events.query("select 2", error_code=0, end_time="2024-03-01T12:00:07Z"),
    )
    assert [query["query_text"] for query in sandbox.queries(failed=True)] == ["select 2", "selec 1"]
    assert [query["query_text"] for query in sandbox.queries("0%_s")] == ["selec 1"]
    (written,) = sandbox.queries("INSERT")
    detail = _api(sandbox, "GET", f"/queries/{written['id']}").json()
    assert (detail["category"], detail["reads"], detail["writes"]) == (
        "insert_into",
        ["shop.public.orders"],
        ["shop.public.daily"],
    )


def test_the_state(sandbox: Sandbox, push: Any, events: Any) -> None:
    empty = sandbox.state()
    assert empty["flows"]["metadata"] == {"pushes": 0, "events": 0, "raw_bytes": 0, "last_received": None}
    sandbox.set_delay(60, "query_logs")
    push("metadata", events.table("a"), events.table("b"))
    push("query_logs", events.query())
    state = sandbox.state()
    assert (state["flows"]["metadata"]["pushes"], state["flows"]["metadata"]["events"]) == (1, 2)
    assert (state["tables"], state["queries"], state["waiting"]) == (2, {"all": 0, "failed": 0}, 1)
    assert state["settings"]["visible_after"] == {flow: 60 * (flow == "query_logs") for flow in FLOWS}
    assert "metadata" in state["warehouses"][0]["received"]


def test_reset_returns_to_the_start(sandbox: Sandbox, push: Any, events: Any) -> None:
    before = sandbox.state()
    push("metadata", events.table())
    push("lineage", events.edge("b", "a", columns={"x": [("a", "y")]}))
    push("query_logs", events.query())
    key = sandbox.add_key()
    sandbox.revoke_key(sandbox.ingest_key)
    sandbox.add_warehouse("extra", "REDSHIFT")
    sandbox.add_etl_container("extra", "dbt")
    sandbox.set_delay(5)
    sandbox.change_settings(accept_gzip=False, max_raw_bytes=10, max_compressed_bytes=10)
    sandbox.inject("status")
    sandbox.advance(1000)
    sandbox.reset()
    after = sandbox.state()
    for state in (before, after):
        del state["settings"]["now"]
        for item in state["keys"] + state["warehouses"] + state["etl_containers"]:
            del item["created_at"]
    assert after == before
    assert key.id not in str(after)
    assert sandbox.pushes() == sandbox.requests() == sandbox.tables() == sandbox.queries() == []


def test_a_client_for_a_sandbox_that_runs_elsewhere(sandbox: Sandbox, push: Any, events: Any) -> None:
    push("metadata", events.table())
    client = SandboxClient(sandbox.url + "/")
    try:
        assert len(client.pushes()) == 1
        assert client.warehouse_uuid == sandbox.warehouse_uuid
    finally:
        client.close()


def test_a_client_without_a_key_of_a_kind_says_so(sandbox: Sandbox) -> None:
    from airflow_provider_montecarlo_push.sandbox import SandboxConfig

    client = SandboxClient(sandbox.url, SandboxConfig(keys=()))
    with pytest.raises(ConfigurationError, match="without a key of kind 'api'"):
        _ = client.api_key
    client.close()


def test_nodes_and_edges_are_listed_whole(sandbox: Sandbox, push: Any, events: Any) -> None:
    push("lineage", *(events.edge(f"t{index + 1:04}", f"t{index:04}") for index in range(1001)))
    assert len(sandbox.nodes()) == 1002
    assert len(sandbox.edges(custom=False)) == 1001
    assert sandbox.nodes(custom=True) == sandbox.edges(custom=True) == sandbox.deletions() == []


def test_a_collected_table_needs_a_warehouse_of_the_account(sandbox: Sandbox, events: Any) -> None:
    with pytest.raises(ConfigurationError, match="There is no warehouse 00000000-"):
        sandbox.add_collected_table(events.table(), resource_uuid="00000000-0000-4000-8000-000000000000")
    assert sandbox.tables() == []
