"""WITH clauses: common table expressions, recursive ones included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage.relations import Relation
from airflow_provider_montecarlo_push.lineage.scopes import Ctes, Scope

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage.binder import Binder

_MAX_ROUNDS = 8


class _Bound:
    """A CTE whose relation is at hand."""

    def __init__(self, relation: Relation) -> None:
        self._relation = relation

    def relation(self) -> Relation:
        return self._relation


class _Lazy:
    """A CTE that is bound when it is first read. One that nobody reads feeds no rows."""

    def __init__(self, binder: Binder, node: exp.CTE, ctes: Ctes, outer: Scope | None, *, recursive: bool) -> None:
        self._binder = binder
        self._node = node
        self._ctes = ctes
        self._outer = outer
        self._recursive = recursive
        self._relation: Relation | None = None

    def relation(self) -> Relation:
        if self._relation is None:
            self._relation = self._recurse() if self._recursive else self._bind(self._node.this, self._ctes)
        return self._relation

    def _bind(self, query: exp.Expr, ctes: Ctes) -> Relation:
        names = [self._binder.names.column(column) for column in self._node.args["alias"].columns]
        return self._binder.query(query, ctes, self._outer).renamed(names)

    def _recurse(self) -> Relation:
        """Bind the anchor, then the recursive part on top of it until nothing more is learnt."""
        name = self._binder.names.alias(self._node.args["alias"].this)
        body = self._node.this.unnest()
        relation = self._bind(body.this, self._ctes)
        for _ in range(_MAX_ROUNDS):
            before = [item.refs for item in relation.items]
            inner = {**self._ctes, name: _Bound(relation)}
            more = self._bind(body.expression, inner)
            relation = relation.merged_by_name(more) if body.args.get("by_name") else relation.merged(more)
            if [item.refs for item in relation.items] == before:
                break
        return relation


def bind_with(binder: Binder, node: exp.Expr, ctes: Ctes, outer: Scope | None) -> Ctes:
    """Return the CTEs in sight inside ``node``: its own, and those around it."""
    with_ = node.args.get("with_")
    if with_ is None:
        return ctes
    ctes = dict(ctes)
    for cte in with_.expressions:
        if cte.args.get("scalar"):
            continue
        name = binder.names.alias(cte.args["alias"].this)
        recursive = _reads_itself(binder, cte, name, declared=bool(with_.args.get("recursive")))
        ctes[name] = _Lazy(binder, cte, dict(ctes), outer, recursive=recursive)
    return ctes


def _reads_itself(binder: Binder, cte: exp.CTE, name: str, *, declared: bool) -> bool:
    """Whether a CTE is recursive: an anchor that does not read it, united with a part that does.

    Anything else that reads a table of the CTE's own name means the table.
    """
    body = cte.this.unnest()
    if not isinstance(body, exp.Union) or not (declared or binder.names.profile.implicit_recursion):
        return False
    return _reads(binder, body.expression, name) and not _reads(binder, body.this, name)


def _reads(binder: Binder, node: exp.Expr, name: str) -> bool:
    return any(
        isinstance(table.this, exp.Identifier) and not table.args.get("db") and binder.names.alias(table.this) == name
        for table in node.find_all(exp.Table)
    )
