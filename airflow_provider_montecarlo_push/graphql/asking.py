"""Conversations with Monte Carlo, whoever holds them: a blocking hook in a task, or an async one in a trigger.

A conversation is a generator that yields questions, is sent the data of each answer, and returns what it found out. A
:class:`~.exceptions.GraphQLError` is thrown into it, so that it may make use of the data that came with the errors.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from airflow_provider_montecarlo_push.exceptions import GraphQLError

Result = TypeVar("Result")
# Monte Carlo does not document how it says so.
_ABSENT = re.compile(r"not found|not exist|no such|unable to find|there is no", re.IGNORECASE)


class Question(NamedTuple):
    """A GraphQL document and its variables."""

    document: str
    variables: Mapping[str, Any]


Answer = dict[str, Any]
Conversation = Generator[Question, Answer, Result]


def numbered(**lists: Sequence[Any]) -> dict[str, Any]:
    """Return the variables of a document that asks several things at once: ``t=[a, b]`` as ``t0`` and ``t1``."""
    return {f"{name}{number}": value for name, values in lists.items() for number, value in enumerate(values)}


def moment(text: str) -> datetime:
    """Return an ISO 8601 timestamp as an aware ``datetime``; Monte Carlo's are in UTC where they have no zone."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def says_absent(message: str) -> bool:
    """Tell whether an error says that there is no such thing."""
    return _ABSENT.search(message) is not None


def failed_fields(errors: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return what errors say about each field of the question; those that name no field are left out."""
    said: dict[str, str] = {}
    for error in errors:
        path = error.get("path")
        if isinstance(path, list | tuple) and path:
            said.setdefault(str(path[0]), str(error.get("message", error)))
    return said


def ask_each(question: Question, count: int) -> Conversation[list[dict[str, Any] | None]]:
    """Ask ``count`` things at once, ``t0``, ``t1``, …; return the answer to each.

    ``None`` is for what is null, and for what Monte Carlo says that there is no such thing.

    :raises GraphQLError: when it says something else of one of them.
    """
    try:
        answer = yield question
    except GraphQLError as error:
        said = failed_fields(error.errors)
        told = error.data is not None or len(said) == count
        if not said or len(said) < len(error.errors) or not told or not all(map(says_absent, said.values())):
            raise
        answer = dict(error.data or {})
    return [answer.get(f"t{number}") for number in range(count)]
