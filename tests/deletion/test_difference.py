"""Dropped tables between two manifests, which manifests can be compared, and which one comes before."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from upath import UPath

from airflow_provider_montecarlo_push.deletion.baselines import Baseline, Baselines, find_previous
from airflow_provider_montecarlo_push.deletion.difference import difference, require_comparable, scope_digest
from airflow_provider_montecarlo_push.deletion.record import DeletionRecord, DeletionSummary, PlannedTable
from airflow_provider_montecarlo_push.events import AssetMetadata, Flow, QueryLogEntry, RelationalAsset
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import (
    ManifestCorruptedError,
    ManifestFormatError,
    NotComparableError,
)
from airflow_provider_montecarlo_push.manifests.model import encode_manifest
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.storage import Folder
from tests.conftest import write_manifest

START = datetime(2024, 3, 1, tzinfo=UTC)
SCOPE = {"include": ["*"], "exclude": [], "only_freshness_and_volume": False}
Write = Callable[..., ManifestReader]


def assets(names: Iterable[tuple[str, str, str]]) -> list[Any]:
    return [
        RelationalAsset(type="TABLE", metadata=AssetMetadata(name=name, database=database, schema=schema))
        for database, schema, name in names
    ]


def numbered(*numbers: int) -> list[tuple[str, str, str]]:
    return [("DB", "S", f"T{number}") for number in numbers]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a manifest that was collected on a day, counted from 0."""

    def make(day: int, names: Iterable[tuple[str, str, str]] = numbered(1, 2), **header: Any) -> ManifestReader:
        folder = Folder(UPath((tmp_path / f"day-{day}" / header.pop("place", "")).as_uri()))
        facts = {"source_conn_id": "shop", "scope": SCOPE} | header
        changed = {key: facts.pop(key) for key in ("collector", "complete", "left_out", "notes") if key in facts}
        manifest = write_manifest(folder, assets(facts.pop("names", names)), **facts).manifest
        manifest = msgspec.structs.replace(manifest, collected_at=START + timedelta(days=day), **changed)
        folder.write("manifest.json", encode_manifest(manifest))
        return ManifestReader(folder)

    return make


def dropped(older: ManifestReader, newer: ManifestReader) -> list[TableName]:
    with difference(older, newer) as found:
        tables = list(found.tables())
        assert found.dropped == len(tables)
    return tables


@pytest.mark.parametrize(
    ("before", "after", "gone"),
    [
        (numbered(1, 2, 3), numbered(1, 3), numbered(2)),
        (numbered(1), numbered(1, 2), []),
        (numbered(2, 10, 1), numbered(7), numbered(1, 10, 2)),
        ([("DB", "S", "Orders")], [("db", "s", "ORDERS")], []),
        ([("DB", "S", "Straße")], [("DB", "S", "STRASSE")], []),
        ([("A", "B", "C"), ("A", "B.C", "D")], [("A.B", "C", "D"), ("A", "B", "C")], [("A", "B.C", "D")]),
        ([("DB", "S", 'a"\n,\\')], [("DB", "S", "b")], [("DB", "S", 'a"\n,\\')]),
        (numbered(1, 1, 2), numbered(2), numbered(1)),
    ],
    ids=["dropped", "added", "sorted", "case", "folding", "dots", "odd characters", "twice"],
)
def test_dropped_tables(write: Write, before: Any, after: Any, gone: Any) -> None:
    assert dropped(write(0, before), write(1, after)) == gone


def test_tables_are_counted_and_databases_without_any_are_named(write: Write) -> None:
    older = write(0, [*numbered(1, 2), ("Old", "S", "T"), ("old", "S", "U")])
    with difference(older, write(1, numbered(2, 3, 4))) as found:
        assert (found.older, found.newer, found.dropped, found.databases_gone) == (4, 3, 3, ["Old"])


NAMES = st.sets(st.tuples(*[st.text(string.ascii_uppercase + '."é ', min_size=1, max_size=2)] * 3), max_size=40)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=NAMES, after=NAMES)
def test_the_difference_is_that_of_sets(write: Write, before: Any, after: Any) -> None:
    alive = {tuple(part.casefold() for part in name) for name in after}
    expected = sorted(name for name in before if tuple(part.casefold() for part in name) not in alive)
    assert dropped(write(0, before), write(1, after)) == expected


def test_many_parts_and_partitions(write: Write) -> None:
    older, newer = write(0, numbered(*range(25_000))), write(1, numbered(*range(0, 25_000, 2)))
    assert len(older.manifest.parts) == 3
    assert {name.name for name in dropped(older, newer)} == {f"T{number}" for number in range(1, 25_000, 2)}


