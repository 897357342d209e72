"""Nodes and edges of the lineage graph, sent to Monte Carlo and recorded, from where the last attempt stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from airflow_provider_montecarlo_push.exceptions import (
    DeletionRefusedError,
    GatewayUnavailableError,
    GraphQLError,
    LineageIncompleteError,
    LineageRefusedError,
)
from airflow_provider_montecarlo_push.graphql.asking import Conversation, says_absent
from airflow_provider_montecarlo_push.graphql.lineage_graph import (
    DELETE_NODES,
    MOST_AT_ONCE,
    DeletedNode,
    KnownNode,
    Refused,
    Verb,
    find_nodes,
    outcomes_of,
)
from airflow_provider_montecarlo_push.lineage_graph.record import DoneItem, GraphRecord, RefusedItem
from airflow_provider_montecarlo_push.progress import Progress

log = logging.getLogger(__name__)

Ask = Callable[[Conversation[Any]], Any]

_LISTED = 20
# When so many are refused and not one is accepted, it is about something else than each of them.
_HOPELESS = 50


class Step(NamedTuple):
    """One node or edge.

    :param position: its place among those that were asked for, from 0.
    :param name: what it is called there.
    :param sent: a ``Node``, an ``Edge``, or the MCON of a node to delete.
    :param invisible: tables that it is about and that Monte Carlo does not show (yet).
    """

    position: int
    name: str
    sent: Any
    invisible: tuple[str, ...] = ()


class GraphRun:
    """Does one thing to many nodes or edges.

    Those that Monte Carlo refuses do not keep the others from being done.

    :param ask: holds a conversation with Monte Carlo, as ``MonteCarloHook.converse`` does.
    """

    def __init__(self, ask: Ask, record: GraphRecord, verb: Verb) -> None:
        self._ask = ask
        self._record = record
        self._verb = verb
        self._at_once = MOST_AT_ONCE

    def carry_out(self, steps: Sequence[Step]) -> None:
        """Do what is not done yet.

        :raises LineageRefusedError: when some were refused; all others are done.
        :raises LineageIncompleteError: likewise, when each of these is about a table that is not visible yet.
        :raises GatewayUnavailableError: when Monte Carlo does not answer; what was done is recorded.
        """
        record = self._record
        if record.resumed:
            log.info("%s of %s were done by an earlier attempt.", f"{record.resumed:,}", f"{len(steps):,}")
        pending = [step for step in steps if step.position not in record.done]
        progress = Progress(log, self._verb.done, self._verb.things, total=len(pending))
        try:
            while pending:
                some, pending = pending[: self._at_once], pending[self._at_once :]
                for step, outcome in zip(some, self._send(some), strict=True):
                    self._note(step, outcome)
                progress.add(len(some))
                if len(record.refused) >= _HOPELESS and len(record.done) == record.resumed:
                    break
        except BaseException as error:
            # Also when the task is stopped or takes too long: what was done is not to be done again.
            record.close("incomplete", str(error) or type(error).__name__)
            log.warning("%s of %s are done. Record: %s", f"{len(record.done):,}", f"{len(steps):,}", record.uri)
            raise
        if record.refused:
            self._fail(steps)
        record.close("done")
        log.info("%s. Record: %s", progress.line(), record.uri)

    def _send(self, steps: Sequence[Step]) -> list[Any]:
        """Return what became of each: what it is now, or a ``Refused``."""
        outcomes = self._answers(steps)
        if len(steps) == 1:
            return [self._settled(steps[0], outcomes[0])]
        unclear = [number for number, outcome in enumerate(outcomes) if outcome is None]
        for number in unclear:
            outcomes[number] = self._answers([steps[number]])[0]
        if len(unclear) == len(steps) and not all(isinstance(outcome, Refused) for outcome in outcomes):
            log.info("Monte Carlo takes them one by one only.")
            self._at_once = 1
        return [self._settled(step, outcome) for step, outcome in zip(steps, outcomes, strict=True)]

    def _answers(self, steps: Sequence[Step]) -> list[Any]:
        try:
            return list(self._ask(self._verb.ask([step.sent for step in steps])))
        except GraphQLError as error:
            return outcomes_of(error, len(steps), self._verb.read)
        except GatewayUnavailableError as error:
            if not error.timed_out or len(steps) == 1:
                raise
            log.warning("%s Going on one by one.", error)
            self._at_once = 1
            return [None] * len(steps)

    def _settled(self, step: Step, outcome: Any) -> Any:
        if outcome is None:
            return Refused("Monte Carlo's answer does not say what became of it.")
        if self._verb is DELETE_NODES and isinstance(outcome, Refused):
            gone = says_absent(outcome.message) or find_each(self._ask, [step.sent])[0] is None
            return DeletedNode(absent=True, edges=0) if gone else outcome
        return outcome

    def _note(self, step: Step, outcome: Any) -> None:
        if isinstance(outcome, Refused):
            self._record.refuse(RefusedItem(step.position, step.name, outcome.message))
            log.warning("Refused: %s: %s", step.name, outcome.message)
            return
        facts: dict[str, Any] = outcome._asdict()
        if isinstance(step.sent, str):
            facts["mcon"] = step.sent
        self._record.add(DoneItem(step.position, step.name, **facts))

    def _fail(self, steps: Sequence[Step]) -> None:
        record, things = self._record, self._verb.things
        refused = {item.position for item in record.refused}
        left = len(steps) - len(record.done) - len(refused)
        done = f"{len(record.done):,} of {len(steps):,} {things} are done"
        said = _listed([f"{item.item}: {item.message}" for item in record.refused], "; ")
        invisible = {step.position: step.invisible for step in steps if step.position in refused}
        if all(invisible.values()):
            names = _listed(sorted({name for names in invisible.values() for name in names}), ", ")
            message = (
                f"{len(refused):,} {things} lead to tables that Monte Carlo does not show: {names}. What was pushed "
                f"within the last 15 minutes may not be visible yet; otherwise check the names and the resource. "
                f"{done}, and the next attempt tries the others again. Monte Carlo says: {said}"
            )
            record.close("incomplete", message)
            raise LineageIncompleteError(f"{message} Record: {record.uri}")
        more = f" {left:,} more were not tried, for not one was accepted." if left else ""
        message = f"Monte Carlo refused {len(refused):,} {things}: {said} {done}.{more}"
        record.close("incomplete", message)
        raise LineageRefusedError(
            f"{message} When what it says is mended, clear the task: it goes on with the others. Record: {record.uri}",
            refused=len(refused),
            uri=record.uri,
        )


def find_each(ask: Ask, mcons: Sequence[str]) -> list[KnownNode | None]:
    """Return the nodes with these MCONs, ``None`` for each that the graph does not have.

    :raises GraphQLError: when Monte Carlo does not say.
    """
    found: list[KnownNode | None] = []
    for start in range(0, len(mcons), MOST_AT_ONCE):
        found += ask(find_nodes(mcons[start : start + MOST_AT_ONCE]))
    return found


def require_custom(ask: Ask, steps: Sequence[Step]) -> None:
    """Look at nodes that are to be deleted.

    :raises DeletionRefusedError: when some are not of a user's making.
    """
    found = find_each(ask, [step.sent for step in steps])
    others = [node.mcon for node in found if node is not None and not node.custom]
    if others:
        raise DeletionRefusedError(
            f"{len(others):,} of {len(steps):,} nodes were not made over the API, but pushed or collected: "
            f"{_listed(others, ', ')}. Nothing was deleted. Tables that were dropped go with "
            "MonteCarloDeletePushedTablesOperator; only_custom=False deletes the nodes alone, until they come again."
        )


def _listed(texts: Sequence[str], between: str) -> str:
    more = f"{between}and {len(texts) - _LISTED:,} more" if len(texts) > _LISTED else ""
    return between.join(texts[:_LISTED]) + more
