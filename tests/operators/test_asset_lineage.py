"""Asset events to lineage and freshness, in real Airflow runs: what producers record, what the operator makes of it."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.airflow_runs import AirflowRun, run_dag
from tests.operators.conftest import TaskLog

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]

SNOW = "snowflake://org-acct/SHOP/RAW"
PRODUCER = """
from functools import partial
from airflow.sdk import Asset, AssetAlias, get_current_context
from airflow.providers.standard.operators.bash import BashOperator
from airflow_provider_montecarlo_push.assets.producers import record_sources
raw = Asset("{raw}")
fct = Asset("{fct}")
"""
CONSUMER = """
from airflow.sdk.api.datamodels._generated import AssetAliasReferenceAssetEventDagRun, AssetReferenceAssetEventDagRun
from airflow.sdk.execution_time.comms import AssetEventDagRunReferenceResult
from airflow.sdk.execution_time.context import TriggeringAssetEventsAccessor
from airflow_provider_montecarlo_push.operators.asset_lineage import MonteCarloAssetLineageOperator

def event(uri, extra, hour, aliases):
    return AssetEventDagRunReferenceResult(
        asset=AssetReferenceAssetEventDagRun(name=uri, uri=uri, extra={{}}), extra=extra, source_task_id="load",
        source_dag_id="etl", source_run_id="r", source_map_index=-1, timestamp=f"2024-03-01T{{hour:02}}:00:00Z",
        source_aliases=[AssetAliasReferenceAssetEventDagRun(name=name) for name in aliases])

class Triggered(MonteCarloAssetLineageOperator):
    def execute(self, context):
        context["triggering_asset_events"] = TriggeringAssetEventsAccessor.build(
            event(*one) for one in {events!r})
        return super().execute(context)

lineage = Triggered(task_id="lineage", {options})
push = MonteCarloPushLineageOperator(task_id="push", manifest=lineage.output)
"""
FRESHNESS = """
MonteCarloPushMetadataOperator(task_id="push_freshness", manifest=lineage.output["freshness"])
"""


@pytest.fixture(autouse=True)
def mapped(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Map the Snowflake account to the main resource and a bucket to the lake."""
    mapping = {
        "snowflake://org-acct": {"resource_uuid": sandbox.warehouse_uuid, "resource_type": "snowflake"},
        "s3://lake": {"resource_uuid": sandbox.lake_uuid, "resource_type": "data-lake"},
    }
    monkeypatch.setenv("AIRFLOW__MONTECARLO_PUSH__RESOURCES", json.dumps(mapping))


def said(*sources: str, **columns: list[list[str]]) -> dict[str, Any]:
    return {"montecarlo": {"sources": list(sources), "columns": columns}}


def consume(*events: tuple[Any, ...], options: str = "", then: str = "") -> AirflowRun:
    """Run the operator as if ``events`` had started the run: URI, extra, hour and aliases of each."""
    rows = [(uri, extra, *rest, *(12, [])[len(rest) :]) for uri, extra, *rest in events]
    return run_dag(CONSUMER.format(events=rows, options=options) + then)


def edges(sandbox: Sandbox) -> set[tuple[str, str]]:
    return {
        (source["name"], event["destination"]["name"])
        for event in sandbox.events("lineage")
        for source in event["sources"]
    }


# The producer's side -------------------------------------------------------------------------------


def produce(body: str) -> list[dict[str, Any]]:
    """Run a producer of an asset of its own; return the extras of its asset events."""
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    fct = f"{SNOW}/T_{uuid.uuid4().hex[:8]}"
    run = run_dag(PRODUCER.format(raw=f"{SNOW}/ORDERS", fct=fct) + body)
    assert set(run.states().values()) == {"success"}
    with create_session() as session:
        rows = (
            select(AssetEvent.extra).join(AssetModel, AssetModel.id == AssetEvent.asset_id).where(AssetModel.uri == fct)
        )
        return [dict(extra) for extra in session.scalars(rows)]


