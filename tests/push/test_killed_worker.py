"""A worker that is killed in the middle of a push: nothing is lost, and next to nothing is sent twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.receipts import Destination
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.push.batches import BatchLimits
from airflow_provider_montecarlo_push.push.gateway import Gateway
from airflow_provider_montecarlo_push.push.session import ManifestPush
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.conftest import table, write_manifest

_EVENTS = 400
_WORKER = """
import sys
from upath import UPath
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.receipts import Destination
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.push.batches import BatchLimits
from airflow_provider_montecarlo_push.push.gateway import Gateway
from airflow_provider_montecarlo_push.push.session import ManifestPush
uri, url, resource, key, secret = sys.argv[1:]
with Gateway(key, secret, endpoint=url) as gateway:
    destination = Destination(gateway.endpoint, resource, resource_type="snowflake")
    ManifestPush(ManifestReader(Folder(UPath(uri))), gateway, destination, limits=BatchLimits(events=2)).run()
"""


@pytest.mark.integration
def test_a_killed_worker_loses_nothing(sandbox: Sandbox, folder: Folder) -> None:
    write_manifest(folder, [table(number) for number in range(_EVENTS)])
    sandbox.inject("delay", seconds=0.02)
    key = sandbox.ingest_key
    arguments = [folder.uri, sandbox.url, sandbox.warehouse_uuid, key.id, key.secret]
    worker = subprocess.Popen([sys.executable, "-c", _WORKER, *arguments])
    try:
        deadline = time.monotonic() + 60
        while len(sandbox.pushes()) < _EVENTS // 8 and worker.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert worker.poll() is None, "the worker was to be killed in the middle"
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    sandbox.clear_faults()
    time.sleep(0.1)  # what was in flight arrives
    with Gateway(key.id, key.secret, endpoint=sandbox.url) as gateway:
        destination = Destination(gateway.endpoint, sandbox.warehouse_uuid, resource_type="snowflake")
        result = ManifestPush(ManifestReader(folder), gateway, destination, limits=BatchLimits(events=2)).run()
    assert result.events == _EVENTS
    assert 0 < result.resumed < _EVENTS
    arrived = Counter(event["relational_asset"]["metadata"]["name"] for event in sandbox.events("metadata"))
    assert len(arrived) == _EVENTS, "nothing is lost"
    # At most sixteen acknowledged batches not written down yet, the one that filled them up, and four in flight.
    assert sum(arrived.values()) - _EVENTS <= 2 * (16 + 1 + 4)
