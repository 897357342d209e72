"""Relay connections, as Monte Carlo pages its lists."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any

from graphql import GraphQLError

_PREFIX = "arrayconnection:"
_LARGEST_PAGE = 1000


def cursor(position: int) -> str:
    """Return the opaque cursor of the item at a position, counted from 0."""
    return base64.b64encode(f"{_PREFIX}{position}".encode()).decode()


def position(text: str) -> int:
    """Return the position in a cursor.

    :raises GraphQLError: when it is none of ours.
    """
    try:
        decoded = base64.b64decode(text, validate=True).decode()
        return int(decoded.removeprefix(_PREFIX))
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise GraphQLError(f"Invalid cursor {text!r}.") from None


def window(total: int, arguments: dict[str, Any], *, default: int = _LARGEST_PAGE) -> range:
    """Return the positions that ``first``, ``last``, ``after``, ``before`` and ``offset`` select of ``total`` items.

    :param default: how many where neither ``first`` nor ``last`` is given.
    :raises GraphQLError: for a negative size, one over 1000, or a bad cursor.
    """
    first, last = arguments.get("first"), arguments.get("last")
    for name, size in (("first", first), ("last", last), ("offset", arguments.get("offset"))):
        if size is not None and size < 0:
            raise GraphQLError(f"{name} must not be negative.")
    for name, size in (("first", first), ("last", last)):
        if size is not None and size > _LARGEST_PAGE:
            raise GraphQLError(f"Requesting {size} records exceeds the `{name}` limit of {_LARGEST_PAGE} records.")
    start = arguments.get("offset") or 0
    if arguments.get("after"):
        start += position(arguments["after"]) + 1
    stop = total
    if arguments.get("before"):
        stop = min(stop, position(arguments["before"]))
    start = min(start, stop)
    if first is not None:
        stop = min(stop, start + first)
    elif last is None:
        stop = min(stop, start + default)
    if last is not None:
        start = max(start, stop - last)
    return range(start, stop)


def connection(
    total: int, arguments: dict[str, Any], fetch: Callable[[int, int], Sequence[dict[str, Any]]]
) -> dict[str, Any]:
    """Return a page of a list.

    :param total: how many items there are.
    :param fetch: gives ``limit`` items from ``offset`` on.
    """
    selected = window(total, arguments)
    items = fetch(selected.start, len(selected)) if selected else []
    edges = [{"node": item, "cursor": cursor(selected.start + index)} for index, item in enumerate(items)]
    return {
        "edges": edges,
        "pageInfo": {
            "hasNextPage": selected.stop < total,
            "hasPreviousPage": selected.start > 0,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


def listed(items: Sequence[dict[str, Any]], arguments: dict[str, Any]) -> dict[str, Any]:
    """Return a page of a list that is at hand."""
    return connection(len(items), arguments, lambda offset, limit: items[offset : offset + limit])
