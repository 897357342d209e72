"""INSERT in all its forms, and SELECT … INTO."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage import expressions
from airflow_provider_montecarlo_push.lineage.ctes import bind_with
from airflow_provider_montecarlo_push.lineage.effects import Fields, Mode, columns_of, fields_of
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.relations import Column, Relation
from airflow_provider_montecarlo_push.lineage.scopes import Ctes, Scope, Source
from airflow_provider_montecarlo_push.lineage.targets import Work, bare, canonical, split_target


def follow_insert(work: Work, node: exp.Insert, around: Ctes | None = None) -> None:
    """INSERT INTO and INSERT OVERWRITE.

    :param around: CTEs that the statement shares with others.
    """
    binder = work.binder
    table, listed = split_target(work, node.this)
    ctes = bind_with(binder, node, around or {}, None)
    query = node.expression or node.args.get("source")
    if not isinstance(query, exp.Expr):
        raise StatementError(Reason.NO_SOURCE)
    insert(work, table, listed, binder.query(query, ctes), node)


def insert(
    work: Work, table: exp.Table, listed: Sequence[str] | None, relation: Relation, node: exp.Expr | None = None
) -> None:
    """Record an insert of ``relation`` into ``table``.

    :param listed: the column list of the statement.
    :param node: the statement, where it may hold partitions or say BY NAME.
    """
    known = work.columns(table)
    static, dynamic = _partitions(work, node, table)
    if listed:
        names: Sequence[str] | None = canonical(work, listed, known)
    elif node is not None and node.args.get("by_name"):
        relation, names = _spelled(work, relation, known), None
    elif known is not None:
        names = [name for name in known if work.names.column_key(name) not in static]
    else:
        relation, names = _partitioned(relation, dynamic), None
    overwrites = node is not None and bool(node.args.get("overwrite")) and not (static or dynamic)
    mode = Mode.OVERWRITE if overwrites else Mode.ADD
    work.land(table, fields_of(relation, names), relation=None if names else relation, mode=mode)


def _spelled(work: Work, relation: Relation, known: Sequence[str] | None) -> Relation:
    """Return the relation with its columns in the case that the catalog has them in."""
    items = [
        Column(canonical(work, [item.name], known)[0], item.refs) if isinstance(item, Column) and item.name else item
        for item in relation.items
    ]
    return Relation(items, relation.key)


def _partitioned(relation: Relation, dynamic: list[str]) -> Relation:
    """Return the relation with its last columns named as the partition columns that they fill."""
    if not dynamic or relation.opens or len(dynamic) > len(relation.items):
        return relation
    first = len(relation.items) - len(dynamic)
    named = [Column(name, item.refs) for name, item in zip(dynamic, relation.items[first:], strict=True)]
    return Relation([*relation.items[:first], *named], relation.key)


def _partitions(work: Work, node: exp.Expr | None, table: exp.Table) -> tuple[set[str], list[str]]:
    """Return the keys of partition columns that are set to a constant, and the names of those that are not."""
    partition = table.args.get("partition") or (node.args.get("partition") if node is not None else None)
    if not isinstance(partition, exp.Partition):
        return set(), []
    static: set[str] = set()
    dynamic: list[str] = []
    for item in partition.expressions:
        name = work.names.column(bare(item.this if isinstance(item, exp.EQ) else item))
        if isinstance(item, exp.EQ):
            static.add(work.names.column_key(name))
        else:
            dynamic.append(name)
    return static, dynamic


def follow_select_into(work: Work, node: exp.Query) -> None:
    """SELECT … INTO t, which creates a table."""
    first: exp.Expr = node
    while isinstance(first, exp.SetOperation | exp.Subquery):
        first = first.this
    into = first.args.get("into")
    if into is None or not isinstance(into.this, exp.Table):
        raise StatementError(Reason.READ_ONLY)
    relation = work.binder.query(node, {})
    work.land(
        into.this,
        fields_of(relation, None),
        relation=relation,
        mode=Mode.CREATE,
        temporary=bool(into.args.get("temporary")) or work.names.temporary(into.this) is not None,
        columns=columns_of(relation),
    )


def follow_multi_insert(work: Work, node: exp.MultitableInserts) -> None:
    """INSERT ALL and INSERT FIRST of Snowflake; FROM … INSERT … INSERT … of Hive."""
    source = node.args["source"]
    if all(isinstance(branch, exp.Insert) for branch in node.expressions):
        for branch in node.expressions:
            _read_from(branch, source)
            part = work.part()
            follow_insert(part, branch, bind_with(part.binder, node, {}, None))
        return
    ctes = bind_with(work.binder, node, {}, None)
    relation = work.binder.query(source, ctes)
    scope = Scope(ctes, None, [Source("", relation)])
    branches = [branch.this if isinstance(branch, exp.ConditionalInsert) else branch for branch in node.expressions]
    for branch in branches:
        table, listed = split_target(work, branch.this)
        values = branch.args.get("expression")
        if isinstance(values, exp.Values):
            _insert_values(work, table, listed, values, scope)
        else:
            insert(work, table, listed, relation)


def _read_from(branch: exp.Insert, source: exp.Expr) -> None:
    """Give Hive's branch the FROM that it shares with the others."""
    query = branch.expression
    while isinstance(query, exp.Subquery | exp.SetOperation):
        query = query.this
    if isinstance(query, exp.Select) and query.args.get("from_") is None:
        query.set("from_", source.copy() if isinstance(source, exp.From) else exp.From(this=source.copy()))


def _insert_values(work: Work, table: exp.Table, listed: list[str] | None, values: exp.Values, scope: Scope) -> None:
    """Record a branch with VALUES, which are expressions over the columns of the shared query."""
    known = work.columns(table)
    names = canonical(work, listed, known) if listed else known
    row = values.expressions[0]
    cells = row.expressions if isinstance(row, exp.Tuple) else [row]
    fields: Fields = []
    for name, cell in zip(names or (), cells, strict=False):
        fields.append((name, expressions.refs(work.binder, cell, scope)))
    work.land(table, fields)