@pytest.mark.parametrize(
    ("body", "columns"),
    [
        (
            "BashOperator(task_id='t', bash_command='true', inlets=[raw], outlets=[fct], post_execute=record_sources)",
            {},
        ),
        (
            """
columns = {'TOTAL': ['AMOUNT', (raw, 'TAX')]}
BashOperator(task_id='t', bash_command='true', inlets=[raw], outlets=[fct],
             post_execute=partial(record_sources, columns=columns))""",
            {"TOTAL": [[f"{SNOW}/ORDERS", "AMOUNT"], [f"{SNOW}/ORDERS", "TAX"]]},
        ),
        (
            """
@task(outlets=[fct])
def load():
    record_sources(get_current_context(), sources=[raw], columns={"ID": "ID"})
load()""",
            {"ID": [[f"{SNOW}/ORDERS", "ID"]]},
        ),
        (
            """
@task(outlets=[fct])
def load(*, outlet_events):
    record_sources(outlet_events, asset=fct, sources=[], columns={"ID": (raw, "ID")})
load()""",
            {"ID": [[f"{SNOW}/ORDERS", "ID"]]},
        ),
        (
            """
@task(outlets=[AssetAlias("an_alias")], inlets=[raw])
def load(**context):
    context["outlet_events"][AssetAlias("an_alias")].add(fct)
    record_sources(context)
load()""",
            {},
        ),
    ],
    ids=["post_execute", "post_execute with columns", "task", "outlet_events", "alias"],
)
def test_a_producer_records_its_sources_in_one_line(body: str, columns: dict[str, Any]) -> None:
    assert produce(body) == [{"montecarlo": {"sources": [f"{SNOW}/ORDERS"], "columns": columns}}]


def test_a_producer_without_inlets_says_so_and_goes_on(task_log: TaskLog) -> None:
    extras = produce("BashOperator(task_id='t', bash_command='true', outlets=[fct], post_execute=record_sources)")
    assert extras == [{}]
    assert "no sources to record" in task_log.text


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("record_sources(get_current_context())", "has no outlets"),
        ("record_sources(get_current_context()['outlet_events'])", "needs the context"),
        ("record_sources(get_current_context(), asset=fct, sources=[raw, fct], columns={'A': 'B'})", "of which source"),
        ("record_sources(get_current_context(), asset=fct, sources=[AssetAlias('x')])", "has no URI"),
    ],
)
def test_a_producer_that_is_written_wrong_is_told_so(task_log: TaskLog, call: str, message: str) -> None:
    body = PRODUCER.format(raw=f"{SNOW}/A", fct=f"{SNOW}/B") + f"\n@task\ndef load():\n    {call}\nload()"
    assert run_dag(body).states() == {"load": "failed"}
    assert message in task_log.text


# The operator --------------------------------------------------------------------------------------


def test_several_producers_and_events_in_one_run(sandbox: Sandbox) -> None:
    run = consume(
        (f"{SNOW}/FCT", said(f"{SNOW}/ORDERS", TOTAL=[[f"{SNOW}/ORDERS", "amount"]])),
        (f"{SNOW}/FCT", said(f"{SNOW}/PAYMENTS"), 13, ["an_alias"]),
        (f"{SNOW}/DIM", said(f"{SNOW}/CUSTOMERS", "s3://lake/crm/dt=1/x.parquet"), 12, ["an_alias", "other"]),
    )
    assert set(run.states().values()) == {"success"}
    assert edges(sandbox) == {("ORDERS", "FCT"), ("PAYMENTS", "FCT"), ("CUSTOMERS", "DIM"), ("crm", "DIM")}
    collected = run.xcom("lineage")
    assert collected["counts"]["asset_events"] == 3
    assert (collected["flow"], collected["events"], collected["complete"]) == ("lineage", 2, True)
    (fields,) = [event["fields"] for event in sandbox.events("lineage") if event["destination"]["name"] == "FCT"]
    assert [field["name"] for field in fields] == ["TOTAL"]
    assert {push["resource_uuid"] for push in sandbox.pushes("lineage")} == {sandbox.warehouse_uuid, None}


def test_what_is_no_edge_is_counted_and_named_and_the_rest_goes_out(sandbox: Sandbox, task_log: TaskLog) -> None:
    run = consume(
        (f"{SNOW}/GOOD", said(f"{SNOW}/A", "snowflake://org-acct/SHOP", "some asset")),
        (f"{SNOW}/LONELY", {}),
        (f"{SNOW}/ODD", {"montecarlo": [1]}),
        (f"{SNOW}/ODD", {"montecarlo": {"sources": [1], "columns": {"A": ["x"]}}}),
        ("just a name", said(f"{SNOW}/A")),
        ("s3://elsewhere/x", said(f"{SNOW}/A")),
    )
    assert run.states() == {"lineage": "success", "push": "success"}
    assert run.xcom("lineage")["left_out"] == {
        "malformed_uris": 1,
        "not_tables": 2,
        "without_sources": 2,
        "malformed_extras": 3,
        "unmapped": 1,
    }
    assert edges(sandbox) == {("A", "GOOD")}
    assert "s3://elsewhere (1)" in task_log.text


