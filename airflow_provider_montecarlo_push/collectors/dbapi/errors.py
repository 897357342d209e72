"""What DB-API drivers raise, as errors of this package.

Drivers are not imported: their errors are told by SQLSTATE, by the numbers of MySQL and SQLite, and by the class names
of PEP 249.
"""

from __future__ import annotations

from airflow_provider_montecarlo_push.collectors.errors import one_line
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    MonteCarloPushError,
    SourceError,
    SourceUnavailableError,
)

# https://www.postgresql.org/docs/current/errcodes-appendix.html, and ODBC's: connection, resources, shutdown,
# serialization; cancelled; time-outs.
_PASSING_STATES = ("08", "53", "57P", "40", "57014", "55P03", "HYT", "25P03")
_DENIED_STATES = frozenset({"42501"})
_MISSING_STATES = frozenset({"42P01", "3F000", "42S02"})
_LOGIN_STATES = ("28", "3D000")

# https://mariadb.com/kb/en/mariadb-error-codes/: too many connections, lock time-outs, server gone or away.
_PASSING_NUMBERS = frozenset({1040, 1053, 1203, 1205, 1213, 2002, 2003, 2006, 2013, 2055, 3024, 1969})
_DENIED_NUMBERS = frozenset({1044, 1142, 1143, 1227, 1370})
_MISSING_NUMBERS = frozenset({1146})
_LOGIN_NUMBERS = frozenset({1045, 1049, 1698, 2005})
_MYSQL = frozenset({"MySQLdb", "pymysql", "mysql"})

_PASSING_SQLITE = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR")
_PASSING_CLASSES = frozenset({"OperationalError", "InterfaceError"})
# Said by drivers that give neither state nor number, mostly while they connect.
_FINAL_WORDS = (
    "authentication failed",
    "no pg_hba.conf entry",
    "access denied",
    "login failed",
    "does not exist",
    "no such",
    "unknown database",
    "not authorized",
    "permission denied",
    "syntax error",
    "invalid",
)


def translate(error: Exception, doing: str, conn_id: str, *, secret: str | None = None) -> MonteCarloPushError:
    """Return the error of this package that ``error`` amounts to.

    :param error: what the driver, or the network below it, raised.
    :param doing: what was being done, such as ``Reading information_schema.tables``.
    :param conn_id: the Airflow connection.
    :param secret: its password, which must not be repeated.
    """
    text = f"{doing} over connection {conn_id!r} failed: {_message(error, secret)}"
    state, number = _state(error), _number(error)
    if state in _DENIED_STATES or number in _DENIED_NUMBERS:
        return AccessDeniedError(text)
    if state in _MISSING_STATES or number in _MISSING_NUMBERS:
        return SourceError(f"{text}. It does not exist, or the user may not know that it does.")
    if state.startswith(_LOGIN_STATES) or number in _LOGIN_NUMBERS:
        return SourceError(f"{text}. Correct the host, database, user or password of the connection.")
    if _is_passing(error, state, number):
        return SourceUnavailableError(text)
    return SourceError(text)


def _state(error: Exception) -> str:
    for attribute in ("sqlstate", "pgcode"):
        state = getattr(error, attribute, None)
        if isinstance(state, str):
            return state
    first = error.args[0] if error.args else None
    return first if isinstance(first, str) and len(first) == 5 and first.isalnum() and first.isupper() else ""


def _number(error: Exception) -> int | None:
    """Return MySQL's error number; other drivers' numbers mean other things."""
    if type(error).__module__.partition(".")[0] not in _MYSQL:
        return None
    number = getattr(error, "errno", None) or (error.args[0] if error.args else None)
    return number if isinstance(number, int) else None


def _is_passing(error: Exception, state: str, number: int | None) -> bool:
    if isinstance(error, OSError) or state.startswith(_PASSING_STATES) or number in _PASSING_NUMBERS:
        return True
    sqlite = getattr(error, "sqlite_errorname", None)
    if state or number is not None or isinstance(sqlite, str):
        return isinstance(sqlite, str) and sqlite.startswith(_PASSING_SQLITE)
    if type(error).__module__.startswith("sqlite3"):
        return False
    text = str(error).lower()
    return any(cls.__name__ in _PASSING_CLASSES for cls in type(error).__mro__) and not any(
        words in text for words in _FINAL_WORDS
    )


def _message(error: Exception, secret: str | None) -> str:
    text = str(error).strip() or type(error).__name__
    return one_line(text.replace(secret, "***") if secret else text)
