"""PIVOT and UNPIVOT."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage import expressions
from airflow_provider_montecarlo_push.lineage.relations import Column, Item, Open, Refs, Relation, union
from airflow_provider_montecarlo_push.lineage.scopes import Scope, Source

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage.binder import Binder

_REST = "\x00rest"


def apply_pivots(binder: Binder, node: exp.Expr, relation: Relation, scope: Scope) -> tuple[Relation, exp.Expr | None]:
    """Return what a FROM item gives once its pivots are applied, and the alias that the last of them gives it."""
    name: exp.Expr | None = None
    for pivot in node.args.get("pivots") or ():
        inner = Scope(scope.ctes, scope.outer, [Source("", relation)])
        relation = _unpivot(binder, pivot, relation) if pivot.args.get("unpivot") else _pivot(binder, pivot, inner)
        alias = pivot.args.get("alias")
        if isinstance(alias, exp.TableAlias):
            columns = [binder.names.column(column) for column in alias.args.get("columns") or ()]
            relation = relation.renamed(columns, complete=True)
            name = alias.this or name
    return relation, name


def _pivot(binder: Binder, pivot: exp.Pivot, scope: Scope) -> Relation:
    """Aggregates spread over columns: each is computed from what is aggregated; all other columns stay."""
    relation = scope.sources[0].relation
    aggregated = [(aggregate, expressions.refs(binder, aggregate, scope)) for aggregate in pivot.expressions]
    used = _column_keys(binder, [*pivot.expressions, *(field.this for field in pivot.args.get("fields") or ())])
    dynamic = any(_is_dynamic(field) for field in pivot.args.get("fields") or ())
    for field in pivot.args.get("fields") or ():
        expressions.visit(binder, field, scope)
    kept: list[Item] = []
    for item in relation.items:
        if isinstance(item, Open):
            kept.append(item.hide(used))
        elif item.name is None or relation.key(item.name) not in used:
            kept.append(item)
    everything = union(*(refs for _, refs in aggregated))
    if dynamic:
        return binder.make([*kept, Open(refs=everything)])
    return binder.make([*kept, *_spread(_folded(binder, pivot), aggregated, everything)])


def _spread(pivot: exp.Pivot, aggregated: list[tuple[exp.Expr, Refs]], everything: Refs) -> list[Item]:
    alias = pivot.args.get("alias")
    if isinstance(alias, exp.TableAlias):
        alias.set("columns", None)
    names = [name for name in pivot.output_columns([_REST]) if name != _REST]
    if not names:
        return [Open(refs=everything)]
    if len(names) % max(len(aggregated), 1):
        return [Column(name, everything) for name in names]
    # For each value of the FOR column there is one column per aggregate.
    return [Column(name, aggregated[position % len(aggregated)][1]) for position, name in enumerate(names)]


def _folded(binder: Binder, pivot: exp.Pivot) -> exp.Pivot:
    """Return a copy whose aliases are folded: sqlglot composes the new columns' names of them."""
    pivot = pivot.copy()
    for identifier in pivot.find_all(exp.Identifier):
        identifier.set("this", binder.names.column(identifier))
    return pivot


def _is_dynamic(field: exp.Expr) -> bool:
    values = field.args.get("expressions") or ()
    return not values or any(isinstance(value, exp.PivotAny | exp.Query) for value in values)


def _column_keys(binder: Binder, nodes: list[exp.Expr]) -> set[str]:
    names = binder.names
    return {
        names.column_key(names.column(column.this))
        for node in nodes
        for column in node.find_all(exp.Column)
        if isinstance(column.this, exp.Identifier)
    }


def _unpivot(binder: Binder, pivot: exp.Pivot, relation: Relation) -> Relation:
    """Columns gathered into rows: the value comes from all of them, the name column holds constants."""
    names = binder.names
    fields = pivot.args.get("fields") or ()
    gathered = [column for field in fields for value in field.expressions for column in value.find_all(exp.Column)]
    keys = [names.column_key(names.column(column.this)) for column in gathered]
    found = [relation.find(names.column(column.this)) for column in gathered]
    refs = union(*(hit.refs for hit in found if hit is not None))
    kept: list[Item] = []
    for item in relation.items:
        if isinstance(item, Open):
            kept.append(item.hide([*keys, *_identifiers(binder, pivot)]))
        elif item.name is None or relation.key(item.name) not in keys:
            kept.append(item)
    by_position = _refs_by_position(binder, fields, relation)
    constants = [Column(names.column(_bare(field.this))) for field in fields]
    values = [names.column(name) for value in pivot.expressions for name in _names(value)]
    columns = [Column(name, by_position.get(at, refs) if len(values) > 1 else refs) for at, name in enumerate(values)]
    return binder.make([*kept, *constants, *columns])


def _refs_by_position(binder: Binder, fields: Iterable[exp.Expr], relation: Relation) -> dict[int, Refs]:
    """Return for each of several value columns what it is gathered from: ``IN ((a1, b1), (a2, b2))``."""
    found: dict[int, Refs] = {}
    for row in (value for field in fields for value in field.expressions):
        for at, column in enumerate(row.find_all(exp.Column, bfs=False)):
            hit = relation.find(binder.names.column(column.this))
            found[at] = union(found.get(at, ()), hit.refs if hit is not None else ())
    return found


def _identifiers(binder: Binder, pivot: exp.Pivot) -> list[str]:
    names = binder.names
    nodes = [name for value in pivot.expressions for name in _names(value)]
    nodes += [_bare(field.this) for field in pivot.args.get("fields") or ()]
    return [names.column_key(names.column(node)) for node in nodes]


def _names(node: exp.Expr) -> list[exp.Expr]:
    """Return the identifiers of ``v`` or ``(v, w)``."""
    return [_bare(part) for part in node.expressions] if isinstance(node, exp.Tuple) else [_bare(node)]


def _bare(node: exp.Expr) -> exp.Expr:
    return node.this if isinstance(node, exp.Column) else node


def pivot_statement(binder: Binder, node: exp.Pivot, scope: Scope) -> Relation:
    """``PIVOT t ON x USING f(y) GROUP BY z`` and ``UNPIVOT t ON a, b INTO NAME n VALUE v`` of DuckDB."""
    relation = binder.query(node.this, scope.ctes, scope.outer)
    inner = Scope(scope.ctes, scope.outer, [Source("", relation)])
    names = binder.names
    if not node.args.get("unpivot"):
        group = node.args.get("group")
        kept = [column for column in (group.expressions if group is not None else ()) if isinstance(column, exp.Column)]
        spread = union(*(expressions.refs(binder, using, inner) for using in node.args.get("using") or ()))
        columns = [Column(names.column(column.this), expressions.refs(binder, column, inner)) for column in kept]
        return binder.make([*columns, Open(refs=spread)])
    refs = union(*(expressions.refs(binder, column, inner) for column in node.expressions))
    keys = {names.column_key(names.column(c.this)) for c in node.expressions if isinstance(c, exp.Column)}
    into = node.args.get("into")
    given = [Column(names.column(_bare(into.this)))] if into is not None else []
    given += [Column(names.column(_bare(value)), refs) for value in (into.expressions if into is not None else ())]
    rest: list[Item] = []
    for item in relation.items:
        if isinstance(item, Open):
            rest.append(item.hide([*keys, *(names.column_key(column.name or "") for column in given)]))
        elif item.name is None or relation.key(item.name) not in keys:
            rest.append(item)
    return binder.make([*rest, *given])
