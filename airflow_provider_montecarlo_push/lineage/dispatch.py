"""From a parse tree to what the statement does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage.changes import follow_merge, follow_update
from airflow_provider_montecarlo_push.lineage.creates import follow_create
from airflow_provider_montecarlo_push.lineage.inserts import follow_insert, follow_multi_insert, follow_select_into
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.targets import Work
from airflow_provider_montecarlo_push.lineage.writes import Outcome

_WRITES: list[tuple[type[exp.Expr], Callable[[Work, Any], None]]] = [
    (exp.Insert, follow_insert),
    (exp.Create, follow_create),
    (exp.Merge, follow_merge),
    (exp.Update, follow_update),
    (exp.MultitableInserts, follow_multi_insert),
    (exp.Query, follow_select_into),
]
_WITHOUT_EDGE: list[tuple[type[exp.Expr], Reason]] = [
    (exp.Delete, Reason.DELETE),
    (exp.Copy, Reason.EXTERNAL),
    (exp.LoadData, Reason.EXTERNAL),
    (exp.Export, Reason.EXTERNAL),
    (exp.TruncateTable, Reason.DELETE),
    (exp.Cache, Reason.TEMPORARY),
    (exp.Describe, Reason.READ_ONLY),
    (exp.Set, Reason.READ_ONLY),
    (exp.Show, Reason.READ_ONLY),
    (exp.Comment, Reason.DDL),
    (exp.Grant, Reason.DDL),
    (exp.Transaction, Reason.READ_ONLY),
    (exp.Values, Reason.READ_ONLY),
]


def follow(work: Work, tree: exp.Expr) -> Outcome:
    """Return what one statement does.

    :raises StatementError: when that cannot be told.
    """
    if isinstance(tree, exp.Use):
        _use(work, tree)
    elif isinstance(tree, exp.Drop | exp.Alter) or _is_alter(tree):
        _forget(work, tree)
    elif (reason := _plain(tree)) is not None:
        work.outcome.without_edge.append(reason)
    else:
        _write(work, tree)
    return work.outcome


def _plain(tree: exp.Expr) -> Reason | None:
    return next((reason for kind, reason in _WITHOUT_EDGE if isinstance(tree, kind)), None)


def _write(work: Work, tree: exp.Expr) -> None:
    handler = next((handler for kind, handler in _WRITES if isinstance(tree, kind)), None)
    if handler is None:
        what = tree.name if isinstance(tree, exp.Command) else tree.key
        raise StatementError(Reason.UNSUPPORTED, f"{what.upper()} statement that sqlglot does not know")
    _write_in_ctes(work, tree)
    try:
        handler(work, tree)
    except StatementError as error:
        if error.reason not in _COUNTED:
            raise
        work.outcome.without_edge.append(error.reason)
    work.outcome.lasting = work.outcome.lasting or isinstance(tree, exp.Create)


def _write_in_ctes(work: Work, tree: exp.Expr) -> None:
    """Follow what CTEs write, as in ``WITH moved AS (INSERT … RETURNING *) …``: each is an edge of its own."""
    with_ = tree.args.get("with_")
    before: list[exp.Expr] = []
    for cte in with_.expressions if with_ is not None else ():
        if isinstance(cte.this, exp.Insert | exp.Update | exp.Merge):
            inner = cte.this.copy()
            if before and inner.args.get("with_") is None:
                inner.set("with_", exp.With(expressions=[earlier.copy() for earlier in before]))
            part = Work(work.binder.fresh(), work.session)
            _write(part, inner)
            work.outcome.writes += part.outcome.writes
        before.append(cte)


_COUNTED = frozenset({Reason.READ_ONLY, Reason.DDL, Reason.DELETE, Reason.NO_SOURCE, Reason.EXTERNAL})


def _use(work: Work, tree: exp.Use) -> None:
    """Change the defaults for what follows in the same text."""
    work.outcome.without_edge.append(Reason.READ_ONLY)
    work.outcome.lasting = True
    kind = (tree.args["kind"].name if tree.args.get("kind") is not None else "").upper()
    table = tree.this
    if not isinstance(table, exp.Table) or kind not in ("", "DATABASE", "SCHEMA", "CATALOG"):
        return
    parts = [work.names.part(part) for part in table.parts]
    if len(parts) > 1:
        work.names.use(parts[0], parts[-1])
    elif kind == "SCHEMA" or work.names.profile.levels == 2 or (not kind and _use_means_schema(work)):
        work.names.use(None, parts[0])
    else:
        work.names.use(parts[0], work.names.profile.default_schema)


def _use_means_schema(work: Work) -> bool:
    return work.names.profile.grammar in ("databricks", "spark", "trino", "presto", "athena", "duckdb")


def _is_alter(tree: exp.Expr) -> bool:
    return isinstance(tree, exp.Command) and tree.name.upper() == "ALTER"


def _forget(work: Work, tree: exp.Expr) -> None:
    """Forget a table that is dropped, or whose columns may be others from now on."""
    work.outcome.without_edge.append(Reason.DDL)
    work.outcome.lasting = True
    if not isinstance(tree.this, exp.Table):
        return
    if isinstance(tree, exp.Drop):
        work.session.drop(tree.this)
    else:
        work.session.forget_columns(tree.this)
