"""Connections, cursors and failures, with the real driver where a server can be made to fail."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redshift_connector.error import InterfaceError, OperationalError, ProgrammingError

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.redshift.collector import RedshiftCollector
from airflow_provider_montecarlo_push.collectors.redshift.errors import translate
from airflow_provider_montecarlo_push.collectors.redshift.session import FETCH_ROWS, Cluster, connect_with_hook
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    MonteCarloPushError,
    SourceError,
    SourceUnavailableError,
)
from tests.collectors.redshift.conftest import CONN_ID, WINDOW, MakeCollector, report
from tests.collectors.redshift.warehouse import HOME, Warehouse

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("redshift")]

MakeCluster = Callable[..., Cluster]
NUMBERS = "SELECT i FROM generate_series(1, {}) i"
DOING = "Counting"


class Watched:
    """A connection whose statements are seen, and can be made to fail."""

    def __init__(self, connection: Any, fail: dict[str, Exception], statements: list[str]) -> None:
        self._connection = connection
        self._fail = fail
        self._statements = statements

    def cursor(self) -> Any:
        return WatchedCursor(self._connection.cursor(), self._fail, self._statements)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class WatchedCursor:
    def __init__(self, cursor: Any, fail: dict[str, Exception], statements: list[str]) -> None:
        self._cursor = cursor
        self._fail = fail
        self._statements = statements

    def execute(self, sql: str, *args: Any) -> None:
        self._statements.append(sql)
        for words, error in self._fail.items():
            if sql.startswith(words):
                with contextlib.suppress(ProgrammingError):
                    self._cursor.execute("SELECT 1 / 0")  # after an error a transaction takes nothing but its end
                raise error
        self._cursor.execute(sql, *args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


class Wire:
    """Connects through the hook, and keeps what goes over the connections."""

    def __init__(self) -> None:
        self.fail: dict[str, Exception] = {}
        self.statements: list[str] = []
        self.opened: list[Any] = []
        self.report: CollectionReport = report()

    def connect(self, database: str | None) -> Any:
        connection = connect_with_hook(CONN_ID, database)
        self.opened.append(connection)
        return Watched(connection, self.fail, self.statements)

    @property
    def left_open(self) -> int:
        return sum(connection._usock is not None and not connection._usock._closed for connection in self.opened)


@pytest.fixture
def wire(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Wire:
    monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", warehouse.uri())
    return Wire()


@pytest.fixture
def cluster(wire: Wire) -> Iterator[Cluster]:
    with Cluster.open(wire.connect, CONN_ID, wire.report) as opened:
        yield opened


def server_error(code: str, message: str = "no") -> Exception:
    return ProgrammingError({"S": "ERROR", "C": code, "M": message})


class TestStreams:
    @pytest.mark.parametrize("rows", [0, 1, FETCH_ROWS - 1, FETCH_ROWS, FETCH_ROWS + 1, 2 * FETCH_ROWS])
    def test_give_all_rows_by_fetches(self, wire: Wire, cluster: Cluster, rows: int) -> None:
        found = [row[0] for row in cluster.stream(NUMBERS.format("%s"), [rows], doing=DOING)]

        assert found == list(range(1, rows + 1))
        assert len(wire.statements) == 2 + rows // FETCH_ROWS
        assert wire.statements[0].startswith("DECLARE montecarlo_1 CURSOR FOR")

    def test_are_read_side_by_side_and_one_after_another(self, wire: Wire, cluster: Cluster) -> None:
        many, few = (cluster.stream(NUMBERS.format(number), doing=DOING) for number in (2500, 3))
        pairs = list(zip(many, few, strict=False))
        assert [tuple(row[0] for row in pair) for pair in pairs] == [(1, 1), (2, 2), (3, 3)]
        assert len(wire.opened) == 2
        assert len(list(many)) == 2500 - 4  # the one that zip took last is lost

        for number in range(5):
            assert len(list(cluster.stream(NUMBERS.format(number), doing=DOING))) == number
        assert len(wire.opened) == 2

    def test_have_columns_of_their_own(self, cluster: Cluster) -> None:
        assert [list(row) for row in cluster.stream("SELECT 1, 'a'", doing=DOING)] == [[1, "a"]]
        assert [list(row) for row in cluster.stream("SELECT true", doing=DOING)] == [[True]]

    def test_that_are_not_read_to_the_end_close(self, wire: Wire) -> None:
        with Cluster.open(wire.connect, CONN_ID, wire.report) as cluster:
            rows = cluster.stream(NUMBERS.format(5000), doing=DOING)
            next(rows)
            del rows
            cluster.stream(NUMBERS.format(5), doing=DOING)  # nor this one, at all

        assert wire.opened
        assert wire.left_open == 0

    def test_are_read_at_once_where_cursors_are_refused(self, wire: Wire, cluster: Cluster) -> None:
        wire.fail["DECLARE"] = server_error("XX000", "exceeded the maximum size of a cursor result set")

        for _ in range(2):
            assert len(list(cluster.stream(NUMBERS.format("%s"), [2500], doing=DOING))) == 2500

        (note,) = wire.report.notes
        assert "refused a cursor" in note
        assert "exceeded the maximum size" in note

    def test_that_break_are_not_taken_for_ended(self, wire: Wire, cluster: Cluster) -> None:
        rows = cluster.stream(NUMBERS.format(2500), doing=DOING)
        next(rows)
        wire.fail["FETCH"] = InterfaceError("connection is closed")

        with pytest.raises(SourceUnavailableError, match="Counting over connection 'redshift_test' failed"):
            list(rows)

    def test_that_fail_leave_the_others_alone(self, wire: Wire, cluster: Cluster) -> None:
        rows = cluster.stream(NUMBERS.format(2500), doing=DOING)
        with pytest.raises(AccessDeniedError):
            cluster.stream("SELECT * FROM nowhere", doing=DOING)
        with pytest.raises(SourceError, match="division by zero"):
            cluster.fetch("SELECT 1 / 0", doing=DOING)

        assert len(list(rows)) == 2500
        assert cluster.fetch("SELECT 1", doing=DOING)[0][0] == 1

    def test_of_other_databases_have_connections_to_these(self, cluster: Cluster) -> None:
        ask = "SELECT current_database()"

        assert cluster.fetch(ask, doing=DOING)[0][0] == HOME
        assert cluster.fetch(ask, doing=DOING, database="sales")[0][0] == "sales"


class TestConnecting:
    @pytest.mark.parametrize(
        ("user", "database", "password", "error", "message"),
        [
            ("monitor", HOME, "wrong", SourceError, "Correct user and password"),
            ("stranger", HOME, "secret", SourceError, "Correct user and password"),
            ("monitor", "nowhere", "secret", ConfigurationError, "field Database"),
            ("monitor", "closed", "secret", AccessDeniedError, "CONNECT privilege"),
        ],
    )
    def test_that_is_refused(
        self,
        warehouse: Warehouse,
        monkeypatch: pytest.MonkeyPatch,
        user: str,
        database: str,
        password: str,
        error: type[Exception],
        message: str,
    ) -> None:
        self._without_waiting(monkeypatch)
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", warehouse.uri(database, user, password))

        with pytest.raises(error, match=message) as caught:
            list(RedshiftCollector(CONN_ID, report()).query_logs(WINDOW))

        assert "secret" not in str(caught.value)
        assert "wrong" not in str(caught.value)

    def test_to_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._without_waiting(monkeypatch)
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", "redshift://u:p@127.0.0.1:1/dev?ssl=false")

        with pytest.raises(SourceUnavailableError, match="Connecting to Redshift"):
            list(RedshiftCollector(CONN_ID, report()).metadata(TableFilter()))

    def test_without_tls_where_it_is_wanted(self, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
        self._without_waiting(monkeypatch)
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", warehouse.uri().replace("ssl=false", "sslmode=verify-ca"))

        with pytest.raises(ConfigurationError, match="Correct ssl"):
            list(RedshiftCollector(CONN_ID, report()).metadata(TableFilter()))

    def test_without_a_connection(self) -> None:
        with pytest.raises(Exception, match="isn't defined") as caught:
            list(RedshiftCollector("nowhere", report()).metadata(TableFilter()))

        assert not isinstance(caught.value, MonteCarloPushError)

    def test_to_another_database_than_the_extra_names(self, on_warehouse: MakeCollector) -> None:
        on_warehouse(extra="&database=dev")

        with pytest.raises(ConfigurationError, match="names a database"):
            connect_with_hook(CONN_ID, "sales")

    def _without_waiting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The hook tries again for some while."""
        from airflow.providers.amazon.aws.hooks.redshift_sql import RedshiftSQLHook

        monkeypatch.setattr(RedshiftSQLHook.get_conn.retry, "sleep", lambda seconds: None)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        (
            server_error("42501", "permission denied for x"),
            AccessDeniedError,
            "permission denied for x",
        ),
        (server_error("42P01"), AccessDeniedError, ""),
        (server_error("3D000"), ConfigurationError, "field Database"),
        (server_error("28000"), SourceError, "IAM"),
        (server_error("57014", "Query cancelled on user's request"), SourceUnavailableError, "statement_timeout"),
        (server_error("57P01"), SourceUnavailableError, ""),
        (server_error("53300", "too many connections"), SourceUnavailableError, "too many connections"),
        (server_error("40001"), SourceUnavailableError, ""),
        (server_error("42601", "syntax error"), SourceError, "syntax error"),
        (server_error("XX000", "Specified types or functions not supported"), SourceError, "not supported"),
        (
            InterfaceError("communication error", OSError(111, "refused")),
            SourceUnavailableError,
            "111",
        ),
        (OperationalError("connection time out"), SourceUnavailableError, "time out"),
        (InterfaceError("Server refuses SSL"), ConfigurationError, "sslmode"),
        (TimeoutError("read"), SourceUnavailableError, "read"),
        (TypeError("unexpected keyword argument 'hostname'"), ConfigurationError, "extra of the connection"),
        (ValueError("anything"), SourceError, "anything"),
    ],
)
def test_errors_by_how_one_recovers(error: Exception, expected: type[Exception], message: str) -> None:
    translated = translate(error, DOING, "c")

    assert type(translated) is expected
    assert str(translated).startswith("Counting over connection 'c' failed: ")
    assert message in str(translated)
