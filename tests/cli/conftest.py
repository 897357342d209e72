"""Running commands as ``python -m airflow_provider_montecarlo_push`` does, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from airflow_provider_montecarlo_push.__main__ import main

SHOP = ("--source-conn-id", "shop", "--collector", "tests.operators.collectors.ShopCollector")


class Ended(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture
def run(monte_carlo_connections: None, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command against the sandbox; connections, manifest root and hourly rule are the test's own."""

    def run(*arguments: str) -> Ended:
        code = 0
        capfd.readouterr()
        try:
            main(list(arguments))
        except SystemExit as end:
            code = int(end.code or 0)
        return Ended(code, *capfd.readouterr())

    return run


@pytest.fixture
def collected(run: Run) -> str:
    """The URI of a manifest of six tables."""
    return str(run("collect", "metadata", *SHOP, "-o", "json").json["uri"])
