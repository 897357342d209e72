"""What differs between two manifests."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from upath import UPath

from airflow_provider_montecarlo_push.events import (
    AssetMetadata,
    AssetVolume,
    ColumnLineageField,
    ColumnLineageSourceField,
    Event,
    Flow,
    LineageAssetRef,
    LineageEvent,
    QueryLogEntry,
)
from airflow_provider_montecarlo_push.exceptions import ManifestFormatError
from airflow_provider_montecarlo_push.manifests.comparison import compare
from airflow_provider_montecarlo_push.manifests.entries import ENTRIES, entries
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.progress import Progress
from tests.conftest import table, write_manifest


def differences(path: Path, older: list[Event], newer: list[Event], flow: Flow) -> dict[str, list[str]]:
    readers = [
        write_manifest(Folder(UPath((path / name).as_uri())), events, flow)
        for name, events in (("older", older), ("newer", newer))
    ]
    progress = Progress(logging.getLogger(__name__), "Compared")
    with compare(*(entries(reader, ENTRIES[flow], progress) for reader in readers)) as found:
        kinds = {kind: [" ".join(name) for name in found.names(kind)] for kind in ("added", "removed", "changed")}
        assert {kind: len(names) for kind, names in kinds.items()} == {kind: getattr(found, kind) for kind in kinds}
    return kinds


def named(name: str, **changes: object) -> Event:
    return table(metadata=AssetMetadata(name=name, database="D", schema="S"), **changes)


Tables = st.dictionaries(st.text("aäßA.", min_size=1, max_size=3).map(str.casefold), st.integers(0, 2), max_size=8)


@given(older=Tables, newer=Tables)
@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_tables_against_dictionaries(tmp_path: Path, older: dict[str, int], newer: dict[str, int]) -> None:
    def events(tables: dict[str, int]) -> list[Event]:
        return [named(name, type=("TABLE", "VIEW", "EXTERNAL")[kind]) for name, kind in tables.items()]

    found = differences(tmp_path, events(older), events(newer), Flow.METADATA)
    assert found["added"] == sorted(f"D S {name}" for name in newer.keys() - older.keys())
    assert found["removed"] == sorted(f"D S {name}" for name in older.keys() - newer.keys())
    assert found["changed"] == sorted(
        f"D S {name}" for name in older.keys() & newer.keys() if older[name] != newer[name]
    )


@pytest.mark.parametrize(
    ("flow", "older", "newer", "expected"),
    [
        pytest.param(
            Flow.METADATA, [named("a")], [named("a", volume=AssetVolume(row_count=9), freshness=None)], {}, id="samples"
        ),
        pytest.param(Flow.METADATA, [named("a"), named("a")], [named("a"), named("a")], {}, id="twice"),
        pytest.param(
            Flow.QUERY_LOGS,
            [QueryLogEntry(start_time="2024-01-01T00:00Z", end_time="2024-01-01T00:01Z", query_text="SELECT 1")],
            [],
            {"removed": ["2024-01-01T00:00:00+00:00 SELECT 1"]},
            id="queries without an id",
        ),
    ],
)
def test_cases(
    tmp_path: Path, flow: Flow, older: list[Event], newer: list[Event], expected: dict[str, list[str]]
) -> None:
    assert differences(tmp_path, older, newer, flow) == {"added": [], "removed": [], "changed": []} | expected


def test_columns_of_an_edge(tmp_path: Path) -> None:
    a, b = (LineageAssetRef(type="TABLE", name=name, database="D", schema="S", asset_id=name) for name in ("a", "b"))
    plain = LineageEvent(destination=b, sources=[a])
    with_columns = LineageEvent(
        destination=b, sources=[a], fields=[ColumnLineageField("x", [ColumnLineageSourceField("a", "y")])]
    )
    assert differences(tmp_path, [plain], [with_columns], Flow.LINEAGE)["changed"] == ["D.S.b D.S.a"]


def test_lines_that_are_no_events(tmp_path: Path) -> None:
    reader = write_manifest(Folder(UPath(tmp_path.as_uri())), [table(1)])
    progress = Progress(logging.getLogger(__name__), "Compared")
    with pytest.raises(ManifestFormatError, match=r"Line 1 of .*part-00000"):
        list(entries(reader, ENTRIES[Flow.QUERY_LOGS], progress))
