"""Events in files, as the client's own file transport writes them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from openlineage.client.client import OpenLineageClient
from upath import UPath

from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.openlineage import files
from airflow_provider_montecarlo_push.openlineage.files import spool_events
from airflow_provider_montecarlo_push.spool import writing
from tests.openlineage.events import event, shown, spooled


def written(path: Path) -> None:
    """Two runs whose events stand between each other's, and one that failed."""
    client = OpenLineageClient(config={"transport": {"type": "file", "log_file_path": str(path), "append": True}})
    for one in (
        event("START", run=1, outputs=()),
        event("START", run=2, inputs=("DB.S.B",), outputs=("DB.S.U",)),
        event("FAIL", run=3),
        event("COMPLETE", run=1, inputs=()),
        event("COMPLETE", run=2, inputs=(), outputs=()),
    ):
        client.emit(one)


def spool(path: Path, root: Path) -> dict[str, int]:
    return spool_events(UPath(path.as_uri()), Folder(UPath(root.as_uri())))


@pytest.mark.parametrize("is_gzip", [False, True])
def test_lines(tmp_path: Path, is_gzip: bool) -> None:
    path = tmp_path / "events.jsonl"
    written(path)
    if is_gzip:
        path.write_bytes(gzip.compress(path.read_bytes()))

    assert spool(path, tmp_path) == {"events": 5, "observations": 2}
    found = [shown(edge) for observation in spooled(tmp_path) for edge in observation.edges]
    assert found == [("DB.S.T", ["DB.S.A"], {}), ("DB.S.U", ["DB.S.B"], {})]


def test_what_is_no_event(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"half": \n\n[1]\n"text"\n{}\n\xff\xfe\n')
    written(path)

    assert spool(path, tmp_path) == {"malformed_lines": 5, "events": 5, "observations": 2}


def test_a_line_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_LINE_BYTES", 5_000)
    path = tmp_path / "events.jsonl"
    path.write_text('"' + "x" * 20_000 + '"\n')
    written(path)

    assert spool(path, tmp_path) == {"lines_over_limit": 1, "events": 5, "observations": 2}


def test_a_full_spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MAX_FILES_PER_SHARD", 0)
    path = tmp_path / "events.jsonl"
    written(path)

    assert spool(path, tmp_path) == {"events": 5, "spool_full": 2}


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.touch()

    assert spool(path, tmp_path) == {}
