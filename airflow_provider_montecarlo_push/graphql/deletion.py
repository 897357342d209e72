"""Which of some tables Monte Carlo knows and may delete, and their deletion.

Source: "Push table deletion" of the Push Ingest API page: up to 1,000 MCONs in a call, all of them or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import GraphQLError
from airflow_provider_montecarlo_push.graphql import documents
from airflow_provider_montecarlo_push.graphql.asking import Conversation, Question, ask_each, moment, numbered
from airflow_provider_montecarlo_push.graphql.tables import full_table_id

MOST_DELETED_AT_ONCE = 1_000
MOST_FOUND_AT_ONCE = 50

Verdict = Literal["deletable", "unknown", "already_deleted", "not_push_ingested", "pushed_since"]


class KnownTable(NamedTuple):
    """A table as Monte Carlo knows it, deleted ones included.

    :param name: ``database:schema.table``.
    :param last_observed: when it was pushed last.
    """

    mcon: str
    name: str
    deleted: bool
    pushed: bool
    last_observed: datetime | None

    def verdict(self, compared_at: datetime | None) -> Verdict:
        """Return whether it may be deleted, or why not.

        :param compared_at: when it was seen to be dropped; one that was pushed after that is there again.
        """
        if self.deleted:
            return "already_deleted"
        if not self.pushed:
            return "not_push_ingested"
        if compared_at is not None and self.last_observed is not None and self.last_observed > compared_at:
            return "pushed_since"
        return "deletable"


def find_by_mcon(mcons: Sequence[str]) -> Conversation[list[KnownTable | None]]:
    """Return the tables with these MCONs, ``None`` for each that Monte Carlo does not know."""
    found: list[KnownTable | None] = []
    for start in range(0, len(mcons), MOST_FOUND_AT_ONCE):
        some = mcons[start : start + MOST_FOUND_AT_ONCE]
        question = Question(documents.tables_by_mcon(len(some)), numbered(t=some))
        facts = yield from ask_each(question, len(some))
        tables = [_table(fact) for fact in facts]
        # What is not the very table that was asked for is never deleted in its place.
        found += [table if table and table.mcon == mcon else None for mcon, table in zip(some, tables, strict=True)]
    return found


def find_by_name(names: Sequence[TableName], warehouse: str) -> Conversation[list[KnownTable | None]]:
    """Return the tables of these names, ``None`` for each that Monte Carlo does not know.

    :param warehouse: UUID of the Monte Carlo warehouse.
    """
    found: list[KnownTable | None] = []
    for start in range(0, len(names), MOST_FOUND_AT_ONCE):
        some = [full_table_id(name) for name in names[start : start + MOST_FOUND_AT_ONCE]]
        question = Question(documents.tables_by_name(len(some)), numbered(t=some) | {"warehouse": warehouse})
        facts = yield from ask_each(question, len(some))
        tables = [_table(fact) for fact in facts]
        found += [
            table if table and table.name.casefold() == name.casefold() else None
            for name, table in zip(some, tables, strict=True)
        ]
    return found


def delete_tables(mcons: Sequence[str]) -> Conversation[int]:
    """Delete up to 1,000 tables; return how many Monte Carlo says it deleted.

    :raises GraphQLError: when it says that it did not succeed.
    """
    answer = yield Question(documents.DELETE_PUSHED_TABLES, {"mcons": list(mcons)})
    outcome = answer.get("deletePushIngestedTables") or {}
    if not outcome.get("success"):
        raise GraphQLError(f"Monte Carlo did not delete the {len(mcons):,} tables: it answered {outcome}.", data=answer)
    return int(outcome.get("deletedCount") or 0)


def _table(facts: dict[str, Any] | None) -> KnownTable | None:
    if not facts or not facts.get("mcon") or not facts.get("fullTableId"):
        return None
    observed = facts.get("lastObserved")
    return KnownTable(
        mcon=facts["mcon"],
        name=facts["fullTableId"],
        deleted=bool(facts.get("isDeleted")),
        pushed=facts.get("ingestType") == "PUSH",
        last_observed=moment(observed) if observed else None,
    )
