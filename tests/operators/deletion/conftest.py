"""Fixtures of the tests of deletion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath

from airflow_provider_montecarlo_push.manifests.model import RunReference, encode_manifest
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.receipts import Destination, Receipt
from airflow_provider_montecarlo_push.manifests.storage import Folder
from tests.conftest import write_manifest
from tests.operators.deletion.cleanup import SCOPE, TEN, Week, asset, push
from tests.operators.object_storage import bucket


@pytest.fixture
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A manifest root on local disk, or on S3 where a test asks for it."""
    if getattr(request, "param", "file") == "file":
        yield ObjectStoragePath(tmp_path.as_uri())
        return
    with bucket(monkeypatch) as uri:
        yield ObjectStoragePath(f"{uri}/monte carlo")


@pytest.fixture
def week(root: Any) -> Week:
    """Write what a collect task would leave in some week, counted from 0; each is collected an hour after the last."""
    now = datetime.now(UTC)

    def write(number: int, names: Iterable[str], *, pushed_to: str | None = None, **changes: Any) -> ManifestReader:
        run = RunReference("cleanup", f"week-{number}", "collect")
        folder = Folder(root).child(run.dag_id, run.run_id, run.task_id)
        header = {"source_conn_id": "shop", "scope": SCOPE, "run": run, "root": str(root)}
        manifest = write_manifest(folder, [asset(name) for name in names], **header).manifest
        facts = {"collected_at": now + timedelta(hours=number + 1)} | changes
        folder.write("manifest.json", encode_manifest(msgspec.structs.replace(manifest, **facts)))
        reader = ManifestReader(folder)
        if pushed_to:
            Receipt(folder, reader.uri, reader.manifest, Destination("http://gateway", pushed_to)).close("delivered")
        return reader

    return write


@pytest.fixture
def dropped(week: Week) -> str:
    """Push ten tables of which one is dropped; return the operator's parameters."""
    push(*TEN)
    return f'manifest="{week(1, TEN[1:]).uri}", previous="{week(0, TEN).uri}"'
