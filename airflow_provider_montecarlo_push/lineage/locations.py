"""Stages, buckets and files as ends of edges."""

from __future__ import annotations

import re

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage.lexer import unquoted
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.names import ExternalName
from airflow_provider_montecarlo_push.lineage.phrases import Phrase
from airflow_provider_montecarlo_push.lineage.places import of_stage, of_url
from airflow_provider_montecarlo_push.lineage.targets import Work


def location(work: Work, phrase: Phrase) -> ExternalName | None:
    """Return the place that ``LOCATION '…'`` or ``path '…'`` names in what is left of a statement."""
    while phrase.next is not None:
        if phrase.word() in ("LOCATION", "EXTERNAL_LOCATION", "PATH"):
            phrase.take("=")
            piece = phrase.next
            if piece is not None and piece.kind == "string":
                return of_url(unquoted(piece, work.names.profile))
            if piece is not None and piece.text.startswith("@"):
                return stage(work, phrase)
    return None


def stage(work: Work, phrase: Phrase) -> ExternalName:
    """Read ``@stage/path``, as far as the next blank.

    :raises StatementError: when its name cannot be completed.
    """
    start = phrase.next
    if start is None:
        raise StatementError(Reason.SYNTAX, "a stage is missing")
    text = re.split(r"\s", phrase.text[start.start :], maxsplit=1)[0]
    while phrase.next is not None and phrase.next.start < start.start + len(text):
        phrase.word()
    return of_stage(work.names, text.rstrip(");"))


def external_table(name: ExternalName) -> exp.Table:
    """Return the table node that stands for a place of files."""
    table = exp.Table(this=exp.to_identifier(str(name), quoted=True))
    table.meta["external"] = name
    return table


def external(work: Work, table: exp.Table) -> exp.Table | None:
    """Return what stands for ``delta.`/a/path```, ``None`` for what is no path.

    :raises StatementError: when places of files are no ends of edges.
    """
    if not work.names.is_path(table):
        return None
    if not work.binder.known.external_wanted:
        raise StatementError(Reason.EXTERNAL)
    return external_table(of_url(table.name))
