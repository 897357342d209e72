"""MERGE and UPDATE."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage import expressions, sources
from airflow_provider_montecarlo_push.lineage.ctes import bind_with
from airflow_provider_montecarlo_push.lineage.effects import Fields
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.phrases import Phrase
from airflow_provider_montecarlo_push.lineage.scopes import Scope, Source
from airflow_provider_montecarlo_push.lineage.targets import Work, bare, canonical, split_target


def follow_merge(work: Work, node: exp.Merge) -> None:
    """MERGE with any number of WHEN branches. One that only deletes moves no data."""
    table, _ = split_target(work, node.this)
    scope = Scope(bind_with(work.binder, node, {}, None))
    sources.add(work.binder, node.args["using"], scope)
    given = list(scope.sources)
    scope.sources.insert(0, target_source(work, table))
    if isinstance(node.args.get("on"), exp.Expr):
        expressions.visit(work.binder, node.args["on"], scope)
    inserting = Scope(scope.ctes, None, given)
    fields: Fields = []
    writes = False
    for when in node.args["whens"].expressions:
        condition, then = when.args.get("condition"), when.args.get("then")
        if isinstance(condition, exp.Expr):
            expressions.visit(work.binder, condition, scope)
        if isinstance(then, exp.Insert):
            fields += _merge_insert(work, table, then, inserting)
            writes = True
        elif isinstance(then, exp.Update):
            fields += _merge_update(work, table, then, scope, given)
            writes = True
    if not writes:
        raise StatementError(Reason.DELETE)
    work.land(table, fields)


def target_source(work: Work, table: exp.Table) -> Source:
    relation, name = work.binder.own(table)
    alias = table.args.get("alias")
    if isinstance(alias, exp.TableAlias) and alias.this is not None:
        return Source(work.names.alias(alias.this), relation)
    return Source(work.names.alias(table.this), relation, name)


def _merge_update(work: Work, table: exp.Table, then: exp.Update, scope: Scope, given: list[Source]) -> Fields:
    assignments = then.args.get("expressions")
    if not isinstance(assignments, list) or not assignments or any(isinstance(item, exp.Star) for item in assignments):
        return _same_names(work, table, given)
    return assigned(work, table, assignments, scope)


def _merge_insert(work: Work, table: exp.Table, then: exp.Insert, scope: Scope) -> Fields:
    listed: exp.Expr | None = then.args.get("this")
    values: exp.Expr | None = then.args.get("expression") or None
    if isinstance(listed, exp.Tuple) and isinstance(listed.expressions[0], exp.Anonymous) and not values:
        values = exp.Tuple(expressions=listed.expressions[0].expressions)  # INSERT VALUES (…)
        listed = None
    if not isinstance(values, exp.Expr):
        return _same_names(work, table, scope.sources)  # INSERT * and INSERT ROW
    known = work.columns(table)
    names = known
    if isinstance(listed, exp.Tuple | exp.Paren):
        columns = listed.expressions if isinstance(listed, exp.Tuple) else [listed.this]
        names = canonical(work, [work.names.column(bare(column)) for column in columns], known)
    row = values.expressions[0] if isinstance(values, exp.Values) else values
    cells = row.expressions if isinstance(row, exp.Tuple) else [row.unnest()]
    return [(name, expressions.refs(work.binder, c, scope)) for name, c in zip(names or (), cells, strict=False)]


def _same_names(work: Work, table: exp.Table, given: Iterable[Source]) -> Fields:
    """Return what ``INSERT *`` and ``UPDATE SET *`` write: each column of the target from its namesake."""
    fields: Fields = []
    known = work.columns(table)
    for source in given:
        if known is None:
            fields += [(column.name, column.refs) for column in source.relation.named.values() if column.name]
            continue
        found = [(name, source.relation.find(name)) for name in known]
        fields += [(name, hit.refs) for name, hit in found if hit is not None]
    return fields


def _assigned_column(work: Work, table: exp.Table, left: exp.Column) -> exp.Expr:
    """Return the column that is set; of ``address.city`` it is the struct, unless that is the table's name."""
    outermost: exp.Expr = left.parts[0]
    is_table = work.names.alias(outermost) in {work.names.alias(table.alias_or_name), work.names.alias(table.name)}
    if len(left.parts) == 2 and work.names.profile.struct_access and not is_table:
        return outermost
    return left.this if isinstance(left.this, exp.Expr) else outermost


def assigned(work: Work, table: exp.Table, assignments: Iterable[exp.Expr], scope: Scope) -> Fields:
    """Return what a SET list writes."""
    fields: Fields = []
    known = work.columns(table)
    for assignment in assignments:
        left, right = assignment.args.get("this"), assignment.args.get("expression")
        if not isinstance(left, exp.Expr) or not isinstance(right, exp.Expr):
            continue
        if isinstance(left, exp.Tuple):
            fields += _assigned_together(work, left, right, scope)
        elif isinstance(left, exp.Column):
            name = work.names.column(_assigned_column(work, table, left))
            fields.append((name, expressions.refs(work.binder, right, scope)))
    names = canonical(work, [name for name, _ in fields], known)
    return [(name, refs) for name, (_, refs) in zip(names, fields, strict=True)]


