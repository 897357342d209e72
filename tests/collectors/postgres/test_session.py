from __future__ import annotations

import psycopg
import psycopg2
import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.postgres.collector import PostgresCollector
from airflow_provider_montecarlo_push.collectors.postgres.errors import StatementCancelledError, translate
from airflow_provider_montecarlo_push.collectors.postgres.session import Session
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    SourceError,
    SourceUnavailableError,
)
from tests.collectors.postgres.conftest import CONN_ID, MakeCollector, report
from tests.collectors.postgres.server import Server

ALL = TableFilter()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (psycopg.errors.InsufficientPrivilege("permission denied"), AccessDeniedError),
        (psycopg.errors.LockNotAvailable("lock timeout"), StatementCancelledError),
        (psycopg.errors.QueryCanceled("statement timeout"), StatementCancelledError),
        (psycopg.errors.AdminShutdown("terminating connection"), SourceUnavailableError),
        (psycopg.errors.TooManyConnections("sorry, too many clients already"), SourceUnavailableError),
        (psycopg.errors.SerializationFailure("conflict with recovery"), SourceUnavailableError),
        (psycopg.errors.UndefinedTable("no"), SourceError),
        (psycopg.errors.InvalidPassword("no"), SourceError),
        (psycopg.errors.InvalidCatalogName("no"), ConfigurationError),
        (psycopg2.OperationalError("server closed the connection unexpectedly"), SourceUnavailableError),
        (psycopg2.OperationalError('FATAL:  permission denied for database "x"'), AccessDeniedError),
        (psycopg2.OperationalError('FATAL:  password authentication failed for user "x"'), SourceError),
        (psycopg2.OperationalError('FATAL:  role "x" does not exist'), SourceError),
        (psycopg2.OperationalError('FATAL:  database "x" does not exist'), ConfigurationError),
        (psycopg2.OperationalError('could not translate host name "x" to address'), SourceUnavailableError),
        (psycopg2.ProgrammingError('invalid dsn: invalid connection option "x"'), ConfigurationError),
        (TimeoutError("timed out"), SourceUnavailableError),
        (RuntimeError("else"), SourceError),
    ],
)
def test_errors(error: Exception, expected: type[Exception]) -> None:
    translated = translate(error, "Reading", "c")
    assert type(translated) is expected
    assert str(translated).startswith("Reading over connection 'c' failed: ")


@pytest.mark.integration
@pytest.mark.xdist_group("postgres")
class TestOnServer:
    @pytest.mark.parametrize(
        ("uri", "expected", "message"),
        [
            ("postgres://admin:wrong@127.0.0.1:{port}/shop", SourceError, "password authentication failed"),
            ("postgres://nobody:x@127.0.0.1:{port}/shop", SourceError, "Correct login and password"),
            ("postgres://admin:secret@127.0.0.1:{port}/nowhere", ConfigurationError, '"nowhere" does not exist'),
            ("postgres://admin:secret@127.0.0.1:1/shop", SourceUnavailableError, "refused"),
            ("postgres://admin:secret@127.0.0.1:{port}/shop?nonsense=1", ConfigurationError, "nonsense"),
        ],
    )
    def test_connecting(
        self, server: Server, monkeypatch: pytest.MonkeyPatch, uri: str, expected: type[Exception], message: str
    ) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", uri.format(port=server.port))
        with pytest.raises(expected, match=message) as raised:
            list(PostgresCollector(CONN_ID, report()).metadata(ALL))
        assert type(raised.value) is expected
        assert "secret" not in str(raised.value)

    def test_no_grant_to_connect(self, on_server: MakeCollector) -> None:
        with pytest.raises(AccessDeniedError) as raised:
            list(on_server("closed", user="reader").metadata(ALL))
        assert raised.value.grants == ('GRANT CONNECT ON DATABASE "closed" TO "reader";',)

    def test_no_grant_to_connect_with_psycopg2_which_does_not_say_who_asked(self, server: Server) -> None:
        collector = PostgresCollector(
            CONN_ID, report(), connect=lambda _: psycopg2.connect(server.uri("closed", "reader"))
        )
        (check,) = collector.access(ALL)
        assert check.grants == ("GRANT CONNECT ON DATABASE <database> TO <role>;",)
        assert 'permission denied for database "closed"' in check.problem

    def test_a_connection_that_is_ended_while_rows_stream(self, server: Server, on_server: MakeCollector) -> None:
        server.execute(
            "DO $$ BEGIN FOR i IN 1..600 LOOP EXECUTE format('CREATE TABLE b%s ()', i); END LOOP; END $$",
            database="other",
        )
        try:
            assets = on_server("other").metadata(ALL)
            next(assets)
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'other'")
            with pytest.raises(SourceUnavailableError):
                list(assets)
        finally:
            server.execute(
                "DO $$ BEGIN FOR i IN 1..600 LOOP EXECUTE format('DROP TABLE b%s', i); END LOOP; END $$",
                database="other",
            )

    def test_nothing_is_written_and_no_connection_stays(self, server: Server, on_server: MakeCollector) -> None:
        assets = on_server().metadata(ALL)
        next(assets)
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'airflow-montecarlo-push'"
        assert server.execute(query) == [(1,)]
        assets.close()  # type: ignore[attr-defined]
        for _ in range(50):
            if server.execute(query) == [(0,)]:
                break
        assert server.execute(query) == [(0,)]
        with (
            Session.open(lambda _: psycopg2.connect(server.uri("shop")), CONN_ID) as session,
            pytest.raises(SourceError, match="read-only transaction"),
        ):
            session.rows("CREATE TABLE raw.no (x int)", doing="Writing")


class Redshift:
    """What psycopg tells of Amazon Redshift."""

    class info:  # noqa: N801 - as the driver calls it
        server_version = 80002

    def cursor(self) -> None:
        raise AssertionError("nothing is asked of it")

    def close(self) -> None: ...


def test_redshift_is_told_from_postgresql() -> None:
    collector = PostgresCollector(CONN_ID, report(), connect=lambda _: Redshift())
    with pytest.raises(ConfigurationError, match="use a connection of type redshift"):
        list(collector.metadata(ALL))