def test_no_file_is_left_behind(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    with difference(write(0), write(1)) as found:
        assert list(place.iterdir())
        list(found.tables())
    assert not list(place.iterdir())


def test_damage_is_found_before_anything_is_compared(write: Write) -> None:
    older, newer = write(0), write(1)
    newer.folder.write("part-00000.jsonl.gz", b"other")
    with pytest.raises(ManifestCorruptedError, match="does not have the sha256"):
        dropped(older, newer)


def test_a_line_that_names_no_table_is_named(write: Write) -> None:
    queries = [QueryLogEntry(start_time=START, end_time=START, query_text="SELECT 1")]
    odd = write_manifest(write(0).folder, queries, Flow.QUERY_LOGS)  # type: ignore[arg-type]
    with pytest.raises(ManifestFormatError, match=r"Line 1 of .*part-00000.jsonl.gz is no such event"):
        dropped(odd, write(1))


@pytest.mark.parametrize(
    ("older", "newer", "said"),
    [
        ({}, {"complete": False, "notes": ["Database X was denied."]}, "is not complete: Database X was denied."),
        ({"complete": False}, {}, "is not complete"),
        ({}, {"scope": SCOPE | {"include": ["RAW"]}}, r"include is \['\*'\] and \['raw'\]"),
        ({}, {"scope": SCOPE | {"exclude": ["*.*.TMP_*"]}}, r"exclude is \[\] and \['\*\.\*\.tmp_\*'\]"),
        ({}, {"scope": SCOPE | {"collector_kwargs": {"region": "eu"}}}, "collector_kwargs is None and"),
        ({"collector": "hive"}, {"collector": "databricks"}, "collector is 'hive' and 'databricks'"),
        ({}, {"source_conn_id": "other"}, "source_conn_id is 'shop' and 'other'"),
        ({}, {"resource_type": "data-lake"}, "resource_type is 'snowflake' and 'data-lake'"),
        ({}, {"scope": SCOPE | {"only_freshness_and_volume": True}}, "freshness and volume only"),
        ({}, {"left_out": {"invalid": 1}}, "leaves out more than .*: 1 invalid instead of 0"),
        ({"left_out": {"denied": 1}}, {"left_out": {"denied": 3}}, "3 denied instead of 1"),
        ({}, {"left_out": {"empty_database": 1}}, "1 empty_database instead of 0"),
        ({}, {"flow": Flow.LINEAGE}, "holds lineage events"),
        ({}, {"names": []}, "holds no table"),
    ],
)
def test_what_cannot_be_compared_is_refused(write: Write, older: Any, newer: Any, said: str) -> None:
    with pytest.raises(NotComparableError, match=said):
        require_comparable(write(0, **older), write(1, **newer))


def test_a_manifest_is_not_compared_with_itself_or_with_a_later_one(write: Write) -> None:
    one, other = write(0), write(1)
    with pytest.raises(NotComparableError, match="with itself"):
        require_comparable(one, one)
    with pytest.raises(NotComparableError, match="exchange them"):
        require_comparable(other, one)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({}, {"scope": SCOPE | {"redact_literals": True, "keep_asset_types": True}}),
        ({"scope": SCOPE | {"include": ["A", "b"]}}, {"scope": SCOPE | {"include": ["B", "a"]}}),
        ({"left_out": {"invalid": 2}}, {"left_out": {"invalid": 2, "filtered": 9, "hidden_text": 3, "temporary": 1}}),
        ({"left_out": {"invalid": 2}}, {}),
    ],
)
def test_what_does_not_change_the_tables_does_not_matter(write: Write, older: Any, newer: Any) -> None:
    one, other = write(0, **older), write(1, **newer)
    require_comparable(one, other)
    assert scope_digest(one.manifest) == scope_digest(other.manifest)


def previous_of(newer: ManifestReader, folders: list[Folder], kept: Baseline | None) -> str | None:
    found = find_previous(newer, folders, kept)
    return found.manifest.id if found else None


def test_the_previous_manifest_is_the_newest_complete_one_of_the_same_scope(write: Write, tmp_path: Path) -> None:
    expected = write(2)
    others = [
        write(1),
        write(3, complete=False),
        write(4, scope=SCOPE | {"include": ["RAW"]}),
        write(5, source_conn_id="other"),
        write(7),
        write(8),
    ]
    broken = write(6).folder
    broken.write("manifest.json", b"{")
    empty = Folder(UPath((tmp_path / "nothing").as_uri()))
    folders = [empty, broken, *(reader.folder for reader in others), expected.folder]
    newer = ManifestReader(write(7).folder)
    assert previous_of(newer, folders, None) == expected.manifest.id
    assert previous_of(newer, [empty, broken], None) is None


