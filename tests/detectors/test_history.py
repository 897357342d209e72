"""What is counted of manifests and receipts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from upath import UPath

from airflow_provider_montecarlo_push.detectors.distance import freshness_distance
from airflow_provider_montecarlo_push.detectors.history import History, KeptManifest, LeftOut, Push, read_history
from airflow_provider_montecarlo_push.detectors.report import summarise
from airflow_provider_montecarlo_push.events import (
    AssetFreshness,
    AssetMetadata,
    AssetVolume,
    ColumnLineageField,
    ColumnLineageSourceField,
    Flow,
    LineageAssetRef,
    LineageEvent,
    RelationalAsset,
)
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.manifests import writer
from airflow_provider_montecarlo_push.manifests.receipts import Acknowledgement, Destination, Receipt
from airflow_provider_montecarlo_push.manifests.storage import Folder
from tests.conftest import table, write_manifest

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Storage:
    def __init__(self, root: Path) -> None:
        self._root = Folder(UPath(root.as_uri()))
        self._number = 0

    def push(
        self, events: list[RelationalAsset], batches: Iterable[tuple[str, int, int, datetime]], to: str = "mine"
    ) -> KeptManifest:
        """Keep a manifest of which batches (part, first line, last line, time) were acknowledged."""
        self._number += 1
        reader = write_manifest(self._root.child(str(self._number)), list(events))
        receipt = Receipt(reader.folder, reader.uri, reader.manifest, Destination("http://gateway", to))
        batches = list(batches)
        for part, first, last, at in batches:
            receipt.acknowledge(Acknowledgement(part, first, last, 1, "id", "trace", at))
        receipt.summary.started_at = min((at for *_, at in batches), default=NOW)
        receipt.close("delivered")
        return KeptManifest(reader, [Push(receipt.folder, receipt.summary)])


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path)


def read(manifests: list[KeptManifest], left_out: LeftOut | None = None) -> History:
    return read_history(manifests, "mine", NOW, wanted=lambda name: True, left_out=left_out or LeftOut())


PART = "part-00000.jsonl.gz"


def test_a_line_counts_when_its_batch_was_acknowledged(storage: Storage) -> None:
    events = [table(number) for number in range(10)]
    batches = [(PART, 6, 8, NOW - HOUR), (PART, 0, 2, NOW - 5 * HOUR), (PART, 4, 4, NOW - 3 * HOUR)]
    history = read([storage.push(events, batches)])
    ago = {name.name: (NOW.timestamp() - counters.last_volume) / 3600 for name, counters in history.tables.items()}
    assert ago == {f"ORDERS_{number}": hours for number, hours in
                   {0: 5, 1: 5, 2: 5, 4: 3, 6: 1, 7: 1, 8: 1}.items()}  # fmt: skip


def test_manifests_are_read_in_the_order_of_pushing(storage: Storage) -> None:
    def told(day: int) -> list[RelationalAsset]:
        return [table(0, freshness=AssetFreshness(last_update_time=NOW - timedelta(days=day)))]

    pushes = [storage.push(told(day), [(PART, 0, 0, NOW - hours * HOUR)]) for hours, day in ((1, 1), (9, 2), (5, 2))]
    history = read(pushes)
    (counters,) = history.tables.values()
    assert freshness_distance(counters, history.frame).samples == 2


def test_two_destinations_are_two_histories(storage: Storage) -> None:
    pushes = [storage.push([table(1)], [(PART, 0, 0, NOW)]), storage.push([table(2)], [(PART, 0, 0, NOW)], to="other")]
    assert [name.name for name in read(pushes).tables] == ["ORDERS_1"]


def test_parts_that_were_not_pushed_are_not_read(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "PART_MAX_EVENTS", 2)
    kept = storage.push([table(number) for number in range(6)], [("part-00001.jsonl.gz", 0, 1, NOW)])
    kept.reader.folder.delete("part-00002.jsonl.gz")
    left_out = LeftOut()
    assert sorted(name.name for name in read([kept], left_out).tables) == ["ORDERS_2", "ORDERS_3"]
    assert not left_out.counts


def test_views_without_a_measure_are_no_tables_that_lack_one(storage: Storage) -> None:
    def named(name: str, kind: str, volume: AssetVolume | None = None) -> RelationalAsset:
        return RelationalAsset(type=kind, metadata=AssetMetadata(name=name, database="D", schema="S"), volume=volume)

    events = [
        named("TABLE", "TABLE"),
        named("VIEW", "VIEW"),
        named("MEASURED_VIEW", "VIEW", AssetVolume(row_count=1)),
        named("EMPTY_VOLUME", "TABLE", AssetVolume()),
    ]
    tables = {
        name.name: counters for name, counters in read([storage.push(events, [(PART, 0, 3, NOW)])]).tables.items()
    }
    assert set(tables) == {"TABLE", "MEASURED_VIEW", "EMPTY_VOLUME"}
    assert tables["EMPTY_VOLUME"].last_volume is None


def test_an_odd_line_is_counted_and_the_others_are_read(storage: Storage) -> None:
    kept = storage.push([table(0), table(1)], [(PART, 0, 1, NOW)])
    kept.reader.lines = lambda part: iter([b'{"relational_asset": {}}', b"\xff", b"{}"])  # type: ignore[method-assign]
    left_out = LeftOut()
    assert not read([kept], left_out).tables
    assert left_out.counts == {"unreadable_events": 2}


def test_a_push_that_overtook_another_is_counted(storage: Storage) -> None:
    early = storage.push([table(0), table(1)], [(PART, 0, 0, NOW - 9 * HOUR), (PART, 1, 1, NOW - 2 * HOUR)])
    late = storage.push([table(1)], [(PART, 0, 0, NOW - 5 * HOUR)])
    left_out = LeftOut()
    read([late, early], left_out)
    assert left_out.counts == {"out_of_order": 1}


def test_the_newest_push_of_column_lineage_counts(tmp_path: Path) -> None:
    place = {"type": "TABLE", "database": "D", "schema": "S"}
    event = LineageEvent(
        LineageAssetRef(name="T", asset_id="t", **place),
        [LineageAssetRef(name="RAW", asset_id="r", **place)],
        [ColumnLineageField("ID", [ColumnLineageSourceField("r", "ID")])],
    )
    kept = []
    # The first push lasts longer than the second one.
    for started, at in ((9, 2), (5, 5)):
        reader = write_manifest(Folder(UPath((tmp_path / str(at)).as_uri())), [event], Flow.LINEAGE)
        receipt = Receipt(reader.folder, reader.uri, reader.manifest, Destination("http://gateway", "mine"))
        receipt.acknowledge(Acknowledgement(PART, 0, 0, 1, "id", "trace", NOW - at * HOUR))
        receipt.summary.started_at = NOW - started * HOUR
        receipt.close("delivered")
        kept.append(KeptManifest(reader, [Push(receipt.folder, receipt.summary)]))
    assert list(read(kept).columns.values()) == [(NOW - 2 * HOUR).timestamp()]


def test_named_tables_are_kept_before_others(storage: Storage) -> None:
    history = read([storage.push([table(number) for number in range(5)], [(PART, 0, 4, NOW)])])
    name = TableName("ANALYTICS", "PUBLIC", "ORDERS_4")
    assert [row.name for row in summarise(history, "mine", names=[name], rows=1, columns=1).rows] == [name]
