"""From a parse tree to what the statement does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage.changes import follow_delete, follow_merge, follow_update
from airflow_provider_montecarlo_push.lineage.ctes import bind_with
from airflow_provider_montecarlo_push.lineage.definitions import follow_definition
from airflow_provider_montecarlo_push.lineage.effects import Use
from airflow_provider_montecarlo_push.lineage.inserts import (
    follow_insert,
    follow_multi_insert,
    follow_select_into,
    insert_of,
)
from airflow_provider_montecarlo_push.lineage.loads import follow_load, follow_outfile
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.moves import follow_move
from airflow_provider_montecarlo_push.lineage.phrases import Phrase
from airflow_provider_montecarlo_push.lineage.scopes import Ctes
from airflow_provider_montecarlo_push.lineage.targets import Work

T = TypeVar("T")

_WRITES: list[tuple[type[exp.Expr], Callable[[Work, Any], None]]] = [
    (exp.Insert, insert_of),
    (exp.Merge, follow_merge),
    (exp.Update, follow_update),
    (exp.MultitableInserts, follow_multi_insert),
    (exp.Query, follow_select_into),
]
READERS: dict[str, tuple[Callable[[Work, Phrase], bool], ...]] = {
    "ALTER": (follow_definition, follow_move),
    "APPLY": (follow_move,),
    "AUTO": (follow_move,),
    "BULK": (follow_load,),
    "CACHE": (follow_definition,),
    "COPY": (follow_load,),
    "CREATE": (follow_move, follow_definition),
    "DELETE": (follow_delete,),
    "DROP": (follow_move,),
    "EXCHANGE": (follow_move,),
    "EXEC": (follow_move,),
    "EXECUTE": (follow_move,),
    "EXPORT": (follow_load,),
    "FROM": (follow_insert,),
    "IMPORT": (follow_load,),
    "INS": (follow_insert,),
    "INSERT": (follow_insert,),
    "LOAD": (follow_load,),
    "RENAME": (follow_move,),
    "REPLACE": (follow_definition, follow_insert),
    "SELECT": (follow_outfile,),
    "SET": (follow_move,),
    "SP_RENAME": (follow_move,),
    "TRUNCATE": (follow_move,),
    "UNLOAD": (follow_load,),
}
"""What reads a statement word by word, by its first word."""

_WITHOUT_EDGE: list[tuple[type[exp.Expr], Reason]] = [
    (exp.Delete, Reason.DELETE),
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


def read(work: Work, phrase: Callable[[], Phrase], head: str) -> bool:
    """Record what a statement does whose head is read word by word; return whether it is one.

    :param phrase: gives the statement from its beginning.
    :raises StatementError: when it is one, and what it does cannot be told.
    """
    return any(_counted(work, partial(reader, work, phrase())) is not False for reader in READERS.get(head, ()))


def _plain(tree: exp.Expr) -> Reason | None:
    return next((reason for kind, reason in _WITHOUT_EDGE if isinstance(tree, kind)), None)


def _write(work: Work, tree: exp.Expr) -> None:
    handler = next((handler for kind, handler in _WRITES if isinstance(tree, kind)), None)
    if handler is None:
        what = tree.name if isinstance(tree, exp.Command) else tree.key
        raise StatementError(Reason.UNSUPPORTED, f"{what.upper()} statement that sqlglot does not know")
    _write_in_ctes(work, tree)
    _counted(work, lambda: handler(work, tree))


def _counted(work: Work, follow_part: Callable[[], T]) -> T | None:
    """Do a part of the work; count why it gives no edge where that is all there is to say."""
    try:
        return follow_part()
    except StatementError as error:
        if error.reason not in _COUNTED:
            raise
        work.outcome.without_edge.append(error.reason)
        return None


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


def _follow_with(work: Work, phrase: Phrase) -> bool:
    """``WITH … INSERT …`` and ``WITH … FROM … INSERT …``: the CTEs belong to the query of the INSERT."""
    at = phrase.outside("INSERT", "SELECT", "SEL", "FROM", "MERGE", "UPDATE", "DELETE")
    if at is None or phrase.outside("INSERT", start=at) is None or phrase.ahead(at) not in ("INSERT", "FROM"):
        return False
    written = phrase.rest(at)
    ctes: Ctes = {}
    if not work.binder.known.columns_wanted and not phrase.may_hold("RETURNING"):
        phrase.seek(at)
        return follow_insert(work, phrase, ctes, written)
    try:
        select = work.query(f"{written} SELECT 1")
        _write_in_ctes(work, select)
        ctes = bind_with(work.binder, select, {}, None)
    except StatementError as error:
        work.sketch(error, written)
    phrase.seek(at)
    return follow_insert(work, phrase, ctes, written)


READERS["WITH"] = (_follow_with,)
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
