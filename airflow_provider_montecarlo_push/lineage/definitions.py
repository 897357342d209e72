"""CREATE TABLE, CREATE VIEW and their kin.

Their heads are read word by word, because each dialect has properties of its own there and none of them matters; only
the query is parsed.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage.effects import Mode, Write, columns_of, fields_of
from airflow_provider_montecarlo_push.lineage.locations import location
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.phrases import Phrase
from airflow_provider_montecarlo_push.lineage.relations import Column, Relation
from airflow_provider_montecarlo_push.lineage.targets import Work

_TEMPORARY = frozenset({"TEMP", "TEMPORARY", "VOLATILE"})
_OTHER = frozenset(
    {
        *("FUNCTION", "PROCEDURE", "INDEX", "SCHEMA", "DATABASE", "ROLE", "USER", "STAGE", "SEQUENCE", "TYPE", "MACRO"),
        *(
            "STREAM",
            "SYNONYM",
            "TASK",
            "PIPE",
            "TAG",
            "POLICY",
            "ALERT",
            "MODEL",
            "EXTENSION",
            "DICTIONARY",
            "WAREHOUSE",
        ),
    }
)
_CONSTRAINTS = frozenset(
    {
        *("PRIMARY", "FOREIGN", "UNIQUE", "CONSTRAINT", "CHECK", "INDEX", "KEY", "FULLTEXT", "SPATIAL", "PERIOD"),
        *("EXCLUDE", "PROJECTION"),
    }
)
_CLONES = frozenset({"CLONE", "COPY"})
_AFTER_BRACKETS = frozenset(
    {"UNION", "EXCEPT", "INTERSECT", "MINUS", "ORDER", "LIMIT", "OFFSET", "FETCH", "QUALIFY", ""}
)
_TAIL = frozenset({"NO", "DATA", "CHECK", "LOCAL", "CASCADED", "CASCADE", "READ", "SCHEMA"})


@dataclass(slots=True)
class _Definition:
    """The head of a CREATE statement.

    :param listed: its column list.
    :param defines: the list gives types, so that it need not correspond to the query.
    """

    table: exp.Table
    is_view: bool
    temporary: bool
    mode: Mode
    listed: list[str] | None = None
    defines: bool = False
    receiver: exp.Table | None = None
    recursive: bool = False
    like: exp.Table | None = None


def follow_definition(work: Work, phrase: Phrase) -> bool:
    """Record what CREATE TABLE or CREATE VIEW does; return whether it is one of these.

    :raises StatementError: when that cannot be told.
    """
    head = _head(work, phrase)
    if head is None:
        return False
    if phrase.peek() == "(" and not phrase.begins_query():
        like = _columns(work, phrase, head)
        if like is not None:
            _define(work, head, like)
            return True
    _body(work, phrase, head)
    return True


def _head(work: Work, phrase: Phrase) -> _Definition | None:
    start = phrase.word()
    temporary = start == "CACHE"
    recursive = shared = False
    while phrase.peek() not in ("TABLE", "VIEW"):
        word = phrase.word()
        if word in _OTHER or phrase.next is None:
            return None
        if start == "ALTER" and word != "MATERIALIZED":
            return None
        temporary = temporary or word in _TEMPORARY
        recursive = recursive or word == "RECURSIVE"
        shared = shared or word == "GLOBAL"
    is_view = phrase.word() == "VIEW"
    if start == "ALTER" and not is_view:
        return None
    ensures = phrase.phrase("IF", "NOT", "EXISTS")
    phrase.phrase("IF", "EXISTS")
    table = phrase.table()
    phrase.on_cluster()
    temporary = temporary or work.names.temporary(table) is not None
    if shared and temporary and work.names.profile.shares_temporary_views:
        table.set("db", exp.to_identifier("global_temp"))
    mode = Mode.ENSURE if ensures else Mode.CREATE
    return _Definition(table, is_view, temporary, mode, recursive=recursive)


def _columns(work: Work, phrase: Phrase, head: _Definition) -> exp.Table | None:
    """Read the column list; return the table of ``(LIKE t)``."""
    phrase.take("(")
    listed: list[str] = []
    while phrase.next is not None:
        if phrase.peek() == "LIKE":
            phrase.word()
            return phrase.table()
        if phrase.peek() not in _CONSTRAINTS:
            listed.append(work.names.column(phrase.identifier()))
            head.defines = head.defines or phrase.peek() not in (",", ")", "COMMENT", "OPTIONS", "WITH")
        if not phrase.past(",", ")"):
            break
    head.listed = listed or None
    return None


def _body(work: Work, phrase: Phrase, head: _Definition) -> None:
    """Read on to the query, or to the table that is copied."""
    while phrase.next is not None:
        word = phrase.peek()
        if word == "AS" or (word in ("SELECT", "(") and phrase.begins_query()):
            phrase.take("AS")
            if phrase.begins_query():
                _fill(work, phrase, head)
                return
            if _copies(work, phrase, head):
                return
        elif word in _CLONES and phrase.peek(1) not in ("GRANTS", "TAGS"):
            phrase.word()
            phrase.take("AS")
            _clone(work, head, phrase.table())
            return
        else:
            _property(work, phrase, head)
    _define(work, head, head.like)
    phrase.seek(0)
    place = location(work, phrase) if work.binder.known.external_wanted else None
    if place is not None:
        work.binder.external(place)
        work.land(head.table, [])


def _property(work: Work, phrase: Phrase, head: _Definition) -> None:
    """Read one of the things that stand between the name and the query."""
    word = phrase.peek()
    if word == "(" and head.listed is None and work.names.profile.grammar == "teradata":
        _columns(work, phrase, head)
    elif word == "(":
        phrase.bracketed()
    elif phrase.take("LIKE"):
        head.like = phrase.table()
    elif word == "TO" and head.is_view:
        phrase.word()
        head.receiver = phrase.table()
    elif phrase.phrase("PARTITIONED", "BY") and phrase.peek() == "(":
        _partition_columns(work, phrase, head)
    else:
        phrase.word()


def _partition_columns(work: Work, phrase: Phrase, head: _Definition) -> None:
    """Read the columns of Hive's partitions: those with a type are no others than the table's last ones."""
    phrase.take("(")
    while phrase.next is not None:
        name = work.names.column(phrase.identifier())
        if phrase.peek() not in (",", ")", "(") and head.listed is not None and name not in head.listed:
            head.listed.append(name)
        if not phrase.past(",", ")"):
            break


def _copies(work: Work, phrase: Phrase, head: _Definition) -> bool:
    """Read ``AS t WITH DATA`` of Teradata; without data, and in ClickHouse, it is the structure that is copied."""
    grammar = work.names.profile.grammar
    if grammar not in ("teradata", "clickhouse") or phrase.next is None:
        return False
    source = phrase.table()
    if phrase.peek() == "(":
        return False
    if grammar == "teradata" and not phrase.has("NO", "DATA"):
        _clone(work, head, source)
    else:
        _define(work, head, source)
    return True


def _fill(work: Work, phrase: Phrase, head: _Definition) -> None:
    text, tail = _query_text(phrase)
    if not head.is_view and tail.startswith("NO DATA"):
        _define(work, head, None)
        return
    if head.recursive:
        name = head.table.this.sql(dialect=work.names.profile.grammar)
        listed = f"({', '.join(head.listed)})" if head.listed else ""
        text = f"WITH RECURSIVE {name} {listed} AS ({text}) SELECT * FROM {name}"  # noqa: S608 - it is parsed, not run
        relation = _without_itself(work, head, work.rows(text))
    else:
        relation = work.rows(text)
    if head.defines and work.names.profile.definitions_precede:
        head.listed = None
    _land(work, head, relation)


def _without_itself(work: Work, head: _Definition, relation: Relation) -> Relation:
    """Return what a recursive view gives: that it reads itself says nothing about where its rows come from."""
    own = work.binder.name(head.table)
    work.binder.tables.pop(own, None)
    items = [
        Column(item.name, tuple(ref for ref in item.refs if ref.table != own)) if isinstance(item, Column) else item
        for item in relation.items
    ]
    return work.binder.make(items)


def _land(work: Work, head: _Definition, relation: Relation) -> None:
    listed = head.listed
    work.land(
        head.receiver or head.table,
        fields_of(relation, listed),
        relation=relation if not listed else None,
        mode=head.mode if head.receiver is None else Mode.ADD,
        is_view=head.is_view and head.receiver is None,
        temporary=head.temporary,
        columns=listed or columns_of(relation),
    )


def _clone(work: Work, head: _Definition, source: exp.Table) -> None:
    _land(work, head, work.binder.table(source)[0])


def _define(work: Work, head: _Definition, like: exp.Table | None) -> None:
    """Note a table that is created empty, and its columns."""
    columns = list(head.listed or ())
    if like is not None:
        columns = list(work.columns(like) or ())
    work.outcome.without_edge.append(Reason.DDL)
    try:
        name = work.new_name(head.table) if head.temporary else work.binder.name(head.table)
    except StatementError:
        return  # without its full name nothing later can be matched to it
    work.outcome.add(Write(name, mode=head.mode, temporary=head.temporary, columns=tuple(columns)))


def _query_text(phrase: Phrase) -> tuple[str, str]:
    """Return the query that comes next without what follows it, such as WITH NO DATA, and the words of that."""
    start = phrase.at
    if phrase.peek() == "(":
        phrase.bracketed()
        if phrase.peek() not in _AFTER_BRACKETS:
            end = phrase.at
            phrase.seek(start)
            text = phrase.rest(end)
            phrase.seek(end + 1)
            return text, f"{phrase.peek()} {phrase.peek(1)}"
        phrase.seek(start)
    at = phrase.outside("WITH", start=start + 1) if phrase.may_hold(*_TAIL) else None
    while at is not None:
        following = [phrase.peek(at + ahead - start) for ahead in (1, 2)]
        if following[0] in _TAIL:
            return phrase.rest(at), " ".join(following)
        at = phrase.outside("WITH", start=at + 1)
    return phrase.rest(), ""
