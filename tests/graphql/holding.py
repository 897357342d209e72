"""Holding a conversation without any I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_provider_montecarlo_push.exceptions import GraphQLError
from airflow_provider_montecarlo_push.graphql.asking import Conversation, Question

Answering = Callable[[Question], dict[str, Any]]


def hold(conversation: Conversation[Any], answering: Answering) -> tuple[Any, list[Question]]:
    """Return what a conversation found out, and what it asked. What ``answering`` raises goes where a hook has it."""
    asked: list[Question] = []
    try:
        question = next(conversation)
        while True:
            asked.append(question)
            try:
                answer = answering(question)
            except GraphQLError as error:
                question = conversation.throw(error)
            else:
                question = conversation.send(answer)
    except StopIteration as end:
        return end.value, asked
