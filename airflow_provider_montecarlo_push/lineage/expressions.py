"""Which columns an expression is computed from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage.relations import Column, Open, Ref, Refs, Relation, union
from airflow_provider_montecarlo_push.lineage.scopes import Scope, Source

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage.binder import Binder

_DATE_PARTS = frozenset(
    {
        *("YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"),
        *("NANOSECOND", "DAYOFWEEK", "DAYOFYEAR", "WEEKISO", "YEAROFWEEK", "EPOCH", "EPOCH_SECOND", "YY", "MM", "DD"),
        *("YYYY", "MON", "HH", "MI", "SS", "ISOYEAR", "ISOWEEK", "DATE"),
    }
)
_LEAVES = frozenset({exp.Literal, exp.DataType, exp.Identifier, exp.Var, exp.Null, exp.Boolean})
_SUBQUERIES = (exp.Subquery, exp.Select, exp.SetOperation)


def refs(binder: Binder, node: exp.Expr, scope: Scope) -> Refs:
    """Return the columns that ``node`` is computed from, as far as it is certain which they are."""
    found: dict[Ref, None] = {}
    stack: list[exp.Expr] = [node]
    windows: set[int] = set()
    while stack:
        node = stack.pop()
        if type(node) in _LEAVES:
            continue
        binder.step()
        bind = _BINDERS.get(type(node))
        if bind is not None:
            found.update(dict.fromkeys(bind(binder, node, scope)))
        elif isinstance(node, _SUBQUERIES):
            found.update(dict.fromkeys(binder.query(node, scope.ctes, scope).refs))
        elif isinstance(node, exp.In) and (tables := _tables_of_in(binder, node, scope)) is not None:
            found.update(dict.fromkeys(tables))
            stack.append(node.this)
        else:
            if isinstance(node, exp.Window) and (named := _named_window(binder, node, scope)) is not None:
                if id(named) not in windows:  # one that is called by its own name
                    stack.append(named)
                windows.add(id(named))
            stack.extend(reversed(list(node.iter_expressions())))
    return tuple(found)


def visit(binder: Binder, node: exp.Expr, scope: Scope) -> None:
    """Note the tables that the subqueries of a filter read; its columns feed nothing."""
    stack: list[exp.Expr] = [node]
    while stack:
        node = stack.pop()
        if isinstance(node, _SUBQUERIES):
            binder.query(node, scope.ctes, scope)
        elif isinstance(node, exp.In) and _tables_of_in(binder, node, scope) is not None:
            stack.append(node.this)
        else:
            stack.extend(reversed(list(node.iter_expressions())))


def column(binder: Binder, node: exp.Column, scope: Scope) -> Refs:
    """Return what a column in an expression stands for."""
    names, args = binder.names, node.args
    table = args.get("table")
    qualifiers: list[exp.Expr] = []
    source = None
    if table is not None:
        qualifiers = [args[part] for part in ("catalog", "db") if args.get(part) is not None]
        qualifiers.append(table)
        source = _qualified_source(binder, qualifiers, scope)
    if isinstance(node.this, exp.Star):
        return _everything(node, [source] if source is not None else [])
    if isinstance(node.this, exp.Parameter):
        return _positional(node.this, scope, source)
    name = names.column(node.this)
    if names.is_pseudo(node.this, name):
        return ()
    if not qualifiers:
        return _unqualified(binder, node, name, scope)
    if source is not None:
        found = source.relation.find(name)
        return found.refs if found else ()
    return _struct(binder, qualifiers, scope)


def _unqualified(binder: Binder, node: exp.Column, name: str, scope: Scope) -> Refs:
    key = binder.names.column_key(name)
    if _is_word(node, name.upper()) and not any(around.surely_has(key) for around in scope.chain()):
        return ()
    if name.upper() in binder.names.variables and not any(around.surely_has(key) for around in scope.chain()):
        return ()
    if binder.names.profile.rows_as_values and not scope.surely_has(key):
        row = scope.source(binder.names.alias(node.this))
        if row is not None:
            return row.relation.refs
    found = scope.find(name, key)
    return found.refs if found else ()


def _is_word(node: exp.Column, name: str) -> bool:
    """Whether what the grammar takes for a column is more likely a word: LEVEL, or the unit of a date function."""
    if name == "LEVEL":
        select = node.find_ancestor(exp.Select)
        return select is not None and bool(select.args.get("connect"))
    parent = node.parent
    if name not in _DATE_PARTS or not isinstance(parent, exp.Trunc | exp.Anonymous):
        return False
    return sum(1 for _ in parent.iter_expressions()) > 1


def _everything(star: exp.Expr, sources: list[Source]) -> Refs:
    """Return all columns of the sources, as far as they are known: the argument of HASH(*), but not of COUNT(*)."""
    if isinstance(star.parent, exp.Count):
        return ()
    hidden = {column.name.lower() for column in star.args.get("except_") or ()}
    if not hidden:
        return union(*(source.relation.refs for source in sources))
    items = (item for source in sources for item in source.relation.items)
    return union(*(item.refs for item in items if isinstance(item, Open) or (item.name or "").lower() not in hidden))


def _qualified_source(binder: Binder, qualifiers: list[exp.Expr], scope: Scope) -> Source | None:
    if len(qualifiers) == 1:
        return scope.source(binder.names.alias(qualifiers[0]))
    return scope.table(tuple(binder.names.part(part) for part in qualifiers))


def _struct(binder: Binder, qualifiers: list[exp.Expr], scope: Scope) -> Refs:
    """Resolve ``a.b`` and ``t.a.b`` where ``a`` is no table but a column with fields."""
    names = binder.names
    if not names.profile.struct_access:
        return ()
    source = scope.source(names.alias(qualifiers[0])) if len(qualifiers) > 1 else None
    name = names.column(qualifiers[1] if source else qualifiers[0])
    found = source.relation.find(name) if source else scope.find(name, names.column_key(name))
    return found.refs if found else ()


def _positional(node: exp.Parameter, scope: Scope, source: Source | None = None) -> Refs:
    """Resolve ``$1``: the first column of the only source."""
    if source is None and len(scope.sources) == 1:
        source = scope.sources[0]
    number = node.this.name if isinstance(node.this, exp.Expr) else str(node.this)
    if source is None or not number.isdigit():
        return ()
    leading = source.relation.leading()
    position = int(number) - 1
    return leading[position].refs if 0 <= position < len(leading) else ()


def _lambda(binder: Binder, node: exp.Lambda, scope: Scope) -> Refs:
    """Bind the body of ``x -> …`` with its parameters hiding columns of the same name."""
    parameters = [Column(binder.names.column(parameter.unnest())) for parameter in node.expressions]
    inner = Scope(scope.ctes, scope, [Source("", Relation(parameters, binder.names.column_key))], windows=scope.windows)
    return refs(binder, node.this, inner)


def _comprehension(binder: Binder, node: exp.Comprehension, scope: Scope) -> Refs:
    """Bind ``[f(x) FOR x IN list IF …]`` with ``x`` standing for what the list is computed from."""
    iterated = refs(binder, node.args["iterator"], scope)
    variable = Column(binder.names.column(node.expression), iterated)
    inner = Scope(scope.ctes, scope, [Source("", Relation([variable], binder.names.column_key))])
    return union(refs(binder, node.this, inner), iterated)


def _tables_of_in(binder: Binder, node: exp.In, scope: Scope) -> Refs | None:
    """Return what ``x IN t`` of ClickHouse reads, where ``t`` is a table; ``None`` if it is none."""
    column = node.args.get("field")
    if not binder.names.profile.tables_after_in or not isinstance(column, exp.Column):
        return None
    table = exp.Table(**dict(zip(("this", "db"), (part.copy() for part in reversed(column.parts)), strict=False)))
    return binder.query(table, scope.ctes, scope).refs


def _named_window(binder: Binder, node: exp.Window, scope: Scope) -> exp.Expr | None:
    name = node.args.get("alias")
    return scope.windows.get(binder.names.alias(name)) if isinstance(name, exp.Identifier) else None


def _dot(binder: Binder, node: exp.Dot, scope: Scope) -> Refs:
    """Bind ``a.b`` that was taken for an access to a field: it may be a column behind an operator."""
    if isinstance(node.this, exp.Identifier) and isinstance(node.expression, exp.Identifier):
        return column(binder, exp.column(node.expression.copy(), table=node.this.copy()), scope)
    return union(
        *(refs(binder, part, scope) for part in node.iter_expressions() if not isinstance(part, exp.Identifier))
    )


_BINDERS: dict[type[exp.Expr], Callable[..., Refs]] = {
    exp.Column: column,
    exp.Comprehension: _comprehension,
    exp.Dot: _dot,
    exp.Lambda: _lambda,
    exp.Parameter: lambda _, node, scope: _positional(node, scope),
    exp.Star: lambda _, node, scope: _everything(node, scope.sources),
}
