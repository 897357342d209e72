"""A session on a SQL warehouse for one collection: statements in, rows out as they stream."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Protocol

from airflow_provider_montecarlo_push.collectors.databricks.errors import translate
from airflow_provider_montecarlo_push.collectors.errors import is_own_error, missing_provider
from airflow_provider_montecarlo_push.exceptions import MonteCarloPushError

log = logging.getLogger(__name__)

Row = tuple[Any, ...]

FETCH_ROWS = 500
_POLL_SECONDS = 0.2
# What the warehouse sends at once: the connector holds a whole page, in Arrow.
PAGE_ROWS = 10_000
PAGE_BYTES = 4 * 1024 * 1024

# Telemetry asks port 443 of the host for feature flags, with long retries where that is closed. Cloud fetch holds ten
# files of results at once, of tens of megabytes each. Inline parameters would be a second dialect.
_CONNECTOR_OPTIONS: dict[str, Any] = {
    "enable_telemetry": False,
    "use_cloud_fetch": False,
    "use_inline_params": False,
}


class Connection(Protocol):
    """The part of a DB-API connection that is used here; several cursors are open at once."""

    def cursor(self, arraysize: int, buffer_size_bytes: int) -> Any: ...

    def close(self) -> Any: ...


def connect_with_hook(conn_id: str) -> Connection:
    """Connect with the DatabricksSqlHook.

    :raises MissingDependencyError: when the Databricks provider is not installed.
    """
    try:
        from airflow.providers.databricks.hooks.databricks_sql import DatabricksSqlHook
    except ImportError as error:
        raise missing_provider(conn_id, "Databricks provider", "databricks", error) from error
    connection: Connection = DatabricksSqlHook(databricks_conn_id=conn_id, **_CONNECTOR_OPTIONS).get_conn()
    return connection


class Session:
    """Runs statements in one session.

    :param connection: a DB-API connection with ``qmark`` parameters.
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
        :raises SourceUnavailableError: when the warehouse cannot be reached.
        """
        try:
            connection = connect()
        except Exception as error:
            raise _failure(error, "Connecting to Databricks", conn_id) from error
        session = cls(connection, conn_id)
        try:
            for _ in session.query("SET TIME ZONE 'UTC'", doing="Preparing the session"):
                pass
            yield session
        finally:
            try:
                connection.close()
            except Exception as error:  # noqa: BLE001  # everything was read; the server drops idle sessions itself
                log.warning("Closing the connection to Databricks failed: %s", error)

    @cached_property
    def user(self) -> str:
        """The user or service principal of the session."""
        (row,) = self.query("SELECT current_user()", doing="Asking for the current user")
        return str(row[0])

    def query(self, sql: str, params: Sequence[Any] = (), *, doing: str) -> Iterator[Row]:
        """Run ``sql`` now and return its rows, which are fetched as they are asked for.

        :param sql: with ``?`` for each of ``params``.
        :param doing: what this is for, as the beginning of an error message.
        :raises AccessDeniedError: when something is missing or not granted; without the statements that grant it.
        :raises MonteCarloPushError: any other error of :func:`.errors.translate`.
        """
        cursor = self._cursor(doing)
        try:
            cursor.execute(sql, list(params) or None)
        except Exception as error:
            raise _failure(error, doing, self._conn_id) from error
        return self._rows(cursor, doing)

    def start(self, sql: str, *, doing: str) -> Pending:
        """Begin to run ``sql`` and return at once; so one session runs several statements at a time."""
        cursor = self._cursor(doing)
        try:
            cursor.execute_async(sql)
        except Exception as error:
            raise _failure(error, doing, self._conn_id) from error
        return Pending(cursor, doing, self._conn_id)

    def _cursor(self, doing: str) -> Any:
        try:
            return self._connection.cursor(PAGE_ROWS, PAGE_BYTES)
        except Exception as error:
            raise _failure(error, doing, self._conn_id) from error

    def _rows(self, cursor: Any, doing: str) -> Iterator[Row]:
        try:
            while rows := self._fetch(cursor, doing):
                yield from rows
        finally:
            cursor.close()

    def _fetch(self, cursor: Any, doing: str) -> Sequence[Row]:
        try:
            # Statements without a result, such as SET, have no description.
            rows: Sequence[Row] = cursor.fetchmany(FETCH_ROWS) if cursor.description else ()
        except Exception as error:
            raise _failure(error, doing, self._conn_id) from error
        return rows


class Pending:
    """A statement that runs, and whose result is small."""

    def __init__(self, cursor: Any, doing: str, conn_id: str) -> None:
        self._cursor = cursor
        self._doing = doing
        self._conn_id = conn_id

    def record(self) -> dict[str, Any]:
        """Wait for the first row, by column name; empty when there is none.

        :raises MonteCarloPushError: as :meth:`Session.query`.
        """
        try:
            while self._cursor.is_query_pending():  # the connector's own loop waits for two seconds at a time
                time.sleep(_POLL_SECONDS)
            self._cursor.get_async_execution_result()
            names = [column[0] for column in self._cursor.description]
            rows = self._cursor.fetchmany(1)
        except Exception as error:
            raise _failure(error, self._doing, self._conn_id) from error
        finally:
            self._cursor.close()
        return dict(zip(names, rows[0], strict=True)) if rows else {}


def _failure(error: Exception, doing: str, conn_id: str) -> Exception:
    """Return what to raise: Airflow's own errors, such as a connection that is not defined, stay as they are."""
    if isinstance(error, MonteCarloPushError) or is_own_error(error):
        return error
    return translate(error, doing, conn_id)
