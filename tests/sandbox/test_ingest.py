from __future__ import annotations

import gzip
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from airflow_provider_montecarlo_push.sandbox import KeyConfig, Sandbox

pytestmark = pytest.mark.integration


def _document(sandbox: Sandbox, *events: dict[str, Any], flow: str = "metadata") -> dict[str, Any]:
    resource = {"uuid": sandbox.warehouse_uuid}
    resource["log_type" if flow == "query_logs" else "resource_type"] = "snowflake"
    kinds = {"metadata": "METADATA", "lineage": "LINEAGE", "query_logs": "QUERY_LOG"}
    return {"event_type": kinds[flow], "resource": resource, "events": list(events)}


def test_a_push_is_stored_as_it_was_sent(sandbox: Sandbox, post: Any, events: Any) -> None:
    trace = {"x-mcd-trace-id": "trace-1", "x-mcd-session-id": "session-1"}
    sent = [events.table("a"), events.table('quoted "b"', metadata={"description": "naïve 😀"})]
    response = post("metadata", _document(sandbox, *sent), headers=trace)
    assert response.status_code == 202
    invocation_id = response.json()["invocation_id"]
    assert uuid.UUID(invocation_id)

    (push,) = sandbox.pushes()
    assert push["invocation_id"] == invocation_id
    assert (push["flow"], push["event_type"], push["events"]) == ("metadata", "METADATA", 2)
    assert (push["resource_uuid"], push["resource_type"]) == (sandbox.warehouse_uuid, "snowflake")
    assert (push["trace_id"], push["session_id"]) == ("trace-1", "session-1")
    assert push["key_id"] == sandbox.ingest_key.id
    assert push["raw_bytes"] == len(response.request.content)
    assert 0 < push["compressed_bytes"] < push["raw_bytes"]
    assert sandbox.events(invocation_id=invocation_id) == sent


@pytest.mark.parametrize("flow", ["metadata", "lineage", "query_logs"])
def test_every_flow_is_listed_by_itself(sandbox: Sandbox, push: Any, events: Any, flow: str) -> None:
    made = {"metadata": events.table(), "lineage": events.edge("b", "a"), "query_logs": events.query()}
    ids = {name: push(name, event) for name, event in made.items()}
    assert [item["invocation_id"] for item in sandbox.pushes(flow)] == [ids[flow]]
    assert sandbox.events(flow) == [made[flow]]


class TestKeys:
    @pytest.mark.parametrize(
        ("key_id", "secret"),
        [("sandbox-ingest-id", "wrong"), ("unknown", "sandbox-ingest-token"), ("", ""), ("sandbox-ingest-id", "ünï")],
    )
    def test_a_wrong_key_is_401_whatever_the_body(self, sandbox: Sandbox, key_id: str, secret: str) -> None:
        headers = [(b"x-mcd-id", key_id.encode()), (b"x-mcd-token", secret.encode())]
        response = httpx.post(f"{sandbox.url}/ingest/v1/metadata", headers=headers, content=b"no json")
        assert response.status_code == 401
        assert "wrong key" in response.json()["message"]

    def test_no_key_is_401(self, sandbox: Sandbox) -> None:
        assert httpx.post(f"{sandbox.url}/ingest/v1/lineage", json={}).status_code == 401

    def test_an_api_key_is_refused(self, sandbox: Sandbox, post: Any, events: Any) -> None:
        response = post("metadata", _document(sandbox, events.table()), key=sandbox.api_key)
        assert response.status_code == 401
        assert "scope Ingestion" in response.json()["message"]

    def test_a_revoked_key_is_refused(self, sandbox: Sandbox, post: Any, events: Any) -> None:
        key = sandbox.add_key()
        assert post("metadata", _document(sandbox, events.table()), key=key).status_code == 202
        sandbox.revoke_key(key)
        assert post("metadata", _document(sandbox, events.table()), key=key).status_code == 401

    def test_a_limited_key_is_403_elsewhere_before_the_schema_is_looked_at(self, sandbox: Sandbox, post: Any) -> None:
        key = sandbox.add_key(warehouses=[sandbox.lake_uuid])
        response = post("metadata", _document(sandbox), key=key)
        assert response.status_code == 403
        assert sandbox.warehouse_uuid in response.json()["message"]

    def test_a_request_without_events_tells_that_a_key_is_good(self, sandbox: Sandbox, post: Any) -> None:
        response = post("metadata", _document(sandbox), key=sandbox.add_key(warehouses=[sandbox.warehouse_uuid]))
        assert response.status_code == 400
        assert response.json()["details"] == [{"loc": "events", "msg": "must not be empty"}]

    def test_every_asset_of_lineage_across_warehouses_is_looked_at(
        self, sandbox: Sandbox, post: Any, events: Any
    ) -> None:
        key = sandbox.add_key(warehouses=[sandbox.warehouse_uuid])
        here = {"resource_uuid": sandbox.warehouse_uuid, "resource_type": "snowflake"}
        there = {"resource_uuid": sandbox.lake_uuid, "resource_type": "data-lake"}
        event = {"destination": events.ref("a", **here), "sources": [events.ref("b", **here), events.ref("c", **there)]}
        document = {"event_type": "LINEAGE", "events": [event]}
        refused = post("lineage", document, key=key)
        assert refused.status_code == 403
        assert "events[0].sources[1].resource_uuid" in refused.json()["message"]
        assert post("lineage", document).status_code == 202
        assert sandbox.pushes()[0]["resources"] == sorted([sandbox.warehouse_uuid, sandbox.lake_uuid])

    def test_an_unknown_resource_is_403(self, sandbox: Sandbox, post: Any, events: Any) -> None:
        document = _document(sandbox, events.table())
        document["resource"]["uuid"] = str(uuid.uuid4())
        assert post("metadata", document).status_code == 403

    def test_the_uuid_may_be_in_upper_case(self, sandbox: Sandbox, post: Any, events: Any) -> None:
        document = _document(sandbox, events.table())
        document["resource"]["uuid"] = sandbox.warehouse_uuid.upper()
        assert post("metadata", document).status_code == 202
        assert sandbox.tables()[0]["resource_uuid"] == sandbox.warehouse_uuid


