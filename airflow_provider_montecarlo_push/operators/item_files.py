"""Lists that users keep in a file, JSON or YAML, on any storage: read when the task runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.hooks.locations import folder_at

_KEYS = ("nodes", "edges")


def items_in(uri: str, key: str) -> list[Any]:
    """Return the list in a file: the file's content, or what it has under ``key``.

    :param uri: ``s3://conn_id@bucket/key``, ``file:///path`` or an absolute path; ``.json`` is JSON, ``.jsonl`` has one
        item in a line, everything else is YAML.
    :param key: ``nodes`` or ``edges``; one file may have both.
    :raises ConfigurationError: when it is not there, or holds something else.
    """
    parent, slash, name = uri.strip().rpartition("/")
    if not name:
        raise ConfigurationError(f"{uri!r} is a folder; name a file.")
    try:
        content = folder_at(f"{parent}/" if slash else uri).read(name)
    except FileNotFoundError:
        raise ConfigurationError(f"There is no file {uri}. It is read on the worker that runs the task.") from None
    except (IsADirectoryError, PermissionError) as error:
        raise ConfigurationError(f"{uri} cannot be read: {error}.") from error
    values = _parsed(content, uri)
    if isinstance(values, Mapping):
        unknown = [str(name) for name in values if name not in _KEYS]
        if unknown or values.get(key) is None:
            raise ConfigurationError(
                f"{uri} has {', '.join(map(str, values)) or 'nothing'} at its top; write a list, or one under {key!r}."
            )
        values = values[key]
    if not isinstance(values, list):
        raise ConfigurationError(f"{uri} holds {type(values).__name__} where a list of {key} is expected.")
    return values


def _parsed(content: bytes, uri: str) -> Any:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{uri} is not a text in UTF-8: {error}.") from error
    try:
        if uri.endswith(".json"):
            return json.loads(text)
        if uri.endswith((".jsonl", ".ndjson")):
            return list(_json_lines(text))
        return _yaml(text)
    except ValueError as error:
        raise ConfigurationError(f"{uri} cannot be understood: {error}") from error


def _json_lines(text: str) -> Iterator[Any]:
    # Not splitlines(): a text in JSON may hold other line breaks than this one.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error


def _yaml(text: str) -> Any:
    import yaml

    # The C loader reads a hundred thousand lines in seconds, not minutes; not every platform has it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
