"""What the Databricks connector raises, as errors of this package.

The connector is not imported here: its errors are told by class name, by the error class in brackets that Databricks
begins a message with, and by HTTP status. See https://docs.databricks.com/aws/en/error-messages/error-classes
"""

from __future__ import annotations

import re

from airflow_provider_montecarlo_push.collectors.errors import one_line
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    MonteCarloPushError,
    SourceError,
    SourceUnavailableError,
)

_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_]*(?:\.[A-Z0-9_]+)*)\]")
_SQLSTATE = re.compile(r"SQLSTATE:?\s*([0-9A-Z]{5})")
_HTTP_STATUS = re.compile(
    r"\b(?:HTTP|status(?: code)?|received|code)[:\s-]*\(?([45]\d\d)\b|\b([45]\d\d) codes are not retried",
    re.IGNORECASE,
)

_DENIED = frozenset(
    {
        "INSUFFICIENT_PERMISSIONS",
        "NO_SUCH_CATALOG_EXCEPTION",
        "PERMISSION_DENIED",
        "SCHEMA_NOT_FOUND",
        "TABLE_OR_VIEW_NOT_FOUND",
        "UC_NOT_ENABLED",
        "UNAUTHORIZED_ACCESS",
    }
)
# Insufficient privilege, undefined table, undefined object (schema or catalog).
_DENIED_STATES = frozenset({"42501", "42P01", "42704"})
_DENIED_WORDS = ("permission_denied", "does not have", "insufficient privileges")
_PASSING = frozenset(
    {
        "CLUSTER_NOT_READY",
        "OPERATION_CANCELED",
        "REQUEST_LIMIT_EXCEEDED",
        "RESOURCE_EXHAUSTED",
        "TEMPORARILY_UNAVAILABLE",
    }
)
_PASSING_STATES = frozenset({"57014", "HYT00", "08S01"})
_PASSING_CLASSES = frozenset(
    {"MaxRetryDurationError", "RequestError", "SessionAlreadyClosedError", "UnsafeToRetryError"}
)
_PASSING_WORDS = ("timed out", "invalid sessionhandle", "invalid operationhandle", "temporarily", "unexpectedly closed")
_WRONG_ADDRESS = 404
_UNAUTHENTICATED = frozenset({401, 403})


def translate(error: Exception, doing: str, conn_id: str) -> MonteCarloPushError:
    """Return the error of this package that ``error`` amounts to.

    :param error: what the connector, or the network below it, raised.
    :param doing: what was being done, such as ``Reading system.query.history``.
    :param conn_id: the Airflow connection.
    """
    text = f"{doing} over connection {conn_id!r} failed: {one_line(error)}"
    status = http_status(error)
    if status in _UNAUTHENTICATED:
        return SourceError(
            f"{text}. Databricks refused the login: correct the token or the service principal of the connection, and "
            "see that it may use (CAN USE) the SQL warehouse."
        )
    if status == _WRONG_ADDRESS:
        return ConfigurationError(
            f"{text}. Correct the connection's host, and http_path in its Extra: it is under Connection details of "
            "the SQL warehouse."
        )
    if _is_denied(error):
        return AccessDeniedError(text)
    return SourceUnavailableError(text) if _is_passing(error, status) else SourceError(text)


def condition_of(message: str | None) -> str | None:
    """Return the error class that a message of Databricks begins with: ``[TABLE_OR_VIEW_NOT_FOUND] …``."""
    found = _CONDITION.match((message or "").lstrip())
    return found.group(1) if found else None


def http_status(error: Exception) -> int | None:
    """Return the HTTP status with which Databricks refused a request, ``None`` for other errors.

    An error that comes from a statement has none: its text may quote any number.
    """
    context = getattr(error, "context", None)
    status = context.get("http-code") if isinstance(context, dict) else None
    if isinstance(status, int) and status >= 400:
        return status
    if type(error).__name__ in ("ServerOperationError", "DatabaseError"):
        return None
    found = _HTTP_STATUS.search(str(error))
    return int(found.group(1) or found.group(2)) if found else None


def _conditions(error: Exception) -> frozenset[str]:
    """Return the error classes in a message, each with the class that it is a part of."""
    found = _CONDITION.findall(str(error))
    return frozenset(found) | {name.partition(".")[0] for name in found}


def _is_denied(error: Exception) -> bool:
    text = str(error)
    states = _SQLSTATE.findall(text)
    if states:
        return states[0] in _DENIED_STATES
    return bool(_conditions(error) & _DENIED) or any(words in text.lower() for words in _DENIED_WORDS)


def _is_passing(error: Exception, status: int | None) -> bool:
    text = str(error)
    return (
        status is not None
        or bool(_conditions(error) & _PASSING)
        or any(state in _PASSING_STATES for state in _SQLSTATE.findall(text))
        or type(error).__name__ in _PASSING_CLASSES
        or type(error).__module__.startswith("urllib3.")
        or isinstance(error, OSError)
        or any(words in text.lower() for words in _PASSING_WORDS)
    )
