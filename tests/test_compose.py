"""docker-compose.yaml, resolved as Compose resolves it: variables, merges, references."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\})")
REQUIRED = {"AIRFLOW_FERNET_KEY": "f", "AIRFLOW_SECRET_KEY": "s", "POSTGRES_PASSWORD": "p"}


class MissingVariableError(Exception):
    pass


def interpolate(value: Any, variables: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: interpolate(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolate(item, variables) for item in value]
    if not isinstance(value, str):
        return value

    def one(match: re.Match[str]) -> str:
        if match["name"] is None:
            return "$"
        found = variables.get(match["name"], "")
        if found:
            return found
        if match["kind"] == "?":
            raise MissingVariableError(match["name"])
        return match["rest"] or ""

    return _VARIABLE.sub(one, value)


def compose(variables: dict[str, str] | None = None) -> dict[str, Any]:
    text = (ROOT / "docker-compose.yaml").read_text()
    return dict(interpolate(yaml.safe_load(text), REQUIRED if variables is None else variables))


def variables_of(text: str) -> set[str]:
    return {match["name"] for match in _VARIABLE.finditer(text) if match["name"]}


def test_the_whole_of_airflow_is_there() -> None:
    services = compose()["services"]
    commands = {service.get("command") for service in services.values() if isinstance(service.get("command"), str)}
    assert commands == {"api-server", "scheduler", "dag-processor", "triggerer", "celery worker"}
    assert {"postgres", "redis", "sandbox", "migrate"} <= set(services)


def test_every_reference_leads_somewhere() -> None:
    config = compose()
    for name, service in config["services"].items():
        assert "image" in service, name
        for other, dependency in service.get("depends_on", {}).items():
            assert other in config["services"], f"{name} depends on {other}"
            if dependency["condition"] == "service_healthy":
                assert "healthcheck" in config["services"][other], f"{name} waits for the health of {other}"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in config["volumes"]
        if "build" in service:
            assert (ROOT / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


def test_all_of_airflow_shares_the_manifests() -> None:
    services = compose()["services"].values()
    airflow = [service for service in services if "AIRFLOW__CORE__EXECUTOR" in (service.get("environment") or {})]
    assert len(airflow) == 6
    for service in airflow:
        root = service["environment"]["AIRFLOW__MONTECARLO_PUSH__MANIFEST_ROOT"].removeprefix("file://")
        assert f"manifests:{root}" in service["volumes"]


def test_airflow_knows_every_setting() -> None:
    from airflow.configuration import conf

    known = conf.configuration_description
    environment = compose()["services"]["worker"]["environment"]
    for variable in environment:
        if variable.startswith("AIRFLOW__"):
            section, key = variable.removeprefix("AIRFLOW__").lower().split("__", 1)
            # Celery's section comes with its provider, which is in the image and not needed here.
            assert section == "celery" or key in known[section]["options"], variable


def test_connections_are_json_and_point_to_the_sandbox_unless_told_otherwise() -> None:
    def connection(name: str, variables: dict[str, str]) -> dict[str, Any]:
        environment = compose(variables)["services"]["worker"]["environment"]
        return dict(json.loads(environment[f"AIRFLOW_CONN_MONTECARLO_{name}"]))

    assert connection("INGEST_DEFAULT", REQUIRED)["host"] == "http://sandbox:8085"
    mine = REQUIRED | {"MCD_INGEST_ID": "me", "MCD_INGEST_ENDPOINT": "https://integrations.getmontecarlo.com"}
    assert connection("INGEST_DEFAULT", mine)["login"] == "me"
    assert connection("INGEST_DEFAULT", mine)["host"] == mine["MCD_INGEST_ENDPOINT"]
    assert connection("DEFAULT", REQUIRED)["conn_type"] == "montecarlo"


@pytest.mark.parametrize("missing", sorted(REQUIRED))
def test_a_secret_that_is_not_set_is_an_error(missing: str) -> None:
    with pytest.raises(MissingVariableError, match=missing):
        compose({name: value for name, value in REQUIRED.items() if name != missing})


def test_the_example_names_every_variable() -> None:
    used = variables_of((ROOT / "docker-compose.yaml").read_text())
    named = set(re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert named == used
