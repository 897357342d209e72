"""Where in a row the facts are: our names to the file's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from airflow_provider_montecarlo_push.exceptions import ConfigurationError

_QUERY = (
    *("query_text", "start_time", "end_time", "duration_seconds", "duration_ms", "query_id", "user", "returned_rows"),
    *("error_code", "error_text", "default_database", "default_schema", "session_id"),
)
_EDGE = {
    **{name: name for name in ("destination", "sources", "fields")},
    **{f"table.{name}": name for name in ("database", "schema", "name", "type", "asset_id")},
    **{f"table.{name}": name for name in ("resource_uuid", "resource_type")},
    **{f"column.{name}": name for name in ("name", "source_fields", "source", "asset_id", "field_name")},
}
_DEFAULTS = {**{name: name for name in _QUERY}, **_EDGE}
# Means too many things in too many files to be looked for unless somebody says so.
_ONLY_WHEN_NAMED = ("status",)
_EXTRA = "extra."
_KEYS_SHOWN = 12


class Row(NamedTuple):
    """A row of a file.

    :param file: the file, for people.
    :param line: the line on which it begins, counted from 1.
    :param values: what it holds, under the file's names.
    """

    file: str
    line: int
    values: Mapping[str, Any]

    @property
    def place(self) -> str:
        """Where it stands: file and line."""
        return f"{self.file}:{self.line}"


class Fields:
    """Finds facts in rows.

    :param given: our names to the file's, over the defaults, which are our own names; ``extra.<key>`` for anything
        else that is to be kept. The file's names may be dotted: they lead into nested objects and lists.
    :raises ConfigurationError: for a name that is not ours, or a path that is no text.
    """

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        given = given or {}
        if not isinstance(given, Mapping):
            raise ConfigurationError(f"fields in collector_kwargs is a {type(given).__name__}; give a mapping.")
        for name, path in given.items():
            self._check(name, path)
        paths = _DEFAULTS | dict(given)
        self._paths: dict[str, tuple[str, Sequence[str]]] = {
            name: (path, path.split(".")) for name, path in paths.items()
        }
        self.extra = [(name.removeprefix(_EXTRA), name) for name in given if name.startswith(_EXTRA)]

    @staticmethod
    def _check(name: object, path: object) -> None:
        ours = name in _DEFAULTS or name in _ONLY_WHEN_NAMED
        if not ours and not (isinstance(name, str) and name.startswith(_EXTRA) and name != _EXTRA):
            raise ConfigurationError(
                f"fields in collector_kwargs names {name!r}, which is none of ours: {', '.join(_DEFAULTS)}, "
                f"{', '.join(_ONLY_WHEN_NAMED)}, and {_EXTRA}<key> for anything else."
            )
        if not isinstance(path, str) or not path:
            raise ConfigurationError(f"fields in collector_kwargs maps {name!r} to {path!r}; give the file's name.")

    def get(self, values: Mapping[str, Any], name: str) -> Any:
        """Return the fact that we call ``name``; ``None`` when the row does not have it.

        :param values: the row, or the object in it that ``name`` is about.
        """
        found = self._paths.get(name)
        if found is None:
            return None
        path, parts = found
        if path in values:
            return values[path]
        return _descend(values, parts) if len(parts) > 1 else None

    def missing(self, values: Mapping[str, Any], name: str) -> str:
        """Return a sentence that says where ``name`` was looked for and what is there instead."""
        path = self._paths[name][0]
        keys = [str(key) for key in values]
        there = ", ".join(keys[:_KEYS_SHOWN]) + (", …" if len(keys) > _KEYS_SHOWN else "")
        return f"no {name} in the field {path!r}; there are: {there or 'none'}"


def _descend(value: Any, parts: Sequence[str]) -> Any:
    for part in parts:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value
