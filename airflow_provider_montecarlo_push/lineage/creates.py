"""CREATE TABLE, CREATE VIEW and their kin."""

from __future__ import annotations

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage.ctes import bind_with
from airflow_provider_montecarlo_push.lineage.effects import Mode, Write, columns_of, fields_of
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.relations import Relation
from airflow_provider_montecarlo_push.lineage.targets import Work, is_temporary, split_target

_QUERIES = (exp.Query, exp.Values, exp.Table)


def follow_create(work: Work, node: exp.Create) -> None:
    """CREATE TABLE … AS, CREATE VIEW, CLONE; what only defines columns is noted for later statements."""
    kind = (node.args.get("kind") or "").upper()
    if kind not in ("TABLE", "VIEW"):
        raise StatementError(Reason.DDL)
    table, listed = split_target(work, node.this)
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


def _mode(node: exp.Create) -> Mode:
    return Mode.ENSURE if node.args.get("exists") else Mode.CREATE


def _fill(work: Work, node: exp.Create, table: exp.Table, listed: list[str] | None, relation: Relation) -> None:
    target = _receiver(node) or table
    work.land(
        target,
        fields_of(relation, listed),
        relation=relation if not listed else None,
        mode=_mode(node) if target is table else Mode.ADD,
        is_view=(node.args.get("kind") or "").upper() == "VIEW" and target is table,
        temporary=is_temporary(work.names, node, table),
        columns=listed or columns_of(relation),
    )


def _receiver(node: exp.Create) -> exp.Table | None:
    """Return the table that a materialized view of ClickHouse writes to, as in ``TO t``."""
    properties = node.args.get("properties")
    to = properties.find(exp.ToTableProperty) if properties is not None else None
    return to.this if to is not None and isinstance(to.this, exp.Table) else None


def _define(work: Work, node: exp.Create, table: exp.Table, listed: list[str] | None) -> None:
    """Note a table that is created empty, and its columns."""
    properties = node.args.get("properties")
    like = properties.find(exp.LikeProperty) if properties is not None else None
    columns = list(listed or ())
    if like is not None and isinstance(like.this, exp.Table):
        columns = list(work.columns(like.this) or ())
    temporary = is_temporary(work.names, node, table)
    work.outcome.without_edge.append(Reason.DDL)
    try:
        name = work.new_name(table) if temporary else work.binder.name(table)
    except StatementError:
        return  # without its full name nothing later can be matched to it
    work.outcome.add(Write(name, mode=_mode(node), temporary=temporary, columns=tuple(columns)))
