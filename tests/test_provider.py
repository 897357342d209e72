"""What Airflow sees of the provider, through its own commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.get_provider_info import get_provider_info

PACKAGE = "airflow-provider-montecarlo-push"


def airflow(*arguments: str) -> Any:
    command = [sys.executable, "-m", "airflow", *arguments, "--output", "json"]
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    # Airflow may log to standard output before it answers.
    return json.loads(next(line for line in reversed(done.stdout.splitlines()) if line.startswith("[{")))


@pytest.mark.usefixtures("airflow_database")
def test_airflow_lists_the_provider_its_hooks_and_its_forms() -> None:
    assert PACKAGE in {row["package_name"].strip() for row in airflow("providers", "list")}
    hooks = {row["connection_type"]: row for row in airflow("providers", "hooks") if row["package_name"] == PACKAGE}
    assert set(hooks) == {"montecarlo", "montecarlo-ingest"}
    fields = {
        row["connection_parameter_name"] for row in airflow("providers", "widgets") if row["package_name"] == PACKAGE
    }
    assert fields == {
        "extra__montecarlo-ingest__resource_uuid",
        "extra__montecarlo-ingest__resources",
        "extra__montecarlo-ingest__timeout",
        "extra__montecarlo-ingest__compress",
        "extra__montecarlo__timeout",
    }
    links = {row["extra_link_class_name"] for row in airflow("providers", "links")}
    assert "airflow_provider_montecarlo_push.links.receipt.MonteCarloReceiptLink" in links


def test_forms_name_the_fields_as_monte_carlo_does() -> None:
    forms = {form["connection-type"]: form["ui-field-behaviour"] for form in get_provider_info()["connection-types"]}
    assert forms["montecarlo-ingest"]["relabeling"]["login"] == "Ingestion Key ID"
    assert forms["montecarlo"]["relabeling"]["password"] == "API Key Secret"
    for form in forms.values():
        assert form["hidden-fields"] == ["schema", "port"]
        assert set(form["placeholders"]) == {"host", "login", "password"}


def test_every_setting_is_documented_and_has_the_documented_default() -> None:
    from airflow.providers.common.compat.sdk import conf

    documented = (Path(__file__).parents[1] / "docs" / "configuration.md").read_text()
    for name, option in get_provider_info()["config"]["montecarlo_push"]["options"].items():
        assert f"`{name}`" in documented
        if option["type"] == "integer":
            assert conf.getint("montecarlo_push", name) == int(option["default"])
            assert option["default"] in documented


def test_secrets_of_an_mcd_connection_are_masked_by_their_names() -> None:
    from airflow.sdk.log import redact

    shown = redact({"mcd_id": "key", "mcd_token": "hidden-secret", "timeout": 60})
    assert shown["mcd_token"] == "***"
    assert shown["timeout"] == 60


def test_every_class_that_airflow_is_told_of_exists() -> None:
    import importlib

    info = get_provider_info()
    paths = [form["hook-class-name"] for form in info["connection-types"]] + info["extra-links"]
    for path in paths:
        module, _, name = path.rpartition(".")
        assert hasattr(importlib.import_module(module), name)
