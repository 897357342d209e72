"""``QUERY_HISTORY.QUERY_TYPE`` of a statement, read from its text."""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

_TYPES: dict[type[exp.Expr], str] = {
    exp.Insert: "INSERT",
    exp.Update: "UPDATE",
    exp.Delete: "DELETE",
    exp.Merge: "MERGE",
    exp.Drop: "DROP",
    exp.TruncateTable: "TRUNCATE_TABLE",
    exp.Copy: "COPY",
    exp.Show: "SHOW",
    exp.Describe: "DESCRIBE",
    exp.Use: "USE",
    exp.Set: "SET",
    exp.Grant: "GRANT",
    exp.Comment: "COMMENT",
    exp.Transaction: "BEGIN_TRANSACTION",
    exp.Commit: "COMMIT",
    exp.Rollback: "ROLLBACK",
}


@lru_cache(maxsize=256)
def query_type(sql: str) -> str:
    """Return the type that Snowflake gives the statement; ``UNKNOWN`` for what does not parse."""
    try:
        statement = sqlglot.parse_one(sql, read="snowflake")
    except SqlglotError:
        return "UNKNOWN"
    if isinstance(statement, exp.Query):
        return "SELECT"
    if isinstance(statement, exp.Create):
        return _create_type(statement)
    if isinstance(statement, exp.Alter):
        return _alter_type(statement)
    return _TYPES.get(type(statement), "UNKNOWN")


def _create_type(statement: exp.Create) -> str:
    kind = str(statement.kind).upper()
    if kind == "VIEW":
        return "CREATE_VIEW"
    if kind != "TABLE":
        return "CREATE"
    return "CREATE_TABLE_AS_SELECT" if statement.expression or statement.args.get("clone") else "CREATE_TABLE"


def _alter_type(statement: exp.Alter) -> str:
    actions = statement.args.get("actions") or []
    if any(isinstance(action, exp.AlterRename) for action in actions):
        return "RENAME_TABLE"
    return "ALTER_TABLE_ADD_COLUMN" if any(isinstance(action, exp.ColumnDef) for action in actions) else "ALTER"
