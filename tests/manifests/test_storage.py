"""What a spool asks of a store: files that only one can create, listings with sizes, many deletions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from upath import UPath

from airflow_provider_montecarlo_push.manifests.storage import Folder, StoredFile

pytestmark = pytest.mark.integration


def test_only_one_creates_a_file(store: Folder) -> None:
    assert store.create("claim", b"first")
    assert not store.create("claim", b"second")
    assert store.read("claim") == b"first"
    assert store.names() == ["claim"], "nothing half-written is left"


def test_only_one_of_many_at_once(store: Folder) -> None:
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda number: store.create("claim", str(number).encode()), range(32)))
    assert sum(written) == 1
    assert int(store.read("claim")) == written.index(True)


def test_listings_have_names_and_sizes(store: Folder) -> None:
    assert store.files() == []
    store.write("b", b"12")
    store.write("a", b"1")
    store.child("below").write("c", b"")
    assert store.files() == [StoredFile("a", 1), StoredFile("b", 2)]
    assert [folder.name for folder in store.folders()] == ["below"]


def test_what_is_not_there_need_not_be_deleted(store: Folder) -> None:
    for name in ("a", "b", "c"):
        store.write(name, b"1")
    store.delete_all(["a", "gone", "c"])
    assert store.names() == ["b"]
    store.delete_all([])
    assert store.names() == ["b"]


def test_a_store_that_fails_otherwise_is_heard(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        Folder(UPath((tmp_path / "file" / "below").as_uri())).create("claim", b"")