class TestBaselines:
    @pytest.fixture
    def baselines(self, write: Write, tmp_path: Path) -> Baselines:
        return Baselines(Folder(UPath((tmp_path / "root").as_uri())), write(0).manifest, "resource")

    def test_it_moves_on_when_a_difference_is_dealt_with(self, write: Write, baselines: Baselines) -> None:
        one, two, three = write(1), write(2), write(3)
        assert baselines.get() is None
        baselines.start(one)
        baselines.start(two)
        kept = baselines.get()
        assert kept is not None
        assert kept.manifest_id == one.manifest.id, "what was dropped since the first is still to be dealt with"
        baselines.move(two, three)
        assert baselines.get() == kept, "from the first to the second is left"
        baselines.move(one, three)
        moved = baselines.get()
        assert moved is not None
        assert (moved.manifest_id, moved.folder) == (three.manifest.id, three.folder.uri)
        baselines.move(one, two)
        assert baselines.get() == moved, "it never goes back"

    def test_one_that_is_gone_is_replaced_by_the_oldest_since(self, write: Write, baselines: Baselines) -> None:
        baselines.start(write(2))
        readers = [write(day) for day in (1, 3, 4)]
        found = previous_of(write(5), [reader.folder for reader in readers], baselines.get())
        assert found == readers[1].manifest.id

    def test_scopes_and_resources_have_their_own(self, write: Write, tmp_path: Path) -> None:
        root = Folder(UPath((tmp_path / "root").as_uri()))
        one, other = write(1), write(2, scope=SCOPE | {"include": ["RAW"]})
        Baselines(root, one.manifest, "a").start(one)
        assert Baselines(root, one.manifest, "a").get() is not None
        assert Baselines(root, one.manifest, "b").get() is None
        assert Baselines(root, other.manifest, "a").get() is None

    def test_a_broken_one_says_so(self, write: Write, baselines: Baselines, tmp_path: Path) -> None:
        baselines.start(write(1))
        (state,) = (tmp_path / "root").rglob("*.json")
        state.write_text("{")
        with pytest.raises(ManifestFormatError, match="Delete it, and name the previous manifest"):
            baselines.get()


class TestRecord:
    SUMMARY = DeletionSummary(started_at=START, updated_at=START, asked=2_500)

    def planned(self, folder: Folder, count: int = 2_500) -> DeletionRecord:
        record = DeletionRecord(folder, self.SUMMARY)
        record.begin_plan()
        for number in range(count):
            record.plan(PlannedTable(f"mcon-{number}", f"DB:S.T{number}"))
        record.leave_alone("already_deleted", "DB:S.GONE")
        record.end_plan()
        return record

    def test_a_plan_is_kept_in_segments_of_a_thousand(self, folder: Folder) -> None:
        self.planned(folder)
        record = DeletionRecord(folder, self.SUMMARY)
        assert record.is_planned
        assert not record.has_begun
        assert [len(tables) for _, tables in record.pending()] == [1_000, 1_000, 500]
        assert [table.mcon for table in record.planned(2)] == ["mcon-0", "mcon-1"]
        assert record.summary.left_alone == {"already_deleted": 1}

    def test_what_is_acknowledged_is_not_pending_even_when_the_summary_was_not_written(self, folder: Folder) -> None:
        record = self.planned(folder)
        pending = dict(record.pending())
        first, second, _ = pending
        record.acknowledge(first, pending[first])
        summary = folder.read("deletion.json")
        record.acknowledge(second, pending[second][:7])
        folder.write("deletion.json", summary)
        again = DeletionRecord(folder, self.SUMMARY)
        assert again.has_begun
        assert again.summary.deleted == 1_007
        assert [len(tables) for _, tables in again.pending()] == [500]

    def test_a_new_plan_forgets_the_old_one_at_once(self, folder: Folder) -> None:
        record = self.planned(folder)
        record.begin_plan()
        again = DeletionRecord(folder, self.SUMMARY)
        assert not again.is_planned, "half a plan is none"
        assert list(again.planned()) == []
        assert again.summary.left_alone == {}

    def test_a_broken_one_says_so(self, folder: Folder) -> None:
        folder.write("deletion.json", b"{")
        with pytest.raises(ManifestFormatError, match="to plan anew, delete the folder"):
            DeletionRecord(folder, self.SUMMARY)
