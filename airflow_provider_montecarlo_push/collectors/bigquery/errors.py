"""What the BigQuery client raises, as errors of this package.

The client is not imported here: its errors are told by class name, HTTP status and BigQuery's own reasons. See
https://cloud.google.com/bigquery/docs/error-messages
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

_FORBIDDEN = 403
_NOT_FOUND = 404
_UNAUTHORIZED = 401
_TOO_MANY = 429
_SERVER_ERRORS = range(500, 600)
_NOT_IMPLEMENTED = 501
# A quota is full again tomorrow at the latest; a job is stopped by somebody.
_PASSING_REASONS = frozenset(
    {
        "backendError",
        "internalError",
        "jobBackendError",
        "jobInternalError",
        "jobRateLimitExceeded",
        "quotaExceeded",
        "rateLimitExceeded",
        "stopped",
        "tableUnavailable",
        "timeout",
    }
)
_TOO_LARGE_REASONS = frozenset({"resourcesExceeded", "responseTooLarge"})
_LOGIN_CLASSES = frozenset({"DefaultCredentialsError", "MalformedError", "OAuthError", "RefreshError"})
_PASSING_CLASSES = frozenset({"RetryError", "TransportError"})


def translate(error: Exception, doing: str, conn_id: str) -> MonteCarloPushError:
    """Return the error of this package that ``error`` amounts to.

    :param error: what the client, or the network below it, raised.
    :param doing: what was being done, such as ``Reading JOBS of my-project in us``.
    :param conn_id: the Airflow connection.
    """
    text = f"{doing} over connection {conn_id!r} failed: {one_line(error)}"
    status, reasons = _status(error), _reasons(error)
    if _is_passing(error, status, reasons):
        return SourceUnavailableError(text)
    if reasons & _TOO_LARGE_REASONS:
        return SourceError(f"{text}. Narrow what is collected: fewer datasets in include, or a shorter window.")
    if status == _FORBIDDEN:
        return AccessDeniedError(text)
    if status == _NOT_FOUND:
        return SourceError(f"{text}. Check projects and regions in collector_kwargs.")
    if status == _UNAUTHORIZED or type(error).__name__ in _LOGIN_CLASSES:
        return ConfigurationError(f"{text}. Correct the key or the account of the connection.")
    return SourceError(text)


def _status(error: Exception) -> int | None:
    code = getattr(error, "code", None)
    return int(code) if isinstance(code, int) else None


def _reasons(error: Exception) -> frozenset[str]:
    details = getattr(error, "errors", None)
    if not isinstance(details, list | tuple):
        return frozenset()
    return frozenset(str(detail.get("reason")) for detail in details if isinstance(detail, dict))


def _is_passing(error: Exception, status: int | None, reasons: frozenset[str]) -> bool:
    if type(error).__name__ == "RefreshError":
        return getattr(error, "retryable", False) is True
    return (
        bool(reasons & _PASSING_REASONS)
        or status == _TOO_MANY
        or (status in _SERVER_ERRORS and status != _NOT_IMPLEMENTED)
        or type(error).__name__ in _PASSING_CLASSES
        or isinstance(error, OSError)
    )
