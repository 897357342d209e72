"""Freshness and volume once an hour: which pushes have to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_montecarlo_push.events import AssetMetadata, Event, Flow
from airflow_provider_montecarlo_push.manifests.receipts import Destination
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.push.hourly import HourlyRule
from tests.conftest import table, write_manifest

HERE = Destination("http://gateway", "a1b2c3d4-e5f6-7890-abcd-ef1234567890", resource_type="snowflake")
ELSEWHERE = Destination("http://gateway", "a1b2c3d4-e5f6-7890-abcd-ef1234567891", resource_type="snowflake")
DAY = "2024-03-01T"


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"{DAY}{clock}:00").replace(tzinfo=UTC)


def rule(
    folder: Folder, *, events: list[Event] | None = None, destination: Destination = HERE, **scope: object
) -> HourlyRule:
    reader = write_manifest(folder.child("manifest"), events or [table()], scope=scope or {"include": ["*"]})
    return HourlyRule(folder, reader.manifest, destination)


@pytest.mark.parametrize(
    ("first", "second", "waits"),
    [
        ("12:00", "12:00", True),
        ("12:00", "12:59", True),
        ("12:00", "13:00", False),
        ("12:59", "13:01", True),  # another bucket, but two minutes
        ("12:07", "13:05", False),  # hourly runs that begin a little earlier each time
        ("12:20", "13:00", False),
        ("12:40", "13:05", True),
        ("12:00", "23:00", False),
    ],
)
def test_a_push_waits_for_the_next_hour(folder: Folder, first: str, second: str, waits: bool) -> None:
    rule(folder).record("uri", at(first))
    assert (rule(folder).reason_to_wait(at(second)) is not None) is waits


def test_the_reason_names_the_last_push(folder: Folder) -> None:
    rule(folder).record("file:///the/manifest", at("12:00"))
    assert rule(folder).reason_to_wait(at("12:10")) == (
        "Freshness and volume of these tables were pushed 10 min ago (file:///the/manifest); Monte Carlo takes them "
        "once in 60 min. Wait, or push with force=True."
    )


def test_the_same_manifest_goes_on(folder: Folder) -> None:
    one = rule(folder)
    one.record("uri", at("12:00"))
    assert one.reason_to_wait(at("12:01")) is None


def test_an_hourly_and_a_full_push_of_the_same_tables_are_one_scope(folder: Folder) -> None:
    rule(folder, include=["A"], only_freshness_and_volume=True).record("uri", at("12:00"))
    assert rule(folder, include=["A"], only_freshness_and_volume=False).reason_to_wait(at("12:10"))
    assert rule(folder, include=["B"]).reason_to_wait(at("12:10")) is None


def test_another_resource_does_not_wait(folder: Folder) -> None:
    rule(folder).record("uri", at("12:00"))
    assert rule(folder, destination=ELSEWHERE).reason_to_wait(at("12:10")) is None


def test_tables_without_freshness_and_volume_do_not_wait(folder: Folder) -> None:
    bare: list[Event] = [table(metadata=AssetMetadata(name="t", database="d", schema="s"), volume=None, freshness=None)]
    rule(folder).record("uri", at("12:00"))
    assert rule(folder, events=bare).reason_to_wait(at("12:10")) is None


def test_the_interval_can_be_set(folder: Folder) -> None:
    rule(folder).record("uri", at("12:00"))
    assert rule(folder).reason_to_wait(at("12:10"), timedelta(minutes=10)) is None
    assert rule(folder).reason_to_wait(at("12:00"), timedelta(0)) is None
    assert rule(folder).reason_to_wait(at("15:00"), timedelta(hours=6))


def test_other_flows_are_not_held_back(folder: Folder) -> None:
    reader = write_manifest(folder.child("queries"), [], Flow.QUERY_LOGS, counts={"with_volume": 1})
    other = HourlyRule(folder, reader.manifest, HERE)
    other.record("uri", at("12:00"))
    assert other.reason_to_wait(at("12:00")) is None
