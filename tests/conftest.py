"""Fixtures that many tests share. Airflow reads its settings when it is first imported, so they are set here."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

_HOME = Path(tempfile.mkdtemp(prefix="montecarlo-push-tests-"))
os.environ |= {
    "AIRFLOW_HOME": str(_HOME),
    "AIRFLOW__CORE__UNIT_TEST_MODE": "True",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": str(_HOME / "dags"),
    "AIRFLOW__MONTECARLO_PUSH__MANIFEST_ROOT": (_HOME / "manifests").as_uri(),
}

(_HOME / "dags").mkdir()

import pytest  # noqa: E402
from upath import UPath  # noqa: E402

from airflow_provider_montecarlo_push.events import (  # noqa: E402
    AssetField,
    AssetFreshness,
    AssetMetadata,
    AssetVolume,
    Event,
    Flow,
    RelationalAsset,
)
from airflow_provider_montecarlo_push.manifests.model import FORMAT, Manifest  # noqa: E402
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader  # noqa: E402
from airflow_provider_montecarlo_push.manifests.storage import Folder  # noqa: E402
from airflow_provider_montecarlo_push.manifests.writer import ManifestWriter  # noqa: E402
from airflow_provider_montecarlo_push.sandbox import Sandbox  # noqa: E402
from airflow_provider_montecarlo_push.sandbox.demo.__main__ import connections  # noqa: E402
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse  # noqa: E402


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox.running() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """A local Monte Carlo that nothing has been pushed to."""
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedWarehouse]:
    """The embedded Snowflake with its seeded shop; a test that changes it makes a schema of its own."""
    with EmbeddedWarehouse.running(tmp_path_factory.mktemp("warehouse")) as running:
        yield running


@pytest.fixture(scope="session")
def airflow_database() -> None:
    """Airflow's metadata database, in a file of this test session."""
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(UPath((tmp_path / "manifest").as_uri()))


@pytest.fixture
def monte_carlo_connections(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both Monte Carlo connections, and a manifest root of the test's own, by which the hourly rule looks."""
    for name, value in connections(sandbox).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AIRFLOW__MONTECARLO_PUSH__MANIFEST_ROOT", tmp_path.as_uri())


def table(number: int = 0, **changes: object) -> RelationalAsset:
    """Return a small table whose name ends in ``number``."""
    facts = {
        "type": "TABLE",
        "metadata": AssetMetadata(name=f"ORDERS_{number}", database="ANALYTICS", schema="PUBLIC"),
        "fields": [AssetField(name="ID", type="NUMBER(38,0)"), AssetField(name="AMOUNT", type="NUMBER(10,2)")],
        "volume": AssetVolume(row_count=number, byte_count=number * 100),
        "freshness": AssetFreshness(last_update_time=datetime(2024, 3, 1, 12, tzinfo=UTC)),
    }
    return RelationalAsset(**(facts | changes))  # type: ignore[arg-type]


def write_manifest(folder: Folder, events: list[Event], flow: Flow = Flow.METADATA, **header: object) -> ManifestReader:
    """Write ``events`` into ``folder`` and open them for reading."""
    facts = {"resource_type": "snowflake"} if flow is not Flow.QUERY_LOGS else {"log_type": "snowflake"}
    facts["collector"] = "test"
    manifest = Manifest(
        format=FORMAT,
        id="",
        flow=flow,
        collected_at=datetime.now(UTC),
        **(facts | header),  # type: ignore[arg-type]
    )
    with ManifestWriter(folder, manifest) as writer:
        writer.write_all(events)
    return ManifestReader(folder)
