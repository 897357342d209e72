"""HiveServer2 and Spark's Thrift Server, through SQL: a statement for each table, where there is no better one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from airflow_provider_montecarlo_push.collectors.errors import missing_provider
from airflow_provider_montecarlo_push.collectors.hive.describe import described_table, shown_table
from airflow_provider_montecarlo_push.collectors.hive.errors import TableGoneError, translate
from airflow_provider_montecarlo_push.collectors.hive.tables import Table
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.schema_cache import SchemaTables
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, SourceError

log = logging.getLogger(__name__)

Connect = Callable[[], Any]
Row = tuple[Any, ...]

FETCH_ROWS = 1000
# Logs every statement as information, and there is one for each table.
_CHATTY = "pyhive.hive"


def connect_with_hook(conn_id: str) -> Any:
    """Connect with the HiveServer2Hook.

    :raises MissingDependencyError: when the Hive provider is not installed.
    """
    try:
        from airflow.providers.apache.hive.hooks.hive import HiveServer2Hook
    except ImportError as error:
        raise missing_provider(conn_id, "Hive provider", "hive", error) from error
    return HiveServer2Hook(hiveserver2_conn_id=conn_id).get_conn()


class HiveServer2:
    """A :class:`~.tables.Catalog`.

    :param connection: of PyHive.
    :param conn_id: the Airflow connection, for errors.
    """

    def __init__(self, connection: Any, conn_id: str, report: CollectionReport) -> None:
        self._connection = connection
        self._conn_id = conn_id
        self._report = report

    @classmethod
    @contextmanager
    def open(cls, connect: Connect, conn_id: str, report: CollectionReport) -> Iterator[HiveServer2]:
        """Connect, and close the connection at the end.

        :raises SourceError: when the login is refused.
        :raises SourceUnavailableError: when the server cannot be reached.
        """
        chatty = logging.getLogger(_CHATTY)
        level = chatty.level
        chatty.setLevel(logging.WARNING)
        try:
            try:
                connection = connect()
            except Exception as error:
                raise translate(error, "Connecting to HiveServer2", conn_id) from error
            try:
                yield cls(connection, conn_id, report)
            finally:
                try:
                    connection.close()
                except Exception as error:  # noqa: BLE001  # everything was read; the server drops idle sessions itself
                    log.warning("Closing the connection to HiveServer2 failed: %s", error)
        finally:
            chatty.setLevel(level)

    def databases(self) -> list[str]:
        """Return the names of all databases."""
        return [row[0] for row in self._query("SHOW DATABASES", "Listing databases")]

    def names(self, database: str, pattern: str, *, only_views: bool = False) -> list[str]:
        """Return the names of tables and views, or of views alone; see :class:`~.tables.Catalog`."""
        views = self._views(database, pattern) if only_views else None
        return self._shown_names("TABLES", database, pattern) if views is None else views

    # DESCRIBE gives sums of rows and bytes, and no times.
    sum_partitions = None

    def tables(self, database: str, names: Sequence[str]) -> Iterator[Table]:
        """Yield the tables, a statement for each."""
        for name in names:
            table = self._described(database, name)
            if table is not None:
                yield table

    def lean_tables(self, database: str, names: Sequence[str]) -> Iterator[Table]:
        """Yield the tables: with one statement for all when it is Spark that answers."""
        if self._is_spark:
            yield from self._shown(database, set(names))
            return
        views = set(self._views(database, "*") or ())
        self._report.count("views_skipped", len(views.intersection(names)))
        yield from self.tables(database, [name for name in names if name not in views])

    def read_schema(self, database: str, found: SchemaTables) -> None:
        """Read columns and kinds of all tables of a database, with two requests of the JDBC catalog."""
        doing = f"Reading the columns of {database}"
        for row in self._listed("GetTables", database, doing):
            found.types[row[2]] = "VIEW" if "VIEW" in str(row[3]).upper() else "TABLE"
        found.add_columns((row[2], row[3]) for row in self._listed("GetColumns", database, doing))

    def _views(self, database: str, pattern: str) -> list[str] | None:
        """Return the names of views; ``None`` when the server does not list them by themselves: before Hive 2.2."""
        try:
            return self._shown_names("VIEWS", database, pattern)
        except AccessDeniedError:
            raise
        except SourceError as error:
            log.info("Views are not listed by themselves: %s", error)
            return None

    def _shown_names(self, kind: str, database: str, pattern: str) -> list[str]:
        sql = f"SHOW {kind} IN {identifier(database)} LIKE '{pattern}'"
        rows = self._query(sql, f"Listing the {kind.lower()} of {database}")
        # Hive gives the name alone, Spark database, name and whether it is temporary.
        return [row[0] if len(row) == 1 else row[1] for row in rows if len(row) == 1 or not row[2]]

    def _described(self, database: str, name: str) -> Table | None:
        full_name = f"{identifier(database)}.{identifier(name)}"
        try:
            rows = list(self._query(f"DESCRIBE FORMATTED {full_name}", f"Reading table {database}.{name}"))
        except TableGoneError as error:
            self._report.leave_out("gone", str(error))
        except AccessDeniedError as error:
            self._report.leave_out("denied", str(error))
            self._report.complete = False
        except SourceError as error:
            # A format whose classes the server lacks, or that it cannot load: of this table alone.
            self._report.leave_out("unreadable", str(error))
        else:
            return described_table(database, name, rows)
        return None

    def _shown(self, database: str, names: set[str]) -> Iterator[Table]:
        doing = f"Reading the tables of {database}"
        for _, name, is_temporary, information in self._query(
            f"SHOW TABLE EXTENDED IN {identifier(database)} LIKE '*'", doing
        ):
            if name in names and not is_temporary:
                yield shown_table(database, name, information)

    @cached_property
    def _is_spark(self) -> bool:
        """Whether it is Spark that answers: it has columns for the database and for whether a table is temporary."""
        with self._cursor("SHOW TABLES IN `default` LIKE 'no_such_table'", "Looking which server it is") as cursor:
            return len(cursor.description or ()) > 1

    def _query(self, sql: str, doing: str) -> Iterator[Row]:
        """Run a statement and yield its rows.

        :raises MonteCarloPushError: any error of :func:`.errors.translate`.
        """
        with self._cursor(sql, doing) as cursor:
            while rows := self._do(lambda: cursor.fetchmany(FETCH_ROWS), doing):
                yield from rows

    @contextmanager
    def _cursor(self, sql: str, doing: str) -> Iterator[Any]:
        cursor = self._connection.cursor()
        try:
            self._do(lambda: cursor.execute(sql), doing)
            yield cursor
        finally:
            try:
                cursor.close()
            except Exception as error:  # noqa: BLE001  # what was asked for has come, or an error says why not
                log.debug("Closing a statement failed: %s", error)

    def _listed(self, method: str, database: str, doing: str) -> Iterator[Row]:
        """Yield the rows of a request of the JDBC catalog, for which PyHive has no method of its own."""
        from TCLIService import ttypes

        client, session = self._connection.client, self._connection.sessionHandle
        request = getattr(ttypes, f"T{method}Req")(session, schemaName=_literal(database), tableName="%")
        opened = self._checked(lambda: getattr(client, method)(request), doing)
        handle = opened.operationHandle
        try:
            while True:
                fetch = ttypes.TFetchResultsReq(handle, ttypes.TFetchOrientation.FETCH_NEXT, FETCH_ROWS)
                page = self._checked(lambda: client.FetchResults(fetch), doing)  # noqa: B023  # called at once
                rows = list(zip(*map(_values, page.results.columns), strict=True))
                if not rows:
                    return
                yield from rows
        finally:
            self._do(lambda: client.CloseOperation(ttypes.TCloseOperationReq(handle)), doing)

    def _checked(self, request: Callable[[], Any], doing: str) -> Any:
        answer = self._do(request, doing)
        if answer.status.statusCode not in (0, 1):  # success, with or without information
            raise translate(_FailedRequestError(answer), doing, self._conn_id)
        return answer

    def _do(self, action: Callable[[], Any], doing: str) -> Any:
        try:
            return action()
        except Exception as error:
            raise translate(error, doing, self._conn_id) from error


class _FailedRequestError(Exception):
    """An answer whose status says that the request failed."""


def identifier(name: str) -> str:
    """Return a name as SQL of Hive and Spark has it."""
    return "`" + name.replace("`", "``") + "`"


def _literal(name: str) -> str:
    """Return a name as a JDBC pattern that matches it alone."""
    return name.replace("_", "\\_")


def _values(column: Any) -> Sequence[Any]:
    """Return the values of a column, whatever its type; numbers that are absent are 0."""
    (values,) = (value.values for value in vars(column).values() if value is not None)
    found: Sequence[Any] = values
    return found
