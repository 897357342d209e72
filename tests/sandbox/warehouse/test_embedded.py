"""Starting, finding and stopping the warehouse."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import certifi
import pytest

from airflow_provider_montecarlo_push.exceptions import SourceError, SourceUnavailableError
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse

pytestmark = pytest.mark.integration


def test_the_connection_is_one_that_airflow_reads(warehouse: EmbeddedWarehouse) -> None:
    connection = json.loads(warehouse.connection_json(database="RAW", schema="SHOP", role="R"))

    assert connection["conn_type"] == "snowflake"
    assert connection["schema"] == "SHOP"
    assert connection["extra"] | {"database": "RAW", "role": "R", "port": warehouse.port} == connection["extra"]


def test_the_environment_names_the_connection_and_the_certificates(warehouse: EmbeddedWarehouse) -> None:
    variables = warehouse.environment("my_conn")

    assert json.loads(variables["AIRFLOW_CONN_MY_CONN"])["extra"]["port"] == warehouse.port
    assert variables["REQUESTS_CA_BUNDLE"] == variables["SSL_CERT_FILE"] == str(warehouse.ca_bundle)


def test_the_bundle_trusts_the_warehouse_and_everybody_else(warehouse: EmbeddedWarehouse) -> None:
    context = ssl.create_default_context(cafile=str(warehouse.ca_bundle))

    assert Path(certifi.where()).read_text() in warehouse.ca_bundle.read_text()
    with (
        socket.create_connection(("127.0.0.1", warehouse.port)) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        assert secure.version()


def test_without_the_bundle_the_warehouse_is_not_trusted(warehouse: EmbeddedWarehouse) -> None:
    context = ssl.create_default_context(cafile=certifi.where())

    with socket.create_connection(("127.0.0.1", warehouse.port)) as plain, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_execute_returns_rows_in_the_given_schema(warehouse: EmbeddedWarehouse) -> None:
    assert warehouse.execute("select count(*), 'x', null from CATEGORIES", database="RAW", schema="SHOP") == [
        [12, "x", None]
    ]


def test_execute_tells_why_a_statement_failed(warehouse: EmbeddedWarehouse) -> None:
    with pytest.raises(SourceError, match=r"Object 'RAW\.SHOP\.NOPE' does not exist"):
        warehouse.execute("select * from RAW.SHOP.NOPE")


def test_the_client_loads_neither_the_emulator_nor_airflow() -> None:
    code = (
        "import sys; import airflow_provider_montecarlo_push.sandbox.warehouse.embedded; "
        "import airflow_provider_montecarlo_push.sandbox.warehouse.connection; "
        "print([m for m in ('duckdb', 'fakesnow', 'airflow', 'snowflake.connector', 'pandas') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


def test_without_a_seed_there_is_nothing(tmp_path: Path) -> None:
    with EmbeddedWarehouse.running(tmp_path, seed=False) as empty:
        assert empty.execute("show databases") == []
        empty.execute("create database D")
        assert [row[1] for row in empty.execute("show databases")] == ["D"]
        process = json.loads((tmp_path / "ready.json").read_text())["pid"]

    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", empty.port)).close()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(SourceUnavailableError, match=rf"Cannot listen on 127.0.0.1:{port}.*Choose another --port"),
            EmbeddedWarehouse.running(tmp_path, port=port, seed=False),
        ):
            pytest.fail("it must not start")


def test_the_start_message_can_be_pasted_into_a_shell(warehouse: EmbeddedWarehouse) -> None:
    log = (warehouse.ca_bundle.parent / "warehouse.log").read_text()

    exports = [line.strip().removeprefix("export ") for line in log.splitlines() if "export " in line]
    assert sorted(exports) == sorted(
        f"{name}='{value}'" for name, value in warehouse.environment("snowflake_default").items()
    )
    assert warehouse.connection_json() in log
