"""Connections to a database for one collection: statements in, rows out as they stream."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_montecarlo_push.collectors.dbapi.drivers import bindable, paramstyle_of, streaming_cursor
from airflow_provider_montecarlo_push.collectors.dbapi.errors import translate
from airflow_provider_montecarlo_push.collectors.dbapi.statements import Statement
from airflow_provider_montecarlo_push.collectors.errors import is_own_error
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, MissingDependencyError, SourceError

if TYPE_CHECKING:
    from airflow.providers.common.sql.hooks.sql import DbApiHook

log = logging.getLogger(__name__)

Row = Sequence[Any]
Connect = Callable[[], Any]

FETCH_ROWS = 1000


@dataclass
class Result:
    """What a statement returned.

    :param names: of its columns, as the database writes them.
    :param rows: fetched as they are asked for.
    """

    names: list[str]
    rows: Iterator[Row]


def hook_of(conn_id: str, hook_params: Mapping[str, Any] | None = None) -> DbApiHook:
    """Return the hook of a connection.

    :param hook_params: keyword arguments of the hook.
    :raises ConfigurationError: when the connection's type has no hook, or one that is no DbApiHook.
    :raises MissingDependencyError: when its provider cannot be imported.
    """
    from airflow.providers.common.compat.sdk import BaseHook
    from airflow.providers.common.sql.hooks.sql import DbApiHook

    connection: Any = BaseHook.get_connection(conn_id)
    kind = f"Connection {conn_id!r} is of type {connection.conn_type!r}"
    try:
        hook = connection.get_hook(hook_params=dict(hook_params or {}))
    except ImportError as error:
        raise MissingDependencyError(
            f"{kind}, whose hook cannot be imported ({error}). Install its provider, with the driver, on the workers."
        ) from error
    except Exception as error:
        raise ConfigurationError(
            f"{kind}, for which no hook can be made: {error}. Install the provider of that type on the workers, and "
            "check hook_params in collector_kwargs."
        ) from error
    if not isinstance(hook, DbApiHook):
        raise ConfigurationError(
            f"{kind}, whose {type(hook).__name__} runs no SQL: it is no DbApiHook. Give the connection of a "
            "database, or name the collector that reads it: collector='package.module.Class'."
        )
    return hook


class Session:
    """Runs statements.

    Every statement whose rows stream has a connection of its own, since many drivers have one open result for each.

    :param connect: returns a DB-API connection.
    :param conn_id: the Airflow connection, for errors.
    :param placeholder: of its hook, ``?`` or ``%s``, for drivers that do not tell theirs.
    :param user: who is logged in, as the Airflow connection says; empty when it does not.
    :param secret: its password, which is kept out of errors.
    """

    def __init__(
        self, connect: Connect, conn_id: str, *, placeholder: str = "%s", user: str = "", secret: str | None = None
    ) -> None:
        self.user = user
        self._connect_now = connect
        self._conn_id = conn_id
        self._placeholder = placeholder
        self._secret = secret
        self._open: list[Any] = []
        self._first: Any = None

    @classmethod
    @contextmanager
    def open(
        cls, conn_id: str, hook_params: Mapping[str, Any] | None = None, connect: Connect | None = None
    ) -> Iterator[Session]:
        """Make the hook, and close all connections at the end.

        :param connect: instead of the hook.
        :raises MonteCarloPushError: as :func:`hook_of`.
        """
        session = cls(connect, conn_id) if connect else cls._of(hook_of(conn_id, hook_params), conn_id)
        try:
            yield session
        finally:
            session.close()

    @classmethod
    def _of(cls, hook: DbApiHook, conn_id: str) -> Session:
        given = hook.get_connection(conn_id)
        return cls(
            hook.get_conn, conn_id, placeholder=hook.placeholder, user=given.login or "", secret=given.password or None
        )

    def connect(self) -> None:
        """Connect now rather than with the first statement, so that what then fails is about that statement.

        :raises SourceError: when the login is refused.
        :raises SourceUnavailableError: when the database cannot be reached.
        """
        self._connection()

    def close(self) -> None:
        """Close every connection."""
        for connection in list(self._open):
            self._close(connection)

    def ask(self, statement: Statement, *, doing: str) -> Result:
        """Run a statement whose result is small, and return all of it; a failed one leaves no trace.

        :param doing: what this is for, as the beginning of an error message.
        :raises MonteCarloPushError: an error of :func:`.errors.translate`.
        """
        connection = self._connection()
        try:
            cursor = connection.cursor()
            self._execute(connection, cursor, statement)
            names = _names(cursor, doing)
            rows = [_row(row) for row in cursor.fetchall()]
            cursor.close()
        except Exception as error:
            self._close(connection)  # PostgreSQL refuses everything after an error, others lost the connection
            self._first = None
            raise self._failure(error, doing) from error
        return Result(names, iter(rows))

    def stream(
        self,
        statement: Statement,
        *,
        doing: str,
        fetch_rows: int = FETCH_ROWS,
        settings: Sequence[str] = (),
    ) -> Result:
        """Run a statement on a connection of its own and return its rows, which are fetched as they are asked for.

        :param doing: what this is for, as the beginning of an error message.
        :param fetch_rows: how many rows are held.
        :param settings: statements before it that not every version of a database knows.
        :raises MonteCarloPushError: an error of :func:`.errors.translate`; while rows are taken as well.
        """
        connection = self._connect()
        for setting in settings:
            self._try(connection, setting)
        try:
            cursor = streaming_cursor(connection)
            self._execute(connection, cursor, statement)
            batch = cursor.fetchmany(fetch_rows)  # before it, some cursors do not know their columns
            names = _names(cursor, doing)
        except Exception as error:
            self._close(connection)
            raise self._failure(error, doing) from error
        return Result(names, self._rows(connection, cursor, batch, fetch_rows, doing))

    def _rows(self, connection: Any, cursor: Any, batch: Sequence[Any], fetch_rows: int, doing: str) -> Iterator[Row]:
        try:
            while batch:
                yield from map(_row, batch)
                batch = self._fetch(cursor, fetch_rows, doing)
        finally:
            self._close(connection)

    def _fetch(self, cursor: Any, fetch_rows: int, doing: str) -> Sequence[Any]:
        try:
            rows: Sequence[Any] = cursor.fetchmany(fetch_rows)
        except Exception as error:
            raise self._failure(error, doing) from error
        return rows

    def _try(self, connection: Any, setting: str) -> None:
        try:
            connection.cursor().execute(setting)
        except Exception as error:  # noqa: BLE001 - drivers have no common base class of errors
            log.debug("The database does not take %s: %s", setting, error)

    def _connection(self) -> Any:
        if self._first is None:
            self._first = self._connect()
        return self._first

    def _connect(self) -> Any:
        try:
            connection = self._connect_now()
        except Exception as error:
            raise self._failure(error, "Connecting") from error
        self._open.append(connection)
        return connection

    def _close(self, connection: Any) -> None:
        if connection not in self._open:
            return
        self._open.remove(connection)
        try:
            connection.close()
        except Exception as error:  # noqa: BLE001 - everything was read; the server drops idle sessions itself
            log.warning("Closing a connection to %r failed: %s", self._conn_id, error)

    def _execute(self, connection: Any, cursor: Any, statement: Statement) -> None:
        values = [bindable(value, connection) for value in statement.values]
        sql, bound = Statement(statement.pieces, values).render(paramstyle_of(connection, self._placeholder))
        if bound is None:
            cursor.execute(sql)
        else:
            cursor.execute(sql, bound)

    def _failure(self, error: Exception, doing: str) -> Exception:
        """Return what to raise: Airflow's own errors, such as a connection that is not defined, stay as they are."""
        return error if is_own_error(error) else translate(error, doing, self._conn_id, secret=self._secret)


def _names(cursor: Any, doing: str) -> list[str]:
    if cursor.description is None:
        raise SourceError(f"{doing} returned nothing that has columns; give one SELECT.")
    return [str(column[0]) for column in cursor.description]


def _row(row: Any) -> Row:
    """Return a row as a sequence, also where the connection is configured to return dicts."""
    return tuple(row.values()) if isinstance(row, Mapping) else row
