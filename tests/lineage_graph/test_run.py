"""What a run does when Monte Carlo answers oddly, without any I/O but the record."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_montecarlo_push.exceptions import (
    DeletionRefusedError,
    GatewayUnavailableError,
    GraphQLError,
    LineageIncompleteError,
    LineageRefusedError,
)
from airflow_provider_montecarlo_push.graphql.asking import Conversation, Question
from airflow_provider_montecarlo_push.graphql.lineage_graph import DELETE_NODES, PUT_NODES, Node, NodeKey
from airflow_provider_montecarlo_push.lineage_graph.record import GraphRecord, GraphSummary
from airflow_provider_montecarlo_push.lineage_graph.run import GraphRun, Step, find_each, require_custom
from airflow_provider_montecarlo_push.manifests.storage import Folder
from tests.graphql.holding import hold

Answer = Callable[[Question], dict[str, Any]]
BASE = {"displayName": "n", "objectType": "job", "isCustom": True}


def ask_with(answer: Answer) -> Callable[[Conversation[Any]], Any]:
    return lambda conversation: hold(conversation, answer)[0]


def ids(question: Question) -> list[str]:
    """Return what a request is about, in order."""
    return [value for name, value in question.variables.items() if re.fullmatch(r"(id|mcon|t)\d+", name)]


def made(question: Question) -> dict[str, Any]:
    return {f"t{number}": {"node": {"mcon": one, "expireAt": None}} for number, one in enumerate(ids(question))}


@pytest.fixture
def record(folder: Folder) -> GraphRecord:
    now = datetime.now(UTC)
    return GraphRecord(folder, GraphSummary(verb="nodes", started_at=now, updated_at=now, asked=12))


def steps(count: int, invisible: tuple[str, ...] = ()) -> list[Step]:
    return [Step(n, f"n{n}", Node(NodeKey("r", "job", f"j{n}"), "9999-12-31"), invisible) for n in range(count)]


def deletions(*mcons: str) -> list[Step]:
    return [Step(number, mcon, mcon) for number, mcon in enumerate(mcons)]


def test_many_go_in_few_requests(record: GraphRecord) -> None:
    asked: list[int] = []

    def answer(question: Question) -> dict[str, Any]:
        asked.append(len(ids(question)))
        return made(question)

    GraphRun(ask_with(answer), record, PUT_NODES).carry_out(steps(12))
    assert asked == [10, 2]
    assert [item.mcon for item in record.in_order()] == [f"j{number}" for number in range(12)]


def test_too_slow_for_many_at_once_is_tried_one_by_one(record: GraphRecord) -> None:
    asked: list[int] = []

    def answer(question: Question) -> dict[str, Any]:
        asked.append(len(ids(question)))
        if asked[-1] > 1:
            raise GatewayUnavailableError("no answer within 60 s", timed_out=True)
        return made(question)

    GraphRun(ask_with(answer), record, PUT_NODES).carry_out(steps(12))
    assert asked == [10] + [1] * 12
    assert len(record.done) == 12


@pytest.mark.parametrize("timed_out", [True, False])
def test_one_that_gets_no_answer_leaves_the_rest_to_the_next_attempt(record: GraphRecord, timed_out: bool) -> None:
    def answer(question: Question) -> dict[str, Any]:
        if "j10" in ids(question):
            raise GatewayUnavailableError("gone", timed_out=timed_out)
        return made(question)

    with pytest.raises(GatewayUnavailableError):
        GraphRun(ask_with(answer), record, PUT_NODES).carry_out(steps(12))
    again = GraphRecord(record.folder, record.summary)
    assert len(again.done) == 10
    asked: list[str] = []
    GraphRun(ask_with(lambda question: (asked.extend(ids(question)), made(question))[1]), again, PUT_NODES).carry_out(
        steps(12)
    )
    assert asked == ["j10", "j11"]


def test_a_task_that_is_stopped_keeps_what_was_done(record: GraphRecord) -> None:
    def answer(question: Question) -> dict[str, Any]:
        if "j10" in ids(question):
            raise KeyboardInterrupt
        return made(question)

    with pytest.raises(KeyboardInterrupt):
        GraphRun(ask_with(answer), record, PUT_NODES).carry_out(steps(12))
    assert GraphRecord(record.folder, record.summary).resumed == 10


@pytest.mark.parametrize("data", [None, {}, {"t0": None, "t1": None}])
def test_many_refused_as_a_whole_are_asked_one_by_one(
    record: GraphRecord, data: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(question: Question) -> dict[str, Any]:
        if len(ids(question)) > 1 or "j1" in ids(question):
            raise GraphQLError("too much", errors=[{"message": "too much"}], data=data)
        return made(question)

    caplog.set_level(logging.INFO)
    with pytest.raises(LineageRefusedError, match="refused 1 nodes: n1: too much 1 of 2 nodes are done") as caught:
        GraphRun(ask_with(answer), record, PUT_NODES).carry_out(steps(2))
    assert (caught.value.refused, caught.value.uri) == (1, record.uri)
    assert [item.mcon for item in record.in_order()] == ["j0"]


def test_an_answer_that_says_nothing_is_no_success(record: GraphRecord) -> None:
    with pytest.raises(LineageRefusedError, match="does not say what became of it"):
        GraphRun(ask_with(lambda question: {}), record, PUT_NODES).carry_out(steps(1))


@pytest.mark.parametrize(("invisible", "kind"), [((), LineageRefusedError), (("DB.S.T",), LineageIncompleteError)])
def test_only_what_may_yet_be_visible_is_worth_a_retry(
    record: GraphRecord, invisible: tuple[str, ...], kind: type[Exception]
) -> None:
    def answer(question: Question) -> dict[str, Any]:
        raise GraphQLError("unknown table")

    with pytest.raises(kind):
        GraphRun(ask_with(answer), record, PUT_NODES).carry_out(steps(2, invisible))


@pytest.mark.parametrize(
    ("refusal", "there", "absent"),
    [
        ("There is no lineage node m", True, True),
        ("Node not found", True, True),
        ("internal error", False, True),
        ("internal error", True, None),
    ],
)
def test_what_is_gone_need_not_be_deleted(record: GraphRecord, refusal: str, there: bool, absent: bool | None) -> None:
    def answer(question: Question) -> dict[str, Any]:
        if "deleteLineageNode" in question.document:
            raise GraphQLError(refusal, errors=[{"message": refusal, "path": ["t0"]}], data={"t0": None})
        return {"t0": {"baseNode": {"mcon": "m", **BASE} if there else None}}

    run = GraphRun(ask_with(answer), record, DELETE_NODES)
    if absent is None:
        with pytest.raises(LineageRefusedError, match="internal error"):
            run.carry_out(deletions("m"))
    else:
        run.carry_out(deletions("m"))
        assert [item.absent for item in record.in_order()] == [absent]


def test_a_look_up_that_fails_is_not_taken_for_absence() -> None:
    def answer(question: Question) -> dict[str, Any]:
        raise GraphQLError(
            "timed out", errors=[{"message": "timed out", "path": ["t1"]}], data={"t0": None, "t1": None}
        )

    with pytest.raises(GraphQLError, match="timed out"):
        find_each(ask_with(answer), ["a", "b"])


def test_a_look_up_that_errs_on_unknown_nodes_tells_the_others() -> None:
    def answer(question: Question) -> dict[str, Any]:
        errors = [{"message": "Node not found", "path": ["t0"]}]
        raise GraphQLError(
            "Node not found", errors=errors, data={"t0": None, "t1": {"baseNode": {"mcon": "b", **BASE}}}
        )

    first, second = find_each(ask_with(answer), ["a", "b"])
    assert first is None
    assert second is not None
    assert second.mcon == "b"


def test_one_that_was_pushed_keeps_all_from_being_deleted() -> None:
    def answer(question: Question) -> dict[str, Any]:
        custom = {"mcon": "a", **BASE}
        return {"t0": {"baseNode": custom}, "t1": {"baseNode": {**custom, "mcon": "b", "isCustom": False}}}

    with pytest.raises(
        DeletionRefusedError, match="1 of 2 nodes were not made over the API, but pushed or collected: b"
    ):
        require_custom(ask_with(answer), deletions("a", "b"))
