"""Collectors that read real files: on a local disk, and on S3 through Airflow's object storage and a connection."""

from __future__ import annotations

import gzip
import json
import logging
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from airflow_provider_montecarlo_push.collectors.files.collector import FilesCollector
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.windows import explicit_window

WINDOW = explicit_window("2026-11-20T12:00:00Z", "2026-11-20T13:00:00Z")
IN_WINDOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
CONN_ID = "files_s3"


def query(text: str = "select 1", **facts: Any) -> dict[str, Any]:
    """Return a row of a log, of a query that ended in the window."""
    times = {"start_time": "2026-11-20T12:00:00Z", "end_time": "2026-11-20T12:00:01Z"}
    return {key: value for key, value in ({"query_text": text} | times | facts).items() if value is not ...}


def json_lines(*rows: Any) -> bytes:
    return b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows)


def collector(path: object, conn_id: str = "", **options: Any) -> FilesCollector:
    report = CollectionReport(logging.getLogger("tests.collectors.files"))
    return FilesCollector(conn_id, report, path=str(path), **options)


class Store:
    """A folder on a store, with the path by which a collector finds it."""

    def __init__(self, root: Any, path: str, conn_id: str) -> None:
        self._root = root
        self.path = path
        self.conn_id = conn_id

    def put(self, name: str, *rows: Any, packed: bool = False) -> None:
        """Write rows, or bytes as they are, into a file."""
        content = b"".join(rows) if all(isinstance(row, bytes) for row in rows) else json_lines(*rows)
        target = self._root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            file.write(gzip.compress(content) if packed else content)

    def collector(self, below: str = "", **options: Any) -> FilesCollector:
        return collector(self.path + below, self.conn_id, **options)


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    connection = {"conn_type": "aws", "login": "key", "password": "secret", "extra": {"endpoint_url": s3_endpoint}}
    monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", json.dumps(connection))
    from airflow.sdk import ObjectStoragePath

    bucket = f"bucket-{uuid.uuid4().hex[:8]}"
    root = ObjectStoragePath(f"s3://{CONN_ID}@{bucket}/logs of a job")
    root.fs.mkdir(bucket)
    return Store(root, f"s3://{bucket}/logs of a job", CONN_ID)


@pytest.fixture(params=["file", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A folder on each kind of store."""
    if request.param == "s3":
        found: Store = request.getfixturevalue("s3")
        return found
    return Store(tmp_path, str(tmp_path), "")


def set_modified(path: Path, moment: datetime) -> None:
    os.utime(path, (moment.timestamp(), moment.timestamp()))
