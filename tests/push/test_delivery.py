"""Delivery against the sandbox's gateway: what it refuses, drops and delays."""

from __future__ import annotations

import json
import re
import threading
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_montecarlo_push.events import AssetMetadata, Flow, LineageAssetRef, LineageEvent, QueryLogEntry
from airflow_provider_montecarlo_push.exceptions import (
    AuthenticationError,
    AuthorizationError,
    ConfigurationError,
    FinalError,
    GatewayUnavailableError,
    InvalidRequestError,
    ManifestCorruptedError,
    MonteCarloPushError,
    ProtocolError,
    RejectedEventsError,
)
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.receipts import Destination
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.push import delivery
from airflow_provider_montecarlo_push.push.batches import BatchLimits
from airflow_provider_montecarlo_push.push.gateway import Gateway
from airflow_provider_montecarlo_push.push.retries import RetryPolicy, StoppedError
from airflow_provider_montecarlo_push.push.session import ManifestPush, PushResult, plan, push_events
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.conftest import table, write_manifest

pytestmark = pytest.mark.integration

QUICK = RetryPolicy(first_wait=0.01, longest_wait=0.05)
Push = Callable[..., PushResult]


@pytest.fixture
def push(sandbox: Sandbox) -> Push:
    def run(
        reader: ManifestReader,
        *,
        secret: str | None = None,
        url: str | None = None,
        resource: str | None = None,
        timeout: float = 5.0,
        compress: bool = False,
        destination: Destination | None = None,
        **options: Any,
    ) -> PushResult:
        gateway = Gateway(
            sandbox.ingest_key.id,
            secret or sandbox.ingest_key.secret,
            endpoint=url or sandbox.url,
            timeout=timeout,
            compress=compress,
            origin="connection 'mc'",
        )
        destination = destination or Destination(
            gateway.endpoint, resource or sandbox.warehouse_uuid, resource_type="snowflake", log_type="snowflake"
        )
        with gateway:
            return ManifestPush(reader, gateway, destination, **({"retries": QUICK} | options)).run()

    return run


def names_at(sandbox: Sandbox) -> list[str]:
    return sorted(event["relational_asset"]["metadata"]["name"] for event in sandbox.events("metadata"))


def names_of(count: int) -> list[str]:
    return sorted(f"ORDERS_{number}" for number in range(count))


