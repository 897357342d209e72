"""DDL that moves tables or their rows: RENAME, SWAP, DROP, TRUNCATE, partitions that change their table.

It is read word by word: it is short, each dialect has its own, and a parser of queries knows few of them.
"""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.lineage.effects import Alter, Drop, Effect, Mode, Rename, Swap, Use, Write
from airflow_provider_montecarlo_push.lineage.lexer import unquoted
from airflow_provider_montecarlo_push.lineage.model import Reason
from airflow_provider_montecarlo_push.lineage.phrases import Phrase
from airflow_provider_montecarlo_push.lineage.relations import Column, Open, Ref
from airflow_provider_montecarlo_push.lineage.targets import Work

_RELATIONS = ("TABLE", "VIEW", "OBJECT")
_QUALIFIERS = (
    "EXTERNAL",
    "FOREIGN",
    "MATERIALIZED",
    "DYNAMIC",
    "ICEBERG",
    "TRANSIENT",
    "TEMPORARY",
    "TEMP",
    "EVENT",
    "STREAMING",
)

_REASONS = {"TRUNCATE": Reason.DELETE, "SET": Reason.READ_ONLY, "EXEC": Reason.READ_ONLY, "EXECUTE": Reason.READ_ONLY}


def follow_move(work: Work, phrase: Phrase) -> bool:
    """Record what a statement of DDL does; return whether it is one of those.

    :raises StatementError: when a name cannot be completed.
    """
    head = phrase.word()
    if head == "CREATE":
        return _create(work, phrase)
    if head not in _HEADS:  # the first word is not the first token
        return False
    _HEADS[head](work, phrase)
    writes = any(isinstance(effect, Write) for effect in work.outcome.effects)
    if head in _REASONS or not writes:
        work.outcome.without_edge.append(_REASONS.get(head, Reason.DDL))
    return True


def _relation(phrase: Phrase) -> bool:
    """Pass ``[MATERIALIZED] TABLE [IF EXISTS] [ONLY]``; return whether a table or view is meant."""
    while phrase.take(*_QUALIFIERS):
        pass
    if not phrase.take(*_RELATIONS):
        return False
    phrase.phrase("IF", "EXISTS")
    phrase.take("ONLY")
    return True


def _drop(work: Work, phrase: Phrase) -> bool:
    if not _relation(phrase):
        return False
    while True:
        work.outcome.effects.append(Drop(_name(work, phrase)))
        if not phrase.take(","):
            return True


def _truncate(work: Work, phrase: Phrase) -> bool:
    phrase.take("TABLE")
    phrase.phrase("IF", "EXISTS")
    phrase.take("ONLY")
    name = _name(work, phrase)
    if not phrase.take("PARTITION"):
        work.outcome.effects.append(Write(name, mode=Mode.OVERWRITE))
    return True


def _name(work: Work, phrase: Phrase) -> TableName:
    return work.binder.name(phrase.table())


def _alter(work: Work, phrase: Phrase) -> bool:
    if not _relation(phrase):
        return False
    table = phrase.table()
    name = work.binder.name(table)
    phrase.on_cluster()
    if phrase.take("PARTITION"):
        phrase.bracketed()
    action = next((follow for words, follow in _ACTIONS if phrase.phrase(*words)), None)
    if action is None:
        work.outcome.effects.append(Alter(name))
        return True
    effect = action(work, phrase, name)
    if effect is not None:
        work.outcome.effects.append(effect)
    return True


def _rename(work: Work, phrase: Phrase, name: TableName) -> Effect:
    new = phrase.table()
    written = len(new.parts)
    found = work.names.table(new) if written > 1 else TableName(name.database, name.schema, work.names.part(new.this))
    return Rename(name, found)


def _rename_column(work: Work, phrase: Phrase, name: TableName) -> Effect:
    old = work.names.column(phrase.identifier())
    phrase.take("TO")
    return Alter(name, old, work.names.column(phrase.identifier()))


def _swap(work: Work, phrase: Phrase, name: TableName) -> Effect:
    return Swap(name, _name(work, phrase))


def _set_schema(work: Work, phrase: Phrase, name: TableName) -> Effect:
    return Rename(name, TableName(name.database, work.names.part(phrase.identifier()), name.name))


def _from_other(work: Work, phrase: Phrase, name: TableName) -> Effect:
    """``APPEND FROM s``: the rows of ``s`` are the table's now, column by column."""
    return _moved(work, name, _name(work, phrase))


def _partition_with(work: Work, phrase: Phrase, name: TableName) -> Effect | None:
    """``EXCHANGE PARTITION p WITH TABLE s`` and ``REPLACE PARTITION p FROM s``."""
    if not phrase.skip_to("WITH", "FROM"):
        return None
    phrase.take("TABLE")
    return _moved(work, name, _name(work, phrase))


def _partition_to(work: Work, phrase: Phrase, name: TableName) -> Effect | None:
    """``MOVE PARTITION p TO TABLE t`` and ``SWITCH PARTITION p TO t``: the rows go from this table to the other."""
    if not phrase.skip_to("TO"):
        return None
    if not phrase.take("TABLE") and phrase.peek() in ("DISK", "VOLUME", "SHARD"):
        return None
    return _moved(work, _name(work, phrase), name)


