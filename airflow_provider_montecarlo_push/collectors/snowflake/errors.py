"""What the Snowflake connector raises, as errors of this package.

The connector is not imported here: its errors are told by class name and by Snowflake's own numbers. See
https://docs.snowflake.com/en/developer-guide/python-connector/python-connector-api#error-attributes
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

# Does not exist or not authorized, insufficient privileges, a share that was revoked.
_DENIED = frozenset({2003, 2043, 3001, 3030})
_NO_WAREHOUSE = 606
_TOO_MUCH_DATA = 90030
_TOO_MUCH_DATA_TEXT = "returned too much data"
# Cancelled or timed out, session or token expired.
_PASSING = frozenset({604, 630, 390110, 390111, 390112, 390113, 390114, 390115, 390195, 251011, 251012, 252010})
_UNREACHABLE = range(250001, 250008)
_CERTIFICATE_CHECKS = range(254001, 254100)
_LOGIN = range(390000, 391000)
_LOGIN_STATE = "28000"
_LOGIN_WORDS = ("incorrect username or password", "jwt token is invalid", "locked", "not allowed to access")
_PASSING_CLASSES = frozenset(
    {
        "BadGatewayError",
        "GatewayTimeoutError",
        "InternalServerError",
        "OperationalError",
        "OtherHTTPRetryableError",
        "PresignedUrlExpiredError",
        "RequestExceedMaxRetryError",
        "RequestTimeoutError",
        "ServiceUnavailableError",
        "TokenExpiredError",
        "TooManyRequests",
    }
)
_WRONG_ADDRESS_CLASSES = frozenset({"ForbiddenError", "HttpError"})


class TooMuchDataError(SourceError):
    """INFORMATION_SCHEMA refused to list a large database."""


def translate(error: Exception, doing: str, conn_id: str) -> MonteCarloPushError:
    """Return the error of this package that ``error`` amounts to.

    :param error: what the connector, or the network below it, raised.
    :param doing: what was being done, such as ``Reading SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY``.
    :param conn_id: the Airflow connection.
    """
    number = _number(error)
    text = f"{doing} over connection {conn_id!r} failed: {one_line(error)}"
    if number in _DENIED:
        return AccessDeniedError(text)
    if number == _TOO_MUCH_DATA or _TOO_MUCH_DATA_TEXT in str(error):
        return TooMuchDataError(text)
    if number == _NO_WAREHOUSE:
        return ConfigurationError(
            f"{text}. Name a warehouse in the connection (Extra, field warehouse) that its role may use: "
            "GRANT USAGE ON WAREHOUSE … TO ROLE …"
        )
    if _is_refused_login(error, number):
        return SourceError(f"{text}. Correct the account, user, key or role of the connection.")
    if _is_passing(error, number):
        return SourceUnavailableError(text)
    return SourceError(text)


def _number(error: Exception) -> int | None:
    number = getattr(error, "errno", None)
    return number if isinstance(number, int) else None


def _is_refused_login(error: Exception, number: int | None) -> bool:
    if number in _PASSING or number is None:
        return False
    text = str(error).lower()
    return (
        number in _LOGIN
        or getattr(error, "sqlstate", None) == _LOGIN_STATE
        or type(error).__name__ in _WRONG_ADDRESS_CLASSES
        or (number in _UNREACHABLE and any(words in text for words in _LOGIN_WORDS))
    )


def _is_passing(error: Exception, number: int | None) -> bool:
    return (
        number in _PASSING
        or (number is not None and (number in _UNREACHABLE or number in _CERTIFICATE_CHECKS))
        or type(error).__name__ in _PASSING_CLASSES
        or isinstance(error, OSError)
    )
