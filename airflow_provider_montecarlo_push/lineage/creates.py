"""CREATE TABLE, CREATE VIEW and their kin."""

from __future__ import annotations

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage.ctes import bind_with
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.relations import Column, Relation
from airflow_provider_montecarlo_push.lineage.targets import Work, is_temporary, split_target
from airflow_provider_montecarlo_push.lineage.writes import fields_of

_QUERIES = (exp.Query, exp.Values, exp.Table)


def follow_create(work: Work, node: exp.Create) -> None:
    """CREATE TABLE … AS, CREATE VIEW, CLONE; what only defines columns is noted for later statements."""
    kind = (node.args.get("kind") or "").upper()
    if kind not in ("TABLE", "VIEW"):
        raise StatementError(Reason.DDL)
    table, listed = split_target(work, node.this)
    work.session.drop(table)
    clone = node.args.get("clone")
    query = node.expression
    if clone is not None and isinstance(clone.this, exp.Table):
        relation = work.binder.table(clone.this)[0]
    elif isinstance(query, _QUERIES):
        relation = work.binder.query(query, bind_with(work.binder, node, {}, None))
    else:
        _define(work, node, table, listed)
        return
    _fill(work, node, table, listed, relation)


def _fill(work: Work, node: exp.Create, table: exp.Table, listed: list[str] | None, relation: Relation) -> None:
    if is_temporary(node, table):
        work.create_temporary(table, relation.renamed(listed or []))
        return
    is_view = (node.args.get("kind") or "").upper() == "VIEW"
    target = _receiver(node) or table
    work.land(target, fields_of(relation, listed), relation=relation, is_view=is_view and target is table)
    columns = listed or [column.name for column in relation.leading() if column.name is not None]
    if len(columns) == len(relation.items):
        _note(work, table, columns)


def _receiver(node: exp.Create) -> exp.Table | None:
    """Return the table that a materialized view of ClickHouse writes to, as in ``TO t``."""
    properties = node.args.get("properties")
    to = properties.find(exp.ToTableProperty) if properties is not None else None
    return to.this if to is not None and isinstance(to.this, exp.Table) else None


def _define(work: Work, node: exp.Create, table: exp.Table, listed: list[str] | None) -> None:
    """Note the columns of a table that is created empty."""
    properties = node.args.get("properties")
    like = properties.find(exp.LikeProperty) if properties is not None else None
    columns = list(listed or ())
    if like is not None and isinstance(like.this, exp.Table):
        columns = list(work.columns(like.this) or ())
    if is_temporary(node, table):
        work.create_temporary(table, work.binder.make(Column(name) for name in columns))
        return
    _note(work, table, columns)
    raise StatementError(Reason.DDL)


def _note(work: Work, table: exp.Table, columns: list[str]) -> None:
    try:
        name = work.names.table(table)
    except StatementError:
        return  # without its full name nothing later can be matched to it
    work.session.created(name, tuple(columns))
