"""What is asked about detectors, and how answers are read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from graphql import parse, validate

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.graphql import documents
from airflow_provider_montecarlo_push.graphql.detectors import (
    MOST_ASKED_AT_ONCE,
    DetectorStatus,
    detectors_in,
    detectors_of,
)
from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sandbox.gql.schema import load_schema
from tests.conftest import table

NAMES = [TableName("ANALYTICS", "PUBLIC", f"ORDERS_{number}") for number in range(3)]


@pytest.mark.parametrize("count", [1, 2, MOST_ASKED_AT_ONCE])
def test_the_document_is_valid_for_monte_carlos_schema(count: int) -> None:
    assert not validate(load_schema(), parse(documents.thresholds_by_name(count)))


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (None, DetectorStatus("not_visible")),
        ({"fullTableId": "ANALYTICS:PUBLIC.OTHER"}, DetectorStatus("not_visible")),
        ({"fullTableId": "ANALYTICS:PUBLIC.ORDERS_0", "isDeleted": True}, DetectorStatus("deleted")),
        ({"fullTableId": "analytics:public.orders_0", "isDeleted": False}, DetectorStatus("visible")),
        ({"fullTableId": "ANALYTICS:PUBLIC.ORDERS_0", "thresholds": {"freshness": None}}, DetectorStatus("visible")),
        (
            {
                "fullTableId": "ANALYTICS:PUBLIC.ORDERS_0",
                "thresholds": {
                    "freshness": {"status": "ACTIVE", "reason": None, "expected": 60.0},
                    "size": {"ucsStatus": "TRAINING", "ucsReason": "few", "sdStatus": "INACTIVE", "sdReason": "none"},
                },
            },
            DetectorStatus("visible", "ACTIVE", None, 60.0, "TRAINING", "few", "INACTIVE", "none"),
        ),
    ],
)
def test_answers(answer: dict[str, Any] | None, status: DetectorStatus) -> None:
    assert detectors_in({"t0": answer}, NAMES[:1]) == [status]


@pytest.mark.parametrize(
    ("unchanged", "diff", "volume"),
    [
        ("ACTIVE", "TRAINING", "ACTIVE"),
        ("INACTIVE", "TRAINING", "TRAINING"),
        (None, "INACTIVE", "INACTIVE"),
        (None, None, None),
    ],
)
def test_one_volume_detector_is_enough(unchanged: str | None, diff: str | None, volume: str | None) -> None:
    assert DetectorStatus("visible", unchanged_size=unchanged, size_diff=diff).volume == volume


def test_the_same_reason_is_said_once() -> None:
    status = DetectorStatus("visible", unchanged_size_reason="few", size_diff_reason="few")
    assert status.volume_reason == "few"
    assert DetectorStatus("visible").volume_reason is None


def test_an_error_is_of_the_table_at_its_path() -> None:
    answer = {"t1": {"fullTableId": "ANALYTICS:PUBLIC.ORDERS_1"}}
    errors = [{"path": ["t0", "thresholds"]}, {"message": "without a path"}, {"path": []}]
    assert [status.answered for status in detectors_in(answer, NAMES, errors)] == ["failed", "visible", "not_visible"]


@pytest.mark.integration
@pytest.mark.usefixtures("monte_carlo_connections")
def test_with_the_sandbox(sandbox: Sandbox) -> None:
    MonteCarloIngestHook().push_events([table(0), table(1)], resource_type="snowflake")
    hook = MonteCarloHook()
    found = hook.converse(detectors_of(NAMES, sandbox.warehouse_uuid))
    assert found == asyncio.run(hook.converse_async(detectors_of(NAMES, sandbox.warehouse_uuid)))
    assert [status.answered for status in found] == ["visible", "visible", "not_visible"]
    assert (found[0].freshness, found[0].volume) == ("TRAINING", "TRAINING")
    assert "1 of 7 pushes" in (found[0].freshness_reason or "")
    assert "1 of 10 samples" in (found[0].volume_reason or "")
