"""Descriptions and labels, which TABLE_OPTIONS gives as SQL."""

from __future__ import annotations

import re

from airflow_provider_montecarlo_push.events import Tag

_STRING = re.compile(r'"""((?:[^\\]|\\.)*?)"""|"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL)
_CONTROLS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def description(value: str) -> str | None:
    """Return the text of a string literal; ``None`` for an empty one."""
    return next(iter(_strings(value)), None) or None


def labels(value: str) -> list[Tag]:
    """Return the tags of ``[STRUCT("key", "value"), …]``."""
    texts = _strings(value)
    return [Tag(key, label or None) for key, label in zip(texts[::2], texts[1::2], strict=False)]


def _strings(value: str) -> list[str]:
    return [
        _ESCAPE.sub(_unescaped, found[1] if found[1] is not None else found[2]) for found in _STRING.finditer(value)
    ]


def _unescaped(found: re.Match[str]) -> str:
    hexadecimal = found[1] or found[2] or found[3]
    if hexadecimal:
        number = int(hexadecimal, 16)
    elif found[4]:
        number = int(found[4], 8)
    else:
        return _CONTROLS.get(found[5], found[5])
    return chr(number) if number < 0x110000 else found[0]
