"""The example DAG as it is."""

from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.airflow_runs import run_example
from tests.operators.lineage_graph.drawing import (
    DWH,
    push,
)

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]


def test_the_example_draws_a_shop(sandbox: Sandbox) -> None:
    push("ORDERS")
    example = run_example("montecarlo_lineage_graph", run_conf={"warehouse": DWH})
    assert set(example.states().values()) == {"success"}
    assert len(sandbox.edges(custom=True)) == 3
    custom = [*sandbox.nodes(custom=True), *sandbox.edges(custom=True)]
    assert {row["expire_at"][:10] for row in custom} == {"9999-12-31"}