def test_every_event_arrives_once_and_every_id_is_returned(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    result = push(write_manifest(folder, [table(number) for number in range(23)]), limits=BatchLimits(events=5))
    assert names_at(sandbox) == names_of(23)
    assert (result.events, result.batches, result.rejected) == (23, 5, 0)
    assert sorted(result.invocation_ids) == sorted(push["invocation_id"] for push in sandbox.pushes())


def test_compressed_requests_arrive(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    push(write_manifest(folder, [table()]), compress=True)
    assert sandbox.pushes()[0]["content_encoding"] == "gzip"
    assert names_at(sandbox) == names_of(1)


def test_a_second_push_of_the_same_manifest_sends_nothing(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    first = push(write_manifest(folder, [table(number) for number in range(10)]), limits=BatchLimits(events=3))
    again = push(ManifestReader(folder), limits=BatchLimits(events=4))
    assert len(sandbox.pushes()) == first.batches
    assert (again.resumed, again.events) == (10, 10)
    assert again.invocation_ids == first.invocation_ids


def test_another_resource_has_a_receipt_of_its_own(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    reader = write_manifest(folder, [table()])
    push(reader)
    assert push(reader, resource=sandbox.lake_uuid).resumed == 0
    assert len(sandbox.pushes()) == 2


def test_an_outage_is_survived_and_resumed_exactly(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    reader = write_manifest(folder, [table(number) for number in range(40)])
    sandbox.inject("status", status=503, skip=5)
    with pytest.raises(GatewayUnavailableError, match="503"):
        push(reader, limits=BatchLimits(events=2), retries=RetryPolicy(attempts=2, first_wait=0.01))
    assert len(sandbox.pushes()) == 5
    sandbox.clear_faults()
    result = push(ManifestReader(folder), limits=BatchLimits(events=7))
    assert names_at(sandbox) == names_of(40), "each event exactly once"
    assert (result.resumed, result.events) == (10, 40)
    assert sorted(result.invocation_ids) == sorted(push["invocation_id"] for push in sandbox.pushes())


@pytest.mark.parametrize(
    "fault",
    [
        ("status", {"status": 500}),
        ("status", {"status": 429, "headers": {"Retry-After": "0"}}),
        ("reset", {}),
    ],
    ids=["500", "429", "reset"],
)
def test_passing_trouble_is_retried(sandbox: Sandbox, push: Push, folder: Folder, fault: tuple[str, Any]) -> None:
    action, rule = fault
    sandbox.inject(action, count=3, **rule)
    push(write_manifest(folder, [table(number) for number in range(6)]), limits=BatchLimits(events=2))
    assert names_at(sandbox) == names_of(6)


def test_retry_after_is_waited_for(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    sandbox.inject("status", status=429, headers={"Retry-After": "1"}, count=1)
    push(write_manifest(folder, [table()]))
    refused, accepted = (datetime.fromisoformat(request["at"]) for request in sandbox.requests("metadata"))
    assert (accepted - refused).total_seconds() >= 1


def test_a_long_retry_after_is_left_to_airflow(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    sandbox.inject("status", status=503, headers={"Retry-After": "3600"})
    with pytest.raises(GatewayUnavailableError):
        push(write_manifest(folder, [table()]))
    assert len(sandbox.requests("metadata")) == 1


def test_a_timeout_is_retried_and_later_batches_are_smaller(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    limits = BatchLimits(events=40)
    sandbox.inject("timeout_after_accept", seconds=5, count=1)
    result = push(
        write_manifest(folder, [table(number) for number in range(40)]),
        limits=limits,
        timeout=0.5,
        retries=RetryPolicy(timeouts=1, first_wait=0.01),
    )
    assert result.events == 40
    assert limits.events == 20
    assert set(names_at(sandbox)) == set(names_of(40)), "at least once"


def test_413_halves_and_later_batches_are_smaller(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    sandbox.change_settings(max_raw_bytes=3_000)
    limits = BatchLimits(events=100)
    result = push(write_manifest(folder, [table(number) for number in range(100)]), limits=limits, concurrency=1)
    assert names_at(sandbox) == names_of(100)
    assert result.events == 100
    assert limits.raw_bytes < 4 * 1024 * 1024


def random_text(size: int) -> str:
    digits, seed = [], 1
    while len(digits) * 10 < size:
        seed = seed * 6364136223846793005 % 2**64
        digits.append(f"{seed % 10**10:010d}")
    return "".join(digits)[:size]


def test_bodies_that_would_be_refused_are_never_sent(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    description = random_text(300_000)
    events = [
        table(metadata=AssetMetadata(name=f"T{n}", database="D", schema="S", description=description))
        for n in range(12)
    ]
    push(write_manifest(folder, events))
    assert {request["status"] for request in sandbox.requests("metadata")} == {202}
    assert all(push["compressed_bytes"] <= 1_000_000 for push in sandbox.pushes())
    assert len(sandbox.events("metadata")) == 12


def query(text: str, number: int = 0) -> QueryLogEntry:
    moment = datetime(2024, 3, 1, 12, tzinfo=UTC)
    return QueryLogEntry(start_time=moment, end_time=moment, query_text=text, query_id=str(number))


@pytest.mark.parametrize("text", ["SELECT 1 -- x" * 400_000, random_text(3_000_000)], ids=["repetitive", "random"])
def test_a_query_of_megabytes_is_cut_marked_and_counted(
    sandbox: Sandbox, push: Push, folder: Folder, text: str
) -> None:
    reader = write_manifest(folder, [query("SELECT 0", 0), query(text, 1), query("SELECT 2", 2)], Flow.QUERY_LOGS)
    result = push(reader)
    assert (result.events, result.truncated) == (3, 1)
    arrived = {event["query_id"]: event["query_text"] for event in sandbox.events("query_logs")}
    assert arrived["0"] == "SELECT 0"
    assert arrived["2"] == "SELECT 2"
    assert re.search(rf"cut from {len(text):,} to [\d,]+ characters", arrived["1"])
    assert text.startswith(arrived["1"].split("\n/* cut")[0])
    assert len(arrived["1"]) > 500_000


def test_a_table_too_large_for_any_request_is_kept_aside(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    huge = table(7, metadata=AssetMetadata(name="HUGE", database="D", schema="S", description=random_text(3_000_000)))
    with pytest.raises(RejectedEventsError, match="refused 1 of 3"):
        push(write_manifest(folder, [table(0), huge, table(1)]))
    assert names_at(sandbox) == names_of(2)


@pytest.mark.parametrize("with_index", [True, False])
def test_bad_events_are_found_and_all_others_delivered(
    sandbox: Sandbox, push: Push, folder: Folder, with_index: bool
) -> None:
    sandbox.inject("reject", pattern=r"ORDERS_(3|17)$", with_index=with_index)
    with pytest.raises(RejectedEventsError) as caught:
        push(write_manifest(folder, [table(number) for number in range(20)]))
    assert names_at(sandbox) == sorted(set(names_of(20)) - {"ORDERS_3", "ORDERS_17"})
    assert caught.value.rejected == 2
    assert caught.value.uri is not None
    rejected = [json.loads(line) for line in unzip(folder, caught.value.uri).splitlines()]
    assert {line["event"]["relational_asset"]["metadata"]["name"] for line in rejected} == {"ORDERS_3", "ORDERS_17"}
    assert all(line["message"] for line in rejected)


def unzip(folder: Folder, uri: str) -> bytes:
    name = uri.removeprefix(folder.uri + "/")
    return zlib.decompress(folder.read(name), wbits=31)


def test_rejected_events_may_be_skipped(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    sandbox.inject("reject", pattern="ORDERS_3$")
    result = push(write_manifest(folder, [table(number) for number in range(9)]), fail_on_rejected=False)
    assert (result.events, result.rejected) == (8, 1)
    assert result.rejected_uri
    assert b"ORDERS_3" in unzip(folder, result.rejected_uri)


def test_rejected_events_are_tried_again_by_the_next_attempt(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    sandbox.inject("reject", pattern="ORDERS_3$")
    with pytest.raises(RejectedEventsError) as caught:
        push(write_manifest(folder, [table(number) for number in range(9)]))
    sandbox.clear_faults()
    result = push(ManifestReader(folder))
    assert names_at(sandbox) == names_of(9)
    assert (result.events, result.rejected) == (9, 0)
    with pytest.raises(FileNotFoundError):
        unzip(folder, str(caught.value.uri))


def test_a_refused_request_stops_at_once(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    reader = write_manifest(folder, [query(f"SELECT {number}", number) for number in range(100)], Flow.QUERY_LOGS)
    wrong = Destination(sandbox.url, sandbox.warehouse_uuid, log_type="hive")
    with pytest.raises(InvalidRequestError, match="Unsupported ingest query-log log_type"):
        push(reader, destination=wrong, concurrency=1)
    assert len(sandbox.requests("query_logs")) <= 5
    assert sandbox.events("query_logs") == []


def test_two_bad_events_in_both_halves_are_not_taken_for_a_bad_request(
    sandbox: Sandbox, push: Push, folder: Folder
) -> None:
    sandbox.inject("reject", pattern=r"ORDERS_[18]$", with_index=False)
    result = push(write_manifest(folder, [table(number) for number in range(10)]), fail_on_rejected=False)
    assert result.rejected == 2
    assert len(names_at(sandbox)) == 8


def test_a_flood_of_rejections_stops(
    sandbox: Sandbox, push: Push, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MAX_REJECTED", 10)
    sandbox.inject("reject", pattern="ORDERS_")
    with pytest.raises(RejectedEventsError, match="More than 10 events"):
        push(write_manifest(folder, [table(number) for number in range(64)]))


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"secret": "wrong-secret"}, AuthenticationError, "connection 'mc' is wrong or deleted"),
        ({"resource": "00000000-0000-4000-8000-000000000009"}, AuthorizationError, "not allowed for this"),
        ({"url": "http://127.0.0.1:9"}, GatewayUnavailableError, "Cannot reach http://127.0.0.1:9"),
    ],
    ids=["401", "403", "unreachable"],
)
def test_a_wrong_connection_says_what_to_do(
    sandbox: Sandbox, push: Push, folder: Folder, options: Any, error: type[MonteCarloPushError], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        push(write_manifest(folder, [table(number) for number in range(8)]), limits=BatchLimits(events=1), **options)
    assert "wrong-secret" not in str(caught.value)
    if issubclass(error, FinalError):
        assert len(sandbox.requests("metadata")) <= 6, "nothing is resent, nothing new is begun"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (("html", {"status": 200}), "without an invocation_id"),
        (("no_invocation_id", {}), "without an invocation_id"),
        (("status", {"status": 404}), "not Monte Carlo's ingest gateway"),
        (("status", {"status": 302, "headers": {"Location": "https://login.example.com"}}), "login.example.com"),
    ],
    ids=["html", "no id", "404", "redirect"],
)
def test_an_answer_that_is_not_the_gateways_is_an_error_of_its_own(
    sandbox: Sandbox, push: Push, folder: Folder, fault: tuple[str, Any], said: str
) -> None:
    sandbox.inject(fault[0], **fault[1])
    with pytest.raises(ProtocolError, match=said):
        push(write_manifest(folder, [table()]))


def test_a_damaged_part_is_not_sent(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    reader = write_manifest(folder, [table()])
    folder.write("part-00000.jsonl.gz", folder.read("part-00000.jsonl.gz")[:-9] + b"x" * 9)
    with pytest.raises(ManifestCorruptedError, match="does not have the sha256"):
        push(reader)
    assert sandbox.requests("metadata") == []


def lineage(*, crossing: Sandbox | None = None) -> LineageEvent:
    home = {"resource_uuid": crossing.lake_uuid, "resource_type": "data-lake"} if crossing else {}
    away = {"resource_uuid": crossing.warehouse_uuid, "resource_type": "snowflake"} if crossing else {}
    return LineageEvent(
        destination=LineageAssetRef(type="TABLE", name="T", database="D", schema="S", **home),
        sources=[LineageAssetRef(type="TABLE", name="U", database="D", schema="S", **away)],
    )


def test_edges_within_and_across_resources_go_in_requests_of_their_own(
    sandbox: Sandbox, push: Push, folder: Folder
) -> None:
    mixed = [lineage(), lineage(crossing=sandbox)] * 3
    result = push(write_manifest(folder, mixed, Flow.LINEAGE))
    assert (result.events, result.batches) == (6, 2)
    assert sorted(str(push["resource_uuid"]) for push in sandbox.pushes()) == sorted(["None", sandbox.warehouse_uuid])


def test_edges_across_resources_need_no_resource(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    reader = write_manifest(folder, [lineage(crossing=sandbox)], Flow.LINEAGE)
    assert push(reader, destination=Destination(sandbox.url)).events == 1


def test_edges_within_a_resource_do(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    with pytest.raises(ConfigurationError, match="No resource_uuid"):
        push(write_manifest(folder, [lineage()], Flow.LINEAGE), destination=Destination(sandbox.url))


def test_a_push_that_is_stopped_notes_what_is_acknowledged(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    reader = write_manifest(folder, [table(number) for number in range(200)])
    sandbox.inject("delay", seconds=0.05)
    destination = Destination(sandbox.url, sandbox.warehouse_uuid, resource_type="snowflake", log_type="snowflake")
    key = sandbox.ingest_key
    with Gateway(key.id, key.secret, endpoint=sandbox.url) as gateway:
        running = ManifestPush(reader, gateway, destination, limits=BatchLimits(events=1))

        def stop_when_some_arrived() -> None:
            while len(sandbox.pushes()) < 5:
                time.sleep(0.01)
            running.stop()

        stopper = threading.Thread(target=stop_when_some_arrived)
        stopper.start()
        with pytest.raises(StoppedError):
            running.run()
        stopper.join()
    sandbox.clear_faults()
    assert 0 < running.result().events < 200
    assert push(ManifestReader(folder), destination=destination).resumed == running.result().events
    assert names_at(sandbox) == names_of(200), "each event exactly once"


def test_a_dry_run_sends_and_records_nothing(sandbox: Sandbox, folder: Folder) -> None:
    reader = write_manifest(folder, [table(number) for number in range(5)])
    result = plan(reader, Destination(sandbox.url, sandbox.warehouse_uuid), BatchLimits(events=2))
    assert (result.events, result.batches, result.dry_run) == (5, 3, True)
    assert sandbox.requests() == []
    assert sorted(folder.names()) == ["manifest.json", "part-00000.jsonl.gz"]


def test_an_empty_manifest_pushes_nothing(sandbox: Sandbox, push: Push, folder: Folder) -> None:
    assert push(write_manifest(folder, [])).events == 0
    assert sandbox.requests() == []


def test_a_stream_of_events_needs_no_manifest(sandbox: Sandbox) -> None:
    with Gateway(sandbox.ingest_key.id, sandbox.ingest_key.secret, endpoint=sandbox.url) as gateway:
        result = push_events(
            (table(number) for number in range(25)),
            Flow.METADATA,
            gateway,
            Destination(sandbox.url, sandbox.warehouse_uuid, resource_type="snowflake"),
            limits=BatchLimits(events=10),
        )
    assert (result.events, result.batches, len(result.invocation_ids)) == (25, 3, 3)
    assert names_at(sandbox) == names_of(25)
