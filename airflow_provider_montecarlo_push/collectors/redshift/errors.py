"""What redshift_connector raises, as errors of this package.

The driver is not imported here: its errors carry the fields of the server's message as a dict, ``C`` the SQLSTATE and
``M`` the text. See https://docs.aws.amazon.com/redshift/latest/mgmt/python-api-reference.html
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_montecarlo_push.collectors.errors import one_line
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    MonteCarloPushError,
    SourceError,
    SourceUnavailableError,
)

# Insufficient privilege; undefined table, function, column; no such schema.
_DENIED = frozenset({"42501", "42P01", "42883", "42703", "3F000"})
_NO_DATABASE = "3D000"
_LOGIN = "28"
# Connections, resources, interventions (cancelled, shut down, starting up), serialization and deadlocks.
_PASSING = ("08", "53", "57", "40", "25P03")
_CANCELLED = "57014"
_LOGIN_TEXTS = ("authentication failed", "no password was provided", "password authentication", "unsupported protocol")
_CERTIFICATE_TEXTS = ("refuses ssl", "certificate verify failed")
_BROKEN_CLASSES = frozenset({"InterfaceError", "OperationalError"})


def translate(error: Exception, doing: str, conn_id: str) -> MonteCarloPushError:
    """Return the error of this package that ``error`` amounts to.

    :param error: what the driver, or the network below it, raised.
    :param doing: what was being done, such as ``Reading svv_all_tables``.
    :param conn_id: the Airflow connection.
    """
    state, message = sqlstate(error), one_line(_message(error))
    text = f"{doing} over connection {conn_id!r} failed: {message}"
    if state is None:
        return _without_state(error, text)
    if state in _DENIED:
        return AccessDeniedError(text)
    if state == _NO_DATABASE:
        return ConfigurationError(f"{text}. Correct the database (field Database of the connection).")
    if state.startswith(_LOGIN):
        return SourceError(f"{text}. Correct user and password of the connection, or its IAM settings.")
    if state == _CANCELLED:
        return SourceUnavailableError(
            f"{text}. If it was a timeout: ALTER USER … SET statement_timeout, or the rules of the WLM queue."
        )
    return SourceUnavailableError(text) if state.startswith(_PASSING) else SourceError(text)


def sqlstate(error: Exception) -> str | None:
    """Return the SQLSTATE of a message from the server, ``None`` for failures of the driver and the network."""
    fields = _fields(error)
    return str(fields["C"]) if fields and fields.get("C") else None


def is_about_the_connection(error: Exception) -> bool:
    """Tell whether another statement on the same connection would fail as well."""
    state = sqlstate(error)
    return state is None or state.startswith(("08", _LOGIN, "57P"))


def _fields(error: Exception) -> Mapping[str, object] | None:
    first = error.args[0] if error.args else None
    return first if isinstance(first, Mapping) else None


def _message(error: Exception) -> str:
    fields = _fields(error)
    if fields is None:
        return ": ".join(str(part) for part in error.args) or type(error).__name__
    details = [str(fields[key]) for key in ("M", "D", "H") if fields.get(key)]
    return ". ".join(details) + f" (SQLSTATE {fields.get('C')})"


def _without_state(error: Exception, text: str) -> MonteCarloPushError:
    said = _message(error).lower()
    if any(words in said for words in _LOGIN_TEXTS):
        return SourceError(f"{text}. Correct user and password of the connection, or its IAM settings.")
    if any(words in said for words in _CERTIFICATE_TEXTS):
        return ConfigurationError(f"{text}. Correct ssl and sslmode in the extra of the connection.")
    if isinstance(error, TypeError):
        return ConfigurationError(f"{text}. Correct the extra of the connection.")
    if isinstance(error, OSError) or type(error).__name__ in _BROKEN_CLASSES:
        return SourceUnavailableError(text)
    return SourceError(text)