def test_a_run_without_events_is_a_warning(sandbox: Sandbox, task_log: TaskLog) -> None:
    run = run_dag(
        """
        from airflow_provider_montecarlo_push.operators.asset_lineage import MonteCarloAssetLineageOperator
        lineage = MonteCarloAssetLineageOperator(task_id="lineage", freshness=True)
        MonteCarloPushLineageOperator(task_id="push", manifest=lineage.output)
        MonteCarloPushMetadataOperator(task_id="push_freshness", manifest=lineage.output["freshness"])
        """
    )
    assert set(run.states().values()) == {"success"}
    assert run.xcom("lineage")["events"] == 0
    assert sandbox.pushes() == []
    assert "No asset event started this run" in task_log.text


def test_without_any_resource_of_the_connection_all_edges_name_theirs(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = {
        "conn_type": "montecarlo-ingest",
        "host": sandbox.url,
        "login": sandbox.ingest_key.id,
        "password": sandbox.ingest_key.secret,
    }
    monkeypatch.setenv("AIRFLOW_CONN_MONTECARLO_INGEST_DEFAULT", json.dumps(connection))
    event = (f"{SNOW}/FCT", said(f"{SNOW}/A"))
    assert consume(event).states()["push"] == "success"
    assert consume().states()["push"] == "success", "nothing to push needs no resource either"
    assert [push["resource_uuid"] for push in sandbox.pushes()] == [None]
    assert consume(event, options=f'resource_uuid="{sandbox.warehouse_uuid}"').states()["push"] == "success"
    assert [push["resource_uuid"] for push in sandbox.pushes()] == [None, sandbox.warehouse_uuid]


def test_the_mapping_of_the_connection_comes_before_the_setting(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = {
        "conn_type": "montecarlo-ingest",
        "host": sandbox.url,
        "login": sandbox.ingest_key.id,
        "password": sandbox.ingest_key.secret,
        "extra": {"resources": {"snowflake": {"resource_uuid": sandbox.lake_uuid, "resource_type": "data-lake"}}},
    }
    monkeypatch.setenv("AIRFLOW_CONN_MONTECARLO_INGEST_DEFAULT", json.dumps(connection))
    assert consume((f"{SNOW}/FCT", said(f"{SNOW}/A"))).states()["push"] == "success"
    assert [(push["resource_uuid"], push["resource_type"]) for push in sandbox.pushes()] == [
        (sandbox.lake_uuid, "data-lake")
    ]


def test_a_mapping_that_cannot_be_used_fails_at_once(monkeypatch: pytest.MonkeyPatch, task_log: TaskLog) -> None:
    monkeypatch.setenv("AIRFLOW__MONTECARLO_PUSH__RESOURCES", '{"snowflake": 1}')
    assert consume((f"{SNOW}/FCT", {}), options="retries=3").states()["lineage"] == "failed"
    assert "[montecarlo_push] resources: entry 'snowflake' needs" in task_log.text


# Freshness -----------------------------------------------------------------------------------------


def fresh(sandbox: Sandbox) -> list[tuple[str, str]]:
    assets = [event["relational_asset"] for event in sandbox.events("metadata")]
    return [(asset["metadata"]["name"], asset["freshness"]["last_update_time"]) for asset in assets]


def test_freshness_of_each_table_goes_out_once_an_hour(sandbox: Sandbox) -> None:
    def run(*tables: str) -> AirflowRun:
        events: list[Any] = [(f"{SNOW}/{table}", {}, 12 + number) for number, table in enumerate(tables)]
        return consume(*events, ("s3://lake/x", {}), options="freshness=True", then=FRESHNESS)

    first = run("A", "B", "A")
    assert set(first.states().values()) == {"success"}
    assert sorted(fresh(sandbox)) == [("A", "2024-03-01T14:00:00Z"), ("B", "2024-03-01T13:00:00Z")]
    assert first.xcom("lineage", "freshness")["left_out"] == {"other_resource": 1}
    second = run("B", "C")
    assert set(second.states().values()) == {"success"}, "other tables do not wait"
    assert [name for name, _ in fresh(sandbox)].count("B") == 1
    assert ("C", "2024-03-01T13:00:00Z") in fresh(sandbox)
    assert second.xcom("lineage", "freshness")["left_out"] == {"within_the_hour": 1, "other_resource": 1}


def test_freshness_is_an_option(sandbox: Sandbox, task_log: TaskLog) -> None:
    run = consume((f"{SNOW}/A", {}), then=FRESHNESS)
    assert run.states()["push_freshness"] in ("failed", "up_for_retry")
    assert 'with key="freshness" is not found' in task_log.text
    assert sandbox.pushes("metadata") == []
