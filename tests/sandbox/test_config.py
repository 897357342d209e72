from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.sandbox import KeyConfig, SandboxConfig, WarehouseConfig
from airflow_provider_montecarlo_push.sandbox.config import (
    DEFAULT_LAKE_UUID,
    DEFAULT_SNOWFLAKE_UUID,
    load_config,
)
from airflow_provider_montecarlo_push.sandbox.names import FLOWS

UUID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"


def test_the_defaults_suit_a_demo() -> None:
    config = load_config()
    assert [(key.id, key.kind) for key in config.keys] == [
        ("sandbox-ingest-id", "ingestion"),
        ("sandbox-api-id", "api"),
    ]
    assert [item.connection_type for item in config.warehouses] == ["SNOWFLAKE", "DATA_LAKE"]
    assert [item.type for item in config.etl_containers] == ["AIRFLOW"]
    assert config.visible_after == dict.fromkeys(FLOWS, 0)


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.json"
    file.write_text(
        json.dumps(
            {
                "keys": [{"id": "k", "secret": "s", "kind": "ingestion", "warehouses": [UUID.upper()]}],
                "warehouses": [{"uuid": UUID, "name": "Lake", "connection_type": "data-lake"}],
                "visible_after": {"query_logs": 900},
            }
        )
    )
    config = load_config(file)
    assert config.keys == (KeyConfig("k", "s", warehouses=(UUID,)),)
    assert config.warehouses == (WarehouseConfig(UUID, "Lake", "DATA_LAKE"),)
    assert config.visible_after["query_logs"] == 900


def test_arguments_win_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.json"
    file.write_text('{"max_raw_bytes": 5, "accept_gzip": false}')
    config = load_config(file, max_raw_bytes=7, accept_gzip=None)
    assert (config.max_raw_bytes, config.accept_gzip) == (7, False)


@pytest.mark.parametrize("names", [("MCD_INGEST_ID", "MCD_INGEST_TOKEN"), ("MC_INGEST_KEY_ID", "MC_INGEST_KEY_TOKEN")])
def test_the_environment_adds_keys_and_names_the_warehouse(names: tuple[str, str]) -> None:
    environ = {names[0]: "i", names[1]: "t", "MCD_ID": "a", "MCD_TOKEN": "b", "MCD_RESOURCE_UUID": UUID}
    config = load_config(environ=environ)
    assert {("i", "t", "ingestion"), ("a", "b", "api")} <= {(key.id, key.secret, key.kind) for key in config.keys}
    assert next(key.id for key in config.keys if key.kind == "ingestion") == "i"
    assert [item.uuid for item in config.warehouses] == [UUID, DEFAULT_LAKE_UUID]


def test_an_incomplete_or_known_environment_changes_nothing() -> None:
    environ = {"MCD_INGEST_ID": "i", "MCD_RESOURCE_UUID": DEFAULT_SNOWFLAKE_UUID, "MCD_TOKEN": ""}
    assert load_config(environ=environ) == SandboxConfig()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"keyz": []}, "Unknown sandbox setting 'keyz'"),
        ({"keys": [{"id": "k"}]}, "cannot be used"),
        ({"keys": [{"id": "k", "secret": ""}]}, "needs an id and a secret"),
        ({"keys": [{"id": "k", "secret": "s", "kind": "root"}]}, "'root'; use one of ingestion, api"),
        ({"keys": [{"id": "k", "secret": "s", "warehouses": ["x"]}]}, "'x' is not a UUID"),
        ({"keys": [{"id": "k", "secret": 5}]}, "both strings"),
        ({"warehouses": [{"uuid": UUID, "name": ""}]}, "needs a name"),
        ({"keys": 5}, "cannot be used"),
        ({"warehouses": []}, "at least one warehouse"),
        ({"warehouses": [{"uuid": "x", "name": "x"}]}, "'x' is not a UUID"),
        ({"account_uuid": 5}, "5 is not a UUID"),
        ({"visible_after": {"metrics": 5}}, "Unknown flow 'metrics'"),
        ({"visible_after": {"metadata": True}}, "0 or more"),
        ({"visible_after": {"metadata": float("inf")}}, "0 or more"),
    ],
)
def test_what_cannot_be_used_is_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load_config(**values)


@pytest.mark.parametrize(
    ("content", "message"), [("{", "is not JSON"), ("[]", "must be a JSON object"), (None, "Cannot read")]
)
def test_a_bad_file(tmp_path: Path, content: str | None, message: str) -> None:
    file = tmp_path / "sandbox.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigurationError, match=message):
        load_config(file)
