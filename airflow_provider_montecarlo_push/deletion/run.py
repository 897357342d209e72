"""Plan a deletion of tables at Monte Carlo, and carry it out from where the last attempt stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from airflow_provider_montecarlo_push.deletion.record import DeletionRecord, PlannedTable
from airflow_provider_montecarlo_push.exceptions import (
    DeletionIncompleteError,
    DeletionRefusedError,
    GraphQLError,
    MonteCarloPushError,
)
from airflow_provider_montecarlo_push.graphql.asking import Conversation
from airflow_provider_montecarlo_push.graphql.deletion import (
    MOST_FOUND_AT_ONCE,
    KnownTable,
    Verdict,
    delete_tables,
    find_by_mcon,
)
from airflow_provider_montecarlo_push.progress import Progress

log = logging.getLogger(__name__)

Target = TypeVar("Target", bound=object)
Ask = Callable[[Conversation[Any]], Any]

_LISTED = 100
_OBSTACLES: dict[str, str] = {
    "unknown": "Monte Carlo does not know {number:,} of {asked:,} tables: {names}. Check the spelling and the "
    "warehouse (resource_uuid); a table that was pushed within the last 15 minutes may not be visible yet.",
    "not_push_ingested": "{number:,} of {asked:,} tables were not push-ingested: {names}. Monte Carlo collects them by "
    "itself, and takes them out by itself when they are dropped.",
}


class DeletionRun:
    """Deletes tables by a plan that is kept in a record.

    :param ask: holds a conversation with Monte Carlo, as ``MonteCarloHook.converse`` does.
    :param compared_at: when the tables were seen to be dropped; those pushed after that are left alone. ``None`` when
        somebody named them.
    """

    def __init__(self, ask: Ask, record: DeletionRecord, *, compared_at: datetime | None = None) -> None:
        self._ask = ask
        self._record = record
        self._compared_at = compared_at

    def plan(
        self,
        targets: Iterator[Target],
        find: Callable[[Sequence[Target]], Conversation[list[KnownTable | None]]],
    ) -> None:
        """Look every table up, and record which of them are to be deleted, and why the others are not.

        :param targets: MCONs or names.
        :param find: the conversation that finds them.
        :raises DeletionRefusedError: when tables that somebody named cannot be deleted, or none of the dropped tables
            is known.
        """
        try:
            obstacles = self._look_up(targets, find)
        except MonteCarloPushError as error:
            self._record.close("planning", str(error))
            raise
        self._require_possible(obstacles)
        self._record.end_plan()

    def _look_up(
        self,
        targets: Iterator[Target],
        find: Callable[[Sequence[Target]], Conversation[list[KnownTable | None]]],
    ) -> dict[str, list[str]]:
        """Record what is to be deleted; return the names of the others by the reason why not."""
        progress = Progress(log, "Looked up", "tables", total=self._record.summary.asked)
        obstacles: dict[str, list[str]] = {}
        planned: set[str] = set()
        while some := list(islice(targets, MOST_FOUND_AT_ONCE)):
            for target, table in zip(some, self._ask(find(some)), strict=True):
                verdict = self._verdict(table)
                name = table.name if table else str(target)
                if table is None or verdict != "deletable":
                    self._record.leave_alone(verdict, name)
                    obstacles.setdefault(verdict, []).append(name)
                elif table.mcon not in planned:
                    planned.add(table.mcon)
                    self._record.plan(PlannedTable(table.mcon, table.name, table.last_observed))
            progress.add(len(some))
        return obstacles

    def carry_out(self) -> None:
        """Delete what the plan holds and is not deleted yet.

        Each table is looked up once more before its call.

        :raises DeletionIncompleteError: when Monte Carlo deletes fewer than it was asked to; Airflow retries.
        :raises MonteCarloPushError: when Monte Carlo refuses or does not answer; what was deleted is recorded.
        """
        progress = Progress(log, "Deleted", "tables", total=self._record.summary.planned)
        try:
            for number, tables in self._record.pending():
                deleted = self._delete(self._still_deletable(tables))
                self._record.acknowledge(number, deleted)
                progress.add(len(deleted))
        except MonteCarloPushError as error:
            self._record.close("deleting", str(error))
            raise
        self._record.close("deleted")

    def _verdict(self, table: KnownTable | None) -> Verdict:
        return "unknown" if table is None else table.verdict(self._compared_at)

    def _require_possible(self, obstacles: dict[str, list[str]]) -> None:
        summary = self._record.summary
        if self._compared_at is not None:
            # Dropped tables need not all have been pushed; but when not one was, something else is wrong.
            unknown = len(obstacles.get("unknown", ()))
            if not unknown or unknown < summary.asked:
                return
        problems = [
            _OBSTACLES[reason].format(number=len(names), asked=summary.asked, names=_listed(names))
            for reason, names in obstacles.items()
            if reason in _OBSTACLES
        ]
        if problems:
            message = " ".join((*problems, "Nothing was deleted."))
            self._record.close("refused", message)
            raise DeletionRefusedError(message)

    def _still_deletable(self, tables: list[PlannedTable]) -> list[PlannedTable]:
        found = self._ask(find_by_mcon([table.mcon for table in tables]))
        verdicts = [self._verdict(table) for table in found]
        for table, verdict in zip(tables, verdicts, strict=True):
            if verdict != "deletable":
                self._record.leave_alone(verdict, table.table)
        return [table for table, verdict in zip(tables, verdicts, strict=True) if verdict == "deletable"]

    def _delete(self, tables: list[PlannedTable]) -> list[PlannedTable]:
        """Delete tables; return them. All of them are gone then, whoever of two attempts it was."""
        if not tables:
            return []
        mcons = [table.mcon for table in tables]
        try:
            count = self._ask(delete_tables(mcons))
        except GraphQLError:
            # After an answer that was lost on its way, the tables are gone, and Monte Carlo refuses to delete them
            # again, and with them all others of the call.
            left = self._left(mcons)
            if len(left) == len(mcons):
                raise
            count = self._ask(delete_tables(left)) + len(mcons) - len(left) if left else len(mcons)
        if count != len(mcons) and (left := self._left(mcons)):
            raise DeletionIncompleteError(
                f"Monte Carlo says that it deleted {count:,} of {len(mcons):,} tables, and {len(left):,} are still "
                f"there: {_listed(left)}. The next attempt tries these again."
            )
        return tables

    def _left(self, mcons: list[str]) -> list[str]:
        found = self._ask(find_by_mcon(mcons))
        return [mcon for mcon, table in zip(mcons, found, strict=True) if table is not None and not table.deleted]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
