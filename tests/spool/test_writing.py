"""One small file for each task, within limits; what does not fit is counted."""

from __future__ import annotations

import json
import zlib

import msgspec
import pytest

from airflow_provider_montecarlo_push.assets.model import DatasetColumn, Observation, ObservedEdge
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.spool import writing
from airflow_provider_montecarlo_push.spool.limits import within_limits
from airflow_provider_montecarlo_push.spool.writing import add
from tests.spool.spools import dataset, observation, statement

_LIMIT = 20_000


def size(value: Observation) -> int:
    return len(msgspec.json.encode(value))


def wide(columns: int) -> ObservedEdge:
    source = dataset("SOURCE")
    pairs = {f"C{number}": [DatasetColumn(source, f"C{number}")] for number in range(columns)}
    return ObservedEdge(dataset("WIDE"), [source], pairs)


def test_what_is_added_can_be_read(root: Folder) -> None:
    assert add(root, observation(1))
    (shard,) = root.child("spool", "incoming").folders()
    (name,) = shard.names()
    content = json.loads(zlib.decompress(shard.read(name), wbits=31))
    assert content["run"] == {"dag_id": "etl", "run_id": "run-1", "task_id": "load"}


@pytest.mark.parametrize(
    ("given", "left_out", "kept"),
    [
        (observation(1), {}, (1, 0)),
        (observation(1, edges=[wide(1_000)]), {"column_pairs_over_size": 1_000}, (1, 0)),
        (observation(1, statements=[statement("x" * 30_000), statement()]), None, (1, 1)),
        (observation(1, statements=[statement("x" * 5_000) for _ in range(9)]), None, (1, 2)),
        (
            observation(1, edges=[ObservedEdge(dataset("x" * 30_000)), *observation(2).edges], left_out={"aliases": 1}),
            {"aliases": 1, "column_pairs_over_size": 1, "edges_over_size": 1},
            (1, 0),
        ),
    ],
)
def test_the_largest_parts_go(given: Observation, left_out: dict[str, int] | None, kept: tuple[int, int]) -> None:
    fitting = within_limits(given, _LIMIT)
    assert size(fitting) <= _LIMIT
    assert (len(fitting.edges), len(fitting.statements)) == kept
    if left_out is not None:
        assert fitting.left_out == left_out
    gone = len(given.statements) - len(fitting.statements)
    assert fitting.left_out.get("statements_over_size", 0) == gone


def test_what_waits_is_bounded(root: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MAX_FILES_PER_SHARD", 1)
    monkeypatch.setattr("airflow_provider_montecarlo_push.spool.layout.SHARDS", 1)
    added = [add(root, observation(number)) for number in range(3)]
    assert added == [True, False, False]
    (name,) = root.child("spool", "dropped").names()
    record = json.loads(root.child("spool", "dropped").read(name))
    assert (record["dag_id"], record["task_id"], record["count"]) == ("etl", "load", 2)


def test_bytes_are_bounded_too(root: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MAX_BYTES_PER_SHARD", 100)
    assert not add(root, observation(1, statements=[statement("x" * 1_000)]))
