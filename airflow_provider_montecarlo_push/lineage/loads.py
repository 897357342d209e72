"""COPY, LOAD, UNLOAD, EXPORT: rows that come from stages and files, or go there."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage.effects import fields_of
from airflow_provider_montecarlo_push.lineage.lexer import unquoted
from airflow_provider_montecarlo_push.lineage.locations import external_table, stage
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.names import ExternalName
from airflow_provider_montecarlo_push.lineage.phrases import Phrase
from airflow_provider_montecarlo_push.lineage.places import of_url
from airflow_provider_montecarlo_push.lineage.targets import Work


def follow_load(work: Work, phrase: Phrase) -> bool:
    """Record what moves between a table and a place of files.

    :raises StatementError: when that cannot be told, or such ends are not wanted.
    """
    if not work.binder.known.external_wanted:
        raise StatementError(Reason.EXTERNAL)
    head = _HEADS.get(phrase.word())
    if head is not None:
        head(work, phrase)
    return head is not None


def follow_outfile(work: Work, phrase: Phrase) -> bool:
    """``SELECT … INTO OUTFILE '…' … FROM …`` of MySQL; return whether it is that.

    :raises StatementError: when that cannot be told, or such ends are not wanted.
    """
    at = phrase.outside("OUTFILE", "DUMPFILE")
    if at is None:
        return False
    if not work.binder.known.external_wanted:
        raise StatementError(Reason.EXTERNAL)
    selected = phrase.rest(at - 1)
    phrase.seek(at + 1)
    place = _needed(_place(work, phrase))
    phrase.seek(phrase.outside("FROM") or phrase.at)
    work.land(external_table(place), fields_of(work.rows(f"{selected} {phrase.rest()}"), None))
    return True


def _place(work: Work, phrase: Phrase) -> ExternalName | None:
    """Read a place of files if one comes next."""
    piece = phrase.next
    if piece is None:
        return None
    if piece.kind == "string":
        phrase.word()
        return of_url(unquoted(piece, work.names.profile))
    return stage(work, phrase) if piece.text.startswith("@") else None


def _needed(place: ExternalName | None) -> ExternalName:
    if place is None:
        raise StatementError(Reason.EXTERNAL)
    return place


def _copy(work: Work, phrase: Phrase) -> None:
    phrase.take("INTO")
    place = _place(work, phrase)
    if place is not None:
        phrase.skip_to("FROM")
        _unload(work, phrase, place)
        return
    if phrase.peek() == "(":
        start = phrase.at
        phrase.skip_to("TO")
        place = _needed(_place(work, phrase))
        phrase.seek(start)
        _unload(work, phrase, place)
        return
    start = phrase.at
    table = phrase.table()
    columns = phrase.bracketed()
    if phrase.take("TO"):
        place = _needed(_place(work, phrase))
        phrase.seek(start)
        _unload(work, phrase, place)
    elif phrase.skip_to("FROM"):
        _fill(work, phrase, table, [work.names.column(name) for name in phrase.identifiers(columns)])


def _fill(work: Work, phrase: Phrase, table: exp.Table, listed: list[str]) -> None:
    if phrase.begins_query():
        phrase.take("(")
        end = phrase.outside(")")
        relation = work.rows(phrase.rest(end))
        work.land(table, fields_of(relation, listed or work.columns(table)))
    else:
        _load(work, table, _needed(_place(work, phrase)))


def _load(work: Work, table: exp.Table, *places: ExternalName) -> None:
    for place in places:
        work.binder.external(place)
    work.land(table, [])


def _unload(work: Work, phrase: Phrase, place: ExternalName) -> None:
    """Record that a query in brackets, or a table, is written to ``place``."""
    if phrase.peek() == "(":
        start = phrase.at
        inner = phrase.bracketed()
        end = phrase.at
        if len(inner) == 1 and inner[0].kind == "string":
            text = unquoted(inner[0], work.names.profile)
        else:
            phrase.seek(start)
            text = phrase.rest(end)
        relation = work.rows(text)
    else:
        relation = work.binder.table(phrase.table())[0]
    work.land(external_table(place), fields_of(relation, None))


def _unload_to(work: Work, phrase: Phrase) -> None:
    start = phrase.at
    phrase.skip_to("TO")
    place = _needed(_place(work, phrase))
    phrase.seek(start)
    _unload(work, phrase, place)


def _load_data(work: Work, phrase: Phrase) -> None:
    """``LOAD DATA INPATH '…' INTO TABLE t``, ``LOAD DATA INTO t FROM FILES (uris = […])``."""
    if phrase.contains("FILES"):
        while phrase.take("DATA", "INTO", "OVERWRITE", "TEMP", "TEMPORARY", "TABLE", "PARTITIONS"):
            pass
        table = phrase.table()
        phrase.skip_to("FILES")
        phrase.skip_to_inside("URIS")
        _load(work, table, *(of_url(text) for text in phrase.strings_in_list()))
        return
    phrase.skip_to("INPATH", "INFILE", "XML")
    place = _needed(_place(work, phrase))
    phrase.skip_to("INTO")
    phrase.take("TABLE")
    _load(work, phrase.table(), place)


def _export(work: Work, phrase: Phrase) -> None:
    """``EXPORT DATA OPTIONS (uri = '…') AS query``, ``EXPORT TABLE t TO '…'``."""
    if phrase.take("TABLE"):
        _unload_to(work, phrase)
        return
    start = phrase.at
    phrase.skip_to_inside("URI")
    place = of_url(next(iter(phrase.strings()), "/"))
    phrase.seek(start)
    phrase.skip_to("AS")
    relation = work.rows(phrase.rest())
    work.land(external_table(place), fields_of(relation, None))


def _import(work: Work, phrase: Phrase) -> None:
    """``IMPORT TABLE t FROM '…'``, ``BULK INSERT t FROM '…'``."""
    phrase.take("EXTERNAL")
    phrase.take("TABLE", "INSERT")
    table = phrase.table()
    phrase.skip_to("FROM")
    _load(work, table, _needed(_place(work, phrase)))


_HEADS: dict[str, Callable[[Work, Phrase], None]] = {
    "BULK": _import,
    "COPY": _copy,
    "EXPORT": _export,
    "IMPORT": _import,
    "LOAD": _load_data,
    "UNLOAD": _unload_to,
}
