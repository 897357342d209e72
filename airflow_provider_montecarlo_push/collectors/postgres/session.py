"""A connection to one database for one collection: one snapshot of its catalog, rows as they stream."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, Protocol, cast

from airflow_provider_montecarlo_push.collectors.errors import is_own_error, missing_provider
from airflow_provider_montecarlo_push.collectors.postgres.errors import translate
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    ConfigurationError,
)

log = logging.getLogger(__name__)

Row = tuple[Any, ...]

# A table has up to 1,600 columns, so these are some MB.
FETCH_ROWS = 200
_OLDEST_VERSION = 12

# What the server logs of this collector is known by it.
APPLICATION = "airflow-montecarlo-push"

_SETTINGS = {
    "application_name": APPLICATION,
    "client_encoding": "UTF8",
    # An empty one makes the server qualify all names that it writes.
    "search_path": "",
    "lock_timeout": "60s",
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    # The planner takes catalog queries to be larger than they are.
    "jit": "off",
}
_BEGIN = "; ".join(
    [
        *(f"SET LOCAL {name} = '{value}'" for name, value in _SETTINGS.items()),
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    ]
)


class ConnectionInfo(Protocol):
    """What psycopg2 and psycopg tell of a connection."""

    @property
    def server_version(self) -> int: ...


class Connection(Protocol):
    """The part of a DB-API connection that is used here; psycopg2 and psycopg both begin transactions themselves."""

    @property
    def info(self) -> ConnectionInfo: ...

    def cursor(self) -> Any: ...

    def close(self) -> Any: ...


Connect = Callable[[str | None], Connection]
"""Connects to a database by name, or to the connection's own."""


def connect_with_hook(conn_id: str, database: str | None) -> Connection:
    """Connect with the PostgresHook.

    :param database: instead of that of the connection.
    :raises MissingDependencyError: when the Postgres provider is not installed.
    """
    try:
        from airflow.providers.postgres.hooks.postgres import PostgresHook
    except ImportError as error:
        raise missing_provider(conn_id, "Postgres provider", "postgres", error) from error
    return cast("Connection", PostgresHook(postgres_conn_id=conn_id, database=database).get_conn())


