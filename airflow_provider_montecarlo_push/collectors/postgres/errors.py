"""What the PostgreSQL drivers raise, as errors of this package.

Neither psycopg2 nor psycopg is imported here: their errors are told by SQLSTATE, and those of connecting, which carry
none, by their text. See https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

from airflow_provider_montecarlo_push.collectors.errors import one_line
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    MonteCarloPushError,
    SourceError,
    SourceUnavailableError,
)

_DENIED = "42501"
_NO_DATABASE = "3D000"
_LOCK = "55P03"
_CANCELLED = "57014"
# Connections, resources, interventions, conflicts with recovery on a standby, deadlocks, sessions that time out.
_PASSING = ("08", "53", "57", "40", "25P03", "25P04", "58030")
_LOGIN = "28"
_DENIED_TEXTS = ("permission denied for database",)
_LOGIN_TEXTS = (
    "authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "pg_hba.conf rejects",
    "is not permitted to log in",
    "does not support ssl",
    "certificate",
)
_CORRECT_LOGIN = "Correct login and password of the connection, or pg_hba.conf of the server."
_CORRECT_DATABASE = "Correct the database (field Schema of the connection, or the option databases)."
_OPTION_TEXT = "invalid connection option"
_OPTION_CLASSES = frozenset({"ProgrammingError"})
_PASSING_CLASSES = frozenset({"OperationalError", "InterfaceError", "ConnectionTimeout", "AdminShutdown"})


class StatementCancelledError(SourceUnavailableError):
    """A statement waited too long for a lock, ran into ``statement_timeout``, or was cancelled by somebody."""


def translate(error: Exception, doing: str, conn_id: str) -> MonteCarloPushError:
    """Return the error of this package that ``error`` amounts to.

    :param error: what the driver, or the network below it, raised.
    :param doing: what was being done, such as ``Reading the tables of shop``.
    :param conn_id: the Airflow connection.
    """
    # psycopg calls it sqlstate, psycopg2 pgcode.
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    text = f"{doing} over connection {conn_id!r} failed: {one_line(error)}"
    if not isinstance(state, str):
        return _without_state(error, text)
    if state == _DENIED:
        return AccessDeniedError(text)
    if state == _LOCK:
        return StatementCancelledError(
            f"{text}. Something holds a lock on a table: look for ALTER TABLE, TRUNCATE or VACUUM FULL in pg_locks."
        )
    if state == _CANCELLED:
        return StatementCancelledError(
            f"{text}. If it is statement_timeout, raise it: ALTER ROLE … SET statement_timeout"
        )
    if state.startswith(_LOGIN):
        return SourceError(f"{text}. {_CORRECT_LOGIN}")
    if state == _NO_DATABASE:
        return ConfigurationError(f"{text}. {_CORRECT_DATABASE}")
    return SourceUnavailableError(text) if state.startswith(_PASSING) else SourceError(text)


def _without_state(error: Exception, text: str) -> MonteCarloPushError:
    """Return the error for a failure to connect, or a connection that broke."""
    said = str(error).lower()
    if any(words in said for words in _DENIED_TEXTS):
        return AccessDeniedError(text)
    if any(words in said for words in _LOGIN_TEXTS) or (" role " in said and "does not exist" in said):
        return SourceError(f"{text}. {_CORRECT_LOGIN}")
    if "database" in said and "does not exist" in said:
        return ConfigurationError(f"{text}. {_CORRECT_DATABASE}")
    if _OPTION_TEXT in said or type(error).__name__ in _OPTION_CLASSES:
        return ConfigurationError(f"{text}. Correct the extra of the connection.")
    if isinstance(error, OSError) or type(error).__name__ in _PASSING_CLASSES:
        return SourceUnavailableError(text)
    return SourceError(text)
