"""What tests share that run a whole Airflow: it takes longer than one test, so that they must not share the rest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse


@pytest.fixture(scope="module")
def own_sandbox() -> Iterator[Sandbox]:
    """A local Monte Carlo of a module's own, which no other test resets."""
    with Sandbox.running(own_process=True) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def changed_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedWarehouse]:
    """An embedded Snowflake that tasks may write to."""
    with EmbeddedWarehouse.running(tmp_path_factory.mktemp("changed-warehouse")) as running:
        yield running
