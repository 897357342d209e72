"""Snowflake behaviour that fakesnow lacks, as changes to the parsed statement before it is translated."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fakesnow.transforms import SUCCESS_NOP
from sqlglot import exp

from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.errors import DIVISION_BY_ZERO
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import identifier, literal, stored

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.session import WarehouseConnection

ACCOUNT = "EMBEDDED"

_FIXED_TEXTS = (exp.DataType.Type.CHAR, exp.DataType.Type.NCHAR)

CLOCK_VARIABLE = "wh_clock"
"""DuckDB's variable in which a session whose clock is set keeps the time."""


def rewrite(statement: exp.Expr, session: WarehouseConnection) -> exp.Expr:
    """``statement`` with what fakesnow does not know replaced by what it does.

    Division by zero fails, ``CURRENT_ROLE()`` and its kin tell the session's values, ``ALTER SESSION`` is accepted,
    names with spaces and dots work in ``CREATE SCHEMA``.
    """
    if isinstance(statement, exp.Alter) and str(statement.args.get("kind")).upper() == "SESSION":
        return _alter_session(statement, session)
    if isinstance(statement, exp.Create) and str(statement.args.get("kind")).upper() == "SCHEMA":
        return _create_schema(statement, session)
    if isinstance(statement, exp.Drop) and str(statement.args.get("kind")).upper() == "DATABASE":
        return _drop_database(statement, session)
    if isinstance(statement, exp.Use):
        _remember_use(statement, session)
    if isinstance(statement, exp.Create):
        statement = _create(statement)
    return statement.transform(_rewrite_node, session, copy=False)


def _rewrite_node(node: exp.Expr, session: WarehouseConnection) -> exp.Expr:
    if isinstance(node, exp.Div):
        return _checked_division(node)
    if isinstance(node, exp.DataType) and node.this in _FIXED_TEXTS:
        return _varchar(node)
    if isinstance(node, (exp.CurrentTimestamp, exp.CurrentDate)) and session.clock is not None:
        return _time_of_the_session(node)
    if isinstance(node, exp.Anonymous) and node.name.upper() == "SYSTEM$LAST_CHANGE_COMMIT_TIME":
        return _last_change(node, session)
    value = _session_value(node, session)
    if value is None:
        return node
    told = exp.Literal.string(value)
    return exp.alias_(told, node.sql("snowflake"), quoted=True) if isinstance(node.parent, exp.Select) else told


def _varchar(node: exp.DataType) -> exp.DataType:
    """CHAR is VARCHAR in Snowflake, with a length of 1 unless another is given."""
    given = node.expressions or [exp.DataTypeParam(this=exp.Literal.number(1))]
    return exp.DataType(this=exp.DataType.Type.VARCHAR, expressions=given)


def _time_of_the_session(node: exp.Expr) -> exp.Expr:
    definition = node.find_ancestor(exp.Create)
    if definition and str(definition.args.get("kind")).upper() == "VIEW":
        return node
    told = exp.Anonymous(this="GETVARIABLE", expressions=[exp.Literal.string(CLOCK_VARIABLE)])
    return exp.cast(told, "DATE" if isinstance(node, exp.CurrentDate) else "TIMESTAMPTZ")


def _create(statement: exp.Create) -> exp.Create:
    """Leave out how an external table's columns are read from files, and copy what is to be cloned."""
    if statement.find(exp.ExternalProperty):
        for expression in list(statement.find_all(exp.ComputedColumnConstraint)):
            if expression.parent:
                expression.parent.pop()
    clone = statement.args.get("clone")
    if clone and str(statement.args.get("kind")).upper() == "TABLE":
        statement.set("clone", None)
        statement.set("expression", exp.select("*").from_(clone.this))
    return statement


def _session_value(node: exp.Expr, session: WarehouseConnection) -> str | None:
    match node:
        case exp.CurrentRole():
            return session.role
        case exp.CurrentUser():
            return session.user
        case exp.CurrentWarehouse():
            return session.warehouse
        case exp.CurrentAccount():
            return ACCOUNT
        case exp.CurrentRegion():
            return "AWS_US_EAST_1"
        case exp.CurrentSession():
            return str(session.session_id)
    return None


def _checked_division(node: exp.Div) -> exp.Expr:
    divisor = node.expression
    unwrapped = divisor.unnest()
    if isinstance(unwrapped, exp.Literal) and unwrapped.name.strip("0.") != "":
        return node
    if isinstance(unwrapped, (exp.Nullif, exp.Case)):
        return node
    failing = exp.Anonymous(this="ERROR", expressions=[exp.Literal.string(DIVISION_BY_ZERO)])
    checked = exp.Case().when(exp.EQ(this=divisor.copy(), expression=exp.Literal.number(0)), failing)
    node.set("expression", checked.else_(divisor.copy()))
    return node


def _last_change(node: exp.Anonymous, session: WarehouseConnection) -> exp.Expr:
    changed = session.last_altered(node.expressions[0].name) if node.expressions else None
    if changed is None:
        return exp.null()
    since = changed - datetime(1970, 1, 1, tzinfo=UTC)
    return exp.Literal.number((since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000)


def _alter_session(statement: exp.Alter, session: WarehouseConnection) -> exp.Expr:
    for item in statement.find_all(exp.SetItem):
        if not isinstance(item.this, exp.EQ):
            continue
        name = item.this.this.name.upper()
        if name == "AUTOCOMMIT":
            return statement
        if name == "QUERY_TAG":
            session.query_tag = item.this.expression.name
    return SUCCESS_NOP.copy()


def _remember_use(statement: exp.Use, session: WarehouseConnection) -> None:
    kind = statement.args.get("kind")
    name = stored(statement.this.this) if statement.this else None
    if kind is None or name is None:
        return
    if kind.name.upper() == "ROLE":
        session.role = name
    elif kind.name.upper() == "WAREHOUSE":
        session.warehouse = name


def _create_schema(statement: exp.Create, session: WarehouseConnection) -> exp.Expr:
    table = statement.this
    database = stored(table.args.get("catalog")) or session.database
    schema = stored(table.args.get("db"))
    if not database or not schema:
        return statement
    name = f"{identifier(database)}.{identifier(schema)}"
    guard = "IF NOT EXISTS " if statement.args.get("exists") else ""
    drop = f"SCHEMA IF EXISTS {name} CASCADE; CREATE " if statement.args.get("replace") else ""
    return exp.Command(
        this="DROP" if drop else "CREATE",
        expression=f" {drop}SCHEMA {guard}{name}; SET schema = {literal(name)}",
        set_database=database,
        set_schema=schema,
    )


def _drop_database(statement: exp.Drop, session: WarehouseConnection) -> exp.Expr:
    name = stored(statement.args["tables"][0].this) or ""
    if name == session.database:
        session.leave_database()
    guard = "IF EXISTS " if statement.args.get("exists") else ""
    return exp.Command(this="DETACH", expression=f" DATABASE {guard}{identifier(name)}")
