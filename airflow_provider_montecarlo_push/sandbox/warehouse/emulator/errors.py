"""DuckDB's and sqlglot's errors in Snowflake's words, codes and SQL states."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp
from sqlglot.errors import ParseError

from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import stored

if TYPE_CHECKING:
    from collections.abc import Iterator

DIVISION_BY_ZERO = "Division by zero"

_MISSING_TABLE = re.compile(r'(?:Table|View|Schema) with name "?(.+?)"? does not exist|Catalog "(.+?)" does not exist')
_MISSING_FUNCTION = re.compile(r"Function with name (.+?) does not exist")
_MISSING_COLUMN = re.compile(
    r'[Cc]olumn "?([^"\n]+?)"? (?:not found|named|does not)|does not have a column named "([^"]+)"'
)
_NOT_CONVERTED = re.compile(r"""(?:convert|cast|parse|field|string|value)[^"'\n]*["']([^"'\n]*)["']""", re.IGNORECASE)


def snowflake_error(error: Exception, statement: exp.Expr | None) -> ProgrammingError:
    """``error`` as Snowflake would have put it.

    :param error: what fakesnow, DuckDB or sqlglot raised.
    :param statement: the parsed statement, for the full names of its tables; ``None`` if it did not parse.
    """
    origin = _origin(error)
    if isinstance(origin, ParseError):
        return _syntax_error(origin)
    if isinstance(origin, duckdb.ParserException):
        return _programming_error("SQL compilation error:\n" + _first_line(origin), 1003, "42000")
    if isinstance(origin, duckdb.CatalogException):
        return _missing_object(_first_line(origin), statement)
    if isinstance(origin, duckdb.BinderException):
        return _binder_error(str(origin), statement)
    if isinstance(origin, duckdb.ConversionException):
        return _conversion_error(str(origin))
    if isinstance(origin, duckdb.InvalidInputException) and DIVISION_BY_ZERO in str(origin):
        return _programming_error(DIVISION_BY_ZERO, 100051, "22012")
    if isinstance(origin, duckdb.ConstraintException) and "NOT NULL" in str(origin):
        return _programming_error("NULL result in a non-nullable column", 100072, "22000")
    if isinstance(error, ProgrammingError):
        return error
    return _programming_error(f"The embedded warehouse cannot run this statement: {_first_line(origin)}", 900, "XX000")


def not_authorized(kind: str, name: str) -> ProgrammingError:
    """The error for an object that is missing or not granted; Snowflake does not tell which."""
    state = "42S02" if kind == "Object" else "02000"
    return _programming_error(f"SQL compilation error:\n{kind} '{name}' does not exist or not authorized.", 2003, state)


def already_exists(name: str) -> ProgrammingError:
    """The error for a second object of a name."""
    return _programming_error(f"SQL compilation error:\nObject '{name}' already exists.", 2002, "42710")


def _programming_error(message: str, errno: int, sqlstate: str) -> ProgrammingError:
    return ProgrammingError(msg=message, errno=errno, sqlstate=sqlstate)


def _origin(error: BaseException) -> BaseException:
    """The parser's or DuckDB's error that fakesnow wrapped."""
    for found in _chain(error):
        if isinstance(found, (ParseError, duckdb.Error)):
            return found
    return error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _first_line(error: BaseException) -> str:
    line = (str(error).splitlines() or [type(error).__name__])[0]
    return line.partition(" Error: ")[2] or line


def _syntax_error(error: ParseError) -> ProgrammingError:
    at = error.errors[0] if error.errors else {}
    where = f"line {at.get('line') or 1} at position {max(0, (at.get('col') or 1) - 1)}"
    return _programming_error(
        f"SQL compilation error:\nsyntax error {where} unexpected '{at.get('highlight') or '<EOF>'}'.", 1003, "42000"
    )


def _missing_object(message: str, statement: exp.Expr | None) -> ProgrammingError:
    if function := _MISSING_FUNCTION.search(message):
        return _programming_error(f"SQL compilation error:\nUnknown function {function[1].upper()}.", 2140, "42601")
    missing = _MISSING_TABLE.search(message)
    if not missing:
        return _programming_error(f"SQL compilation error:\n{message}", 2003, "42S02")
    name = missing[1] or missing[2]
    return not_authorized("Object", _as_written(name, statement))


def _as_written(name: str, statement: exp.Expr | None) -> str:
    """``name``, which may lack its database, with the parts that the statement gives it."""
    for table in statement.find_all(exp.Table) if statement else ():
        full = ".".join(stored(part) or "" for part in table.parts)
        if full.upper() == name.upper() or full.upper().endswith("." + name.upper()):
            return full
    return name


def _binder_error(message: str, statement: exp.Expr | None) -> ProgrammingError:
    if missing := _MISSING_TABLE.search(message):
        return not_authorized("Object", _as_written(missing[1] or missing[2], statement))
    if column := _MISSING_COLUMN.search(message):
        return _programming_error(
            f"SQL compilation error: error line 1 at position 0\ninvalid identifier '{column[1] or column[2]}'",
            904,
            "42000",
        )
    return _programming_error("SQL compilation error:\n" + message.splitlines()[0], 2043, "02000")


def _conversion_error(message: str) -> ProgrammingError:
    value = _NOT_CONVERTED.search(message)
    shown = value[1] if value else message.splitlines()[0]
    if "date" in message.lower() or "timestamp" in message.lower():
        return _programming_error(f"Date '{shown}' is not recognized", 100040, "22007")
    return _programming_error(f"Numeric value '{shown}' is not recognized", 100038, "22018")
