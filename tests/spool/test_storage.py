"""What a spool asks of a store: files that only one can create, listings with sizes, many deletions."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer
from upath import UPath

from airflow_provider_montecarlo_push.manifests.storage import Folder, StoredFile

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["file", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    if request.param == "file":
        return Folder(UPath((tmp_path / "some folder").as_uri()))
    endpoint = request.getfixturevalue("s3_endpoint")
    connection = {"conn_type": "aws", "login": "key", "password": "secret", "extra": {"endpoint_url": endpoint}}
    monkeypatch.setenv("AIRFLOW_CONN_SPOOL_S3", json.dumps(connection))
    from airflow.sdk import ObjectStoragePath

    bucket = f"bucket-{uuid.uuid4().hex[:8]}"
    path = ObjectStoragePath(f"s3://spool_s3@{bucket}/monte carlo/root")
    path.fs.mkdir(bucket)
    return Folder(path)


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
