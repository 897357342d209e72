"""fakesnow's connection and cursor, widened: odd names, real errors, a ledger of changes, editions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from threading import RLock
from typing import TYPE_CHECKING, Any, cast

import sqlglot
from fakesnow import info_schema, macros
from fakesnow.conn import FakeSnowflakeConnection
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.transforms import SUCCESS_NOP
from snowflake.connector.cursor import DictCursor, SnowflakeCursor
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.access import ACCESS, Access
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.changes import changes, is_temporary
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.errors import snowflake_error
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.ledger import (
    Change,
    Created,
    DatabaseCreated,
    Ledger,
    SchemaCreated,
)
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import identifier, literal, resolve, stored
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.references import already_made, refusal
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.rewrites import CLOCK_VARIABLE, rewrite

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from fakesnow.instance import FakeSnow


@dataclass
class Account:
    """What all sessions share: the ledger and the edition."""

    ledger: Ledger
    access: Access = ACCESS["enterprise"]
    session_ids: count[int] = field(default_factory=lambda: count(17_314_086))


class QuietConnection:
    """A DuckDB connection that skips the statements in which fakesnow forgets to quote a database's name.

    They clear the load history of a table that was just made, which is empty here.
    """

    def __init__(self, duck_conn: DuckDBPyConnection) -> None:
        self._duck_conn = duck_conn

    def execute(self, query: str, parameters: object = None) -> Any:
        """As DuckDB's own."""
        if query.startswith("DELETE FROM ") and "._fs_load_history WHERE" in query:
            return self
        return self._duck_conn.execute(query, parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._duck_conn, name)


class WarehouseConnection(FakeSnowflakeConnection):
    """A session: where unqualified names point, who asks, and what is not committed yet."""

    account: Account  # set once for all sessions by ``install``

    def __init__(
        self,
        duck_conn: DuckDBPyConnection,
        results_cache: dict[str, tuple[Any, ...]],
        database: str | None = None,
        schema: str | None = None,
        **options: Any,
    ) -> None:
        options |= {"create_database": False, "create_schema": False}
        super().__init__(cast("DuckDBPyConnection", QuietConnection(duck_conn)), results_cache, None, None, **options)
        self.session_id = next(self.account.session_ids)
        self.user, self.role, self.warehouse, self.query_tag = "SHOP_OWNER", "ACCOUNTADMIN", "COMPUTE_WH", ""
        self._clock: datetime | None = None
        self.translations: dict[tuple[object, ...], exp.Expr] | None = None
        self.lock = RLock()  # a session runs one statement at a time
        self.temporary: set[str] = set()
        self._open_transaction = False
        self._uncommitted: list[Change] = []
        self._use(database, schema)

    def cursor(self, cursor_class: type[SnowflakeCursor] = SnowflakeCursor) -> WarehouseCursor:
        """A cursor of this session."""
        return WarehouseCursor(
            conn=self, duck_conn=self._duck_conn, use_dict_result=issubclass(cursor_class, DictCursor)
        )

    @property
    def clock(self) -> datetime | None:
        """The time that the session's statements run at, ``None`` for the real one."""
        return self._clock

    @clock.setter
    def clock(self, moment: datetime | None) -> None:
        self._clock = moment
        told = f"{literal(moment.isoformat())}::timestamptz" if moment else "null"
        self._duck_conn.execute(f"set variable {CLOCK_VARIABLE} = {told}")

    @property
    def now(self) -> datetime:
        """The session's time: the real one unless a clock is set."""
        return self._clock or datetime.now(UTC)

    def last_altered(self, name: str) -> datetime | None:
        """When the table called ``name``, as written in SQL, changed last."""
        found = resolve(exp.to_table(name, dialect="snowflake"), self.database, self.schema)
        return self.account.ledger.last_altered(found) if found else None

    def settle(self, statement: exp.Expr, made: Sequence[Change]) -> None:
        """Write what ``statement`` changed to the ledger, or keep it until the transaction ends."""
        if isinstance(statement, exp.Create) and is_temporary(statement) and (table := statement.find(exp.Table)):
            self.temporary.add(stored(table.this) or "")
        if isinstance(statement, exp.Transaction):
            self._open_transaction = True
        elif isinstance(statement, exp.Rollback):
            self._open_transaction, self._uncommitted = False, []
        elif isinstance(statement, exp.Commit):
            self._open_transaction = False
        self._uncommitted.extend(made)
        if self._uncommitted and not self._open_transaction and not self._in_transaction:
            pending, self._uncommitted = self._uncommitted, []
            self.account.ledger.record(pending, when=self.now, owner=self.role)

    def prepare_database(self, name: str) -> None:
        """Give the new database ``name`` its PUBLIC schema and make that current, as Snowflake does."""
        public = f"{identifier(name)}.PUBLIC"
        self._duck_conn.execute(f"CREATE SCHEMA IF NOT EXISTS {public}")
        self._use(name, "PUBLIC")

    def leave_database(self) -> None:
        """Have no current database."""
        self._duck_conn.execute("SET schema = 'memory.main'")
        self.database = self._schema = None
        self.database_set = self.schema_set = False

    def _use(self, database: str | None, schema: str | None) -> None:
        """Make a database and schema current where they exist; like Snowflake, say nothing where they do not."""
        self.database, self._schema = database, schema
        known = "select 1 from duckdb_schemas() where database_name = ? and schema_name = ?"
        self.database_set = bool(database) and bool(self._duck_conn.execute(known, [database, "main"]).fetchone())
        self.schema_set = (
            self.database_set and bool(schema) and bool(self._duck_conn.execute(known, [database, schema]).fetchone())
        )
        if self.database_set:
            path = f"{identifier(str(database))}.{identifier(str(schema) if self.schema_set else 'main')}"
            self._duck_conn.execute(f"SET schema = {literal(path)}")


