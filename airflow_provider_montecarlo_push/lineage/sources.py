"""FROM clauses: tables, derived tables, joins, lateral views, table functions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.lineage import expressions
from airflow_provider_montecarlo_push.lineage.functions import files_of, function_columns
from airflow_provider_montecarlo_push.lineage.model import StatementError
from airflow_provider_montecarlo_push.lineage.names import ExternalName
from airflow_provider_montecarlo_push.lineage.pivots import apply_pivots
from airflow_provider_montecarlo_push.lineage.places import of_stage, of_url
from airflow_provider_montecarlo_push.lineage.relations import Column, Item, Open, Ref, Refs, Relation
from airflow_provider_montecarlo_push.lineage.scopes import Scope, Source

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage.binder import Binder

_FILE = re.compile(r"^'|/|\.(?:csv|json|jsonl|ndjson|parquet|tsv|txt)(?:\.\w+)?$")


def from_clause(binder: Binder, node: exp.Expr, scope: Scope) -> None:
    """Add everything that a statement's FROM, JOIN and LATERAL VIEW name to ``scope``, in order."""
    from_ = node.args.get("from_")
    if from_ is not None:
        add(binder, from_.this, scope)
        for more in from_.expressions:
            add(binder, more, scope)
    for join in node.args.get("joins") or ():
        add_join(binder, join, scope)
    for lateral in node.args.get("laterals") or ():
        add(binder, lateral, scope)
    if (match := node.args.get("match")) is not None and scope.sources:
        _match_recognize(binder, match, scope)


def add_join(binder: Binder, join: exp.Join, scope: Scope) -> None:
    """Add the right side of a join, with the columns that USING or NATURAL merge."""
    before = len(scope.sources)
    if (join.args.get("kind") or "").upper() == "ARRAY":
        _array_join(binder, join, scope)
        return
    add(binder, join.this, scope)
    added = scope.sources[before:]
    if join.args.get("using"):
        for identifier in join.args["using"]:
            _merge(binder, binder.names.column(expressions_identifier(identifier)), scope, before)
    elif (join.args.get("method") or "").upper() == "NATURAL":
        _natural(binder, scope, before)
    if (join.args.get("kind") or "").upper() in ("SEMI", "ANTI"):
        del scope.sources[before:]
        scope.hidden.extend(added)
    condition = join.args.get("on")
    if condition is not None:
        expressions.visit(binder, condition, scope)


def _array_join(binder: Binder, join: exp.Join, scope: Scope) -> None:
    """ClickHouse's ``ARRAY JOIN a AS x, b AS y``: columns that come from arrays of the sources so far."""
    items: list[Item] = []
    for node in (join.this, *join.expressions):
        name = node.args["alias"] if isinstance(node, exp.Alias) else node
        if isinstance(name, exp.Table | exp.Column):
            name = name.this
        if isinstance(node, exp.Table):
            node = exp.column(node.this.copy(), table=node.args.get("db"))
        items.append(Column(binder.names.column(name), expressions.refs(binder, node.unalias(), scope)))
    scope.sources.append(Source("", binder.make(items)))


def expressions_identifier(node: exp.Expr) -> exp.Expr:
    """Return the identifier of a column that is written alone."""
    return node.this if isinstance(node, exp.Column) else node


def _merge(binder: Binder, name: str, scope: Scope, before: int) -> None:
    key = binder.names.column_key(name)
    left = Scope(scope.ctes, None, scope.sources[:before], using=scope.using).find(name, key)
    right = Scope(scope.ctes, None, scope.sources[before:]).find(name, key)
    scope.merge(key, name, left.refs if left else (), right.refs if right else ())


def _natural(binder: Binder, scope: Scope, before: int) -> None:
    """Merge the columns that both sides have; unknown where a side's columns are."""
    left, right = scope.sources[:before], scope.sources[before:]
    if any(source.relation.opens for source in (*left, *right)):
        return
    have = {key for source in right for key in source.relation.named}
    for source in left:
        for key, column in list(source.relation.named.items()):
            if key in have and column.name is not None and key not in scope.using:
                _merge(binder, column.name, scope, before)


def add(binder: Binder, node: exp.Expr, scope: Scope) -> None:
    """Add one FROM item, and what is joined to it inside the same item, to ``scope``."""
    binder.step()
    while isinstance(node, exp.Final | exp.Paren | exp.TableSample | exp.Stream):
        node = node.this
    if isinstance(node, exp.TableAlias):  # what a pipe has called its rows
        node = exp.Table(this=node.this)
    if isinstance(node, exp.Subquery) and not node.alias and is_join(node.this):
        add(binder, node.this, scope)  # a join in parentheses
    else:
        relation, table = _relation(binder, node, scope)
        alias = node.args.get("alias")
        relation = relation.renamed([binder.names.column(name) for name in _alias_columns(node)])
        relation, pivot_alias = apply_pivots(binder, node, relation, scope)
        name = pivot_alias or (alias.this if isinstance(alias, exp.TableAlias) else alias)
        cited = alias is None and pivot_alias is None
        scope.sources.append(Source(_alias_key(binder, node, name), relation, table if cited else None))
    for join in node.args.get("joins") or ():
        add_join(binder, join, scope)


