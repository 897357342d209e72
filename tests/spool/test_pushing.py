"""A spool to the sandbox: each observation once, whatever goes wrong on the way."""

from __future__ import annotations

import json
import logging
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from upath import UPath

from airflow_provider_montecarlo_push.exceptions import (
    AuthenticationError,
    AuthorizationError,
    GatewayUnavailableError,
    RejectedEventsError,
)
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.spool import writing
from airflow_provider_montecarlo_push.spool.writing import add
from tests.spool.conftest import MakePush, Start
from tests.spool.spools import observation, statement

pytestmark = pytest.mark.integration
_MANY = 120


def arrived(sandbox: Sandbox) -> Counter[str]:
    """Return how often each destination arrived."""
    return Counter(event["destination"]["name"] for event in sandbox.events("lineage"))


def incoming(root: Folder) -> list[str]:
    return [file for shard in root.child("spool", "incoming").folders() for file in shard.names()]


def test_what_tasks_did_arrives_with_columns(root: Folder, push: MakePush, sandbox: Sandbox) -> None:
    add(root, observation(1))
    add(root, observation(2, edges=[], statements=[statement()]))
    result = push().run()
    assert arrived(sandbox) == {"T1": 1, "FROM_SQL": 1}
    by_name = {event["destination"]["name"]: event for event in sandbox.events("lineage")}
    assert by_name["FROM_SQL"]["fields"][0]["name"] == "ID"
    assert (result.events, result.observations, result.spooled_batches, result.waiting) == (2, 2, 1, 0)
    assert result.invocation_ids
    assert incoming(root) == []
    assert not push("another").run().events, "nothing is left"


def test_an_empty_spool_is_no_error(push: MakePush) -> None:
    result = push().run()
    assert (result.events, result.batches, result.manifests) == (0, 0, [])


def test_an_hour_without_the_gateway(root: Folder, push: MakePush, sandbox: Sandbox) -> None:
    add(root, observation(1))
    sandbox.inject("status", status=503)
    for run in ("first", "second"):
        down = push(run)
        with pytest.raises(GatewayUnavailableError):
            down.run()
        assert down.result.waiting == 1
    add(root, observation(2))
    sandbox.clear_faults()
    result = push("third").run()
    assert arrived(sandbox) == {"T1": 1, "T2": 1}
    assert result.spooled_batches == 2, "what could not be delivered goes first, as the batch that it was"
    assert (result.waiting, incoming(root)) == (0, [])


def test_a_wrong_key_leaves_everything_where_it_is(root: Folder, push: MakePush, sandbox: Sandbox) -> None:
    for number in range(3):
        add(root, observation(number))
    sandbox.inject("status", status=401)
    with pytest.raises(AuthenticationError):
        push("first", batch_files=1).run()
    sandbox.clear_faults()
    assert push("second", batch_files=1).run().events == 3
    assert set(arrived(sandbox).values()) == {1}


def test_refused_events_are_named_and_the_rest_goes_on(root: Folder, push: MakePush, sandbox: Sandbox) -> None:
    add(root, observation(1))
    add(root, observation(2))
    sandbox.inject("reject", pattern="T1$", with_index=True)
    with pytest.raises(RejectedEventsError):
        push("first").run()
    result = push("second").run()
    assert (result.events, result.rejected) == (0, 0), "refused events are not sent again"
    assert arrived(sandbox) == {"T2": 1}


def test_unreadable_files_are_kept_aside(root: Folder, push: MakePush, sandbox: Sandbox) -> None:
    add(root, observation(1))
    (shard,) = root.child("spool", "incoming").folders()
    shard.write("20240301T120000.000000Z-broken.json.gz", b"no gzip")
    result = push().run()
    assert result.dropped == {"unreadable": 1}
    assert arrived(sandbox) == {"T1": 1}
    assert root.child("spool", "unreadable").read("20240301T120000.000000Z-broken.json.gz") == b"no gzip"


