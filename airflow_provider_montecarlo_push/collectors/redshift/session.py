"""Connections to one Redshift cluster or workgroup: statements in, rows out as they stream.

redshift_connector reads every row of a result before it hands out the first, so results are read through cursors
of the server: ``DECLARE``, then ``FETCH FORWARD``, in one transaction. A session may have one open cursor, so streams
that are read side by side have a connection each. Sources:
https://docs.aws.amazon.com/redshift/latest/dg/declare.html, https://docs.aws.amazon.com/redshift/latest/dg/fetch.html
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from airflow_provider_montecarlo_push.collectors.errors import is_own_error, missing_provider, one_line
from airflow_provider_montecarlo_push.collectors.redshift.errors import is_about_the_connection, translate
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    ConfigurationError,
)

log = logging.getLogger(__name__)

Row = Sequence[Any]

# The most that a cluster of a single node allows.
FETCH_ROWS = 1000


class Cursor(Protocol):
    """The part of a DB-API cursor that is used here."""

    @property
    def description(self) -> Any: ...

    def execute(self, operation: str, args: Sequence[Any] | None = None, /) -> Any: ...

    def fetchall(self) -> Sequence[Any]: ...

    def close(self) -> Any: ...


class Connection(Protocol):
    """The part of a DB-API connection that is used here; transactions begin by themselves."""

    def cursor(self) -> Any: ...

    def rollback(self) -> Any: ...

    def close(self) -> Any: ...


Connect = Callable[[str | None], Connection]
"""Connects to a database of the cluster; ``None`` is the connection's own."""


def connect_with_hook(conn_id: str, database: str | None) -> Connection:
    """Connect with the RedshiftSQLHook.

    :param database: another database than the connection's own.
    :raises MissingDependencyError: when the Amazon provider or redshift_connector is not installed.
    """
    try:
        from airflow.providers.amazon.aws.hooks.redshift_sql import RedshiftSQLHook
    except ImportError as error:
        raise missing_provider(conn_id, "Amazon provider with redshift_connector", "redshift", error) from error
    hook = RedshiftSQLHook(redshift_conn_id=conn_id)
    if database is not None:
        hook.conn.schema = database  # passwords from IAM are made for a database, so the hook has to know
        extra = hook.conn.extra_dejson
        if "database" in extra:
            raise ConfigurationError(
                f"The extra of connection {conn_id!r} names a database, so that no other one can be connected to. Put "
                "it into the field Database instead."
            )
    connection: Connection = hook.get_conn()
    return connection


