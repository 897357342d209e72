"""ETL events are those of pycarlo, on the wire and in their rules."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycarlo.features.ingestion import etl as pycarlo
from pycarlo.features.ingestion import models as pycarlo_models

from airflow_provider_montecarlo_push import events
from airflow_provider_montecarlo_push.events import Flow, etl
from airflow_provider_montecarlo_push.events.wire import encode_event, flow_of, to_event
from airflow_provider_montecarlo_push.exceptions import InvalidEventError, UnknownValueError
from airflow_provider_montecarlo_push.manifests.receipts import Destination
from airflow_provider_montecarlo_push.push.batches import Batch, BatchLimits
from airflow_provider_montecarlo_push.push.envelope import PATHS, body_of

RESOURCE = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
DESTINATION = Destination("http://x", RESOURCE, resource_type="airflow")
TIMES = ("event_time", "start_time", "end_time", "expected_end_time", "queued_at", "next_run_at")

text = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)
ids = text.filter(bool)
moments = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)).flatmap(
    lambda naive: st.integers(-14 * 60, 14 * 60).map(
        lambda minutes: naive.replace(tzinfo=timezone(timedelta(minutes=minutes))).astimezone(UTC)
    )
)
facts = st.dictionaries(text, st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text, max_size=2)
ids_list = st.lists(ids, max_size=2)


def _some(required: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


refs = st.lists(
    _some(
        {
            "asset_type": st.sampled_from(sorted(etl.REFERRED_ASSET_TYPES)),
            "role": st.sampled_from(sorted(etl.REFERRED_ASSET_ROLES)),
            "fully_qualified_name": ids,
        },
        mcon=text,
    ),
    max_size=2,
)
tags = st.lists(_some({"key": text}, value=text), max_size=2)
schedules = _some(
    {"kind": st.sampled_from(sorted(etl.SCHEDULE_KINDS))},
    cron_expression=text,
    interval_seconds=st.integers(0, 2**40),
    timezone=text,
    next_run_at=moments,
    paused=st.booleans(),
    event_trigger=facts,
    upstream_job_source_ids=ids_list,
    raw=facts,
)
groups = _some({"source_id": ids}, name=text, group_type=text, schedule=schedules, attributes=facts)
tasks = _some(
    {"task_source_id": ids, "name": ids},
    task_type=text,
    description=text,
    inputs=refs,
    outputs=refs,
    upstream_task_source_ids=ids_list,
    triggered_job_source_ids=ids_list,
    attributes=facts,
)
jobs = _some(
    {"job_source_id": ids, "name": ids},
    group=groups,
    description=text,
    folder=text,
    is_paused=st.booleans(),
    job_url=text,
    schedule=schedules,
    owner=_some({}, primary_email=text, primary_name=text, notification_emails=st.lists(text, max_size=2), raw=facts),
    properties=tags,
    attributes=facts,
    inputs=refs,
    outputs=refs,
    tasks=st.lists(tasks, max_size=2),
    triggered_job_source_ids=ids_list,
)
errors = _some(
    {"message": text},
    code=text,
    retryable=st.booleans(),
    failure_type=text,
    upstream_failed_task_source_ids=ids_list,
    structured_fields=facts,
)
_run_fields: dict[str, Any] = {
    "task_source_id": ids,
    "start_time": moments,
    "end_time": moments,
    "queued_at": moments,
    "expected_end_time": moments,
    "job_run_id": text,
    "group": groups,
    "trigger": st.sampled_from(sorted(etl.RUN_TRIGGERS)),
    "triggered_by_run_source_id": text,
    "parent_attempt_run_source_id": text,
    "attempt_number": st.integers(1, 99),
    "backfill_id": text,
    "error": errors,
    "run_url": text,
    "inputs": refs,
    "outputs": refs,
    "properties": tags,
    "attributes": facts,
}
_run_core = {
    "job_source_id": ids,
    "run_source_id": ids,
    "status": st.sampled_from(sorted(etl.RUN_STATUSES)),
    "event_time": moments,
}
runs = _some(_run_core, **_run_fields, task_runs=st.lists(_some(_run_core, **_run_fields), max_size=2))

PARTS: dict[str, str] = {
    "group": "EtlGroup", "schedule": "Schedule", "owner": "Owner", "error": "EtlError",
    "tasks": "EtlTask", "task_runs": "EtlRunEvent", "inputs": "AssetRef", "outputs": "AssetRef", "properties": "Tag",
}  # fmt: skip


def build(models: Any, kind: str, given_facts: dict[str, Any]) -> Any:
    """Make the same thing of pycarlo's classes or of ours."""
    made = {}
    for name, value in given_facts.items():
        if name in PARTS:
            made[name] = (
                [build(models, PARTS[name], item) for item in value]
                if isinstance(value, list)
                else build(models, PARTS[name], value)
            )
        elif name in TIMES and models is pycarlo:
            made[name] = value.isoformat().replace("+00:00", "Z")
        else:
            made[name] = value
    home = pycarlo_models if models is pycarlo and kind == "Tag" else models
    return getattr(home, kind)(**made)