def test_what_is_too_old_is_named(
    root: Folder, push: MakePush, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    add(root, observation(1, at=datetime.now(UTC) - timedelta(days=4)))
    add(root, observation(2))
    result = push().run()
    assert result.dropped == {"too_old": 1}
    assert arrived(sandbox) == {"T2": 1}
    assert "etl.load, run run-1" in caplog.text


def test_a_batch_that_cannot_be_delivered_is_given_up_in_the_end(
    root: Folder, push: MakePush, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    add(root, observation(1))
    sandbox.inject("status", status=503)
    with pytest.raises(GatewayUnavailableError):
        push("first").run()
    sandbox.clear_faults()
    time.sleep(0.02)
    result = push("second", max_age=timedelta(milliseconds=10)).run()
    assert result.dropped == {"expired_events": 1}
    assert not arrived(sandbox)
    assert (result.waiting, incoming(root)) == (0, [])
    uri = (
        next(line for line in caplog.text.splitlines() if "given up" in line)
        .split(" are in ")[1]
        .split("/manifest.")[0]
    )
    assert ManifestReader(Folder(UPath(uri))).manifest.events == 1, "the manifest is kept"


def test_a_full_spool_is_counted(
    root: Folder, push: MakePush, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(writing, "MAX_FILES_PER_SHARD", 0)
    assert not any(add(root, observation(number)) for number in range(3))
    result = push().run()
    assert result.dropped == {"spool_full": 3}
    assert "etl.load (3)" in caplog.text
    assert push("next").run().dropped == {}


def test_a_mended_mapping_takes_effect(root: Folder, push: MakePush, sandbox: Sandbox) -> None:
    add(root, observation(1))
    sandbox.inject("status", status=403)
    with pytest.raises(AuthorizationError):
        push("first").run()
    sandbox.clear_faults()
    assert push("second", mapped=False).run().left_out["unmapped"] == 1, "it is built anew, with another mapping"


def test_a_manifest_that_is_gone_is_built_anew(root: Folder, push: MakePush, sandbox: Sandbox) -> None:
    add(root, observation(1))
    sandbox.inject("status", status=503)
    with pytest.raises(GatewayUnavailableError):
        push("first").run()
    sandbox.clear_faults()
    (folder,) = root.child("manifests", "first").folders()
    folder.delete("manifest.json")
    assert push("second").run().events == 1
    assert arrived(sandbox) == {"T1": 1}


def test_left_out_is_counted_through(root: Folder, push: MakePush) -> None:
    add(root, observation(1, left_out={"aliases": 2}))
    assert push().run().left_out == {"aliases": 2}


def test_many_pushers_at_once(root: Folder, start: Start, sandbox: Sandbox) -> None:
    for number in range(_MANY):
        add(root, observation(number))
    workers = [start(f"scheduler-{number}", batch_files=7) for number in range(3)]
    results = []
    for worker in workers:
        output, errors = worker.communicate(timeout=120)
        assert worker.returncode == 0, errors
        results.append(json.loads(output))
    assert arrived(sandbox) == {f"T{number}": 1 for number in range(_MANY)}
    assert sum(result["events"] for result in results) == _MANY
    assert sum(bool(result["events"]) for result in results) > 1, "more than one of them had work"
    assert incoming(root) == []


@pytest.mark.parametrize("successor", ["the same task", "another task"])
def test_a_killed_worker(root: Folder, start: Start, push: MakePush, sandbox: Sandbox, successor: str) -> None:
    for number in range(_MANY):
        add(root, observation(number))
    sandbox.inject("delay", seconds=0.05)
    worker = start("scheduler-1", events=2)
    deadline = time.monotonic() + 60
    written = Path(root.uri.removeprefix("file://"))
    while not any(written.rglob("batches-*.jsonl")) and worker.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert worker.poll() is None, "the worker was to be killed in the middle"
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    sandbox.clear_faults()
    time.sleep(0.2)  # what was in flight arrives
    if successor == "the same task":
        result = push("scheduler-1", events=2).run()
    else:
        assert push("scheduler-2").run().busy == 1, "its owner may still be alive"
        assert incoming(root)
        result = push("scheduler-2", events=2, takeover=timedelta(0)).run()
    assert result.events == _MANY
    assert 0 < result.resumed < _MANY
    names = arrived(sandbox)
    assert len(names) == _MANY, "nothing is lost"
    # At most sixteen acknowledged requests not written down yet, the one that filled them up, and four in flight.
    assert sum(names.values()) - _MANY <= 2 * (16 + 1 + 4)
    assert incoming(root) == []


def test_who_lost_its_claim_stops(
    root: Folder, push: MakePush, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """A task that slept too long finds its batch delivered by another one."""
    caplog.set_level(logging.INFO)
    for number in range(30):
        add(root, observation(number))
    sandbox.inject("delay", seconds=0.15)
    slow = push("slow", events=1, takeover=timedelta(seconds=1))
    thread = threading.Thread(target=slow.run)
    thread.start()
    while not sandbox.pushes():
        time.sleep(0.05)
    fast = push("fast", takeover=timedelta(0))  # to it, everybody is gone
    sandbox.clear_faults()
    assert fast.run().events == 30
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert slow.result.busy == 1
    assert "was taken over" in caplog.text or "is lost" in caplog.text
    assert set(arrived(sandbox)) == {f"T{number}" for number in range(30)}


def test_what_a_task_did_not_finish_writing_is_counted(
    root: Folder, push: MakePush, caplog: pytest.LogCaptureFixture
) -> None:
    shard = root.child("spool", "incoming", "07")
    now = datetime.now(UTC)
    for age in (timedelta(hours=2), timedelta(minutes=1)):
        shard.write(f"{now - age:%Y%m%dT%H%M%S.%fZ}-0a.json.gz.1b2c3d4e.tmp", b"half")
    result = push().run()
    assert result.dropped == {"unfinished": 1}
    assert len(shard.names()) == 1, "what may still be written is left alone"
    assert "unfinished" in caplog.text
