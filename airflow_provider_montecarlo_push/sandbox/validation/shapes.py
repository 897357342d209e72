"""Small building blocks that check JSON values and say where and why one does not fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

# A place in the document: the enclosing place and a key or index. Written out only when something is wrong.
Place = tuple["Place | None", "str | int"]
Check = Callable[[Any, Place, "Problems"], None]

_MOST_DETAILS = 100
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_LARGEST_INTEGER = 2**63 - 1


class Problems:
    """What is wrong with a document. Counts everything, keeps the first hundred."""

    def __init__(self) -> None:
        self.count = 0
        self.details: list[dict[str, str]] = []

    def add(self, place: Place | None, message: str) -> None:
        """Note that ``message`` holds for the value at ``place``."""
        self.count += 1
        if self.count <= _MOST_DETAILS:
            self.details.append({"loc": location(place), "msg": message})


def location(place: Place | None) -> str:
    """Return a place as people write it: ``events[3].relational_asset.type``."""
    parts: list[str] = []
    while place is not None:
        place, key = place
        parts.append(f"[{key}]" if isinstance(key, int) else f".{key}")
    return "".join(reversed(parts)).removeprefix(".")


def kind(value: Any) -> str:
    """Return the JSON name of a value's type."""
    if value is None:
        return "null"
    names: dict[type, str] = {
        bool: "a boolean", str: "a string", int: "an integer", float: "a number", list: "an array", dict: "an object",
    }  # fmt: skip
    return names[type(value)]


def text(value: Any, place: Place, problems: Problems) -> None:
    """Any string."""
    if not isinstance(value, str):
        problems.add(place, f"must be a string, not {kind(value)}")


def name(value: Any, place: Place, problems: Problems) -> None:
    """A string with at least one visible character."""
    if not isinstance(value, str):
        problems.add(place, f"must be a string, not {kind(value)}")
    elif not value.strip():
        problems.add(place, "must not be empty")


def count(value: Any, place: Place, problems: Problems) -> None:
    """An integer of 0 or more that fits 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int):
        problems.add(place, f"must be an integer, not {kind(value)}")
    elif not 0 <= value <= _LARGEST_INTEGER:
        problems.add(place, "must be between 0 and 2^63 - 1")


def code(value: Any, place: Place, problems: Problems) -> None:
    """A string or an integer, as error codes are."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        problems.add(place, f"must be a string or an integer, not {kind(value)}")


def truth(value: Any, place: Place, problems: Problems) -> None:
    """True or false."""
    if not isinstance(value, bool):
        problems.add(place, f"must be a boolean, not {kind(value)}")


def mapping(value: Any, place: Place, problems: Problems) -> None:
    """Any object."""
    if not isinstance(value, dict):
        problems.add(place, f"must be an object, not {kind(value)}")


def timestamp(value: Any, place: Place, problems: Problems) -> None:
    """An ISO 8601 string with seconds and a zone."""
    if not isinstance(value, str):
        problems.add(place, f"must be an ISO 8601 string, not {kind(value)}")
    elif parsed_timestamp(value) is None:
        problems.add(place, "must be an ISO 8601 timestamp with a time zone, such as 2024-03-01T14:30:00Z")


def parsed_timestamp(value: Any) -> datetime | None:
    """Return the moment, in UTC, of a timestamp that :func:`timestamp` accepts, or ``None``."""
    if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def uuid(value: Any, place: Place, problems: Problems) -> None:
    """A UUID in its usual form."""
    if not is_uuid(value):
        problems.add(place, "must be a UUID, such as a1b2c3d4-e5f6-7890-abcd-ef1234567890")


def is_uuid(value: Any) -> bool:
    """Return whether ``value`` is a UUID in its usual form."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def one_of(values: Collection[str]) -> Check:
    """Return a check for one of ``values``."""
    listed = ", ".join(sorted(values))

    def check(value: Any, place: Place, problems: Problems) -> None:
        if not isinstance(value, str):
            problems.add(place, f"must be a string, not {kind(value)}")
        elif value not in values:
            problems.add(place, f"must be one of {listed}")

    return check


def optional(check: Check) -> Check:
    """Return a check that also takes null."""

    def nullable(value: Any, place: Place, problems: Problems) -> None:
        if value is not None:
            check(value, place, problems)

    return nullable


def each(check: Check, *, at_least: int = 0, at_most: int | None = None) -> Check:
    """Return a check for an array whose items pass ``check``."""

    def items(value: Any, place: Place, problems: Problems) -> None:
        if not isinstance(value, list):
            problems.add(place, f"must be an array, not {kind(value)}")
            return
        if len(value) < at_least:
            problems.add(place, "must not be empty")
        if at_most is not None and len(value) > at_most:
            problems.add(place, f"must have at most {at_most} items, not {len(value)}")
            return
        for index, item in enumerate(value):
            check(item, (place, index), problems)

    return items


def record(required: Mapping[str, Check], others: Mapping[str, Check] | None = None) -> Check:
    """Return a check for an object with these fields and no others; ``others`` may be absent or null."""
    checks: dict[str, Check] = {**required, **{key: optional(check) for key, check in (others or {}).items()}}

    def fields(value: Any, place: Place, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.add(place, f"must be an object, not {kind(value)}")
            return
        for key in required:
            if key not in value:
                problems.add((place, key), "is required")
        for key, item in value.items():
            check = checks.get(key)
            if check is None:
                problems.add((place, key), "is not a field of the Ingest API")
            else:
                check(item, (place, key), problems)

    return fields