def is_join(node: exp.Expr) -> bool:
    """Whether what stands in brackets is a join and no query."""
    if isinstance(node, exp.Subquery):
        return bool(node.alias) or bool(node.args.get("joins"))
    return not isinstance(node, exp.Query | exp.Pivot | exp.Values)


def _alias_columns(node: exp.Expr) -> list[exp.Expr]:
    alias = node.args.get("alias")
    return list(alias.args.get("columns") or ()) if isinstance(alias, exp.TableAlias) else []


def _alias_key(binder: Binder, node: exp.Expr, alias: exp.Expr | None) -> str:
    if alias is not None:
        return binder.names.alias(alias)
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        return binder.names.alias(node.this)
    if isinstance(node, exp.Unnest) and len(node.expressions) == 1 and isinstance(node.expressions[0], exp.Column):
        return binder.names.alias(node.expressions[0].this)
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Dot):
        return binder.names.alias(node.this.expression)
    return ""


def _relation(binder: Binder, node: exp.Expr, scope: Scope) -> tuple[Relation, TableName | None]:
    if isinstance(node, exp.Table):
        return _table(binder, node, scope)
    if isinstance(node, exp.Lateral):
        return _lateral(binder, node, scope), None
    if isinstance(node, exp.TableFromRows):
        return _table_from_rows(binder, node, scope)
    if isinstance(node, exp.Unnest):
        return _unnest(binder, node, scope), None
    if isinstance(node, exp.Values):
        return values(binder, node, scope), None
    if isinstance(node, exp.Pivot) and node.args.get("unpivot") and isinstance(node.this, exp.AtIndex | exp.Alias):
        return _unpivoted_object(binder, node.this, scope), None
    if isinstance(node, exp.Subquery | exp.Query | exp.Pivot):
        return binder.query(node, scope.ctes, scope.outer), None
    return function_columns(binder, node, expressions.refs(binder, node, scope)), None


def _table(binder: Binder, node: exp.Table, scope: Scope) -> tuple[Relation, TableName | None]:
    this = node.this
    if isinstance(this, exp.Identifier) and node.args.get("db") is None:
        cte = scope.ctes.get(binder.names.alias(this))
        if cte is not None:
            return cte.relation(), None
    if isinstance(this, exp.Func) and not isinstance(this, exp.DynamicIdentifier):
        if (place := files_of(this)) is not None:
            return binder.external(place), None
        if (named := _named_in_text(binder, this)) is not None:
            return named
        _tables_among_arguments(binder, this)
        return function_columns(binder, this, expressions.refs(binder, this, scope)), None
    if (place := _place(binder, node)) is not None:
        return binder.external(place), None
    if isinstance(this, exp.Var | exp.Literal) or (
        isinstance(this, exp.Parameter) and not binder.names.temporary(node)
    ):
        return binder.make([Open()]), None  # a variable, or the result of another query
    if binder.names.profile.array_joins and (refs := _array_of(binder, node, scope)) is not None:
        return binder.make([Open(refs=refs)]), None
    return binder.table(node)


def _place(binder: Binder, node: exp.Table) -> ExternalName | None:
    """Return the stage, file or bucket that a FROM item names in place of a table."""
    this = node.this
    if isinstance(this, exp.Var) and this.name.startswith("@"):
        return of_stage(binder.names, this.name)
    if isinstance(this, exp.Literal) and this.is_string:
        return of_url(this.name)
    if binder.names.is_path(node):
        return of_url(node.name)
    if binder.names.profile.files_as_tables and isinstance(this, exp.Identifier) and _FILE.search(this.name):
        return of_url(this.name.strip("'"))
    return None


def _named_in_text(binder: Binder, function: exp.Expr) -> tuple[Relation, TableName | None] | None:
    """Return what ``IDENTIFIER('t')`` gives in dialects where sqlglot takes it for a function."""
    if not isinstance(function, exp.Anonymous) or function.name.upper() != "IDENTIFIER":
        return None
    literal = function.expressions[0] if function.expressions else None
    return binder.table(exp.Table(this=exp.DynamicIdentifier(this=literal)))


def _tables_among_arguments(binder: Binder, function: exp.Expr) -> None:
    """Note the tables of ``f(input => TABLE(t))``."""
    for call in function.find_all(exp.Anonymous):
        if call.name.upper() == "TABLE":
            for column in call.expressions:
                if isinstance(column, exp.Column):
                    binder.table(
                        exp.Table(**dict(zip(("this", "db", "catalog"), reversed(column.parts), strict=False)))
                    )


