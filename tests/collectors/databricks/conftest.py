"""A SQL warehouse with a shop in it, and collectors that read it through the DatabricksSqlHook."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_montecarlo_push.collectors.databricks import session
from airflow_provider_montecarlo_push.collectors.databricks.collector import DatabricksCollector
from airflow_provider_montecarlo_push.collectors.report import CollectionReport

if TYPE_CHECKING:
    from tests.collectors.databricks.server import Warehouse

CONN_ID = "databricks_test"

MakeCollector = Callable[..., DatabricksCollector]


@pytest.fixture(scope="session")
def serving() -> Iterator[Warehouse]:
    for module in ("databricks.sql", "duckdb", "pyarrow", "thrift"):
        pytest.importorskip(module, reason=f"{module} is not installed (pip install -e '.[databricks,test]')")
    from tests.collectors.databricks.server import Warehouse
    from tests.collectors.databricks.shop import fill

    with Warehouse.serving() as running:
        fill(running)
        yield running


@pytest.fixture
def unity(serving: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    """The warehouse; lineage and history that a test adds are taken back."""
    monkeypatch.setattr(session, "_POLL_SECONDS", 0.01)
    serving.reset()
    tables = ("system_access.table_lineage", "system_access.column_lineage", "system_query.history")
    for table in tables:
        serving.con.execute(f"CREATE TEMP TABLE {table.partition('.')[2]}_kept AS FROM {table}")
    yield serving
    for table in tables:
        kept = f"{table.partition('.')[2]}_kept"
        serving.con.execute(f"DELETE FROM {table}; INSERT INTO {table} FROM temp.{kept}; DROP TABLE temp.{kept}")
    assert serving.open_sessions == 0


@pytest.fixture
def on_warehouse(unity: Warehouse, monkeypatch: pytest.MonkeyPatch) -> MakeCollector:
    """Make collectors that go through the DatabricksSqlHook."""

    def make(*, token: str | None = None, extra: dict[str, Any] | None = None, **options: Any) -> DatabricksCollector:
        uri = unity.uri(**({"token": token} if token else {}), **(extra or {}))
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", uri)
        return DatabricksCollector(CONN_ID, report(), **options)

    return make


def report() -> CollectionReport:
    return CollectionReport(logging.getLogger("tests.collectors.databricks"))
