"""Results on stdout: as a table, as plain text, or as JSON or YAML for scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from airflow.cli.simple_table import AirflowConsole
from airflow.utils import yaml
from rich.markup import escape

from airflow_provider_montecarlo_push.exceptions import ConfigurationError

# For people; JSON and YAML have all of them.
_LISTED = 10


def show(result: Mapping[str, Any] | Sequence[Mapping[str, Any]], output: str) -> None:
    """Print one result, or a list of them.

    JSON and YAML keep numbers, lists and objects as they are, which Airflow's own printing turns into text.

    :param output: ``table``, ``plain``, ``json`` or ``yaml``.
    """
    data = msgspec.to_builtins(result)
    if output == "json":
        print(json.dumps(data, indent=2, ensure_ascii=False))
    elif output == "yaml":
        print(yaml.dump(data, sort_keys=False, allow_unicode=True), end="")
    elif isinstance(data, dict):
        _print_fields(data)
    else:
        shown = escape if output == "table" else str
        AirflowConsole().print_as([{key: shown(_cell(value)) for key, value in row.items()} for row in data], output)


def _print_fields(data: Mapping[str, Any]) -> None:
    """Print a line for each field; lines are not broken, so that URIs can be copied."""
    width = max(map(len, data), default=0)
    for key, value in data.items():
        for number, line in enumerate(_cell(value).split("\n")):
            print(f"{'' if number else key:<{width}}  {line}".rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_cell(item)}" for key, item in value.items())
    if isinstance(value, list):
        shown = [_cell(item) for item in value[:_LISTED]]
        return "\n".join([*shown, f"… and {len(value) - _LISTED:,} more"] if len(value) > _LISTED else shown)
    return str(value)


def json_argument(text: str | None, flag: str) -> dict[str, Any] | None:
    """Return an argument that is a JSON object.

    :raises ConfigurationError: when it is none.
    """
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"{flag} is not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise ConfigurationError(f"{flag} is {text!r}; give a JSON object.")
    return value
