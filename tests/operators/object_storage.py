"""A bucket on S3 for the length of a test."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath
from moto.server import ThreadedMotoServer


@contextmanager
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run a server with one bucket; yield the URI that names its connection."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    extra = {"endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "key", "password": "secret", "extra": extra}
    # File systems are kept by connection id, and this one's server is gone after the test.
    name = uuid.uuid4().hex[:8]
    monkeypatch.setenv(f"AIRFLOW_CONN_STORE_{name.upper()}", json.dumps(connection))
    uri = f"s3://store_{name}@bucket-{name}"
    path = ObjectStoragePath(uri)
    path.fs.mkdir(path.bucket)
    try:
        yield uri
    finally:
        server.stop()
