"""What the tests of conversations share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_montecarlo_push.graphql.asking import Conversation
from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook


@pytest.fixture(params=["converse", "converse_async"])
def converse(request: pytest.FixtureRequest) -> Callable[[Conversation[Any]], Any]:
    """Hold conversations with the sandbox, in either way that a hook has."""
    hook = MonteCarloHook()
    if request.param == "converse":
        return hook.converse
    return lambda conversation: asyncio.run(hook.converse_async(conversation))
