from __future__ import annotations

import builtins
import json
import logging
import socket
from typing import Any

import pytest
from snowflake.connector.errors import DatabaseError

from airflow_provider_montecarlo_push.collectors.snowflake.session import Session, connect_with_hook
from airflow_provider_montecarlo_push.exceptions import (
    ConfigurationError,
    MissingDependencyError,
    SourceError,
    SourceUnavailableError,
)
from tests.collectors.snowflake.wire import Wire

PASSWORD = "p4ssw0rd-that-nobody-may-see"


def test_the_session_is_set_up_whatever_the_account_says() -> None:
    wire = Wire()
    with Session.open(wire.connect, "c"):
        pass
    assert [sql for sql, _ in wire.statements] == [
        "ALTER SESSION SET TIMEZONE = 'UTC'",
        "ALTER SESSION SET TIMESTAMP_INPUT_FORMAT = 'AUTO'",
        "ALTER SESSION SET QUOTED_IDENTIFIERS_IGNORE_CASE = FALSE",
        "ALTER SESSION SET ROWS_PER_RESULTSET = 0",
    ]
    assert wire.closed
    assert wire.open_cursors == 0


def test_rows_come_in_small_batches_and_the_cursor_is_closed() -> None:
    wire = Wire({"SELECT": ((number,) for number in range(1001))})
    assert [row[0] for row in Session(wire, "c").query("SELECT 1", doing="Reading")] == list(range(1001))
    assert wire.most_fetched == 100
    assert wire.open_cursors == 0


def test_several_statements_are_read_at_once() -> None:
    wire = Wire({"A": [(1,), (2,)], "B": [(3,), (4,)]})
    session = Session(wire, "c")
    pairs = zip(session.query("SELECT A", doing="a"), session.query("SELECT B", doing="b"), strict=True)
    assert list(pairs) == [((1,), (3,)), ((2,), (4,))]


@pytest.mark.parametrize(("row", "role"), [(("MC",), "MC"), ((None,), None)])
def test_the_role_is_asked_for_once(row: tuple[str | None], role: str | None) -> None:
    wire = Wire({"CURRENT_ROLE": [row]})
    session = Session(wire, "c")
    assert (session.role, session.role) == (role, role)
    assert len(wire.statements) == 1


def test_a_connection_that_fails_to_close_spoils_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Stubborn(Wire):
        def close(self) -> None:
            raise ConnectionResetError("reset")

    with caplog.at_level(logging.WARNING), Session.open(Stubborn().connect, "c"):
        pass
    assert "Closing the connection" in caplog.text


def test_a_refused_login_is_final() -> None:
    def connect() -> Wire:
        raise DatabaseError(msg="Incorrect username or password was specified.", errno=390100, sqlstate="28000")

    with (
        pytest.raises(SourceError, match="Connecting to Snowflake over connection 'c' failed"),
        Session.open(connect, "c"),
    ):
        pass


def test_airflows_own_errors_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.providers.common.compat.sdk import AirflowNotFoundException

    monkeypatch.delenv("AIRFLOW_CONN_NOT_DEFINED", raising=False)

    def connect() -> Any:
        raise AirflowNotFoundException("The conn_id `not_defined` isn't defined")

    with pytest.raises(AirflowNotFoundException), Session.open(connect, "not_defined"):
        pass


def test_without_the_provider_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("airflow.providers.snowflake"):
            raise ModuleNotFoundError(f"No module named {name!r}")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingDependencyError, match=r"airflow-provider-montecarlo-push\[snowflake\]"):
        connect_with_hook("c")


def test_a_host_that_does_not_answer() -> None:
    """A real connector, and a port on which nobody listens."""
    from snowflake.connector import connect

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        pytest.raises(SourceUnavailableError, match="Connecting to Snowflake") as raised,
        Session.open(
            lambda: connect(
                account="x",
                user="u",
                password=PASSWORD,
                host="127.0.0.1",
                port=port,
                login_timeout=1,
                network_timeout=1,
            ),
            "c",
        ),
    ):
        pass
    assert PASSWORD not in str(raised.value)


def test_a_connection_that_lacks_what_the_connector_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HALF", json.dumps({"conn_type": "snowflake", "password": PASSWORD}))
    with (
        pytest.raises((SourceError, ConfigurationError)) as raised,
        Session.open(lambda: connect_with_hook("half"), "half"),
    ):
        pass
    assert "'half'" in str(raised.value)
    assert PASSWORD not in str(raised.value)
