"""What differs between DB-API drivers: how values are marked, and how to have rows streamed.

Drivers are told by the module of the connection's class. None is imported: the connection's own is loaded already.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

_CURSOR_NAME = "montecarlo_push"
_STREAMING_CURSORS = {"MySQLdb": "MySQLdb.cursors", "pymysql": "pymysql.cursors"}


def driver_of(connection: object) -> str:
    """Return the top-level module of the driver, such as ``psycopg`` or ``sqlite3``."""
    modules = {cls.__module__.partition(".")[0] for cls in type(connection).__mro__}
    for known in ("psycopg", "psycopg2", *_STREAMING_CURSORS, "sqlite3"):
        if known in modules:
            return known
    return type(connection).__module__.partition(".")[0]


def paramstyle_of(connection: object, placeholder: str) -> str:
    """Return the parameter style that the driver's module declares.

    :param placeholder: that of the hook, for drivers whose module says nothing: ``?`` or ``%s``.
    """
    for name in _modules(connection):
        style = getattr(sys.modules.get(name), "paramstyle", None)
        if isinstance(style, str):
            return style
    return "qmark" if placeholder == "?" else "format"


def _modules(connection: object) -> Iterator[str]:
    for cls in type(connection).__mro__:
        name = cls.__module__
        while name and name != "builtins":
            yield name
            name = name.rpartition(".")[0]


def as_text(value: object) -> str:
    """Return a text; some drivers return MySQL's long ones as bytes. NULL is an empty one."""
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def bindable(value: object, connection: object) -> object:
    """Return ``value`` as the driver can bind it.

    SQLite has no times, only texts, and compares them letter by letter: they become ``2024-03-01 14:30:00``, the form
    of its own functions.
    """
    if isinstance(value, datetime) and driver_of(connection) == "sqlite3":
        return value.replace(tzinfo=None).isoformat(sep=" ")
    return value


def streaming_cursor(connection: Any) -> Any:
    """Return a cursor that does not load all rows into this process, where the driver has such a thing.

    Its rows are plain sequences, whatever the connection is configured to return.
    """
    driver = driver_of(connection)
    if driver in ("psycopg", "psycopg2"):
        if connection.autocommit:
            connection.autocommit = False  # a cursor on the server lives in a transaction
        if driver == "psycopg":
            return connection.cursor(_CURSOR_NAME, row_factory=sys.modules["psycopg.rows"].tuple_row)
        return connection.cursor(_CURSOR_NAME, cursor_factory=sys.modules["psycopg2.extensions"].cursor)
    cursors = sys.modules.get(_STREAMING_CURSORS.get(driver, ""))
    return connection.cursor() if cursors is None else connection.cursor(cursors.SSCursor)
