"""Fixtures of the tests of the detector operator."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.detectors.past import Past


@pytest.fixture
def task_log(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    caplog.set_level(logging.INFO)
    return lambda: caplog.text + "".join(capsys.readouterr())


@pytest.fixture
def past(tmp_path: Path, sandbox: Sandbox) -> Past:
    return Past(tmp_path, sandbox.warehouse_uuid)


@pytest.fixture
def past_on_s3(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Past]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    connection = {
        "conn_type": "aws",
        "login": "key",
        "password": "secret",
        "extra": {"endpoint_url": f"http://{host}:{port}"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_KEPT_S3", json.dumps(connection))
    from airflow.sdk import ObjectStoragePath

    root = ObjectStoragePath("s3://kept_s3@kept/some where")
    root.fs.mkdir("kept")
    yield Past(root, sandbox.warehouse_uuid)
    server.stop()
