"""Which tables a query reads and writes, and what kind of query it is.

A modest reading of SQL for ``getAggregatedQueries``: it needs no schema, and says nothing about text it cannot parse.
"""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

_LONGEST = 200_000
_DIALECTS = {
    "athena": "athena", "bigquery": "bigquery", "clickhouse": "clickhouse", "databricks": "databricks",
    "databricks-metastore-sql-warehouse": "databricks", "hive-s3": "hive", "presto-s3": "presto",
    "redshift": "redshift", "s3": "spark", "snowflake": "snowflake", "teradata": "teradata",
}  # fmt: skip
_NOISE = re.compile(r"/\*.*?\*/|--[^\n]*|'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b", re.DOTALL)
_FIRST_WORD = re.compile(r"\s*(?:/\*.*?\*/\s*|--[^\n]*\n\s*|\(\s*)*([A-Za-z]+)", re.DOTALL)

# Categories are values of Monte Carlo's QueryCategory.
_BY_WORD = {
    "select": "query", "with": "query", "copy": "copy", "load": "load", "insert": "insert_into", "merge": "merge",
    "update": "update", "delete": "delete_from", "truncate": "truncate", "alter": "alter", "explain": "explain",
    "put": "put", "unload": "unload", "drop": "drop_table", "create": "create_table",
}  # fmt: skip
_ONE_TARGET = (exp.Insert, exp.Merge, exp.Update, exp.Delete, exp.Create, exp.Copy, exp.Alter, exp.LoadData)
_READ_ONLY = frozenset({"query", "explain", "unload"})


@dataclass(frozen=True)
class TableName:
    """A table as a query names it, in lower case; ``""`` where the query leaves a part out."""

    database: str
    schema: str
    name: str


@dataclass
class Attribution:
    """What a query does. ``category`` is a value of ``QueryCategory`` or ``None``."""

    category: str | None = None
    reads: set[TableName] = field(default_factory=set)
    writes: set[TableName] = field(default_factory=set)


def shape_of(text: str) -> str:
    """Return a hash that queries share when they differ in literals, comments, case and white space only."""
    plain = " ".join(_NOISE.sub(_replacement, text).rstrip("; ").casefold().split())
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _replacement(match: re.Match[str]) -> str:
    found = match.group()
    return "?" if found[0] == "'" or found[0].isdigit() else " "


def attribute(text: str, log_type: str) -> Attribution:
    """Return what a query reads and writes.

    :param text: the statement; beyond 200,000 characters only its first word is looked at.
    :param log_type: tells the dialect; an unknown one is read as generic SQL.
    """
    word = _FIRST_WORD.match(text[:10_000])
    found = Attribution(category=_BY_WORD.get(word.group(1).lower()) if word else None)
    if len(text) > _LONGEST:
        return found
    logger = logging.getLogger("sqlglot")
    level, logger.level = logger.level, logging.CRITICAL
    try:
        statements = sqlglot.parse(text, read=_DIALECTS.get(log_type))
    except (SqlglotError, RecursionError):
        return found
    finally:
        logger.level = level
    for statement in statements:
        if statement is not None:
            _read(statement, found)
    return found


def _read(statement: exp.Expr, found: Attribution) -> None:
    targets = _targets(statement)
    found.category = _category(statement) or found.category
    ctes = {cte.alias_or_name.lower() for cte in statement.find_all(exp.CTE)}
    for table in statement.find_all(exp.Table):
        name = TableName(table.catalog.lower(), table.db.lower(), table.name.lower())
        if not name.name or (not name.schema and name.name in ctes):
            continue
        if any(table is target for target in targets):
            found.writes.add(name)
        elif found.category in _READ_ONLY or targets:
            found.reads.add(name)


def _targets(statement: exp.Expr) -> list[exp.Table]:
    if isinstance(statement, exp.Select) and statement.args.get("into"):
        found = [statement.args["into"].this]
    elif isinstance(statement, exp.TruncateTable):
        found = statement.expressions
    elif isinstance(statement, exp.Drop):
        found = statement.args.get("tables") or [statement.this]
    elif isinstance(statement, _ONE_TARGET):
        found = [statement.this]
    else:
        return []
    tables = (item.this if isinstance(item, exp.Schema) else item for item in found)
    return [table for table in tables if isinstance(table, exp.Table)]


def _category(statement: exp.Expr) -> str | None:
    if isinstance(statement, exp.Create):
        if statement.kind == "VIEW":
            return "create_view"
        return "create_table_as_select" if statement.expression is not None else "create_table"
    if isinstance(statement, exp.Insert):
        return "insert_overwrite" if statement.args.get("overwrite") else "insert_into"
    if isinstance(statement, exp.Select):
        return "select_into" if statement.args.get("into") else "query"
    if isinstance(statement, exp.Query):
        return "query"
    return None
