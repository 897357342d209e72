"""The tables that a statement needs, and the first of them that is not there.

DuckDB ignores case, Snowflake does not: without this check ``SELECT * FROM "orders"`` would find ``ORDERS`` here and
fail in a real account.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.errors import already_exists, not_authorized
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import display, resolve, stored

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.session import WarehouseConnection

# These name what need not exist, or what is not in the ledger.
_UNCHECKED = (exp.Command, exp.Copy, exp.Describe, exp.Grant, exp.Show, exp.Use)


def refusal(statement: exp.Expr, session: WarehouseConnection) -> ProgrammingError | None:
    """The error if ``statement`` makes something a second time, or needs a table that is not there."""
    if (name := already_made(statement, session)) and not statement.args.get("exists"):
        return already_exists(name)
    for table in _needed(statement):
        if error := _missing(table, session):
            return error
    return None


def already_made(statement: exp.Expr, session: WarehouseConnection) -> str | None:
    """The name, as written, of the table or view that ``statement`` would make a second time, ``None`` if none."""
    if not isinstance(statement, exp.Create) or _kind(statement) not in {"TABLE", "VIEW"}:
        return None
    table = _made(statement)
    name = resolve(table, session.database, session.schema) if isinstance(table, exp.Table) else None
    if name is None or statement.args.get("replace") or session.account.ledger.object_id(name) is None:
        return None
    return _as_written(table) if isinstance(table, exp.Table) else None


def _as_written(table: exp.Table) -> str:
    return display(*[part for node in table.parts if (part := stored(node))])


def _needed(statement: exp.Expr) -> Iterator[exp.Table]:
    if isinstance(statement, _UNCHECKED) or _target_may_be_absent(statement):
        return
    made = _made(statement)
    known = {cte.alias_or_name.upper() for cte in statement.find_all(exp.CTE)}
    for table in statement.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or table is made or isinstance(table.parent, exp.AlterRename):
            continue
        if table.args.get("db") or table.name.upper() not in known:
            yield table


def _target_may_be_absent(statement: exp.Expr) -> bool:
    if isinstance(statement, (exp.Drop, exp.Alter)):
        return bool(statement.args.get("exists")) or _kind(statement) not in {"TABLE", "VIEW"}
    return isinstance(statement, exp.Create) and _kind(statement) not in {"TABLE", "VIEW"}


def _made(statement: exp.Expr) -> exp.Expr | None:
    if not isinstance(statement, exp.Create):
        return None
    target: exp.Expr = statement.this
    if isinstance(target, exp.Schema):
        target = target.this
    return target


def _kind(statement: exp.Expr) -> str:
    return str(statement.args.get("kind")).upper()


def _missing(table: exp.Table, session: WarehouseConnection) -> ProgrammingError | None:
    name = resolve(table, session.database, session.schema)
    ledger = session.account.ledger
    if name is None or name.name in session.temporary:
        return None
    if not ledger.has_database(name.database):
        return not_authorized("Database", display(name.database))
    if name.schema == "INFORMATION_SCHEMA":
        return None
    if not ledger.has_schema(name.database, name.schema):
        return not_authorized("Schema", display(name.database, name.schema))
    if ledger.object_id(name) is None:
        return not_authorized("Object", _as_written(table))
    return None