def _ours(flow: Flow, made: list[Any]) -> Any:
    batch = Batch.of("part", 0, [encode_event(event)[0] for event in made])
    return json.loads(b"".join(body_of(batch, flow, DESTINATION)))


@given(st.lists(jobs, min_size=1, max_size=3))
def test_metadata_equals_pycarlo(given_jobs: list[dict[str, Any]]) -> None:
    theirs = [build(pycarlo, "EtlAsset", item) for item in given_jobs]
    ours = [build(events, "EtlAsset", item) for item in given_jobs]
    wanted = pycarlo.build_etl_metadata_payload(RESOURCE, "airflow", theirs)
    assert _ours(Flow.ETL_METADATA, ours) == json.loads(json.dumps(wanted))
    assert [to_event(model) for model in theirs] == ours
    assert [to_event(pycarlo.EtlMetadataEvent(model)) for model in theirs] == ours


@given(st.lists(runs, min_size=1, max_size=3))
def test_runs_equal_pycarlo(given_runs: list[dict[str, Any]]) -> None:
    theirs = [build(pycarlo, "EtlRunEvent", item) for item in given_runs]
    ours = [build(events, "EtlRunEvent", item) for item in given_runs]
    wanted = pycarlo.build_etl_runs_payload(RESOURCE, "airflow", theirs)
    assert _ours(Flow.ETL_RUNS, ours) == json.loads(json.dumps(wanted))
    assert [to_event(model) for model in theirs] == ours


def test_the_lists_are_those_of_pycarlo() -> None:
    assert pycarlo.ETL_RUN_STATUS_VALUES == etl.RUN_STATUSES
    assert pycarlo.ETL_RUN_TRIGGER_VALUES == etl.RUN_TRIGGERS
    assert pycarlo.ETL_SCHEDULE_KIND_VALUES == etl.SCHEDULE_KINDS
    assert pycarlo.ASSET_REF_ASSET_TYPE_VALUES == etl.REFERRED_ASSET_TYPES
    assert pycarlo.ASSET_REF_ROLE_VALUES == etl.REFERRED_ASSET_ROLES


def test_paths_are_those_of_pycarlo() -> None:
    from pycarlo.features.ingestion import service

    assert PATHS[Flow.ETL_METADATA] == service._ETL_METADATA_PATH
    assert PATHS[Flow.ETL_RUNS] == service._ETL_RUNS_PATH


JOB = {"job_source_id": "shop", "name": "Shop"}
RUN = {"job_source_id": "shop", "run_source_id": "shop/1", "status": "success", "event_time": "2024-03-01T12:00:00Z"}


@pytest.mark.parametrize("item", [JOB, {"etl_asset": JOB}])
def test_dicts_of_jobs_are_taken_with_and_without_their_wrapper(item: dict[str, Any]) -> None:
    event = to_event(item, Flow.ETL_METADATA)
    assert flow_of(event) is Flow.ETL_METADATA
    assert json.loads(encode_event(event)[0]) == {"etl_asset": JOB}


