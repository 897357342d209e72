"""Put the wider connection, catalog and translations in the place of fakesnow's."""

# ruff: noqa: S608 - only names of the emulator's own tables and quoted identifiers are put into SQL

from __future__ import annotations

import importlib
import logging
import warnings
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from string import Template
from types import ModuleType
from typing import TYPE_CHECKING, Any

import sqlglot
from fakesnow import cursor, dialect, info_schema, macros, transforms
from sqlglot import exp

from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.catalog import (
    GLOBAL_VIEWS,
    database_views,
)
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.errors import snowflake_error
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.ledger import Ledger
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import (
    GLOBAL_SCHEMA,
    INTERNAL_SCHEMA,
    identifier,
    literal,
    stored,
)
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.session import (
    Account,
    WarehouseConnection,
    database_creation_sql,
    macro_creation_sql,
)
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.show import SHOW_COMMANDS
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.wire import keeping_nulls

if TYPE_CHECKING:
    from fakesnow.instance import FakeSnow

KEPT_RESULTS = 64
"""fakesnow keeps every result for ``RESULT_SCAN``; here only the latest."""


class RecentResults(OrderedDict[str, Any]):
    """The latest results by query id."""

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        while len(self) > KEPT_RESULTS:
            self.popitem(last=False)


class QuotedTemplate(Template):
    """fakesnow's answers, with a name that may hold quotes."""

    def substitute(self, mapping: Mapping[str, object] = {}, /, **kwds: object) -> str:  # as in Template
        """As ``Template``'s, each value fit for an SQL string."""
        return super().substitute({key: str(value).replace("'", "''") for key, value in {**mapping, **kwds}.items()})


def install() -> FakeSnow:
    """Patch fakesnow and make the one account of this process.

    fakesnow keeps its state in module globals, so this belongs in a process of its own and runs once.
    """
    warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of each clause that DuckDB has no use for
    for module, name, value in _patches():
        setattr(module, name, value)
    for name, template in [(name, value) for name, value in vars(cursor).items() if isinstance(value, Template)]:
        setattr(cursor, name, QuotedTemplate(template.template))

    server = importlib.import_module("fakesnow.server")  # makes its account on import, so after the patches
    logging.getLogger("fakesnow.server").setLevel(logging.WARNING)  # a refused statement is no news
    account: FakeSnow = server.shared_fs
    account.results_cache = RecentResults()
    WarehouseConnection.account = Account(Ledger(account.duck_conn))
    for view in GLOBAL_VIEWS + SHOW_COMMANDS:
        account.duck_conn.execute(view)
    return account


def _patches() -> Iterator[tuple[ModuleType, str, object]]:
    """What to put in the place of what: module, name there, ours."""
    fakes = importlib.import_module("fakesnow.fakes")
    yield fakes, "FakeSnowflakeConnection", WarehouseConnection
    yield info_schema, "per_db_creation_sql", lambda name: database_creation_sql(name, database_views(name))
    yield info_schema, "insert_table_comment_sql", lambda *_: "select 1"  # the ledger keeps comments
    yield info_schema, "insert_text_lengths_sql", insert_text_lengths_sql
    yield macros, "creation_sql", macro_creation_sql
    for module in (dialect, cursor):
        yield module, "syntax_error", lambda error: snowflake_error(error, None)
    arrow = importlib.import_module("fakesnow.arrow")
    yield arrow, "timestamp_to_sf_struct", keeping_nulls(arrow.timestamp_to_sf_struct)
    describe = importlib.import_module("fakesnow.transforms.transforms")
    in_any_database = describe.SQL_DESCRIBE_TABLE.template.replace(INTERNAL_SCHEMA, GLOBAL_SCHEMA)
    yield describe, "SQL_DESCRIBE_TABLE", QuotedTemplate(in_any_database)
    for transform in (create_database, set_schema, information_schema_databases, show_databases):
        yield transforms, transform.__name__, transform


def insert_text_lengths_sql(catalog: str, schema: str, table: str, text_lengths: list[tuple[str, int]]) -> str:
    """As fakesnow's, for any name."""
    key = ", ".join(literal(part) for part in (catalog, schema, table))
    values = ", ".join(
        f"({key}, {literal(column)}, {size}, {min(size * 4, 16_777_216)})" for column, size in text_lengths
    )
    return (
        f"insert into {GLOBAL_SCHEMA}._fs_columns_ext values {values} on conflict do update set "
        "ext_character_maximum_length = excluded.ext_character_maximum_length, "
        "ext_character_octet_length = excluded.ext_character_octet_length"
    )


def create_database(statement: exp.Expr, db_path: object = None) -> exp.Expr:
    """``CREATE DATABASE`` with a quoted name; always in memory."""
    del db_path
    if not (isinstance(statement, exp.Create) and str(statement.args.get("kind")).upper() == "DATABASE"):
        return statement
    name = stored(statement.this.this) or ""
    guard = "IF NOT EXISTS " if statement.args.get("exists") else ""
    return exp.Command(
        this="ATTACH",
        expression=exp.Literal.string(f"{guard}DATABASE ':memory:' AS {identifier(name)}"),
        create_db_name=name,
    )


def set_schema(statement: exp.Expr, current_database: str | None) -> exp.Expr:
    """``USE`` with quoted names."""
    if not isinstance(statement, exp.Use) or not statement.this:
        return statement
    kind = statement.args.get("kind")
    word = kind.name.upper() if kind else "DATABASE" if statement.this.args.get("db") is None else "SCHEMA"
    if word not in {"DATABASE", "SCHEMA"}:
        return transforms.SUCCESS_NOP.copy()
    name = stored(statement.this.this) or ""
    if word == "DATABASE":
        return _set(name, None)
    return _set(stored(statement.this.args.get("db")) or current_database or "", name)


def _set(database: str, schema: str | None) -> exp.Expr:
    path = f"{identifier(database)}.{identifier(schema or 'main')}"
    command = exp.Command(this="SET", expression=f" schema = {literal(path)}", set_database=database)
    if schema:
        command.set("set_schema", schema)
    return command


def information_schema_databases(statement: exp.Expr, current_schema: str | None = None) -> exp.Expr:
    """``[db.]INFORMATION_SCHEMA.DATABASES`` in its own database, not the current one."""
    in_schema = statement.args.get("db") is not None or current_schema == "INFORMATION_SCHEMA"
    if (
        isinstance(statement, exp.Table)
        and in_schema
        and statement.db in {"INFORMATION_SCHEMA", ""}
        and statement.name == "DATABASES"
    ):
        statement.set("this", exp.to_identifier("databases", quoted=True))
        statement.set("db", exp.to_identifier(INTERNAL_SCHEMA, quoted=True))
    return statement


def show_databases(statement: exp.Expr) -> exp.Expr:
    """``SHOW [TERSE] DATABASES [LIKE …]``."""
    if not (isinstance(statement, exp.Show) and statement.name.upper() == "DATABASES"):
        return statement
    like = statement.args.get("like")
    where = f' where "name" ilike {literal(like.name)}' if isinstance(like, exp.Expr) else ""
    return sqlglot.parse_one(f"select * from {GLOBAL_SCHEMA}._fs_show_databases{where}", read="duckdb")
