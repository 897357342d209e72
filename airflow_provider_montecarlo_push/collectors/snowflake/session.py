"""A connection to Snowflake for one collection: statements in, rows out as they stream."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Protocol

from airflow_provider_montecarlo_push.collectors.errors import is_own_error, missing_provider
from airflow_provider_montecarlo_push.collectors.snowflake.errors import translate
from airflow_provider_montecarlo_push.exceptions import MonteCarloPushError

log = logging.getLogger(__name__)

Row = tuple[Any, ...]

# Query texts are up to 100 kB each, so a hundred rows are at most 10 MB.
FETCH_ROWS = 100

# An account or user may have set these otherwise: local times, quoted names in upper case, results cut short.
_SETTINGS = {
    "TIMEZONE": "'UTC'",
    "TIMESTAMP_INPUT_FORMAT": "'AUTO'",
    "QUOTED_IDENTIFIERS_IGNORE_CASE": "FALSE",
    "ROWS_PER_RESULTSET": "0",
}


class Cursor(Protocol):
    """The part of a DB-API cursor that is used here."""

    @property
    def description(self) -> Any: ...

    def execute(self, command: str, params: Sequence[Any] | None = None, /) -> Any: ...

    def fetchmany(self, size: int, /) -> Sequence[Any]: ...

    def close(self) -> Any: ...


class Connection(Protocol):
    """The part of a DB-API connection that is used here; several cursors are open at once."""

    def cursor(self) -> Any: ...

    def close(self) -> Any: ...


def connect_with_hook(conn_id: str) -> Connection:
    """Connect with the SnowflakeHook.

    :raises MissingDependencyError: when the Snowflake provider is not installed.
    """
    try:
        from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook
    except ImportError as error:
        raise missing_provider(conn_id, "Snowflake provider", "snowflake", error) from error
    connection: Connection = SnowflakeHook(snowflake_conn_id=conn_id).get_conn()
    return connection


class Session:
    """Runs statements on one connection.

    :param connection: a DB-API connection with ``pyformat`` parameters.
    :param conn_id: the Airflow connection, for errors.
    """

    def __init__(self, connection: Connection, conn_id: str) -> None:
        self._connection = connection
        self._conn_id = conn_id

    @classmethod
    @contextmanager
    def open(cls, connect: Callable[[], Connection], conn_id: str) -> Iterator[Session]:
        """Connect, and close the connection at the end.

        :raises SourceError: when the login is refused.
        :raises SourceUnavailableError: when Snowflake cannot be reached.
        """
        try:
            connection = connect()
        except MonteCarloPushError:
            raise
        except Exception as error:
            raise _failure(error, "Connecting to Snowflake", conn_id) from error
        session = cls(connection, conn_id)
        try:
            for parameter, value in _SETTINGS.items():
                session.run(f"ALTER SESSION SET {parameter} = {value}", doing="Preparing the session")
            yield session
        finally:
            try:
                connection.close()
            except Exception as error:  # noqa: BLE001  # everything was read; the server drops idle sessions itself
                log.warning("Closing the connection to Snowflake failed: %s", error)

    @cached_property
    def role(self) -> str | None:
        """The role of the session, ``None`` where it has only secondary roles."""
        (row,) = self.query("SELECT CURRENT_ROLE()", doing="Asking for the current role")
        return str(row[0]) if row[0] else None

    def query(self, sql: str, params: Sequence[Any] = (), *, doing: str) -> Iterator[Row]:
        """Run ``sql`` now and return its rows, which are fetched as they are asked for.

        :param sql: with ``%s`` for each of ``params``; where there are any, a literal ``%`` is written ``%%``.
        :param doing: what this is for, as the beginning of an error message.
        :raises AccessDeniedError: when something is missing or not granted; without the statements that grant it.
        :raises MonteCarloPushError: any other error of :func:`.errors.translate`.
        """
        return self._rows(self._execute(sql, params, doing), doing)

    def records(self, sql: str, params: Sequence[Any] = (), *, doing: str) -> Iterator[dict[str, Any]]:
        """As :meth:`query`, with rows as dicts by column name: for ``SHOW``, whose columns differ by version."""
        cursor = self._execute(sql, params, doing)
        names = [column[0] for column in cursor.description]
        return (dict(zip(names, row, strict=True)) for row in self._rows(cursor, doing))

    def run(self, sql: str, *, doing: str) -> None:
        """Run a statement whose result does not matter."""
        self._execute(sql, (), doing).close()

    def _execute(self, sql: str, params: Sequence[Any], doing: str) -> Cursor:
        try:
            cursor: Cursor = self._connection.cursor()
            if params:
                cursor.execute(sql, tuple(params))
            else:
                cursor.execute(sql)
        except Exception as error:
            raise _failure(error, doing, self._conn_id) from error
        return cursor

    def _rows(self, cursor: Cursor, doing: str) -> Iterator[Row]:
        try:
            while rows := self._fetch(cursor, doing):
                yield from rows
        finally:
            cursor.close()

    def _fetch(self, cursor: Cursor, doing: str) -> Sequence[Row]:
        try:
            return cursor.fetchmany(FETCH_ROWS)
        except Exception as error:
            raise _failure(error, doing, self._conn_id) from error


def _failure(error: Exception, doing: str, conn_id: str) -> Exception:
    """Return what to raise: Airflow's own errors, such as a connection that is not defined, stay as they are."""
    return error if is_own_error(error) else translate(error, doing, conn_id)
