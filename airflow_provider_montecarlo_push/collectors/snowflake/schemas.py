"""Columns and types of the tables that parsed statements mention, a schema at a time, in bounded memory."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.snowflake.names import bound_identifier
from airflow_provider_montecarlo_push.collectors.snowflake.session import Session
from airflow_provider_montecarlo_push.collectors.snowflake.statements import VIEW_TYPES, select
from airflow_provider_montecarlo_push.exceptions import SourceError

MOST_COLUMNS = 100_000
_MOST_SCHEMAS = 1_000


@dataclass
class _Schema:
    columns: dict[str, list[str]] = field(default_factory=dict)
    views: frozenset[str] = frozenset()
    size: int = 0


class Schemas:
    """Looks up tables for the parser, which needs their columns to expand ``*`` and to place unqualified names.

    A schema is read when one of its tables is first asked for, and forgotten when others need the room.

    :param most_columns: how many columns are kept; a schema with more is not read at all.
    """

    def __init__(self, session: Session, report: CollectionReport, *, most_columns: int = MOST_COLUMNS) -> None:
        self._session = session
        self._report = report
        self._most_columns = most_columns
        self._known: OrderedDict[tuple[str, str], _Schema] = OrderedDict()
        self._size = 0

    def columns(self, database: str, schema: str, table: str) -> Sequence[str] | None:
        """Return the names of the table's columns in order, ``None`` when they are not known."""
        return self._schema(database, schema).columns.get(table)

    def asset_type(self, database: str, schema: str, table: str) -> str | None:
        """Return ``VIEW`` for a view, ``None`` otherwise."""
        return "VIEW" if table in self._schema(database, schema).views else None

    def _schema(self, database: str, schema: str) -> _Schema:
        key = (database, schema)
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            return known
        known = self._known[key] = self._load(database, schema)
        self._size += known.size
        while len(self._known) > 1 and (self._size > self._most_columns or len(self._known) > _MOST_SCHEMAS):
            self._size -= self._known.popitem(last=False)[1].size
        return known

    def _load(self, database: str, schema: str) -> _Schema:
        try:
            return self._read(database, schema)
        except SourceError:
            # Dropped since, or not granted: the statement is still parsed, without its columns where it has a "*".
            self._report.count("schemas_not_visible")
            return _Schema()

    def _read(self, database: str, schema: str) -> _Schema:
        catalog = f"{bound_identifier(database)}.INFORMATION_SCHEMA"
        doing = f"Reading the columns of {database}.{schema}"
        here = ["TABLE_SCHEMA = %s"]
        views = self._session.query(
            select(["TABLE_NAME"], f"{catalog}.TABLES", [*here, f"TABLE_TYPE IN {VIEW_TYPES!r}"]), [schema], doing=doing
        )
        found = _Schema(views=frozenset(row[0] for row in views))
        rows = self._session.query(
            select(
                ["TABLE_NAME", "COLUMN_NAME"],
                f"{catalog}.COLUMNS",
                here,
                order_by=["TABLE_NAME", "ORDINAL_POSITION"],
            ),
            [schema],
            doing=doing,
        )
        for table, column in rows:
            found.size += 1
            if found.size > self._most_columns:
                self._report.count("schemas_too_large")
                return _Schema(views=found.views)
            found.columns.setdefault(table, []).append(sys.intern(column))
        return found
