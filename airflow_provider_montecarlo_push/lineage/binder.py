"""Binds the names of a query to the columns of tables.

The parse tree is sqlglot's. Names are bound here and not by its ``qualify``, because that either guesses where no
catalog says which table a column belongs to, or gives up on the whole statement; a binder can be certain of one
column and leave out the next.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from sqlglot import exp

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.lineage import expressions, sources
from airflow_provider_montecarlo_push.lineage.ctes import bind_with
from airflow_provider_montecarlo_push.lineage.known import Known
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.names import ExternalName, Names
from airflow_provider_montecarlo_push.lineage.pivots import pivot_statement
from airflow_provider_montecarlo_push.lineage.projections import projections
from airflow_provider_montecarlo_push.lineage.relations import Column, Item, Open, Ref, Relation
from airflow_provider_montecarlo_push.lineage.scopes import Ctes, Scope

_FILTERS = ("where", "having", "qualify", "group", "order", "connect", "prewhere", "distinct", "limit")
_CHECK_EVERY = 256


class Binder:
    """Binds the queries of one statement, and gathers the tables that they read.

    :param names: how names are folded and completed.
    :param known: what is known of tables.
    :param deadline: reading of ``time.monotonic`` after which to give up.
    """

    def __init__(self, names: Names, known: Known, deadline: float) -> None:
        self.names = names
        self.known = known
        self.tables: dict[TableName, None] = {}
        self.unresolved: dict[str, None] = {}
        self._deadline = deadline
        self._steps = 0

    def fresh(self) -> Binder:
        """Return a binder that has read nothing yet, with what is left of the time."""
        return Binder(self.names, self.known, self._deadline)

    def step(self, weight: int = 1) -> None:
        """Count a piece of work.

        :param weight: the number of columns that it touches.
        :raises StatementError: when the time for this statement is up.
        """
        self._steps += weight
        if self._steps < _CHECK_EVERY:
            return
        self._steps = 0
        if time.monotonic() > self._deadline:
            raise StatementError(Reason.TIME_LIMIT, "binding its columns takes too long")

    def make(self, items: Iterable[Item], base: TableName | None = None) -> Relation:
        """Return a relation of ``items`` under this dialect's rules."""
        return Relation(items, self.names.column_key, base)

    # Tables ----------------------------------------------------------------------------------------

    def name(self, table: exp.Table) -> TableName:
        """Return the full name of ``table``, or that of a temporary one as far as it goes.

        :raises StatementError: when it cannot be completed.
        """
        if "external" in table.meta:
            return ExternalName(*table.meta["external"])
        temporary = self.names.temporary(table)
        if temporary is not None:
            return temporary
        try:
            return self.known.spelled(self.names.table(table))
        except StatementError:
            partial = self.names.partial(table)
            if partial is None or not self.known.has(partial):
                raise
            return partial

    def table(self, table: exp.Table) -> tuple[Relation, TableName | None]:
        """Return what a table gives and its full name; one that cannot be named is noted and gives nothing."""
        if table.meta.get("own"):
            return self.own(table)
        if self.names.profile.has_dual and table.name.upper() == "DUAL" and table.text("db").upper() in ("", "SYS"):
            return self.make(()), None
        try:
            name = self.name(table)
        except StatementError as error:
            return self.nameless(error), None
        return self.named_table(name), name

    def own(self, table: exp.Table) -> tuple[Relation, TableName | None]:
        """Return what the rows that a statement changes give to its expressions: they are no source."""
        try:
            name = self.name(table)
        except StatementError:
            return self.make([Open()]), None
        columns = self.known.columns(name)
        items = [Open()] if columns is None else [Column(column) for column in columns]
        return self.make(items), name

    def nameless(self, error: StatementError) -> Relation:
        """Note a table whose name cannot be completed."""
        self.unresolved.setdefault(error.detail)
        return self.make([Open()])

    def named_table(self, name: TableName) -> Relation:
        """Return what the table ``name`` gives, and note that it is read."""
        self.tables.setdefault(name)
        columns = self.known.columns(name)
        if columns is None:
            return self.make([Open(name)])
        return self.make([Column(column, (Ref(name, column),)) for column in columns], base=name)

    def external(self, name: ExternalName) -> Relation:
        """Return what a stage or file gives, and note that it is read, if such ends are wanted."""
        if not self.known.external_wanted:
            return self.make([Open()])
        self.tables.setdefault(name)
        return self.make([Open(name)])

    # Queries ---------------------------------------------------------------------------------------

    def query(self, node: exp.Expr, ctes: Ctes, outer: Scope | None = None) -> Relation:
        """Return what a query gives.

        :param node: a SELECT, set operation, VALUES, or any of them in parentheses.
        :param ctes: the CTEs in sight.
        :param outer: the scope that its names may reach out to.
        :raises StatementError: when it is something else.
        """
        self.step()
        while isinstance(node, exp.Subquery | exp.Paren):
            if isinstance(node, exp.Subquery) and sources.is_join(node.this):
                return self._parenthesised_join(node, ctes, outer)
            ctes = bind_with(self, node, ctes, outer)
            node = node.this
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, ctes, outer)
        if isinstance(node, exp.Select):
            return self._select(node, ctes, outer)
        scope = Scope(ctes, outer)
        if isinstance(node, exp.Values):
            return sources.values(self, node, scope)
        if isinstance(node, exp.Table):
            sources.add(self, node, scope)
            return scope.sources[0].relation
        if isinstance(node, exp.Pivot):
            return pivot_statement(self, node, scope)
        if isinstance(node, exp.DML):  # WITH moved AS (DELETE FROM t RETURNING *)
            return self.table(node.find(exp.Table) or exp.Table())[0]
        raise StatementError(Reason.UNSUPPORTED, f"a query of kind {node.key}")

    def _parenthesised_join(self, node: exp.Subquery, ctes: Ctes, outer: Scope | None) -> Relation:
        scope = Scope(ctes, outer)
        sources.add(self, node.this, scope)
        return self.make(item for source in scope.sources for item in source.relation.items)

    def _select(self, node: exp.Select, ctes: Ctes, outer: Scope | None) -> Relation:
        ctes = bind_with(self, node, ctes, outer)
        scope = Scope(ctes, outer)
        for window in node.args.get("windows") or ():
            scope.windows[self.names.alias(window.this)] = window
        sources.from_clause(self, node, scope)
        self._scalars(node, scope)
        relation = self.make(projections(self, node, scope))
        for clause in _FILTERS:
            part = node.args.get(clause)
            if isinstance(part, exp.Expr):
                expressions.visit(self, part, scope)
        return relation

    def _scalars(self, node: exp.Select, scope: Scope) -> None:
        """Note what ``WITH expression AS name`` of ClickHouse calls by name."""
        with_ = node.args.get("with_")
        for cte in with_.expressions if with_ is not None else ():
            if cte.args.get("scalar"):
                key = self.names.column_key(self.names.column(cte.args["alias"].this))
                alone = isinstance(cte.this, exp.Subquery)
                scope.scalars[key] = expressions.refs(self, cte.this, Scope(scope.ctes) if alone else scope)

    def _set_operation(self, node: exp.SetOperation, ctes: Ctes, outer: Scope | None) -> Relation:
        chain: list[exp.SetOperation] = []
        left: exp.Expr = node
        while isinstance(left, exp.SetOperation):
            ctes = bind_with(self, left, ctes, outer)
            chain.append(left)
            left = left.this
        relation = self.query(left, ctes, outer)
        sides: list[Relation] = []
        for operation in reversed(chain):
            right = self.query(operation.expression, ctes, outer)
            self.step(len(right.items))
            if isinstance(operation, exp.Except):  # the right side only takes rows away
                continue
            if operation.args.get("by_name"):
                relation, sides = relation.merged(*sides).merged_by_name(right), []
            else:
                sides.append(right)
        return relation.merged(*sides)
