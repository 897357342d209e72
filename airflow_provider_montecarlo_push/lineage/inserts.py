"""INSERT in all its forms, and SELECT … INTO."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage import expressions
from airflow_provider_montecarlo_push.lineage.conflicts import follow_conflict
from airflow_provider_montecarlo_push.lineage.ctes import bind_with
from airflow_provider_montecarlo_push.lineage.effects import Fields, Mode, columns_of, fields_of
from airflow_provider_montecarlo_push.lineage.lexer import unquoted
from airflow_provider_montecarlo_push.lineage.locations import external, external_table
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.phrases import Phrase
from airflow_provider_montecarlo_push.lineage.places import of_url
from airflow_provider_montecarlo_push.lineage.relations import Column, Relation
from airflow_provider_montecarlo_push.lineage.scopes import Ctes, Scope, Source
from airflow_provider_montecarlo_push.lineage.targets import Work, canonical, split_target

_MODIFIERS = frozenset(
    {
        *("INTO", "OVERWRITE", "TABLE", "LOCAL", "OR", "REPLACE", "IGNORE", "ABORT", "FAIL", "ROLLBACK", "ONLY"),
        *("LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED"),
    }
)
_BEHIND_ROWS = ("ON", "RETURNING", "LOG")
_CONFLICTS = (("ON", "CONFLICT"), ("ON", "DUPLICATE"), ("LOG", "ERRORS"))
_ROWS = ("SELECT", "SEL", "VALUES", "VALUE", "MAP", "REDUCE", "EXEC", "EXECUTE", "DEFAULT", "SET")


@dataclass(slots=True)
class _Head:
    """The head of an INSERT statement.

    :param listed: its column list.
    :param static: keys of the partition columns that are set to a constant.
    :param dynamic: names of those that are not.
    """

    table: exp.Table
    listed: list[str] | None = None
    static: set[str] = field(default_factory=set)
    dynamic: list[str] = field(default_factory=list)
    by_name: bool = False
    overwrites: bool = False


def follow_insert(work: Work, phrase: Phrase, ctes: Ctes | None = None, written: str = "") -> bool:
    """Record what INSERT does, or ``FROM … INSERT …``; return whether it is one of these.

    :param ctes: the CTEs that stand in front of it,
    :param written: and how they are written.
    :raises StatementError: when that cannot be told.
    """
    if phrase.peek() == "FROM":
        at = phrase.outside("INSERT")
        return at is not None and _behind_from(work, phrase, at, written)
    if phrase.peek(1) in ("ALL", "FIRST") or (phrase.peek(1) == "OVERWRITE" and phrase.peek(2) in ("ALL", "FIRST")):
        return False
    _insert(work, phrase, ctes or {}, written=written)
    return True


def insert_of(work: Work, node: exp.Insert) -> None:
    """Record what an INSERT inside of another statement does."""
    table, listed = split_target(work, node.this)
    if not isinstance(node.expression, exp.Expr):
        raise StatementError(Reason.NO_SOURCE)
    relation = work.binder.query(node.expression, bind_with(work.binder, node, {}, None))
    insert(work, _Head(table, listed), relation)


def _behind_from(work: Work, phrase: Phrase, at: int, written: str) -> bool:
    """``FROM … INSERT … INSERT …`` of Hive: each branch has a SELECT of its own over the same rows."""
    if not work.binder.known.columns_wanted:
        return _sketch_branches(work, phrase, at, written)
    try:
        shared = work.query(f"{written} SELECT * {phrase.rest(at)}")
    except StatementError as error:
        return _sketch_branches(work, phrase, at, written, error)
    for branch in _branches(phrase, at):
        try:
            _insert(work.part(), branch, {}, shared)
        except StatementError as error:
            if error.reason is not Reason.EXTERNAL:
                raise
            work.outcome.without_edge.append(error.reason)
    return True


def _branches(phrase: Phrase, at: int) -> Iterator[Phrase]:
    """Yield each INSERT of a multi-insert by itself."""
    position: int | None = at
    while position is not None:
        following = phrase.outside("INSERT", start=position + 1)
        phrase.seek(position)
        yield phrase.until(following)
        position = following


def _sketch_branches(work: Work, phrase: Phrase, at: int, written: str, error: StatementError | None = None) -> bool:
    """Record the tables alone of a multi-insert."""
    shared = f"{written} {phrase.rest(at)}"
    for branch in _branches(phrase, at):
        part = work.part()
        head = _head(part, branch)
        if error is None:
            part.read(f"{shared} {branch.rest()}")
        else:
            part.sketch(error, f"{shared} {branch.rest()}")
        part.land(head.table, [])
    return True


def _insert(work: Work, phrase: Phrase, ctes: Ctes, shared: exp.Expr | None = None, written: str = "") -> None:
    head = _head(work, phrase)
    if phrase.take("SET"):
        follow_conflict(work, head.table, f"ON UPDATE {phrase.rest()}", None, work.binder.make(()))
        return
    if phrase.peek() in ("EXEC", "EXECUTE", "DEFAULT"):
        raise StatementError(Reason.NO_SOURCE)
    if not phrase.begins_query() and phrase.peek() != "VALUE":
        raise StatementError(Reason.SYNTAX, "no rows behind the name of the table")
    text, conflict = _query_text(phrase)
    if shared is None:
        relation = work.rows(text, ctes, written)
    else:
        query = work.query(text)
        _read_from(query, shared)
        relation = work.binder.query(query, bind_with(work.binder, shared, ctes, None))
    names = insert(work, head, relation)
    if conflict:
        follow_conflict(work, head.table, conflict, names, relation)


def _head(work: Work, phrase: Phrase) -> _Head:
    phrase.word()
    overwrites = False
    if phrase.peek() == "TOP" and phrase.peek(1) == "(":
        phrase.word()
        phrase.bracketed()
        phrase.take("PERCENT")
    while phrase.peek() in _MODIFIERS:
        overwrites = phrase.word() == "OVERWRITE" or overwrites
    if phrase.peek() in ("DIRECTORY", "FUNCTION", "@"):
        return _outside(work, phrase)
    head = _Head(phrase.table(), overwrites=overwrites)
    path = external(work, head.table)
    if path is not None:
        head.table = path
    while phrase.next is not None and phrase.peek() not in _ROWS and not phrase.begins_query():
        _option(work, phrase, head)
    return head


def _option(work: Work, phrase: Phrase, head: _Head) -> None:
    """Read one of the things that stand between the table and its rows."""
    if phrase.peek() == "(" and head.listed is None:
        tokens = phrase.bracketed()
        head.listed = [work.names.column(name) for name in phrase.identifiers(tokens)]
    elif phrase.take("PARTITION"):
        _partition(work, phrase, head)
    elif phrase.take("OVERRIDING"):
        phrase.seek(phrase.at + 2)  # SYSTEM VALUE
    elif phrase.phrase("BY", "NAME"):
        head.by_name = True
    elif phrase.take("REPLACE", "SETTINGS", "OUTPUT"):
        at = phrase.outside(*_ROWS)
        phrase.seek(at if at is not None else phrase.at + 1)
    elif phrase.peek() == "(":
        phrase.bracketed()
    elif phrase.take("WITH", "AS"):
        if not phrase.bracketed():
            phrase.word()
    else:
        phrase.word()


def _outside(work: Work, phrase: Phrase) -> _Head:
    """Read the directory, file or table function that is written to."""
    place = None
    while phrase.next is not None and not phrase.begins_query():
        piece = phrase.next
        if piece.kind == "string" and place is None:
            place = of_url(unquoted(piece, work.names.profile))
        phrase.word()
    if place is None or not work.binder.known.external_wanted:
        raise StatementError(Reason.EXTERNAL)
    return _Head(external_table(place))


def _partition(work: Work, phrase: Phrase, head: _Head) -> None:
    tokens = phrase.bracketed()
    items = phrase.items(tokens)
    if work.names.profile.definitions_precede:  # of MySQL: the partitions that are written to
        return
    for item in items:
        name = work.names.column(phrase.identifiers(item[:1])[0])
        if len(item) > 1:
            head.static.add(work.names.column_key(name))
        else:
            head.dynamic.append(name)


def _query_text(phrase: Phrase) -> tuple[str, str]:
    """Return the query that comes next, and ON CONFLICT or ON DUPLICATE KEY with what stands behind it."""
    if not phrase.may_hold("CONFLICT", "DUPLICATE", "RETURNING", "ERRORS"):
        return phrase.rest(), ""
    start = phrase.at
    at = phrase.outside(*_BEHIND_ROWS)
    while at is not None:
        phrase.seek(at)
        words = (phrase.peek(), phrase.peek(1))
        if words[0] == "RETURNING" or words in _CONFLICTS:
            conflict = phrase.rest() if words[0] == "ON" else ""
            phrase.seek(start)
            return phrase.rest(at), conflict
        at = phrase.outside(*_BEHIND_ROWS, start=at + 1)
    phrase.seek(start)
    return phrase.rest(), ""


def insert(work: Work, head: _Head, relation: Relation) -> Sequence[str] | None:
    """Record an insert of ``relation``; return the columns that are written to in order, where they are known."""
    known = work.columns(head.table)
    if head.listed:
        names: Sequence[str] | None = canonical(work, head.listed, known)
    elif head.by_name:
        relation, names = _spelled(work, relation, known), None
    elif known is not None:
        names = [name for name in known if work.names.column_key(name) not in head.static]
    else:
        relation, names = _partitioned(relation, head.dynamic), None
    whole = head.overwrites and not (head.static or head.dynamic)
    mode = Mode.OVERWRITE if whole else Mode.ADD
    work.land(head.table, fields_of(relation, names), relation=None if names else relation, mode=mode)
    return names or columns_of(relation) or None


def _spelled(work: Work, relation: Relation, known: Sequence[str] | None) -> Relation:
    """Return the relation with its columns in the case that the catalog has them in."""
    items = [
        Column(canonical(work, [item.name], known)[0], item.refs) if isinstance(item, Column) and item.name else item
        for item in relation.items
    ]
    return Relation(items, relation.key)


def _partitioned(relation: Relation, dynamic: list[str]) -> Relation:
    """Return the relation with its last columns named as the partition columns that they fill."""
    if not dynamic or relation.opens or len(dynamic) > len(relation.items):
        return relation
    first = len(relation.items) - len(dynamic)
    named = [Column(name, item.refs) for name, item in zip(dynamic, relation.items[first:], strict=True)]
    return Relation([*relation.items[:first], *named], relation.key)


def follow_select_into(work: Work, node: exp.Query) -> None:
    """SELECT … INTO t, which creates a table."""
    first: exp.Expr = node
    while isinstance(first, exp.SetOperation | exp.Subquery):
        first = first.this
    into = first.args.get("into")
    if into is None or not isinstance(into.this, exp.Table):
        raise StatementError(Reason.READ_ONLY)
    relation = work.binder.query(node, {})
    work.land(
        into.this,
        fields_of(relation, None),
        relation=relation,
        mode=Mode.CREATE,
        temporary=bool(into.args.get("temporary")) or work.names.temporary(into.this) is not None,
        columns=columns_of(relation),
    )


def follow_multi_insert(work: Work, node: exp.MultitableInserts) -> None:
    """INSERT ALL and INSERT FIRST of Snowflake and Oracle."""
    source = node.args["source"]
    ctes = bind_with(work.binder, node, {}, None)
    relation = work.binder.query(source, ctes)
    scope = Scope(ctes, None, [Source("", relation)])
    branches = [branch.this if isinstance(branch, exp.ConditionalInsert) else branch for branch in node.expressions]
    for branch in branches:
        table, listed = split_target(work, branch.this)
        values = branch.args.get("expression")
        if isinstance(values, exp.Values):
            _insert_values(work, table, listed, values, scope)
        else:
            insert(work, _Head(table, listed), relation)


def _read_from(query: exp.Expr, shared: exp.Expr) -> None:
    """Give a branch of Hive's multi-insert the rows that it shares with the others."""
    while isinstance(query, exp.Subquery | exp.SetOperation):
        query = query.this
    for clause in ("from_", "joins", "laterals"):
        if shared.args.get(clause) is not None and not query.args.get(clause):
            query.set(clause, copy.deepcopy(shared.args[clause]))


def _insert_values(work: Work, table: exp.Table, listed: list[str] | None, values: exp.Values, scope: Scope) -> None:
    """Record a branch with VALUES, which are expressions over the columns of the shared query."""
    known = work.columns(table)
    names = canonical(work, listed, known) if listed else known
    row = values.expressions[0]
    cells = row.expressions if isinstance(row, exp.Tuple) else [row]
    fields: Fields = []
    for name, cell in zip(names or (), cells, strict=False):
        fields.append((name, expressions.refs(work.binder, cell, scope)))
    work.land(table, fields)