def _array_of(binder: Binder, node: exp.Table, scope: Scope) -> Refs | None:
    """Return what ``FROM t, t.items`` unnests: an array of a source to the left; ``None`` if it is a table."""
    parts = list(node.parts)
    if len(parts) < 2:
        return None
    source = next((s for s in scope.sources if s.alias == binder.names.alias(parts[0])), None)
    found = source.relation.find(binder.names.column(parts[1])) if source is not None else None
    return found.refs if found is not None else None


def _unpivoted_object(binder: Binder, node: exp.Expr, scope: Scope) -> Relation:
    """Redshift's ``UNPIVOT t.object AS value AT key``."""
    value = node.this if isinstance(node, exp.AtIndex) else node
    refs = expressions.refs(binder, value, scope)
    names = [value.args["alias"]] if isinstance(value, exp.Alias) else []
    names += [node.expression] if isinstance(node, exp.AtIndex) else []
    return binder.make(Column(binder.names.column(name), refs) for name in names)


def _lateral(binder: Binder, node: exp.Lateral, scope: Scope) -> Relation:
    this = node.this
    if isinstance(this, exp.Subquery | exp.Query):
        return binder.query(this, scope.ctes, scope)
    return _function(binder, node, this, scope)


def _function(binder: Binder, node: exp.Expr, function: exp.Expr, scope: Scope) -> Relation:
    refs = expressions.refs(binder, function, scope)
    columns = _alias_columns(node)
    if columns:
        return binder.make([Column(binder.names.column(column), refs) for column in columns])
    return function_columns(binder, function, refs)


def _table_from_rows(binder: Binder, node: exp.TableFromRows, scope: Scope) -> tuple[Relation, TableName | None]:
    this = node.this
    if isinstance(this, exp.Literal) and this.is_string:
        try:
            name = binder.names.text(this.this)
        except StatementError as error:
            return binder.nameless(error), None
        return binder.named_table(name), name
    if isinstance(this, exp.Subquery | exp.Query):
        return binder.query(this, scope.ctes, scope), None
    return _function(binder, node, this, scope), None


def _unnest(binder: Binder, node: exp.Unnest, scope: Scope) -> Relation:
    arrays = [expressions.refs(binder, array, scope) for array in node.expressions]
    everything = tuple(dict.fromkeys(ref for refs in arrays for ref in refs))
    items: list[Item] = []
    names = [binder.names.column(column) for column in _alias_columns(node)]
    for position, name in enumerate(names):
        items.append(Column(name, arrays[position] if len(arrays) == len(names) else everything))
    alias = node.args.get("alias")
    if not names and isinstance(alias, exp.TableAlias) and alias.this is not None:
        items.append(Column(binder.names.column(alias.this), everything))
    offset = node.args.get("offset")
    if isinstance(offset, exp.Identifier):
        items.append(Column(binder.names.column(offset)))
    elif offset:
        items.append(Column(binder.names.column("offset")))
    return binder.make([*items, Open(refs=everything)] if binder.names.profile.struct_access else items)


def values(binder: Binder, node: exp.Values, scope: Scope) -> Relation:
    """Return what VALUES gives: columns called ``column1``, ``column2``, …, computed from all rows."""
    columns: list[dict[Ref, None]] = []
    for row in node.expressions:
        cells = row.expressions if isinstance(row, exp.Tuple) else [row]
        columns.extend({} for _ in range(len(cells) - len(columns)))
        for position, cell in enumerate(cells):
            if not isinstance(cell, exp.Literal):
                columns[position].update(dict.fromkeys(expressions.refs(binder, cell, scope)))
    return binder.make(
        Column(binder.names.column(f"column{number}"), tuple(refs)) for number, refs in enumerate(columns, 1)
    )


def _match_recognize(binder: Binder, match: exp.Expr, scope: Scope) -> None:
    """Replace the last source by what MATCH_RECOGNIZE makes of it: its MEASURES, and what they are kept beside."""
    source = scope.sources[-1]
    measures: list[Item] = []
    for measure in match.args.get("measures") or ():
        alias = measure.this
        if isinstance(alias, exp.Alias):
            name = binder.names.column(alias.args["alias"])
            measures.append(Column(name, expressions.refs(binder, alias.this, scope)))
    keys = {binder.names.column_key(m.name) for m in measures if isinstance(m, Column) and m.name is not None}
    source.relation = binder.make([*_match_rows(binder, match, source, keys, scope), *measures])
    alias = match.args.get("alias")
    if isinstance(alias, exp.TableAlias) and alias.this is not None:
        source.alias = binder.names.alias(alias.this)


def _match_rows(binder: Binder, match: exp.Expr, source: Source, keys: set[str], scope: Scope) -> list[Item]:
    """Return the columns beside the MEASURES: all of them with ALL ROWS PER MATCH, else those of PARTITION BY."""
    rows = match.args.get("rows")
    if rows is not None and "ALL ROWS" in rows.name.upper():
        return [item.hide(keys) if isinstance(item, Open) else item for item in source.relation.items]
    partition = [column for column in match.args.get("partition_by") or () if isinstance(column, exp.Column)]
    return [Column(binder.names.column(c.this), expressions.refs(binder, c, scope)) for c in partition]