def _assigned_together(work: Work, left: exp.Tuple, right: exp.Expr, scope: Scope) -> Fields:
    """Return what ``(a, b) = (x, y)`` or ``(a, b) = (SELECT x, y …)`` writes."""
    names = [work.names.column(bare(column)) for column in left.expressions]
    if isinstance(right, exp.Tuple) or (isinstance(right, exp.Anonymous) and right.name.upper() == "ROW"):
        values = [expressions.refs(work.binder, value, scope) for value in right.expressions]
    else:
        values = [column.refs for column in work.binder.query(right, scope.ctes, scope).leading()]
    return list(zip(names, values, strict=False))


def follow_update(work: Work, node: exp.Update) -> None:
    """UPDATE with FROM, joins or subqueries."""
    table, _ = split_target(work, node.this)
    scope = Scope(bind_with(work.binder, node, {}, None))
    from_ = node.args.get("from_")
    named = _in_from(work, table, from_)
    if named is not None:
        named.meta["own"] = True
    else:
        scope.sources.append(target_source(work, table))
        for join in table.args.get("joins") or ():
            sources.add_join(work.binder, join, scope)
    sources.from_clause(work.binder, node, scope)
    for clause in ("where", "order", "limit"):
        if isinstance(node.args.get(clause), exp.Expr):
            expressions.visit(work.binder, node.args[clause], scope)
    target = named or table
    fields = assigned(work, target, node.expressions, scope)
    work.land(target, fields)


def _in_from(work: Work, table: exp.Table, from_: exp.From | None) -> exp.Table | None:
    """Return the table of FROM that the statement updates, as in ``UPDATE x … FROM t AS x``."""
    if from_ is None:
        return None
    wanted = work.names.alias(table.this) if isinstance(table.this, exp.Identifier) and not table.text("db") else None
    for item in from_.find_all(exp.Table):
        if item.find_ancestor(exp.Select) is not None:
            continue
        alias = item.args.get("alias")
        if isinstance(alias, exp.TableAlias) and alias.this is not None:
            if wanted is not None and work.names.alias(alias.this) == wanted:
                return item
        elif work.names.profile.updates_from_itself and _same(work, item, table):
            return item
    return None


def _same(work: Work, one: exp.Table, other: exp.Table) -> bool:
    try:
        return work.binder.name(one) == work.binder.name(other)
    except StatementError:
        return False  # without its full name a table is like no other


def follow_delete(work: Work, phrase: Phrase) -> bool:
    """``DELETE … OUTPUT deleted.x … INTO t`` of SQL Server, which moves rows; return whether it is that.

    :raises StatementError: when a name cannot be completed.
    """
    if not phrase.contains("OUTPUT") or not phrase.contains("INTO"):
        return False
    phrase.word()
    phrase.take("FROM")
    source = work.binder.table(phrase.table())[0]
    phrase.skip_to("OUTPUT")
    start, at = phrase.at, phrase.outside("INTO")
    if at is None:
        return False
    given = [source.find(work.names.column(name)) for name in phrase.identifiers(phrase.between(start, at))]
    phrase.seek(at + 1)
    target = phrase.table()
    listed = [work.names.column(name) for name in phrase.identifiers(phrase.bracketed())]
    names = listed or work.columns(target) or ()
    fields: Fields = [(name, hit.refs) for name, hit in zip(names, given, strict=False) if hit is not None]
    work.land(target, fields)
    return True


def sketch_change(work: Work, phrase: Phrase, error: StatementError | None = None) -> bool:
    """Record the tables alone of a MERGE or UPDATE; return whether it is one.

    :param error: why its columns cannot be told, if they are wanted.
    :raises StatementError: when its tables cannot be told either.
    """
    verb = phrase.word()
    if verb == "MERGE":
        phrase.phrase("WITH", "SCHEMA", "EVOLUTION")
        phrase.take("INTO")
    if phrase.take("TOP"):
        phrase.bracketed()
    needed = ("USING", "WHEN") if verb == "MERGE" else ("SET",)
    if verb not in ("MERGE", "UPDATE", "UPD") or any(phrase.outside(word) is None for word in needed):
        return False
    table = phrase.table()
    text = phrase.rest()
    if error is not None:
        work.sketch(error, text, after_using=verb == "MERGE")
    elif verb != "MERGE" and not table.text("db"):
        return False  # it may be an alias of a table in FROM
    else:
        work.read(text, after_using=verb == "MERGE")
    work.land(table, [])
    return True
