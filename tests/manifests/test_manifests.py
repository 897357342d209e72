"""Manifests on a local folder and on S3: what is written is read back, streaming, and damage is noticed."""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest

from airflow_provider_montecarlo_push.events import (
    AssetField,
    AssetMetadata,
    Event,
    Flow,
    QueryLogEntry,
    RelationalAsset,
)
from airflow_provider_montecarlo_push.events.wire import encode_event, to_event
from airflow_provider_montecarlo_push.exceptions import (
    ManifestCorruptedError,
    ManifestFlowError,
    ManifestFormatError,
    ManifestNotFoundError,
)
from airflow_provider_montecarlo_push.manifests import writer as writer_module
from airflow_provider_montecarlo_push.manifests.model import FORMAT, MANIFEST_NAME, Manifest
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.receipts import Acknowledgement, Destination, Receipt
from airflow_provider_montecarlo_push.manifests.storage import Folder, safe_name
from airflow_provider_montecarlo_push.manifests.writer import ManifestWriter
from tests.conftest import table, write_manifest

pytestmark = pytest.mark.integration
DESTINATION = Destination("http://gateway", "a1b2c3d4-e5f6-7890-abcd-ef1234567890", resource_type="snowflake")


def names(reader: ManifestReader) -> list[str]:
    return [
        json.loads(line)["relational_asset"]["metadata"]["name"]
        for part in reader.manifest.parts
        for line in reader.lines(part)
    ]


def first_event(reader: ManifestReader, flow: Flow) -> Event:
    return to_event(msgspec.json.decode(next(reader.lines(reader.manifest.parts[0]))), flow)


def test_what_is_written_is_read_back(store: Folder) -> None:
    events = [table(number) for number in range(7)]
    reader = write_manifest(store, list(events), source_conn_id="warehouse", scope={"include": ["*"]})
    (part,) = reader.manifest.parts
    assert [to_event(msgspec.json.decode(line), Flow.METADATA) for line in reader.lines(part)] == events
    assert reader.manifest.events == part.events == 7
    assert reader.manifest.counts == {"fields": 14, "with_volume": 7, "with_freshness": 7}
    assert ManifestReader(store).manifest == reader.manifest


def test_a_person_can_read_it(store: Folder) -> None:
    write_manifest(store, [table(1)])
    assert json.loads(zlib.decompress(store.read("part-00000.jsonl.gz"), wbits=31)) == json.loads(
        encode_event(table(1))[0]
    )
    assert json.loads(store.read(MANIFEST_NAME))["flow"] == "metadata"


def test_parts_are_cut_by_events_and_by_size(store: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "PART_MAX_EVENTS", 4)
    reader = write_manifest(store, [table(number) for number in range(10)])
    assert [part.events for part in reader.manifest.parts] == [4, 4, 2]
    monkeypatch.setattr(writer_module, "PART_MAX_RAW_BYTES", 600)
    reader = write_manifest(store, [table(number) for number in range(10)])
    assert all(part.raw_bytes <= 600 for part in reader.manifest.parts)
    assert names(reader) == [f"ORDERS_{number}" for number in range(10)]


def test_writing_again_replaces_everything(store: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "PART_MAX_EVENTS", 1)
    first = write_manifest(store, [table(number) for number in range(3)])
    second = write_manifest(store, [table(9)])
    assert store.names() == [MANIFEST_NAME, "part-00000.jsonl.gz"]
    assert first.manifest.id != second.manifest.id
    assert names(second) == ["ORDERS_9"]


def test_an_interrupted_writer_leaves_no_manifest(store: Folder) -> None:
    write_manifest(store, [table(1)])
    header = Manifest(format=FORMAT, id="", flow=Flow.METADATA, collector="test", collected_at=datetime.now(UTC))

    def events() -> Iterator[Event]:
        yield table(2)
        raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"), ManifestWriter(store, header) as writer:
        writer.write_all(events())
    with pytest.raises(ManifestNotFoundError):
        ManifestReader(store)


def test_a_missing_manifest_names_the_setting(store: Folder) -> None:
    with pytest.raises(ManifestNotFoundError, match=r"\[montecarlo_push\] manifest_root"):
        ManifestReader(store)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"format": 99, "something": "else"}', "reads up to 1. Upgrade"),
        (b"<html>", "is not a manifest"),
        (b"", "is not a manifest"),
        (b'{"format": 1}', "missing required field"),
    ],
)
def test_a_manifest_that_cannot_be_read_says_why(store: Folder, content: bytes, said: str) -> None:
    store.write(MANIFEST_NAME, content)
    with pytest.raises(ManifestFormatError, match=said):
        ManifestReader(store)


def test_a_damaged_or_missing_part_is_noticed_before_its_first_line(store: Folder) -> None:
    reader = write_manifest(store, [table(1)])
    (part,) = reader.manifest.parts
    store.write(part.name, store.read(part.name) + b"x")
    with pytest.raises(ManifestCorruptedError, match="sha256"):
        next(reader.lines(part))
    store.delete(part.name)
    with pytest.raises(ManifestCorruptedError, match="is missing though"):
        next(reader.lines(part))


