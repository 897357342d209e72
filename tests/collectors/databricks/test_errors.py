"""What errors of the connector amount to. Texts are as Databricks and the connector write them."""

from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.collectors.databricks.errors import condition_of, translate
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    MonteCarloPushError,
    SourceError,
    SourceUnavailableError,
)


def raised(name: str, message: str, **context: object) -> Exception:
    """Return an error as the connector raises them."""
    error: Exception = type(name, (Exception,), {"context": context})(message)
    return error


CASES = [
    (
        "ServerOperationError",
        (
            "[INSUFFICIENT_PERMISSIONS] Insufficient privileges:\nUser does not have USE SCHEMA on Schema "
            "'system.access'. SQLSTATE: 42501"
        ),
        AccessDeniedError,
    ),
    (
        "ServerOperationError",
        "[TABLE_OR_VIEW_NOT_FOUND] The table or view `system`.`query`.`history` cannot be found. SQLSTATE: 42P01",
        AccessDeniedError,
    ),
    (
        "ServerOperationError",
        "[SCHEMA_NOT_FOUND] The schema `system.storage` cannot be found. SQLSTATE: 42704",
        AccessDeniedError,
    ),
    ("ServerOperationError", "PERMISSION_DENIED: User does not have USE CATALOG on Catalog 'x'.", AccessDeniedError),
    (
        "ServerOperationError",
        "[PARSE_SYNTAX_ERROR] Syntax error at or near 'does not have'. SQLSTATE: 42601",
        SourceError,
    ),
    ("ServerOperationError", "[UNRESOLVED_COLUMN.WITH_SUGGESTION] code 404. SQLSTATE: 42703", SourceError),
    ("ServerOperationError", "[TEMPORARILY_UNAVAILABLE] Please retry", SourceUnavailableError),
    (
        "ServerOperationError",
        "[OPERATION_CANCELED] Operation has been canceled. SQLSTATE: HY008",
        SourceUnavailableError,
    ),
    ("DatabaseError", "Invalid SessionHandle: SessionHandle [01ef]", SourceUnavailableError),
    ("RequestError", "Error during request to server. 403 codes are not retried", SourceError),
    (
        "RequestError",
        "Error during request to server. Received 401 - UNAUTHORIZED. Confirm your authentication credentials.",
        SourceError,
    ),
    (
        "RequestError",
        "Error during request to server. Received 404 - NOT_FOUND. The requested resource does not exist.",
        ConfigurationError,
    ),
    ("MaxRetryDurationError", "Retry request would exceed Retry policy max retry duration", SourceUnavailableError),
    ("ConnectionResetError", "reset", SourceError),  # no OSError, only called like one
]


@pytest.mark.parametrize(("name", "message", "expected"), CASES)
def test_translate(name: str, message: str, expected: type[MonteCarloPushError]) -> None:
    error = translate(raised(name, message), "Reading x", "dbx")
    assert type(error) is expected
    assert str(error).startswith("Reading x over connection 'dbx' failed: ")


def test_by_status_and_class() -> None:
    assert type(translate(raised("RequestError", "x", **{"http-code": 404}), "", "")) is ConfigurationError
    assert type(translate(raised("RequestError", "x", **{"http-code": 503}), "", "")) is SourceUnavailableError
    assert type(translate(ConnectionResetError("reset"), "", "")) is SourceUnavailableError
    assert type(translate(ValueError("what"), "", "")) is SourceError


@pytest.mark.parametrize(
    ("message", "condition"),
    [
        ("[DELTA_CONCURRENT_APPEND.ROW_LEVEL] x", "DELTA_CONCURRENT_APPEND.ROW_LEVEL"),
        ("\n[DIVIDE_BY_ZERO] x", "DIVIDE_BY_ZERO"),
        ("see [THIS]", None),
        ("[lower]", None),
        (None, None),
    ],
)
def test_condition_of(message: str | None, condition: str | None) -> None:
    assert condition_of(message) == condition
