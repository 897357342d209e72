"""What an INSERT does to rows that are there already: ON CONFLICT … DO UPDATE, ON DUPLICATE KEY UPDATE."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage.changes import assigned, target_source
from airflow_provider_montecarlo_push.lineage.phrases import Phrase
from airflow_provider_montecarlo_push.lineage.relations import Column, Relation
from airflow_provider_montecarlo_push.lineage.scopes import Scope, Source
from airflow_provider_montecarlo_push.lineage.targets import Work

_VALUES = re.compile(r"\bVALUES\s*\(\s*([^()]+?)\s*\)", re.IGNORECASE)


def follow_conflict(work: Work, table: exp.Table, text: str, names: Sequence[str] | None, relation: Relation) -> None:
    """Record what the assignments write.

    :param text: from ON on.
    :param names: the columns that were to be inserted.
    :param relation: what was to be inserted into them; the assignments call it ``excluded``.
    """
    assignments = _assignments(Phrase(text, work.names.profile))
    if not assignments:
        return
    update = "UPDATE excluded SET "
    trees = work.parse(update + _VALUES.sub(r"excluded.\1", assignments))
    if len(trees) != 1 or not isinstance(trees[0], exp.Update):
        return
    inserted = zip(names or (), relation.leading(), strict=False)
    excluded = work.binder.make(Column(name, column.refs) for name, column in inserted)
    keys = [work.names.alias(exp.to_identifier(word)) for word in ("excluded", "new")]
    sources = [Source(key, excluded) for key in keys]
    scope = Scope({}, None, [*sources, target_source(work, table)])
    work.land(table, assigned(work, table, trees[0].expressions, scope))


def _assignments(phrase: Phrase) -> str:
    phrase.word()
    if not phrase.skip_to("UPDATE"):
        return ""
    phrase.take("SET")
    return phrase.rest(phrase.outside("WHERE"))