def test_a_part_with_other_lines_than_announced_is_noticed(store: Folder) -> None:
    reader = write_manifest(store, [table(1), table(2)])
    (part,) = reader.manifest.parts
    part.events = 3
    with pytest.raises(ManifestCorruptedError, match="holds 2 lines"):
        list(reader.lines(part))


def test_another_flow_is_refused(store: Folder) -> None:
    reader = write_manifest(store, [table(1)])
    with pytest.raises(ManifestFlowError, match="holds metadata events, not lineage"):
        reader.manifest.require_flow(Flow.LINEAGE, reader.uri)


ODD_NAMES = [
    "a.b",
    'say "hi"',
    "two words",
    "Größe & Maß",
    "表",
    "🦆",
    "n" * 300,
    "back\\slash",
    "new\nline",
    "\x00nul",
    "'",
]


def test_odd_names_survive(store: Folder) -> None:
    events = [table(metadata=AssetMetadata(name=name, database=name, schema=name)) for name in ODD_NAMES]
    reader = write_manifest(store, list(events))
    assert names(reader) == [name.replace("\0", "�") for name in ODD_NAMES]
    assert reader.manifest.counts["characters_replaced"] == 1


def test_a_table_of_5000_columns_and_a_query_of_5_megabytes(store: Folder) -> None:
    wide = RelationalAsset(
        type="TABLE",
        metadata=AssetMetadata(name="WIDE", database="D", schema="S"),
        fields=[AssetField(name=f"C{number}", type="NUMBER(38,0)") for number in range(5_000)],
    )
    reader = write_manifest(store, [wide])
    assert first_event(reader, Flow.METADATA) == wide
    moment = datetime(2024, 3, 1, tzinfo=UTC)
    query = QueryLogEntry(start_time=moment, end_time=moment, query_text="SELECT 1 -- " + "x" * 5_000_000)
    reader = write_manifest(store, [query], Flow.QUERY_LOGS)
    assert first_event(reader, Flow.QUERY_LOGS) == query


@pytest.mark.parametrize("name", ["manual__2024-03-01T00:00:00+00:00", "..", "", "a/b", "ü" * 200, "x" * 400])
def test_names_are_made_safe_and_stay_apart(name: str) -> None:
    safe = safe_name(name)
    assert safe.strip(".")
    assert set(safe) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._=-")
    assert len(safe) < 120
    assert safe != safe_name(name + "_")
    assert safe_name("daily_2024.part-1") == "daily_2024.part-1"


def acknowledgement(first: int, last: int, number: int) -> Acknowledgement:
    return Acknowledgement(
        part="part-00000.jsonl.gz",
        first=first,
        last=last,
        bytes=1,
        invocation_id=f"invocation-{number}",
        trace_id="trace",
        at=datetime.now(UTC),
    )


def test_a_receipt_survives_a_killed_worker(store: Folder) -> None:
    reader = write_manifest(store, [table(number) for number in range(40)])

    def receipt() -> Receipt:
        return Receipt(store, reader.uri, reader.manifest, DESTINATION)

    first = receipt()
    for number in range(17):
        first.acknowledge(acknowledgement(number, number, number))
        first.flush_if_due()
    # Killed here: one batch was acknowledged after the last flush, no more.
    second = receipt()
    assert len(second.acknowledged["part-00000.jsonl.gz"]) == 16
    second.acknowledge(acknowledgement(16, 39, 99))
    second.close("delivered")
    third = receipt()
    assert third.summary.acknowledged == 40
    assert third.invocation_ids(500) == [*(f"invocation-{number}" for number in range(16)), "invocation-99"]
    assert third.invocation_ids(3) == ["invocation-0", "invocation-1", "invocation-2"]


def test_a_receipt_with_thousands_of_batches_is_kept_in_segments(store: Folder) -> None:
    reader = write_manifest(store, [table(0)])
    receipt = Receipt(store, reader.uri, reader.manifest, DESTINATION)
    for number in range(2_500):
        receipt.acknowledge(acknowledgement(number * 2, number * 2, number))
        receipt.flush_if_due()
    receipt.close("delivered")
    segments = [name for name in receipt.folder.names() if name.startswith("batches-")]
    assert len(segments) == 3
    again = Receipt(store, reader.uri, reader.manifest, DESTINATION)
    assert again.summary.batches == 2_500
    assert len(again.acknowledged["part-00000.jsonl.gz"]) == 2_500


def test_a_receipt_that_cannot_be_read_says_what_to_do(store: Folder) -> None:
    reader = write_manifest(store, [table(0)])
    receipt = Receipt(store, reader.uri, reader.manifest, DESTINATION)
    receipt.folder.write("receipt.json", b"{")
    with pytest.raises(ManifestFormatError, match="delete the folder"):
        Receipt(store, reader.uri, reader.manifest, DESTINATION)


def test_readers_never_see_half_a_file(store: Folder) -> None:
    store.write("file", b"a" * 100_000)
    seen: set[bytes] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(store.read("file"))

    thread = threading.Thread(target=read)
    thread.start()
    for letter in (b"b", b"a", b"b"):
        store.write("file", letter * 100_000)
    done.set()
    thread.join()
    assert seen <= {b"a" * 100_000, b"b" * 100_000}
    assert store.names() == ["file"]