class TestBodies:
    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (b"", "not JSON"),
            (b"{", "not JSON"),
            (b"{'a': 1}", "not JSON"),
            (b'{"a": NaN}', "NaN is no JSON value"),
            (b'{"a": -Infinity}', "-Infinity is no JSON value"),
            (b'{"a": 1e999}', "too large"),
            (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
            (b"[" * 100_000, "not JSON"),
            (b'{"a": "\xff"}', "not UTF-8"),
            ('{"a": "é"}'.encode("latin-1"), "not UTF-8"),
            ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
            (b'{"a": "\\ud800"}', "not UTF-8"),
            (b"[]", "must be a JSON object"),
            (b"null", "must be a JSON object"),
        ],
    )
    def test_not_json(self, post: Any, body: bytes, message: str) -> None:
        response = post("metadata", body)
        assert response.status_code == 400
        assert message in response.json()["message"]

    @pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
    def test_another_content_type_is_415(self, sandbox: Sandbox, post: Any, events: Any, content_type: str) -> None:
        body = json.dumps(_document(sandbox, events.table())).encode()
        assert post("metadata", body, headers={"Content-Type": content_type}).status_code == 415

    def test_a_charset_is_no_other_content_type(self, sandbox: Sandbox, post: Any, events: Any) -> None:
        body = json.dumps(_document(sandbox, events.table())).encode()
        response = post("metadata", body, headers={"Content-Type": "application/json; charset=utf-8"})
        assert response.status_code == 202

    @pytest.mark.parametrize(
        "name", ["x" * 300, "<script>alert(1)</script>", "a\u0000b", "線 上", '"; DROP TABLE push; --', "😀" * 50]
    )
    def test_odd_names_arrive_as_they_are(self, sandbox: Sandbox, push: Any, events: Any, name: str) -> None:
        push("metadata", events.table(name))
        assert [table["name"] for table in sandbox.tables()] == [name]
        assert sandbox.table(sandbox.mcon("shop", "public", name))["full_table_id"] == f"shop:public.{name}"


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59.5Z", "9999-12-31T23:59:59.999999Z"])
def test_the_ends_of_the_calendar_arrive(sandbox: Sandbox, push: Any, events: Any, moment: str) -> None:
    push("metadata", events.table(freshness={"last_update_time": moment}, metadata={"created_on": moment}))
    push("query_logs", events.query(start_time="0001-01-01T00:00:00Z", end_time=moment))
    assert sandbox.tables()[0]["last_update_time"][:19] == moment[:19]
    document = "query($m:String!){getTable(mcon:$m){lastUpdatedOn createdTime}}"
    table = sandbox.graphql(document, {"m": sandbox.mcon("shop", "public", "orders")})["getTable"]
    assert table["lastUpdatedOn"][:19] == table["createdTime"][:19] == moment[:19]
    assert len(sandbox.queries()) == 1