class Cluster:
    """Runs statements on as many connections as there are streams open at once; idle ones are used again.

    :param connect: connects to a database.
    :param conn_id: the Airflow connection, for errors.
    """

    def __init__(self, connect: Connect, conn_id: str, report: CollectionReport) -> None:
        self._connect = connect
        self._conn_id = conn_id
        self._report = report
        self._idle: defaultdict[str | None, list[Connection]] = defaultdict(list)
        self._busy: dict[int, Connection] = {}
        self._cursors = 0
        self._noted = False

    @classmethod
    @contextmanager
    def open(cls, connect: Connect, conn_id: str, report: CollectionReport) -> Iterator[Cluster]:
        """Give a cluster, and close its connections at the end."""
        cluster = cls(connect, conn_id, report)
        try:
            yield cluster
        finally:
            cluster.close()

    def stream(self, sql: str, params: Sequence[Any] = (), *, doing: str, database: str | None = None) -> Iterator[Row]:
        """Run ``sql`` now and return its rows, which are fetched as they are asked for.

        :param sql: a SELECT with ``%s`` for each of ``params``; where there are any, a literal ``%`` is ``%%``.
        :param doing: what this is for, as the beginning of an error message.
        :param database: in which; ``None`` is the connection's own.
        :raises AccessDeniedError: when something is missing or not granted; without the statements that grant it.
        :raises MonteCarloPushError: any other error of :func:`.errors.translate`.
        """
        connection = self._take(database)
        try:
            rows = self._declare(connection, sql, params, doing)
            batch = next(rows, ())
        except BaseException:
            self._drop(connection)
            raise
        return self._rows(connection, database, batch, rows)

    def fetch(self, sql: str, params: Sequence[Any] = (), *, doing: str, database: str | None = None) -> list[Row]:
        """Run ``sql`` and return its few rows; parameters and errors as for :meth:`stream`."""
        connection = self._take(database)
        try:
            rows = list(self._execute(connection, sql, params, doing).fetchall())
        except BaseException:
            self._drop(connection)
            raise
        self._give_back(connection, database)
        return rows

    def columns(self, view: str) -> frozenset[str]:
        """Return the names of the columns of a system view, which differ by version.

        :raises AccessDeniedError: when it is missing or not granted.
        """
        connection = self._take(None)
        try:
            cursor = self._execute(connection, f"SELECT * FROM {view} WHERE 1 = 0", (), f"Reading {view}")  # noqa: S608 - ours
            names = frozenset(_text(column[0]).lower() for column in cursor.description)
        except BaseException:
            self._drop(connection)
            raise
        self._give_back(connection, None)
        return names

    def close(self) -> None:
        """Close all connections."""
        for connection in [*self._busy.values(), *(one for idle in self._idle.values() for one in idle)]:
            _close(connection)
        self._busy.clear()
        self._idle.clear()

    def _take(self, database: str | None) -> Connection:
        if self._idle[database]:
            connection = self._idle[database].pop()
        else:
            where = f"Connecting to database {database} of Redshift" if database else "Connecting to Redshift"
            try:
                connection = self._connect(database)
            except Exception as error:
                raise self._failure(error, where) from error
        self._busy[id(connection)] = connection
        return connection

    def _give_back(self, connection: Connection, database: str | None) -> None:
        try:
            connection.rollback()
        except Exception as error:  # noqa: BLE001  # everything was read; a new one is made where one is needed
            log.warning("A connection to Redshift broke after it was read from: %s", one_line(error))
            self._drop(connection)
            return
        del self._busy[id(connection)]
        # Those to other databases are not needed again once their tables are read.
        if len(self._idle[database]) < 1 + 4 * (database is None):
            self._idle[database].append(connection)
        else:
            _close(connection)

    def _drop(self, connection: Connection) -> None:
        self._busy.pop(id(connection), None)
        _close(connection)

    def _declare(self, connection: Connection, sql: str, params: Sequence[Any], doing: str) -> Iterator[Sequence[Row]]:
        """Yield the rows in batches; where the server refuses a cursor, all of them as one.

        Clusters limit the size of what is open in cursors, by type of node, and some queries have none at all.
        """
        self._cursors += 1
        name = f"montecarlo_{self._cursors}"  # the driver keeps what it knows of a FETCH by its text
        fetch = f"FETCH FORWARD {FETCH_ROWS} FROM {name}"
        try:
            cursor = connection.cursor()
            _run(cursor, f"DECLARE {name} CURSOR FOR {sql}", params)
            cursor.execute(fetch)
            batch = cursor.fetchall()
        except Exception as error:
            translated = self._failure(error, doing)
            if isinstance(translated, AccessDeniedError) or is_about_the_connection(error):
                raise translated from error
            yield self._at_once(connection, sql, params, doing, translated)
            return
        while batch:
            yield batch
            if len(batch) < FETCH_ROWS:
                return
            try:
                cursor.execute(fetch)
                batch = cursor.fetchall()
            except Exception as error:
                raise self._failure(error, doing) from error

    def _at_once(
        self, connection: Connection, sql: str, params: Sequence[Any], doing: str, refused: Exception
    ) -> Sequence[Row]:
        try:
            connection.rollback()
        except Exception as error:
            raise self._failure(error, doing) from error
        rows: Sequence[Row] = self._execute(connection, sql, params, doing).fetchall()
        if not self._noted:
            self._noted = True
            self._report.note(
                f"Redshift refused a cursor, so results are read at once and take memory: {refused} See the limits by "
                "type of node at https://docs.aws.amazon.com/redshift/latest/dg/declare.html; a shorter window or "
                "fewer tables make results smaller."
            )
        return rows

    def _rows(
        self, connection: Connection, database: str | None, batch: Sequence[Row], rest: Iterator[Sequence[Row]]
    ) -> Iterator[Row]:
        try:
            while batch:
                yield from batch
                batch = next(rest, ())
        except BaseException:
            self._drop(connection)
            raise
        self._give_back(connection, database)

    def _execute(self, connection: Connection, sql: str, params: Sequence[Any], doing: str) -> Cursor:
        try:
            cursor: Cursor = connection.cursor()
            _run(cursor, sql, params)
        except Exception as error:
            raise self._failure(error, doing) from error
        return cursor

    def _failure(self, error: Exception, doing: str) -> Exception:
        """Return what to raise: Airflow's own errors, such as a connection that is not defined, stay as they are."""
        return error if is_own_error(error) else translate(error, doing, self._conn_id)


def _run(cursor: Cursor, sql: str, params: Sequence[Any]) -> None:
    if params:
        cursor.execute(sql, tuple(params))
    else:
        cursor.execute(sql)


def _close(connection: Connection) -> None:
    try:
        connection.close()
    except Exception as error:  # noqa: BLE001  # the server drops idle sessions itself
        log.debug("Closing a connection to Redshift failed: %s", error)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
