"""SELECT statements over system views, and the catalog views of one database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.snowflake.grants import ACCOUNT_USAGE, CATALOG, view_denied
from airflow_provider_montecarlo_push.collectors.snowflake.names import bound_identifier
from airflow_provider_montecarlo_push.collectors.snowflake.session import Row, Session
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

VIEW_TYPES = ("VIEW", "MATERIALIZED VIEW")

_IS_VIEW = f"COALESCE(TABLE_TYPE, 'BASE TABLE') IN {VIEW_TYPES!r}"
_DEFINED = "COALESCE(LAST_DDL, CREATED)"
_TABLE = ("TABLE_SCHEMA", "TABLE_NAME", "TABLE_TYPE", "ROW_COUNT", "BYTES", "CREATED", "LAST_ALTERED", "LAST_DDL")
_COLUMN = (
    "TABLE_SCHEMA",
    "TABLE_NAME",
    "COLUMN_NAME",
    "DATA_TYPE",
    "CHARACTER_MAXIMUM_LENGTH",
    "NUMERIC_PRECISION",
    "NUMERIC_SCALE",
    "DATETIME_PRECISION",
    "COMMENT",
)


def select(
    columns: Sequence[str],
    source: str,
    conditions: Sequence[str],
    *,
    group_by: Sequence[str] = (),
    order_by: Sequence[str] = (),
    limit: int | None = None,
) -> str:
    """Return a SELECT. Every part is SQL of this package: names are quoted and values bound by its callers."""
    clauses = [f"SELECT {', '.join(columns)}", f"FROM {source}", f"WHERE {' AND '.join(conditions)}"]
    if group_by:
        clauses.append(f"GROUP BY {', '.join(group_by)}")
    if order_by:
        clauses.append(f"ORDER BY {', '.join(order_by)}")
    if limit is not None:
        clauses.append(f"LIMIT {limit}")
    return "\n".join(clauses)


def bounds(window: TimeWindow) -> list[str]:
    """Return start and end of ``window`` as values to bind: with an offset, so that no session's zone matters."""
    return [moment.isoformat(sep=" ", timespec="microseconds") for moment in (window.start, window.end)]


class Catalog:
    """The tables, columns and views of one database, each as one statement ordered by schema and name.

    :param tables: pushed down; the rows still have to pass ``tables.matches``.
    :param account_usage: read ``SNOWFLAKE.ACCOUNT_USAGE``, which lags up to 90 minutes but has no limit of size,
        instead of the database's INFORMATION_SCHEMA, which is current.

    Each method raises :class:`AccessDeniedError`, without grants when it is the database that cannot be read.
    """

    def __init__(self, session: Session, database: str, tables: TableFilter, *, account_usage: bool) -> None:
        self._session = session
        self._database = database
        self._tables = tables
        self._account_usage = account_usage

    def all_tables(self) -> Iterator[Row]:
        """Rows of schema, name, type, rows, bytes, created, last altered, last DDL, comment; views among them."""
        return self._read("TABLES", (*_TABLE, "COMMENT"))

    def base_tables(self) -> Iterator[Row]:
        """As :meth:`all_tables` without views and comments (the last value is ``None``)."""
        return self._read("TABLES", (*_TABLE, "NULL"), f"NOT ({_IS_VIEW})")

    def views(self, defined: TimeWindow | None = None) -> Iterator[Row]:
        """Rows of schema and name of views and materialized views.

        :param defined: only those that were created or altered in this window.
        """
        return self._read("TABLES", ("TABLE_SCHEMA", "TABLE_NAME"), _IS_VIEW, defined=defined)

    def view_texts(self, defined: TimeWindow | None = None) -> Iterator[Row]:
        """Rows of schema, name, SQL text; the text is ``None`` where it is hidden from the role.

        :param defined: as for :meth:`views`; materialized views have no text.
        """
        return self._read("VIEWS", ("TABLE_SCHEMA", "TABLE_NAME", "VIEW_DEFINITION"), defined=defined)

    def columns(self) -> Iterator[Row]:
        """Rows of schema, table, column, type, length, precision, scale, fraction digits, comment, in order."""
        return self._read("COLUMNS", _COLUMN, order="ORDINAL_POSITION")

    def _read(
        self,
        view: str,
        columns: Sequence[str],
        *conditions: str,
        order: str | None = None,
        defined: TimeWindow | None = None,
    ) -> Iterator[Row]:
        in_scope, values = self._tables.condition(self._database, "TABLE_SCHEMA", "TABLE_NAME")
        if self._account_usage:
            source = f"{ACCOUNT_USAGE}.{view}"
            conditions = ("TABLE_CATALOG = %s", "DELETED IS NULL", in_scope, *conditions)
            values = [self._database, *values]
        else:
            source = f"{bound_identifier(self._database)}.INFORMATION_SCHEMA.{view}"
            conditions = ("TABLE_SCHEMA <> %s", in_scope, *conditions)
            values = ["INFORMATION_SCHEMA", *values]
        if defined is not None:
            conditions = (*conditions, f"{_DEFINED} >= %s", f"{_DEFINED} < %s")
            values = [*values, *bounds(defined)]
        order_by = ["TABLE_SCHEMA", "TABLE_NAME", *([order] if order else [])]
        sql = select(columns, source, conditions, order_by=order_by)
        try:
            return self._session.query(sql, values, doing=f"Reading {source.replace('%%', '%')}")
        except AccessDeniedError as error:
            if self._account_usage:
                raise view_denied(CATALOG, self._session.role, error) from error
            raise