class TestSizes:
    def test_the_compressed_size_is_limited(self, sandbox: Sandbox, post: Any, events: Any) -> None:
        noise = uuid.uuid4().hex
        text = "".join(uuid.uuid5(uuid.NAMESPACE_OID, f"{noise}{index}").hex for index in range(62_500))
        response = post("query_logs", _document(sandbox, events.query(text), flow="query_logs"))
        assert response.status_code == 413
        assert "compressed" in response.json()["message"]
        half = post("query_logs", _document(sandbox, events.query(text[:1_000_000]), flow="query_logs"))
        assert half.status_code == 202

    def test_a_long_text_that_compresses_well_passes(self, sandbox: Sandbox, post: Any, events: Any) -> None:
        response = post("query_logs", _document(sandbox, events.query("select 1 " * 600_000), flow="query_logs"))
        assert response.status_code == 202
        assert sandbox.queries()[0]["text_length"] == 5_400_000

    def test_the_raw_size_is_limited(self, sandbox: Sandbox, post: Any, events: Any) -> None:
        document = _document(sandbox, events.query("select 1 " * 700_000), flow="query_logs")
        response = post("query_logs", document)
        assert response.status_code == 413
        assert sandbox.requests()[0]["status"] == 413
        sandbox.change_settings(max_raw_bytes=8_000_000)
        assert post("query_logs", document).status_code == 202

    def test_a_smaller_limit_can_be_set(self, sandbox: Sandbox, post: Any, events: Any) -> None:
        sandbox.change_settings(max_compressed_bytes=100)
        assert post("metadata", _document(sandbox, events.table("abc" * 30))).status_code == 413


class TestEncodings:
    def test_gzip_is_understood(self, sandbox: Sandbox, post: Any, events: Any) -> None:
        raw = json.dumps(_document(sandbox, events.table())).encode()
        response = post("metadata", gzip.compress(raw), headers={"Content-Encoding": "gzip"})
        assert response.status_code == 202
        (push,) = sandbox.pushes()
        assert (push["content_encoding"], push["raw_bytes"]) == ("gzip", len(raw))

    @pytest.mark.parametrize(
        "body", [b"{}", gzip.compress(b"{}")[:-4], gzip.compress(b"{}") + b"more"], ids=["plain", "cut", "more"]
    )
    def test_broken_gzip_is_400(self, post: Any, body: bytes) -> None:
        response = post("metadata", body, headers={"Content-Encoding": "gzip"})
        assert response.status_code == 400
        assert "gzip" in response.json()["message"]

    def test_a_bomb_is_413(self, post: Any) -> None:
        body = gzip.compress(b" " * 50_000_000)
        assert post("metadata", body, headers={"Content-Encoding": "gzip"}).status_code == 413

    def test_gzip_can_be_switched_off(self, sandbox: Sandbox, post: Any, events: Any) -> None:
        sandbox.change_settings(accept_gzip=False)
        raw = json.dumps(_document(sandbox, events.table())).encode()
        assert post("metadata", gzip.compress(raw), headers={"Content-Encoding": "gzip"}).status_code == 415

    def test_other_encodings_are_415(self, post: Any) -> None:
        assert post("metadata", b"{}", headers={"Content-Encoding": "br"}).status_code == 415


def test_pushes_from_many_threads_while_others_read(sandbox: Sandbox, push: Any, events: Any) -> None:
    def send(number: int) -> str:
        invocation_id = push("metadata", *(events.table(f"t{number}_{index}") for index in range(10)))
        sandbox.state()
        return str(invocation_id)

    with ThreadPoolExecutor(8) as threads:
        ids = list(threads.map(send, range(60)))
    assert len(set(ids)) == 60
    assert {item["invocation_id"] for item in sandbox.pushes()} == set(ids)
    assert len(sandbox.tables()) == 600


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/ingest/v1/metadata", 405),
        ("PUT", "/ingest/v1/querylogs", 405),
        ("GET", "/graphql", 405),
        ("POST", "/ingest/v1/query_logs", 404),
        ("POST", "/ingest/v1/metadata/", 404),
        ("GET", "/nothing", 404),
        ("GET", "/sandbox/api/nothing", 404),
        ("GET", "/static/../config.py", 404),
    ],
)
def test_other_paths_and_methods_are_refused_in_json(sandbox: Sandbox, method: str, path: str, status: int) -> None:
    response = httpx.request(method, sandbox.url + path)
    assert response.status_code == status
    assert response.json()["message"]


def test_refused_requests_are_noted(sandbox: Sandbox, post: Any, events: Any) -> None:
    post("metadata", _document(sandbox), headers={"x-mcd-trace-id": "one"})
    post("metadata", _document(sandbox, events.table()), key=KeyConfig("nobody", "nothing"))
    accepted = post("metadata", _document(sandbox, events.table())).json()["invocation_id"]
    noted = [(item["status"], item["key_id"], item["invocation_id"]) for item in sandbox.requests("metadata")]
    assert noted == [
        (400, sandbox.ingest_key.id, None),
        (401, None, None),
        (202, sandbox.ingest_key.id, accepted),
    ]
    assert sandbox.requests(status=400)[0]["trace_id"] == "one"
    assert sandbox.requests(status=400)[0]["message"] == "Schema validation failed: 1 error"