class WarehouseCursor(FakeSnowflakeCursor):
    """Runs a statement, keeps the ledger, and fails in Snowflake's words."""

    _conn: WarehouseConnection
    _statement: exp.Expr | None
    _changes: list[Change]
    _text: str
    _part: int

    def execute(
        self,
        command: str,
        params: Sequence[Any] | dict[Any, Any] | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> WarehouseCursor:
        """As fakesnow's.

        :raises snowflake.connector.errors.ProgrammingError: for whatever goes wrong.
        """
        with self._conn.lock:
            self._statement, self._changes, self._text, self._part = None, [], command, 0
            try:
                super().execute(command, params, *args, **kwargs)
                self._settle()
            except Exception as error:
                raise self._translated(error) from error
        return self

    def _translated(self, error: Exception) -> ProgrammingError:
        translated = snowflake_error(error, self._statement)
        self._sqlstate = cast("None", translated.sqlstate)  # fakesnow sets it to None first, and to texts later
        return translated

    def _transform_explode(self, expression: exp.Expr) -> list[exp.Expr]:
        self._statement = expression.copy()
        denied = self._conn.account.access.refusal(expression, self._conn.database)
        if refused := denied or refusal(expression, self._conn):
            raise refused
        if name := already_made(expression, self._conn):
            answer = literal(f"{name} already exists, statement succeeded.")
            return [sqlglot.parse_one(f'select {answer} as "status"')]
        self._changes = changes(self._statement, self._text, self._conn.database, self._conn.schema)
        for change in self._changes:
            if isinstance(change, Created) and not change.only_if_absent:
                self._conn.account.ledger.forget_lengths(change.name)
        return super()._transform_explode(rewrite(expression, self._conn))

    def _transform(self, expression: exp.Expr, params: Any) -> exp.Expr:
        """As fakesnow's, which walks the tree seventy times; the seed repeats its statements and lets them be kept."""
        known = self._conn.translations
        if known is None:
            return super()._transform(expression, params)
        self._part += 1
        key = (self._text, self._conn.database, self._conn.schema, self._part)
        if key not in known:
            known[key] = super()._transform(expression, params)
        return known[key].copy()

    def _execute(self, transformed: exp.Expr, params: Any = None) -> None:
        with self._conn.lock:  # the server describes results outside of ``execute``
            super()._execute(transformed, params)
            silent = isinstance(transformed, (exp.Command, exp.Comment))
            if silent and str(self._last_sql) == transformed.sql(dialect="duckdb"):
                super()._execute(SUCCESS_NOP.copy())  # DuckDB cannot describe a result that is none

    def _settle(self) -> None:
        if self._statement is None:
            return
        for change in list(self._changes):
            if isinstance(change, DatabaseCreated):
                self._conn.prepare_database(change.name)
                self._changes.append(SchemaCreated(change.name, "PUBLIC"))
        self._conn.settle(self._statement, self._changes)


def open_session(account: FakeSnow, database: str | None = None, schema: str | None = None) -> WarehouseConnection:
    """A new session of the account, in a database and schema as far as they exist."""
    return cast("WarehouseConnection", account.connect(database, schema))


def database_creation_sql(name: str, views: str) -> str:
    """What fakesnow runs in a new database, with its name quoted, plus ``views``."""
    quoted = identifier(name)
    return ";".join(
        [
            info_schema.SQL_CREATE_FS_INFORMATION_SCHEMA.substitute(catalog=quoted),
            info_schema.SQL_CREATE_LOAD_HISTORY_TABLE.substitute(catalog=quoted),
            views,
        ]
    )


def macro_creation_sql(name: str, original: Any = macros.creation_sql) -> str:
    """fakesnow's macros for a database, with its name quoted."""
    return str(original(identifier(name)))
