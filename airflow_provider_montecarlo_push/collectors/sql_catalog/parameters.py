"""The window in a user's SQL: ``:window_start`` and ``:window_end``, whatever the driver calls a parameter."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from airflow_provider_montecarlo_push.collectors.dbapi.statements import Statement
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

NAMES = ("window_start", "window_end")

# What stands in strings, quoted names and comments is none; nor are casts, as in x::window_start.
_TOKEN = re.compile(
    r"""
      '(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*`
    | --[^\n]* | /\*.*?\*/
    | \$(?P<tag>[A-Za-z_]\w*|)\$.*?\$(?P=tag)\$
    | ::
    | (?<!\w):(?P<name>window_\w+)
    """,
    re.VERBOSE | re.DOTALL,
)


def parse(sql: str) -> tuple[list[str], list[str]]:
    """Return the text of a statement around its parameters, and their names."""
    pieces: list[str] = []
    names: list[str] = []
    position = 0
    for token in _TOKEN.finditer(sql):
        if token["name"]:
            pieces.append(sql[position : token.start()])
            names.append(token["name"])
            position = token.end()
    # Some databases refuse a semicolon at the end of what is no script.
    return [*pieces, sql[position:].rstrip().rstrip(";")], names


def bind(sql: str, parameter: str, window: TimeWindow | None, zone: tzinfo | None) -> Statement:
    """Return a user's SQL with the window bound to it.

    :param parameter: what the SQL is called in ``collector_kwargs``.
    :param window: ``None`` for flows that have none.
    :param zone: as for :func:`values_of`.
    :raises ConfigurationError: when the SQL names a window and there is none, or another parameter of a window.
    """
    pieces, names = parse(sql)
    if not names:
        return Statement(pieces)
    for name in names:
        if name not in NAMES:
            raise ConfigurationError(
                f"{parameter} in collector_kwargs names :{name}; a window has :window_start and :window_end."
            )
    if window is None:
        raise ConfigurationError(
            f"{parameter} in collector_kwargs names :{names[0]}, but a metadata collection has no window: it sends the "
            "catalog as it is. Take the condition out."
        )
    values = values_of(window, zone)
    return Statement(pieces, [values[name] for name in names])


def values_of(window: TimeWindow, zone: tzinfo | None) -> dict[str, datetime]:
    """Return the values of both parameters.

    Local times of the hour in which clocks are set back mean two moments; the bounds then enclose both.

    :param zone: of local times, which the values then are; without it they are in UTC, and say so.
    """
    if zone is None:
        return {"window_start": window.start, "window_end": window.end}
    offsets = {bound.astimezone(zone).utcoffset() for bound in (window.start, window.end)}
    starts, ends = (
        [bound.replace(tzinfo=None) + offset for offset in offsets if offset is not None]
        for bound in (window.start, window.end)
    )
    return {"window_start": min(starts), "window_end": max(ends)}
