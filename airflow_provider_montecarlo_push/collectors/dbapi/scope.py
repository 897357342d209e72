"""Which rows of the information_schema are read: the filter in SQL, for all databases that it shows at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from airflow_provider_montecarlo_push.collectors.dbapi.drivers import as_text
from airflow_provider_montecarlo_push.collectors.dbapi.information_schema import CatalogView, InformationSchema
from airflow_provider_montecarlo_push.collectors.dbapi.session import Row, Session
from airflow_provider_montecarlo_push.collectors.dbapi.statements import Statement
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.events.names import TableName

_SYSTEM_SCHEMAS = ("information_schema", "pg_catalog")
_SYSTEM_SCHEMAS_OF_MYSQL = ("mysql", "performance_schema", "sys")
_ONLY_CATALOG_OF_MYSQL = "def"
# Statements grow with the number of databases; beyond this many the rows are filtered here alone.
_MOST_DATABASES = 200


@dataclass
class Scope:
    """The databases that a session shows, and the condition for those that a filter lets through.

    :param schema_is_database: there are no databases above schemas, as in MySQL.
    """

    tables: TableFilter
    schema_is_database: bool
    databases: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, session: Session, schema: InformationSchema, tables: TableFilter) -> Scope:
        """Ask which databases there are: one statement."""
        catalogs = _distinct(session, schema.tables, "TABLE_CATALOG")
        schema_is_database = catalogs == [""] or (schema.is_mysql and catalogs == [_ONLY_CATALOG_OF_MYSQL])
        names = _distinct(session, schema.tables, "TABLE_SCHEMA") if schema_is_database else catalogs
        return cls(tables, schema_is_database, [name for name in names if name])

    def name(self, row: Row) -> TableName:
        """Return the name of the table that a row begins with."""
        catalog, schema, name = row[:3]
        return TableName(schema if self.schema_is_database else catalog, schema, name)

    def condition(self, view: CatalogView) -> tuple[str, list[str]]:
        """Return SQL, in which values are written ``%s``, and the values.

        It lets through everything in scope, and possibly more.
        """
        schema = view.columns["TABLE_SCHEMA"]
        hidden = [*_SYSTEM_SCHEMAS, *(_SYSTEM_SCHEMAS_OF_MYSQL if self.schema_is_database else ())]
        conditions = [f"LOWER({schema}) NOT IN ({_marks(hidden)})"]
        values = list(hidden)
        if len(self.databases) <= _MOST_DATABASES:
            in_scope, bound = self._databases(view)
            conditions.append(in_scope)
            values += bound
        return " AND ".join(conditions), values

    def _databases(self, view: CatalogView) -> tuple[str, list[str]]:
        """Return the filter of each database, those with the same one together."""
        groups: defaultdict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
        for database in self.databases:
            if self.tables.matches_database(database):
                sql, bound = self.tables.condition(database, view.columns["TABLE_SCHEMA"], view.columns["TABLE_NAME"])
                groups[sql, tuple(bound)].append(database)
        database_column = view.columns["TABLE_SCHEMA" if self.schema_is_database else "TABLE_CATALOG"]
        terms = []
        values: list[str] = []
        for (sql, values_of_group), names in groups.items():
            terms.append(f"({database_column} IN ({_marks(names)}) AND {sql})")
            values += [*names, *values_of_group]
        return (f"({' OR '.join(terms)})" if terms else "(1 = 0)"), values


def _distinct(session: Session, view: CatalogView, column: str) -> list[str]:
    sql = f"SELECT DISTINCT {view.columns[column]} FROM {view.name}"  # noqa: S608 - names of the view itself
    rows = session.ask(Statement.of(sql), doing=f"Reading {view.name}").rows
    return [as_text(row[0]) for row in rows]


def _marks(values: list[str]) -> str:
    return ", ".join(["%s"] * len(values))
