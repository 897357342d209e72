"""A folder on each kind of store."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer
from upath import UPath

from airflow_provider_montecarlo_push.manifests.storage import Folder


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["file", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A folder on each kind of store; S3 through Airflow's own object storage and connection."""
    if request.param == "file":
        return Folder(UPath((tmp_path / "some folder").as_uri()))
    endpoint = request.getfixturevalue("s3_endpoint")
    connection = {"conn_type": "aws", "login": "key", "password": "secret", "extra": {"endpoint_url": endpoint}}
    monkeypatch.setenv("AIRFLOW_CONN_TEST_S3", json.dumps(connection))
    from airflow.sdk import ObjectStoragePath

    bucket = f"bucket-{uuid.uuid4().hex[:8]}"
    path = ObjectStoragePath(f"s3://test_s3@{bucket}/monte carlo/run")
    path.fs.mkdir(bucket)
    return Folder(path)
