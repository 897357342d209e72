"""From a parse tree to what the statement does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage.changes import follow_merge, follow_update
from airflow_provider_montecarlo_push.lineage.creates import follow_create
from airflow_provider_montecarlo_push.lineage.effects import Use
from airflow_provider_montecarlo_push.lineage.inserts import follow_insert, follow_multi_insert, follow_select_into
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.targets import Work

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


def follow(work: Work, tree: exp.Expr) -> None:
    """Record what one statement does.

    :raises StatementError: when that cannot be told.
    """
    if isinstance(tree, exp.Use):
        _use(work, tree)
    elif isinstance(tree, exp.Alter) or (isinstance(tree, exp.Command) and tree.name.upper() == "ALTER"):
        work.outcome.without_edge.append(Reason.DDL)
    elif (reason := _plain(tree)) is not None:
        work.outcome.without_edge.append(reason)
    else:
        _write(work, tree)


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


def _write_in_ctes(work: Work, tree: exp.Expr) -> None:
    """Follow what CTEs write, as in ``WITH moved AS (INSERT … RETURNING *) …``: each is an edge of its own."""
    with_ = tree.args.get("with_")
    before: list[exp.Expr] = []
    for cte in with_.expressions if with_ is not None else ():
        if isinstance(cte.this, exp.Insert | exp.Update | exp.Merge):
            inner = cte.this.copy()
            if before and inner.args.get("with_") is None:
                inner.set("with_", exp.With(expressions=[earlier.copy() for earlier in before]))
            _write(work.part(), inner)
        before.append(cte)


_COUNTED = frozenset({Reason.READ_ONLY, Reason.DDL, Reason.DELETE, Reason.NO_SOURCE, Reason.EXTERNAL})


def _use(work: Work, tree: exp.Use) -> None:
    """Change the defaults for what follows in the same text."""
    work.outcome.without_edge.append(Reason.READ_ONLY)
    kind = (tree.args["kind"].name if tree.args.get("kind") is not None else "").upper()
    table = tree.this
    if not isinstance(table, exp.Table) or kind not in ("", "DATABASE", "SCHEMA", "CATALOG"):
        return
    parts = [work.names.part(part) for part in table.parts]
    profile = work.names.profile
    if len(parts) > 1:
        use = Use(parts[0], parts[-1])
    elif kind == "SCHEMA" or (kind != "CATALOG" and (profile.levels == 2 or profile.use_means_schema)):
        use = Use(None, parts[0])
    else:
        use = Use(parts[0], profile.default_schema)
    work.outcome.effects.append(use)