@pytest.mark.parametrize(
    ("flow", "item", "message"),
    [
        (Flow.ETL_METADATA, JOB | {"name": ""}, "A job needs a name"),
        (Flow.ETL_METADATA, JOB | {"owners": []}, "unknown field `owners`"),
        (Flow.ETL_METADATA, JOB | {"schedule": {"kind": "hourly"}}, "'hourly'; Monte Carlo accepts cron, event"),
        (Flow.ETL_METADATA, JOB | {"tasks": [{"task_source_id": "", "name": "x"}]}, "A task needs a task_source_id"),
        (Flow.ETL_METADATA, JOB | {"group": {"source_id": ""}}, "A group needs a source_id"),
        (Flow.ETL_METADATA, JOB | {"inputs": [{"asset_type": "TABLE", "role": "INPUT"}]}, "needs mcon or"),
        (Flow.ETL_METADATA, JOB | {"inputs": [{"asset_type": "table", "role": "INPUT", "mcon": "m"}]}, "'table'"),
        (Flow.ETL_RUNS, RUN | {"status": "running"}, "'running'; Monte Carlo accepts"),
        (Flow.ETL_RUNS, RUN | {"trigger": "schedule"}, "'schedule'"),
        (Flow.ETL_RUNS, RUN | {"attempt_number": 0}, "they count from 1"),
        (Flow.ETL_RUNS, RUN | {"run_source_id": ""}, "A run needs a run_source_id"),
        (Flow.ETL_RUNS, RUN | {"end_time": "2024-03-01T12:00:00"}, "end_time 2024-03-01T12:00:00 has no time zone"),
        (Flow.ETL_RUNS, RUN | {"task_runs": [RUN | {"status": "done"}]}, "'done'"),
        (Flow.ETL_RUNS, {"job_source_id": "shop"}, "missing required field"),
        (Flow.METADATA, RUN, "nested"),
        (None, RUN, "give the flow"),
    ],
)
def test_what_breaks_a_rule_is_refused(flow: Flow | None, item: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidEventError, match=message):
        to_event(item, flow)


def test_resource_types_of_jobs_are_their_own() -> None:
    from airflow_provider_montecarlo_push.events.vocabulary import check_etl_resource_type

    assert check_etl_resource_type("airflow") == "airflow"
    with pytest.raises(UnknownValueError, match="Did you mean 'airflow'"):
        check_etl_resource_type("airflw")


@pytest.mark.parametrize(("flow", "most"), [(Flow.ETL_METADATA, 100), (Flow.ETL_RUNS, 100), (Flow.METADATA, 500)])
def test_no_setting_makes_batches_larger_than_the_api_takes(flow: Flow, most: int) -> None:
    assert BatchLimits(events=500).within(flow).events == most
    assert BatchLimits(events=7).within(flow).events == 7


def test_manifests_of_jobs_and_runs_can_be_compared() -> None:
    from airflow_provider_montecarlo_push.manifests.entries import ENTRIES, NAMES

    assert set(ENTRIES) == set(NAMES) == set(Flow)
    job = encode_event(to_event(JOB, Flow.ETL_METADATA))[0]
    assert [entry.name for entry in ENTRIES[Flow.ETL_METADATA](job)] == [("shop",)]
    attempts = [RUN | {"task_source_id": "a", "run_source_id": f"shop/1/{number}"} for number in (1, 2)]
    pieces = [encode_event(to_event(RUN | {"task_runs": [attempt]}, Flow.ETL_RUNS))[0] for attempt in attempts]
    first, second = (list(ENTRIES[Flow.ETL_RUNS](piece)) for piece in pieces)
    assert first[0] == second[0]
    assert [entry.name for entry in (first[1], second[1])] == [("shop/1/1",), ("shop/1/2",)]
