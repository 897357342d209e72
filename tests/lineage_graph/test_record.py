"""The record of what was done to the lineage graph: whole at every moment, gone on with after a failure."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from airflow_provider_montecarlo_push.exceptions import ManifestFormatError, ManifestNotFoundError
from airflow_provider_montecarlo_push.lineage_graph.record import (
    DoneItem,
    GraphRecord,
    GraphSummary,
    RefusedItem,
    recorded_nodes,
)
from airflow_provider_montecarlo_push.manifests.storage import Folder


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def record(folder: Folder, clock: Clock | None = None) -> GraphRecord:
    now = datetime.now(UTC)
    summary = GraphSummary(verb="nodes", started_at=now, updated_at=now, asked=3)
    return GraphRecord(folder, summary, clock=clock or Clock())


def node(position: int) -> DoneItem:
    return DoneItem(position, f"n{position}", mcon=f"m{position}")


def test_what_was_done_is_on_storage_within_seconds(folder: Folder) -> None:
    clock = Clock()
    first = record(folder, clock)
    first.add(node(0))
    assert record(folder).done == {}
    clock.now = 6.0
    first.add(node(1))
    assert set(record(folder).done) == {0, 1}
    assert json.loads(folder.read("graph.json"))["done"] == 2


def test_many_are_written_together(folder: Folder) -> None:
    first = record(folder)
    for position in range(450):
        first.add(node(position))
    assert [name for name in folder.names() if name.startswith("done-")] == ["done-00000.jsonl", "done-00001.jsonl"]
    first.close("incomplete")
    again = record(folder)
    assert (len(again.done), again.resumed) == (450, 450)


def test_another_attempt_adds_and_does_not_overwrite(folder: Folder) -> None:
    first = record(folder)
    first.add(node(2))
    first.refuse(RefusedItem(0, "n0", "no"))
    first.close("incomplete", "no")
    assert json.loads(folder.read("refused.jsonl"))["message"] == "no"
    second = record(folder)
    second.add(node(0))
    second.close("done")
    assert [item.mcon for item in second.in_order()] == ["m0", "m2"]
    assert recorded_nodes(folder) == ["m0", "m2"]
    assert "refused.jsonl" not in folder.names()
    summary = json.loads(folder.read("graph.json"))
    assert (summary["status"], summary["done"], summary.get("refused"), summary.get("error")) == ("done", 2, None, None)


def test_after_the_end_a_new_one_begins(folder: Folder) -> None:
    first = record(folder)
    first.add(node(0))
    first.close("done")
    second = record(folder)
    assert (second.done, second.resumed) == ({}, 0)
    assert folder.names() == ["graph.json"]


@pytest.mark.parametrize(("name", "content"), [("graph.json", b"{"), ("done-00000.jsonl", b'{"position": 1}\n')])
def test_a_record_that_cannot_be_read_is_not_taken_for_none(folder: Folder, name: str, content: bytes) -> None:
    record(folder).close("incomplete")
    folder.write(name, content)
    with pytest.raises(ManifestFormatError, match=f"{name} cannot be read"):
        record(folder)


def test_a_record_of_edges_is_none_of_nodes(folder: Folder) -> None:
    with pytest.raises(ManifestNotFoundError, match=r"No graph\.json at .*manifest_root"):
        recorded_nodes(folder)
    first = record(folder)
    first.add(DoneItem(0, "e", source="a", destination="b"))
    first.close("done")
    with pytest.raises(ManifestFormatError, match="record of edges"):
        recorded_nodes(folder)
