"""Conversations with Monte Carlo, whoever holds them: a blocking hook in a task, or an async one in a trigger.

A conversation is a generator that yields questions, is sent the data of each answer, and returns what it found out.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, NamedTuple, TypeVar

Result = TypeVar("Result")


class Question(NamedTuple):
    """A GraphQL document and its variables."""

    document: str
    variables: Mapping[str, Any]


Answer = dict[str, Any]
Conversation = Generator[Question, Answer, Result]
