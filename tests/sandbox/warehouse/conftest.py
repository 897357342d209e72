from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse

Query = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def connect(warehouse: EmbeddedWarehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Any]]:
    """Open connections through Airflow's own SnowflakeHook."""
    for name, value in warehouse.environment("embedded").items():
        monkeypatch.setenv(name, value)
    from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook

    opened = []

    def open_one() -> Any:
        opened.append(SnowflakeHook(snowflake_conn_id="embedded").get_conn())
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


@pytest.fixture
def query(connect: Callable[[], Any]) -> Query:
    """Run a statement through SnowflakeHook and return its rows."""
    cursor = connect().cursor()

    def run(sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        cursor.execute(sql, parameters or None)
        return list(cursor.fetchall())

    return run


_numbers = count(1)


@pytest.fixture
def schema(warehouse: EmbeddedWarehouse) -> Iterator[str]:
    """The full quoted name of an empty schema with an odd name, in SCRATCH."""
    name = f'SCRATCH."it\'s no. {next(_numbers)}"'
    warehouse.execute(f"create schema {name}")
    yield name
    warehouse.execute(f"drop schema if exists {name}")


@pytest.fixture
def facts(query: Query) -> Callable[[str, str], dict[str, Any]]:
    """Read one row of INFORMATION_SCHEMA.TABLES for a table of a schema of SCRATCH."""

    def read(schema: str, table: str) -> dict[str, Any]:
        columns = (
            "TABLE_TYPE", "ROW_COUNT", "BYTES", "CREATED", "LAST_ALTERED", "LAST_DDL", "COMMENT",
            "IS_DYNAMIC", "IS_ICEBERG", "IS_TRANSIENT",
        )  # fmt: skip
        rows = query(
            f"select {', '.join(columns)} from SCRATCH.INFORMATION_SCHEMA.TABLES "
            "where TABLE_SCHEMA = %s and TABLE_NAME = %s",
            schema.split(".", 1)[1].strip('"'),
            table,
        )
        assert len(rows) == 1
        found = dict(zip(columns, rows[0], strict=True))
        assert all(isinstance(found[name], datetime) for name in ("CREATED", "LAST_ALTERED", "LAST_DDL"))
        return found

    return read