def _attach(work: Work, phrase: Phrase, name: TableName) -> Effect | None:
    """``ATTACH PARTITION p FOR VALUES …`` of PostgreSQL; with FROM it is ClickHouse's."""
    if phrase.contains("FROM") and not phrase.contains("VALUES"):
        return _partition_with(work, phrase, name)
    if not phrase.contains("FOR") and not phrase.contains("DEFAULT"):
        return None
    return _moved(work, name, _name(work, phrase))


def _moved(work: Work, target: TableName, source: TableName) -> Effect:
    known = work.binder.known.columns(source)
    if known is None:
        return Write(target, (source,), opens=(Open(source),))
    columns = (Column(name, (Ref(source, name),)) for name in known)
    return Write(target, (source,), tuple((column.name or "", column.refs) for column in columns))


def _apply_changes(work: Work, phrase: Phrase) -> bool:
    """``APPLY CHANGES INTO t FROM s`` of Databricks, also ``AUTO CDC INTO t FROM s``."""
    if not phrase.take("CHANGES", "CDC") or not phrase.take("INTO"):
        return False
    target = _name(work, phrase)
    if not phrase.skip_to("FROM"):
        return False
    phrase.take("STREAM")
    phrase.take("(")
    work.outcome.effects.append(_moved(work, target, _name(work, phrase)))
    return True


def _exchange(work: Work, phrase: Phrase) -> bool:
    """``EXCHANGE TABLES a AND b`` of ClickHouse."""
    if not phrase.take("TABLES"):
        return False
    first = _name(work, phrase)
    phrase.take("AND")
    work.outcome.effects.append(Swap(first, _name(work, phrase)))
    return True


def _rename_tables(work: Work, phrase: Phrase) -> bool:
    """``RENAME TABLE a TO b, c TO d``; Synapse has ``RENAME OBJECT``."""
    if not phrase.take("TABLE", "TABLES", "OBJECT", "VIEW") and work.names.profile.grammar != "oracle":
        return False
    phrase.phrase("IF", "EXISTS")
    phrase.phrase(":", ":")
    while True:
        name = _name(work, phrase)
        if not phrase.take("TO", "AS"):
            return True
        work.outcome.effects.append(_rename(work, phrase, name))
        if not phrase.take(","):
            return True


def _sp_rename(work: Work, phrase: Phrase) -> bool:
    """``EXEC sp_rename 'schema.old', 'new'`` of SQL Server."""
    phrase.phrase("SYS", ".")
    phrase.phrase("DBO", ".")
    if not phrase.take("SP_RENAME"):
        return False
    texts = phrase.strings()
    if len(texts) < 2 or (len(texts) > 2 and texts[2].upper() != "OBJECT"):
        return False
    old = work.names.text(texts[0])
    work.outcome.effects.append(Rename(old, TableName(old.database, old.schema, texts[1])))
    return True


def _set(work: Work, phrase: Phrase) -> bool:
    """``SET search_path TO s, …``: names without a schema are of the first one from now on."""
    phrase.take("SESSION", "LOCAL")
    if not phrase.take("SEARCH_PATH") or not phrase.take("TO", "="):
        return False
    piece = phrase.next
    if piece is not None and piece.kind == "string":
        schema = unquoted(piece, work.names.profile)
    else:
        schema = work.names.part(phrase.identifier())
    work.outcome.effects.append(Use(None, schema))
    return True


def _create(work: Work, phrase: Phrase) -> bool:
    """A stream or synonym is another name for its table."""
    phrase.phrase("OR", "REPLACE")
    phrase.take("PUBLIC")
    if not phrase.take("STREAM", "SYNONYM"):
        return False
    phrase.phrase("IF", "NOT", "EXISTS")
    name = work.new_name(phrase.table())
    if not phrase.skip_to("ON", "FOR"):
        return False
    if not phrase.take("TABLE", "VIEW", "EXTERNAL", "DYNAMIC") and phrase.peek() in ("STAGE", "DIRECTORY"):
        return False
    phrase.take("TABLE")
    source = _name(work, phrase)
    columns = tuple(work.binder.known.columns(source) or ())
    alias = Write(name, (source,), opens=(Open(source),), mode=Mode.CREATE, temporary=True, columns=columns)
    work.outcome.effects.append(alias)
    return True


_HEADS: dict[str, Callable[[Work, Phrase], bool]] = {
    "ALTER": _alter,
    "APPLY": _apply_changes,
    "AUTO": _apply_changes,
    "DROP": _drop,
    "EXCHANGE": _exchange,
    "EXEC": _sp_rename,
    "EXECUTE": _sp_rename,
    "RENAME": _rename_tables,
    "SET": _set,
    "SP_RENAME": _sp_rename,
    "TRUNCATE": _truncate,
}
_ACTIONS: list[tuple[tuple[str, ...], Callable[[Work, Phrase, TableName], Effect | None]]] = [
    (("RENAME", "TO"), _rename),
    (("RENAME", "AS"), _rename),
    (("RENAME", "COLUMN"), _rename_column),
    (("SWAP", "WITH"), _swap),
    (("SET", "SCHEMA"), _set_schema),
    (("APPEND", "FROM"), _from_other),
    (("EXCHANGE",), _partition_with),
    (("REPLACE", "PARTITION"), _partition_with),
    (("ATTACH", "PARTITION"), _attach),
    (("MOVE", "PARTITION"), _partition_to),
    (("SWITCH",), _partition_to),
]
