"""Pipe syntax: ``FROM t |> WHERE … |> EXTEND … |> AGGREGATE … GROUP BY … |> SELECT …``.

sqlglot turns pipes into CTEs, by which the names of tables are lost that later pipes may use. Here each pipe changes
what is in sight, as it does in the warehouse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage import expressions, sources
from airflow_provider_montecarlo_push.lineage.binder import Binder
from airflow_provider_montecarlo_push.lineage.ctes import bind_with
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.phrases import Phrase
from airflow_provider_montecarlo_push.lineage.projections import all_columns, projections
from airflow_provider_montecarlo_push.lineage.relations import Item, Relation
from airflow_provider_montecarlo_push.lineage.scopes import Ctes, Scope, Source

_ROWS_ONLY = frozenset({"LIMIT", "DISTINCT", "TABLESAMPLE", "ASSERT", "CALL"})
_SETS = frozenset({"UNION", "INTERSECT", "EXCEPT"})


def is_piped(text: str) -> bool:
    """Whether ``text`` may hold pipes."""
    return "|>" in text


class Pipe:
    """A query that is made of pipes.

    :param binder: binds its names.
    :param parse: gives the parse tree of a query.
    """

    def __init__(self, binder: Binder, parse: Callable[[str], exp.Expr]) -> None:
        self._binder = binder
        self._parse = parse
        self._changes: dict[str, Callable[[Phrase, Scope], Scope]] = {
            "AGGREGATE": self._aggregate,
            "DROP": self._drop,
            "EXTEND": self._extend,
            "RENAME": self._rename,
            "SELECT": self._select,
            "SET": self._set,
        }

    def rows(self, phrase: Phrase, ctes: Ctes) -> Relation:
        """Return what the query gives.

        :raises StatementError: when a pipe is not known.
        """
        steps = list(_steps(phrase))
        scope = self._start(steps[0], ctes)
        for step in steps[1:]:
            scope = self._step(step, scope)
        return self._relation(scope)

    def _start(self, first: Phrase, ctes: Ctes) -> Scope:
        at = first.outside("FROM")
        if at is None or first.outside("SELECT") is not None:
            return self._alone(self._binder.query(self._parse(first.rest()), ctes), ctes)
        written = first.rest(at) if at else ""
        first.seek(at)
        select = self._parse(f"{written} SELECT * {first.rest()}")
        scope = Scope(bind_with(self._binder, select, ctes, None))
        sources.from_clause(self._binder, select, scope)
        return scope

    def _step(self, step: Phrase, scope: Scope) -> Scope:
        word = step.peek()
        if word in self._changes:
            return self._changes[word](step, scope)
        if word == "AS":
            step.word()
            return self._alone(self._relation(scope), scope.ctes, self._binder.names.alias(step.identifier()))
        if word in _SETS:
            union = self._parse(f"SELECT 1 {step.rest()}")
            if not isinstance(union, exp.SetOperation):
                raise StatementError(Reason.SYNTAX, "a query is expected behind a pipe that unites")
            right = self._binder.query(union.expression, scope.ctes)
            relation = self._relation(scope)
            return self._alone(relation if word == "EXCEPT" else relation.merged(right), scope.ctes)
        if word in ("PIVOT", "UNPIVOT") or word in _ROWS_ONLY:
            return scope
        before = "SELECT 1 FROM before"
        select = self._parse(f"{before} {step.rest()}")  # WHERE, JOIN, ORDER BY
        for join in select.args.get("joins") or ():
            sources.add_join(self._binder, join, scope)
        for clause in ("where", "qualify", "order"):
            if isinstance(select.args.get(clause), exp.Expr):
                expressions.visit(self._binder, select.args[clause], scope)
        return scope

    def _select(self, step: Phrase, scope: Scope) -> Scope:
        return self._given(step.rest(), scope)

    def _given(self, select: str, scope: Scope, more: list[Item] | None = None) -> Scope:
        node = self._parse(select)
        if not isinstance(node, exp.Select):
            raise StatementError(Reason.SYNTAX, "a list of columns is expected behind a pipe")
        items = [*(more or ()), *projections(self._binder, node, scope)]
        return self._alone(self._binder.make(items), scope.ctes)

    def _extend(self, step: Phrase, scope: Scope) -> Scope:
        step.word()
        node = self._parse(f"SELECT {step.rest()}")
        if isinstance(node, exp.Select):
            scope.sources.append(Source("", self._binder.make(projections(self._binder, node, scope))))
        return scope

    def _set(self, step: Phrase, scope: Scope) -> Scope:
        step.word()
        changed = []
        for item in step.items(step.remaining()):
            expression = step.text[item[2].start : item[-1].end]
            changed.append(f"{expression} AS {item[0].text}")
        return self._given(f"SELECT * REPLACE ({', '.join(changed)})", scope)

    def _drop(self, step: Phrase, scope: Scope) -> Scope:
        step.word()
        return self._given(f"SELECT * EXCEPT ({step.rest()})", scope)

    def _rename(self, step: Phrase, scope: Scope) -> Scope:
        step.word()
        names = self._binder.names
        renamed: dict[str, str] = {}
        for item in step.items(step.remaining()):
            renamed[names.column_key(names.column(step.name_of(item[0])))] = names.column(step.name_of(item[-1]))
        relation = self._relation(scope).with_names(renamed)
        return self._alone(relation, scope.ctes)

    def _aggregate(self, step: Phrase, scope: Scope) -> Scope:
        step.word()
        at = step.outside("GROUP")
        aggregates = step.rest(at) if at is None or at > step.at else ""
        keys: list[Item] = []
        if at is not None:
            step.seek(at + 1)
            while step.take("AND", "ORDER", "BY"):
                pass
            node = self._parse(f"SELECT {step.rest()}")
            keys = projections(self._binder, node, scope) if isinstance(node, exp.Select) else []
        if not aggregates.strip():
            return self._alone(self._binder.make(keys), scope.ctes)
        return self._given(f"SELECT {aggregates}", scope, keys)

    def _relation(self, scope: Scope) -> Relation:
        return self._binder.make(all_columns(scope))

    def _alone(self, relation: Relation, ctes: Ctes, alias: str = "") -> Scope:
        return Scope(ctes, None, [Source(alias, relation)])


def _steps(phrase: Phrase) -> Iterator[Phrase]:
    """Yield the parts of a query between its pipes."""
    start = 0
    at = phrase.outside("|")
    while at is not None:
        if phrase.ahead(at + 1) == ">":
            phrase.seek(start)
            yield phrase.until(at)
            start = at + 2
        at = phrase.outside("|", start=at + 1)
    phrase.seek(start)
    yield phrase.until(None)
