"""The last delivered push of each scope: what counts, what is kept, and which scopes were left behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import ManifestFormatError
from airflow_provider_montecarlo_push.manifests.model import RunReference
from airflow_provider_montecarlo_push.manifests.receipts import Acknowledgement, Destination, Receipt
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.push.delivered import (
    DeliveredPush,
    delivered_pushes,
    record_delivery,
    state_folder,
    without_abandoned,
)
from airflow_provider_montecarlo_push.push.session import PushResult
from tests.conftest import table, write_manifest

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
RESOURCE = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
HERE = Destination("http://gateway", RESOURCE, resource_type="snowflake")
ELSEWHERE = Destination("http://gateway", RESOURCE.replace("a", "b"), resource_type="snowflake")


def record(
    root: Folder,
    at: datetime = NOON,
    *,
    tables: int = 2,
    sent: int | None = None,
    earlier: int = 0,
    destination: Destination = HERE,
    name: str = "manifest",
    **header: Any,
) -> None:
    """Record a push of some tables, of which ``earlier`` were acknowledged an hour before, and ``sent`` now."""
    flow, collector = header.pop("flow", Flow.METADATA), header.pop("collector", "test")
    reader = write_manifest(root.child(name), [table(number) for number in range(tables)], flow, **header)
    reader.manifest.collector = collector
    receipt = Receipt(reader.folder, reader.uri, reader.manifest, destination)
    if earlier:
        batch = Acknowledgement("part-00000.jsonl.gz", 0, earlier - 1, 1, "id", "trace", at - timedelta(hours=1))
        receipt.acknowledge(batch)
    receipt.close("delivered")
    result = PushResult(
        flow=reader.manifest.flow.value,
        resource_uuid=destination.resource_uuid,
        events=earlier + (tables - earlier if sent is None else sent),
        resumed=earlier,
        receipt=receipt.uri,
    )
    record_delivery(root, reader, destination, result, at)


def test_what_is_kept_can_be_read(folder: Folder) -> None:
    run = RunReference("hourly", "scheduled__1", "collect")
    scope = {"include": ["A.*.*"], "exclude": [], "only_freshness_and_volume": True, "collector_kwargs": {"path": "x"}}
    record(folder, source_conn_id="shop", scope=scope, run=run)
    (push,) = delivered_pushes(folder)
    assert push == DeliveredPush(
        flow=Flow.METADATA,
        endpoint="http://gateway",
        resource_uuid=RESOURCE,
        collector="test",
        source_conn_id="shop",
        scope={"include": ["A.*.*"], "exclude": [], "collector_kwargs": {"path": "x"}},
        run=run,
        manifest=folder.child("manifest").uri_of("manifest.json"),
        receipt=push.receipt,
        events=2,
        delivered_at=NOON,
    )
    assert push.receipt is not None
    assert push.receipt.startswith(f"{folder.uri}/manifest/receipts/{RESOURCE}-")
    assert push.receipt.endswith("/receipt.json")


@pytest.mark.parametrize(
    ("facts", "counts_as_of"),
    [
        ({}, NOON),
        ({"tables": 0}, NOON),  # the way is open
        ({"earlier": 1}, NOON),  # resumed
        ({"earlier": 2}, NOON - timedelta(hours=1)),  # cleared: nothing was sent any more
        ({"earlier": 1, "sent": 0}, NOON - timedelta(hours=1)),  # all others were refused again
        ({"sent": 1}, NOON),  # one was refused, and that is to be skipped
        ({"sent": 0}, None),  # all were
    ],
    ids=["complete", "empty", "resumed", "cleared", "refused again", "one refused", "all refused"],
)
def test_what_counts_as_delivered(folder: Folder, facts: dict[str, Any], counts_as_of: datetime | None) -> None:
    record(folder, **facts)
    assert [push.delivered_at for push in delivered_pushes(folder)] == ([counts_as_of] if counts_as_of else [])


def test_the_latest_counts_whatever_the_order(folder: Folder) -> None:
    record(folder, NOON, name="new")
    record(folder, NOON, name="old, cleared", earlier=2)
    (push,) = delivered_pushes(folder)
    assert push.manifest.endswith("/new/manifest.json")
    record(folder, NOON + timedelta(hours=1), name="newer")
    (push,) = delivered_pushes(folder)
    assert push.manifest.endswith("/newer/manifest.json")


OTHERS: list[dict[str, Any]] = [
    {"flow": Flow.LINEAGE},
    {"source_conn_id": "other"},
    {"collector": "other"},
    {"scope": {"include": ["B"]}},
    {"scope": {"include": ["A"], "collector_kwargs": {"path": "x"}}},
    {"destination": ELSEWHERE},
    {"destination": Destination("http://another", RESOURCE, resource_type="snowflake")},
]


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_another_scope_is_another_one(folder: Folder, other: dict[str, Any]) -> None:
    first: dict[str, Any] = {"source_conn_id": "shop", "scope": {"include": ["A"]}, "tables": 0}
    record(folder, **first)
    record(folder, NOON + timedelta(hours=1), **first | other)
    assert len(delivered_pushes(folder)) == 2


@pytest.mark.parametrize("same", [{"only_freshness_and_volume": True}, {"redact_literals": True}], ids=str)
def test_how_it_is_told_does_not_matter(folder: Folder, same: dict[str, Any]) -> None:
    record(folder, scope={"include": ["A"]})
    record(folder, scope={"include": ["A"]} | same)
    assert len(delivered_pushes(folder)) == 1


def test_flows_are_told_apart(folder: Folder) -> None:
    for number, flow in enumerate((Flow.QUERY_LOGS, Flow.METADATA, Flow.LINEAGE)):
        record(folder, NOON + timedelta(hours=number), flow=flow, tables=0)
    assert [push.flow for push in delivered_pushes(folder)] == [Flow.QUERY_LOGS, Flow.METADATA, Flow.LINEAGE]
    assert [push.flow for push in delivered_pushes(folder, [Flow.METADATA])] == [Flow.METADATA]


def test_nothing_was_ever_pushed(folder: Folder) -> None:
    assert delivered_pushes(folder) == []


@pytest.mark.parametrize("content", [b"", b'{"flow": "metad', b'{"flow": "metadata"}', b"\xff\xfe"], ids=str)
def test_a_damaged_file_is_named_and_replaced_by_the_next_push(folder: Folder, content: bytes) -> None:
    record(folder)
    (name,) = state_folder(folder).names()
    state_folder(folder).write(name, content)
    with pytest.raises(ManifestFormatError, match=f"{name} cannot be read"):
        delivered_pushes(folder)
    record(folder)
    assert len(delivered_pushes(folder)) == 1


def push(
    hours: int, include: str = "A", *, task: str | None = "collect", index: int = -1, **facts: Any
) -> DeliveredPush:
    run = RunReference("dag", f"run-{hours}", task, index) if task else None
    known = {"flow": Flow.LINEAGE, "endpoint": "http://gateway", "resource_uuid": RESOURCE, "collector": "test"}
    known |= {"scope": {"include": [include]}, "run": run, "manifest": "file:///m"}
    return DeliveredPush(**known | facts, delivered_at=NOON + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("later", "abandoned"),
    [
        (push(1, "B"), True),  # the task has other filters now
        (push(-1, "B"), False),  # it had others before
        (push(1, "B", task="other"), False),
        (push(1, "B", index=0), False),  # mapped tasks collect side by side
        (push(1, "B", task=None), False),
        (push(1, "B", flow=Flow.METADATA), False),
        (push(1, "B", endpoint="http://another"), False),
        (push(1, "B", resource_uuid="another"), False),
        (push(1, resource_uuid="another"), False),  # one manifest, two warehouses
        (push(1, resource_uuid=None), True),  # lineage across resources only, this time
        (push(1, resource_uuid=None, index=3), True),
        (push(1, "B", resource_uuid=None, task="other"), False),
    ],
)
def test_what_its_source_left_behind_is_not_watched(later: DeliveredPush, abandoned: bool) -> None:
    first = push(0)
    assert without_abandoned([first, later])[1] == (
        [first] if abandoned else [later] if later.delivered_at < NOON else []
    )


def test_of_mapped_tasks_each_scope_is_watched() -> None:
    pushes = [push(number, f"DB{number}", index=number) for number in range(3)]
    assert without_abandoned(pushes) == (pushes, [])


def test_lineage_that_had_a_resource_again() -> None:
    across, own = push(0, resource_uuid=None), push(1)
    assert without_abandoned([across, own]) == ([own], [across])
