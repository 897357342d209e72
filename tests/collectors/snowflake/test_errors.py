from __future__ import annotations

import pytest
from snowflake.connector import errors as connector

from airflow_provider_montecarlo_push.collectors.snowflake.errors import TooMuchDataError, translate
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    FinalError,
    SourceError,
    SourceUnavailableError,
    TransientError,
)

# As Snowflake and its connector word them.
CASES = [
    (
        connector.ProgrammingError(
            msg="SQL compilation error:\nObject 'SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY' does not exist or not "
            "authorized.",
            errno=2003,
            sqlstate="42S02",
        ),
        AccessDeniedError,
    ),
    (
        connector.ProgrammingError(
            msg="SQL access control error:\nInsufficient privileges to operate on schema 'ACCOUNT_USAGE'",
            errno=3001,
            sqlstate="42501",
        ),
        AccessDeniedError,
    ),
    (
        connector.ProgrammingError(
            msg="SQL compilation error:\nShared database is no longer available for use. It will need to be re-created "
            "if and when the publisher makes it available again.",
            errno=3030,
            sqlstate="02000",
        ),
        AccessDeniedError,
    ),
    (
        connector.ProgrammingError(
            msg="No active warehouse selected in the current session.  Select an active warehouse with the 'use "
            "warehouse' command.",
            errno=606,
            sqlstate="57P03",
        ),
        ConfigurationError,
    ),
    (
        connector.ProgrammingError(
            msg="Information schema query returned too much data. Please repeat query with more selective predicates.",
            errno=90030,
            sqlstate="22000",
        ),
        TooMuchDataError,
    ),
    (
        connector.DatabaseError(
            msg="Failed to connect to DB: x.snowflakecomputing.com:443. Incorrect username or password was specified.",
            errno=390100,
            sqlstate="28000",
        ),
        SourceError,
    ),
    (
        connector.DatabaseError(
            msg="Failed to connect to DB: x.snowflakecomputing.com:443. Incorrect username or password was specified.",
            errno=250001,
            sqlstate="08001",
        ),
        SourceError,
    ),
    (
        connector.DatabaseError(
            msg="Failed to connect to DB: x.snowflakecomputing.com:443. Role 'NOPE' specified in the connect string is "
            "not granted to this user.",
            errno=390189,
            sqlstate="08001",
        ),
        SourceError,
    ),
    (
        connector.HttpError(msg="404 Not Found: post https://nope.snowflakecomputing.com", errno=290404),
        SourceError,
    ),
    (
        connector.OperationalError(
            msg="Could not connect to Snowflake backend after 2 attempt(s). Aborting", errno=250001, sqlstate="08001"
        ),
        SourceUnavailableError,
    ),
    (
        connector.ProgrammingError(
            msg="Authentication token has expired.  The user must authenticate again.", errno=390114, sqlstate="08001"
        ),
        SourceUnavailableError,
    ),
    (
        connector.ProgrammingError(
            msg="Statement reached its statement or warehouse timeout of 60 second(s) and was canceled.",
            errno=630,
            sqlstate="57014",
        ),
        SourceUnavailableError,
    ),
    (connector.ServiceUnavailableError(msg="503 Service Unavailable"), SourceUnavailableError),
    (ConnectionResetError("connection reset by peer"), SourceUnavailableError),
    (
        connector.ProgrammingError(msg="SQL compilation error:\ninvalid identifier 'X'", errno=904, sqlstate="42000"),
        SourceError,
    ),
    (ValueError("something else"), SourceError),
]


@pytest.mark.parametrize(("error", "kind"), CASES)
def test_translate(error: Exception, kind: type[Exception]) -> None:
    translated = translate(error, "Reading QUERY_HISTORY", "snowflake_prod")
    assert type(translated) is kind
    assert isinstance(translated, TransientError) is (kind is SourceUnavailableError)
    assert isinstance(translated, FinalError) is (kind is not SourceUnavailableError)
    assert str(translated).startswith("Reading QUERY_HISTORY over connection 'snowflake_prod' failed: ")
    assert "\n" not in str(translated)


def test_next_steps_are_named() -> None:
    no_warehouse = translate(connector.ProgrammingError(msg="No active warehouse", errno=606), "Reading", "c")
    assert "GRANT USAGE ON WAREHOUSE" in str(no_warehouse)
    login = translate(connector.DatabaseError(msg="Incorrect username or password", errno=390100), "Connecting", "c")
    assert "account, user, key or role" in str(login)


def test_long_messages_are_cut() -> None:
    assert len(str(translate(ValueError("x" * 5_000_000), "Reading", "c"))) < 1000