class Session:
    """Runs statements in one read-only transaction, which sees the catalog as it was at its first query.

    :param connection: a connection of psycopg2 or psycopg.
    :param conn_id: the Airflow connection, for errors.
    :ivar database: which is read.
    :ivar role: of the session.
    """

    def __init__(self, connection: Connection, conn_id: str) -> None:
        self._connection = connection
        self._conn_id = conn_id
        self._cursors = count(1)
        self._check_version()
        _prepare(connection)
        doing = "Preparing the session"
        self._execute(_BEGIN, (), doing)
        self.database: str
        self.role: str
        ((self.database, self.role),) = self.rows(
            "SELECT pg_catalog.current_database()::text, CURRENT_USER::text", doing=doing
        )

    @classmethod
    @contextmanager
    def open(cls, connect: Connect, conn_id: str, database: str | None = None) -> Iterator[Session]:
        """Connect, and close the connection at the end.

        :param database: instead of that of the connection.
        :raises AccessDeniedError: when the role may not connect to the database, with the grant.
        :raises SourceError: when the login is refused, or the server is not one that can be read.
        :raises SourceUnavailableError: when it cannot be reached.
        """
        doing = "Connecting to PostgreSQL" if database is None else f"Connecting to database {database!r}"
        try:
            connection = connect(database)
        except Exception as error:
            failure = _failure(error, doing, conn_id)
            if isinstance(failure, AccessDeniedError):
                failure = AccessDeniedError(str(failure), grants=[_grant_connect(error)])
            raise failure from error
        try:
            yield cls(connection, conn_id)
        finally:
            try:
                connection.close()
            except Exception as error:  # noqa: BLE001  # everything was read; the server drops dead sessions itself
                log.warning("Closing the connection to PostgreSQL failed: %s", error)

    def _check_version(self) -> None:
        version = self._connection.info.server_version
        if version < _OLDEST_VERSION * 10_000:
            raise ConfigurationError(
                f"The server of connection {self._conn_id!r} calls itself PostgreSQL {version // 10_000}. This "
                f"collector reads PostgreSQL {_OLDEST_VERSION} and newer; use a connection of type redshift for "
                "Redshift, which calls itself 8."
            )

    def setting(self, name: str) -> str:
        """Return a setting of the server, empty where it has no such one."""
        ((value,),) = self.rows("SELECT pg_catalog.current_setting(%s, true)", [name], doing=f"Reading setting {name}")
        return value or ""

    def stream(self, sql: str, params: Sequence[Any] = (), *, doing: str) -> Iterator[Row]:
        """Open a cursor on the server and return its rows, which are fetched as they are asked for.

        :param sql: a SELECT with ``%s`` for each of ``params``; where there are any, a literal ``%`` is ``%%``.
        :param doing: what this is for, as the beginning of an error message.
        :raises MonteCarloPushError: any error of :func:`.errors.translate`, while rows are fetched as well.
        """
        name = f"montecarlo_{next(self._cursors)}"
        self._execute(f"DECLARE {name} NO SCROLL CURSOR FOR {sql}", params, doing)
        return self._fetch(name, doing)

    def rows(self, sql: str, params: Sequence[Any] = (), *, doing: str) -> list[Row]:
        """As :meth:`stream`, for a result that is small."""
        return self._execute(sql, params, doing)

    def aside(self, sql: str, params: Sequence[Any] = (), *, doing: str, lock_timeout: str) -> list[Row]:
        """As :meth:`rows`, keeping neither locks nor, after an error, the transaction from going on.

        Reading the definition of a view locks the tables that it reads to the end of the transaction; ten thousand
        of them fill the server's lock table. They are let go by rolling back to a savepoint.
        """
        self._execute(f"SAVEPOINT montecarlo; SET LOCAL lock_timeout = '{lock_timeout}'", (), doing)
        try:
            return self._execute(sql, params, doing)
        finally:
            self._execute("ROLLBACK TO SAVEPOINT montecarlo; RELEASE SAVEPOINT montecarlo", (), doing)

    def _fetch(self, name: str, doing: str) -> Iterator[Row]:
        while rows := self._execute(f"FETCH FORWARD {FETCH_ROWS} FROM {name}", (), doing):
            yield from rows
        self._execute(f"CLOSE {name}", (), doing)

    def _execute(self, sql: str, params: Sequence[Any], doing: str) -> list[Row]:
        try:
            cursor = self._connection.cursor()
            try:
                cursor.execute(sql, tuple(params) if params else None)
                return list(cursor.fetchall()) if cursor.description else []
            finally:
                cursor.close()
        except Exception as error:
            raise _failure(error, doing, self._conn_id) from error


def identifier(name: str) -> str:
    """Return ``name`` as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def _prepare(connection: Any) -> None:
    """Make cursors return tuples of text, whatever the extra field of the connection says."""
    if hasattr(connection, "row_factory"):
        from psycopg.rows import tuple_row

        connection.row_factory = tuple_row
        # Statements that are prepared behind a pooler outlive the connection.
        connection.prepare_threshold = None
    elif hasattr(connection, "cursor_factory"):
        connection.cursor_factory = None
        # It does not notice when the encoding is changed with SET.
        connection.set_client_encoding("UTF8")


def _grant_connect(error: Exception) -> str:
    """Return the grant for a connection that was denied; psycopg knows who asked for what, psycopg2 does not."""
    attempt = getattr(error, "pgconn", None)
    database, role = (
        identifier(value.decode()) if isinstance(value := getattr(attempt, name, None), bytes) else f"<{placeholder}>"
        for name, placeholder in (("db", "database"), ("user", "role"))
    )
    return f"GRANT CONNECT ON DATABASE {database} TO {role};"


def _failure(error: Exception, doing: str, conn_id: str) -> Exception:
    return error if is_own_error(error) else translate(error, doing, conn_id)
