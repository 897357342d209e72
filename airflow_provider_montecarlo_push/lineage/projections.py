"""SELECT lists: names and origins of what a query gives, stars expanded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage import expressions
from airflow_provider_montecarlo_push.lineage.relations import Column, Item, Open, Refs, Relation
from airflow_provider_montecarlo_push.lineage.scopes import Scope

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage.binder import Binder

_CALLS: dict[type[exp.Expr], str] = {
    exp.Avg: "avg",
    exp.Coalesce: "coalesce",
    exp.Count: "count",
    exp.Lower: "lower",
    exp.Max: "max",
    exp.Min: "min",
    exp.Sum: "sum",
    exp.Upper: "upper",
}
_REGULAR = re.compile(r"[|*+?^$\\\[\]]")


def projections(binder: Binder, node: exp.Select, scope: Scope) -> list[Item]:
    """Return the columns that a SELECT gives."""
    items: list[Item] = []
    for projection in node.expressions:
        for item in _project(binder, projection, scope):
            items.append(item)
            if binder.names.profile.lateral_aliases and isinstance(projection, exp.Alias):
                _note_alias(binder, item, scope)
    scope.aliases.clear()
    return items


def _note_alias(binder: Binder, item: Item, scope: Scope) -> None:
    if isinstance(item, Column) and item.name is not None:
        scope.aliases.setdefault(binder.names.column_key(item.name), item.refs)


def _project(binder: Binder, node: exp.Expr, scope: Scope) -> Iterable[Item]:
    if isinstance(node, exp.Star):
        return _star(binder, node, all_columns(scope), scope)
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
        return _qualified_star(binder, node, scope)
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Star):  # all fields of a struct
        return [Open(refs=expressions.refs(binder, node.this, scope))]
    if isinstance(node, exp.Columns):
        return _matching(node.this, scope)
    if binder.names.profile.regular_columns and isinstance(node, exp.Column) and _REGULAR.search(node.name):
        return _matching(exp.Literal.string(f"^(?:{node.name})$"), scope)
    found = expressions.refs(binder, node, scope)
    if isinstance(node, exp.QueryTransform):
        schema = node.args.get("schema")
        given = schema.expressions if schema is not None else ["key", "value"]
        return [Column(binder.names.column(column), found) for column in given]
    if isinstance(node, exp.Aliases):  # one function that gives several columns
        return [Column(binder.names.column(name), found) for name in node.args["expressions"]]
    return [Column(output_name(binder, node), found)]


def _matching(pattern: exp.Expr, scope: Scope) -> list[Item]:
    """Return the columns of ``COLUMNS('regular expression')`` and ``COLUMNS(c -> c LIKE 'pattern')``."""
    if isinstance(pattern, exp.Lambda) and isinstance(pattern.this, exp.Like | exp.ILike):
        wanted = re.compile(_like(pattern.this.expression.name), re.DOTALL).fullmatch
    elif isinstance(pattern, exp.Literal):
        try:
            wanted = re.compile(pattern.name).search
        except re.error:
            return [Open()]  # written for another engine of regular expressions
    elif isinstance(pattern, exp.Star):
        return list(all_columns(scope))
    else:
        return [Open()]
    return [
        item for item in all_columns(scope) if isinstance(item, Open) or (item.name is not None and wanted(item.name))
    ]


def _like(pattern: str) -> str:
    """Return the regular expression of a pattern with ``%`` and ``_``."""
    return re.escape(pattern).replace("%", ".*").replace("_", ".")


def output_name(binder: Binder, node: exp.Expr) -> str | None:
    """Return what a select item is called, ``None`` where that depends on how the warehouse prints it."""
    if isinstance(node, exp.Alias):
        return binder.names.column(node.args["alias"])
    if isinstance(node, exp.Subquery) and node.args.get("alias") is not None:
        return binder.names.column(node.args["alias"].this)
    node = node.unnest()
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier):
        return binder.names.column(node.this)
    if isinstance(node, exp.Explode) and binder.names.profile.exploded is not None:
        return binder.names.profile.exploded
    if isinstance(node, exp.Cast) and binder.names.profile.cast_keeps_name:
        return output_name(binder, node.this)
    if isinstance(node, exp.Dot) and binder.names.profile.struct_access and isinstance(node.expression, exp.Identifier):
        return binder.names.column(node.expression)
    return _call_name(node) if binder.names.profile.calls_name_columns else None


def _call_name(node: exp.Expr) -> str | None:
    """Return the name of the function that a select item calls, where that is what the warehouse calls it."""
    while isinstance(node, exp.Window | exp.Filter | exp.WithinGroup | exp.Distinct):
        node = node.this
    if isinstance(node, exp.Case):
        return "case"
    if isinstance(node, exp.Anonymous):
        return node.name.lower()
    return _CALLS.get(type(node))


def all_columns(scope: Scope) -> Iterator[Item]:
    """Yield what ``*`` stands for: columns merged by joins once and first, then source by source."""
    yield from scope.using.values()
    for source in scope.sources:
        for item in source.relation.items:
            if isinstance(item, Open):
                yield item.hide(scope.using)
            elif item.name is None or source.relation.key(item.name) not in scope.using:
                yield item


def _qualified_star(binder: Binder, node: exp.Column, scope: Scope) -> Iterable[Item]:
    qualifiers = [node.args[part] for part in ("catalog", "db", "table") if node.args.get(part) is not None]
    if len(qualifiers) > 1:
        source = scope.table(tuple(binder.names.part(part) for part in qualifiers))
    else:
        source = scope.source(binder.names.alias(qualifiers[0]))
    if source is not None:
        return _star(binder, node.this, source.relation.items, scope)
    return [Open(refs=expressions.column(binder, exp.column(qualifiers[-1].copy()), scope))]


@dataclass(slots=True)
class _Changes:
    """What EXCLUDE, RENAME, REPLACE and ILIKE do to the columns of a star, by key."""

    hidden: set[str] = field(default_factory=set)
    renamed: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, Refs] = field(default_factory=dict)
    like: re.Pattern[str] | None = None

    def keeps(self, key: str, name: str) -> bool:
        """Whether the column stays."""
        return key not in self.hidden and (self.like is None or bool(self.like.fullmatch(name)))


def _changes(binder: Binder, star: exp.Expr, scope: Scope) -> _Changes:
    names = binder.names
    changes = _Changes()
    for column in star.args.get("except_") or ():
        changes.hidden.add(names.column_key(names.column(_identifier(column))))
    for alias in _aliased(star, "rename"):
        key = names.column_key(names.column(_identifier(alias.this)))
        changes.renamed[key] = names.column(alias.args["alias"])
    for alias in _aliased(star, "replace"):
        key = names.column_key(names.column(alias.args["alias"]))
        changes.replaced[key] = expressions.refs(binder, alias.this, scope)
    if star.args.get("ilike") is not None:
        changes.like = re.compile(_like(star.args["ilike"].name), re.IGNORECASE | re.DOTALL)
    return changes


def _aliased(star: exp.Expr, clause: str) -> list[exp.Alias]:
    return [item for item in star.args.get(clause) or () if isinstance(item, exp.Alias)]


def _identifier(node: exp.Expr) -> exp.Expr:
    return node.this if isinstance(node, exp.Column) else node


def _star(binder: Binder, star: exp.Expr, items: Iterable[Item], scope: Scope) -> list[Item]:
    changes = _changes(binder, star, scope)
    items = list(items)
    binder.step(len(items))
    if not (changes.hidden or changes.renamed or changes.replaced or changes.like):
        return items
    return list(_changed(binder.make(items), changes))


def _changed(relation: Relation, changes: _Changes) -> Iterator[Item]:
    for item in relation.items:
        if isinstance(item, Open):
            yield from _changed_open(relation, item, changes)
            continue
        key = relation.key(item.name or "")
        if changes.keeps(key, item.name or ""):
            yield Column(changes.renamed.get(key, item.name), changes.replaced.get(key, item.refs))


def _changed_open(relation: Relation, item: Open, changes: _Changes) -> Iterator[Item]:
    """Yield the open item without the columns that are named, and these by themselves where they surely are its."""
    alone = len(relation.opens) == 1
    for key, name in changes.renamed.items():
        if alone and key not in relation.named:
            yield Column(name, item.resolve(key))
    for key, refs in changes.replaced.items():
        if alone and key not in relation.named:
            yield Column(key, refs)
    yield item.hide(changes.hidden.union(changes.renamed, changes.replaced))
