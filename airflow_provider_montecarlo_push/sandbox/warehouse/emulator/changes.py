"""What a statement changes, read from its syntax tree."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.ledger import (
    Altered,
    Change,
    Created,
    DatabaseCreated,
    Dropped,
    Loaded,
    SchemaCreated,
)
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import ObjectName, resolve, stored

Columns = dict[str, tuple[str | None, str | None]]

_DECLARED = {
    exp.DataType.Type.ARRAY: "ARRAY",
    exp.DataType.Type.OBJECT: "OBJECT",
    exp.DataType.Type.TIMESTAMPLTZ: "TIMESTAMP_LTZ",
    exp.DataType.Type.TIMESTAMPTZ: "TIMESTAMP_TZ",
}
_DML = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Copy)


def changes(statement: exp.Expr, text: str, database: str | None, schema: str | None) -> list[Change]:
    """What ``statement`` changes once it has run.

    :param statement: the parsed statement, as written.
    :param text: the statement's text, kept as the definition of a view.
    :param database: the session's current database, for names without one.
    :param schema: the session's current schema.
    """
    if isinstance(statement, exp.Create):
        return list(_create(statement, text, database, schema))
    if isinstance(statement, exp.Drop):
        return list(_drop(statement, database, schema))
    if isinstance(statement, exp.Alter):
        return list(_alter(statement, database, schema))
    if isinstance(statement, exp.Comment):
        return list(_comment(statement, database, schema))
    if isinstance(statement, exp.TruncateTable):
        return [Loaded(name) for table in statement.expressions if (name := resolve(table, database, schema))]
    if isinstance(statement, _DML):
        name = _target(statement.this, database, schema)
        return [Loaded(name)] if name else []
    return []


def _target(node: object, database: str | None, schema: str | None) -> ObjectName | None:
    if isinstance(node, exp.Schema):
        node = node.this
    return resolve(node, database, schema) if isinstance(node, exp.Table) else None


def _create(statement: exp.Create, text: str, database: str | None, schema: str | None) -> Iterator[Change]:
    kind = str(statement.args.get("kind")).upper()
    table = statement.find(exp.Table)
    if table is None:
        return
    if kind == "DATABASE":
        yield DatabaseCreated(stored(table.this) or "", comment=_comment_property(statement))
        return
    if kind == "SCHEMA":
        owner = stored(table.args.get("catalog")) or database
        name = stored(table.args.get("db"))
        if owner and name:
            yield SchemaCreated(owner, name, comment=_comment_property(statement))
        return
    target = _target(statement.this, database, schema)
    if kind in {"TABLE", "VIEW"} and target and not is_temporary(statement):
        yield Created(
            target,
            table_type=_table_type(kind, statement),
            definition=text if kind == "VIEW" else None,
            comment=_comment_property(statement),
            columns=_columns(statement),
            is_transient=_has(statement, exp.TransientProperty),
            is_dynamic=_has(statement, exp.DynamicProperty),
            is_iceberg=_has(statement, exp.IcebergProperty),
            is_secure=_has(statement, exp.SecureProperty),
            only_if_absent=bool(statement.args.get("exists")),
        )


def is_temporary(statement: exp.Create) -> bool:
    """Whether the table lives in its session only."""
    return _has(statement, exp.TemporaryProperty)


def _table_type(kind: str, statement: exp.Create) -> str:
    if kind == "VIEW":
        return "MATERIALIZED VIEW" if _has(statement, exp.MaterializedProperty) else "VIEW"
    return "EXTERNAL TABLE" if _has(statement, exp.ExternalProperty) else "BASE TABLE"


def _properties(statement: exp.Create) -> list[exp.Expr]:
    properties = statement.args.get("properties")
    return list(properties.expressions) if properties else []


def _has(statement: exp.Create, kind: type[exp.Expr]) -> bool:
    return any(isinstance(found, kind) for found in _properties(statement))


def _comment_property(statement: exp.Create) -> str | None:
    for found in _properties(statement):
        if isinstance(found, exp.SchemaCommentProperty):
            return str(found.this.name)
    return None


def _columns(statement: exp.Create) -> Columns:
    if not isinstance(statement.this, exp.Schema):
        return {}
    found: Columns = {}
    for column in statement.this.expressions:
        if not isinstance(column, exp.ColumnDef):
            continue
        declared = _DECLARED.get(column.kind.this) if column.kind else None
        comment = column.find(exp.CommentColumnConstraint)
        if declared or comment:
            found[stored(column.this) or ""] = (declared, comment.name if comment else None)
    return found


def _drop(statement: exp.Drop, database: str | None, schema: str | None) -> Iterator[Change]:
    kind = str(statement.args.get("kind")).upper()
    for table in statement.args.get("tables") or ():
        if kind == "DATABASE":
            yield Dropped(stored(table.this) or "")
        elif kind == "SCHEMA":
            owner = stored(table.args.get("catalog")) or database
            if owner:
                yield Dropped(owner, stored(table.args.get("db")))
        elif kind in {"TABLE", "VIEW"} and (name := resolve(table, database, schema)):
            yield Dropped(*name)


def _alter(statement: exp.Alter, database: str | None, schema: str | None) -> Iterator[Change]:
    name = _target(statement.this, database, schema)
    if not name:
        return
    renamed = comment = None
    columns: Columns = {}
    for action in statement.args.get("actions") or ():
        if isinstance(action, exp.AlterRename):
            renamed = _target(action.this, name.database, name.schema)
        elif isinstance(action, exp.AlterColumn) and (text := action.args.get("comment")):
            columns[stored(action.this) or ""] = (None, text.name)
        elif isinstance(action, exp.AlterSet) and (found := action.find(exp.SchemaCommentProperty)):
            comment = found.this.name
    yield Altered(name, comment, columns, renamed)


def _comment(statement: exp.Comment, database: str | None, schema: str | None) -> Iterator[Change]:
    target = statement.this
    comment = statement.args["expression"].name
    if isinstance(target, exp.Column):
        parts = [stored(part) for part in target.parts]
        column = parts.pop()
        full = [database, schema, None][: 3 - len(parts)] + parts
        if column and all(full):
            yield Altered(ObjectName(*[str(part) for part in full]), columns={column: (None, comment)})
    elif isinstance(target, exp.Table) and (name := resolve(target, database, schema)):
        yield Altered(name, comment)
