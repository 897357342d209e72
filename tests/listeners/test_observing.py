"""What is known of a task, as an observation."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.amazon.aws.hooks.athena import AthenaHook
from airflow.providers.amazon.aws.hooks.redshift_data import RedshiftDataHook
from airflow.providers.apache.hive.hooks.hive import HiveServer2Hook
from airflow.providers.common.sql.hooks.lineage import send_sql_hook_lineage
from airflow.providers.databricks.hooks.databricks import DatabricksHook
from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook
from airflow.sdk import Asset, AssetAlias, Connection
from airflow.sdk.definitions.asset import AssetNameRef, AssetUriRef
from airflow.sdk.lineage import HookLineageCollector

from airflow_provider_montecarlo_push.assets.model import Dataset, Observation
from airflow_provider_montecarlo_push.assets.producers import record_sources
from airflow_provider_montecarlo_push.listeners.collected import Collected, CollectedBefore, collected, mark
from airflow_provider_montecarlo_push.listeners.observing import has_something, observe
from tests.listeners.conftest import TaskInstance

_ACCOUNT = "snowflake://org-account"
_NOTHING = Collected([], [], [])


def uri(name: str) -> str:
    return f"{_ACCOUNT}/DB/S/{name}"


def asset(name: str) -> Asset:
    return Asset(uri(name))


def edges(observation: Observation | None) -> dict[str, list[str]]:
    """Return the sources of each destination, by their last names."""
    assert observation is not None

    def last(dataset: Dataset) -> str:
        return dataset.name.rpartition(".")[2]

    return {last(edge.destination): [last(source) for source in edge.sources] for edge in observation.edges}


def test_inlets_feed_outlets(task_instance: TaskInstance) -> None:
    instance = task_instance(inlets=[asset("A"), asset("B")], outlets=[asset("C"), asset("A")])
    observation = observe(instance, _NOTHING)
    assert edges(observation) == {"C": ["A", "B"], "A": ["B"]}
    assert observation is not None
    assert observation.run.map_index == -1
    assert observation.at == instance.end_date
    assert len(observation.updated) == 2


def test_an_outlet_without_sources_is_fresh_all_the_same(task_instance: TaskInstance) -> None:
    observation = observe(task_instance(outlets=[asset("C")]), _NOTHING)
    assert edges(observation) == {}
    assert observation is not None
    assert [one.name for one in observation.updated] == ["DB.S.C"]


def test_what_the_task_said_itself_counts_more(task_instance: TaskInstance) -> None:
    instance = task_instance(inlets=[asset("A")], outlets=[asset("C"), asset("D")])
    context = {"task": instance.task, **instance.get_template_context()}
    record_sources(context, asset=instance.task.outlets[0], sources=[asset("B")], columns={"X": "Y"})
    observation = observe(instance, _NOTHING)
    assert edges(observation) == {"C": ["B"], "D": ["A"]}
    assert observation is not None
    assert observation.edges[0].columns["X"][0].column == "Y"


def test_aliases_are_the_assets_that_were_added(task_instance: TaskInstance) -> None:
    alias = AssetAlias("tables")
    instance = task_instance(inlets=[asset("A"), alias], outlets=[alias])
    instance.get_template_context()["outlet_events"][alias].add(asset("C"))
    observation = observe(instance, _NOTHING)
    assert edges(observation) == {"C": ["A"]}
    assert observation is not None
    assert observation.left_out == {"without_uri": 1}


def test_what_is_no_table_is_counted(task_instance: TaskInstance) -> None:
    instance = task_instance(
        inlets=[Asset("file_like"), Asset("trino://host/short"), AssetNameRef("by name"), AssetUriRef(uri("A")), 7],
        outlets=[asset("C")],
    )
    observation = observe(instance, _NOTHING)
    assert edges(observation) == {"C": ["A"]}
    assert observation is not None
    assert observation.left_out == {"not_tables": 1, "malformed_uris": 1, "without_uri": 2}


def test_what_hooks_read_and_wrote(task_instance: TaskInstance, collector: HookLineageCollector) -> None:
    hook = SnowflakeHook()
    collector.add_input_asset(hook, uri=uri("BEFORE"))
    before = mark()
    collector.add_input_asset(hook, uri=uri("READ"))
    collector.add_output_asset(hook, uri=uri("WRITTEN"))
    lineage = collected(before)
    assert edges(observe(task_instance(), lineage)) == {"WRITTEN": ["READ"]}
    mixed = observe(task_instance(outlets=[asset("C")]), lineage)
    assert edges(mixed) == {"C": ["READ"], "WRITTEN": ["READ"]}
    declared = observe(task_instance(inlets=[asset("A")], outlets=[asset("C")]), lineage)
    assert edges(declared) == {"C": ["A"], "WRITTEN": ["READ"]}, "what is declared is not mixed with what was seen"


def test_nothing_to_do_is_seen_at_once(task_instance: TaskInstance, collector: HookLineageCollector) -> None:
    assert not has_something(task_instance().task, collected(mark()))
    assert observe(task_instance(), _NOTHING) is None


def hook_with(hook: Any, **facts: Any) -> Any:
    """Return a hook that has looked up what ``facts`` say."""
    vars(hook).update(facts)
    return hook


POSTGRES = Connection(conn_id="pg", conn_type="postgres", schema="shop")


@pytest.mark.parametrize(
    ("make_hook", "recorded", "task", "expected"),
    [
        (lambda: SnowflakeHook(database="DB", schema="S"), {}, {}, ("snowflake_default", "snowflake", "DB", "S")),
        (
            lambda: hook_with(
                SnowflakeHook(), _get_static_conn_params={"database": "DB", "schema": "", "password": "x"}
            ),
            {},
            {},
            ("snowflake_default", "snowflake", "DB", None),
        ),
        (lambda: SnowflakeHook(snowflake_conn_id="other"), {}, {}, ("other", "snowflake", None, None)),
        (
            lambda: PostgresHook(postgres_conn_id="pg", connection=POSTGRES),
            {},
            {},
            ("pg", "postgres", "shop", "public"),
        ),
        (
            lambda: DatabricksHook("dbx"),
            {"default_db": "main", "default_schema": "sales"},
            {},
            ("dbx", "databricks", "main", "sales"),
        ),
        (
            lambda: BigQueryHook(gcp_conn_id="gcp"),
            {"default_db": "my-project", "default_schema": "set"},
            {},
            ("gcp", "gcpbigquery", "my-project", "set"),
        ),
        (lambda: BigQueryHook(gcp_conn_id="gcp"), {}, {}, ("gcp", "gcpbigquery", "by-connection", None)),
        (lambda: RedshiftDataHook(aws_conn_id="aws"), {"default_db": "dev"}, {}, ("aws", "redshift", "dev", None)),
        (
            lambda: AthenaHook(aws_conn_id="aws"),
            {},
            {"database": "sales", "catalog": "AwsDataCatalog"},
            ("aws", "athena", "AwsDataCatalog", "sales"),
        ),
        (lambda: HiveServer2Hook("hs2"), {"default_schema": "sales"}, {}, ("hs2", "hiveserver2", None, "sales")),
    ],
    ids=[
        "given",
        "looked_up",
        "unknown",
        "postgres",
        "databricks",
        "bigquery",
        "project",
        "redshift_data",
        "athena",
        "hive",
    ],
)
def test_statements_of_each_kind_of_hook(
    task_instance: TaskInstance,
    collector: HookLineageCollector,
    monkeypatch: pytest.MonkeyPatch,
    make_hook: Callable[[], Any],
    recorded: dict[str, str],
    task: dict[str, str],
    expected: tuple[str, str, str | None, str | None],
) -> None:
    connection = {"conn_type": "google_cloud_platform", "extra": {"project": "by-connection"}}
    monkeypatch.setenv("AIRFLOW_CONN_GCP", json.dumps(connection))
    hook = make_hook()
    send_sql_hook_lineage(context=hook, sql="INSERT INTO t SELECT 1", job_id="query-1", **recorded)
    observation = observe(task_instance(**task), collected(CollectedBefore()))
    assert observation is not None
    (statement,) = observation.statements
    assert (statement.conn_id, statement.conn_type, statement.database, statement.schema) == expected
    assert (statement.sql, statement.job_id) == ("INSERT INTO t SELECT 1", "query-1")


def test_broken_records_do_not_harm_the_others(task_instance: TaskInstance, collector: HookLineageCollector) -> None:
    class Broken:
        def get_conn_id(self) -> str:
            raise RuntimeError("broken")

    collector.add_extra(Broken(), "sql_job", {"sql": "SELECT 1"})
    collector.add_extra(SimpleNamespace(), "sql_job", {"sql": "SELECT 2"})
    collector.add_extra(SnowflakeHook(), "sql_job", "no dict")
    collector.add_extra(SnowflakeHook(), "sql_job", {"job_id": "without text"})
    collector.add_extra(SnowflakeHook(), "sql_job", {"sql": "x" * 2_000_000})
    collector.add_extra(SnowflakeHook(), "something else", {"sql": "SELECT 3"})
    observation = observe(task_instance(), collected(CollectedBefore()))
    assert observation is not None
    assert observation.statements == []
    assert observation.left_out == {
        "broken_records": 2,
        "statements_without_connection": 1,
        "statements_over_size": 1,
    }


def test_secrets_that_airflow_knows_are_masked(
    task_instance: TaskInstance, collector: HookLineageCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk._shared.secrets_masker import _secrets_masker

    masker = _secrets_masker()
    monkeypatch.setattr(masker, "patterns", set(masker.patterns))
    monkeypatch.setattr(masker, "replacer", masker.replacer)
    monkeypatch.setattr(masker, "_mask_adapter", None, raising=False)
    monkeypatch.setenv("AIRFLOW__CORE__UNIT_TEST_MODE", "False")
    masker.add_mask("sup3r-s3cret-value")
    if not masker.patterns:
        pytest.skip("Airflow masks nothing in its own test mode")
    collector.add_extra(SnowflakeHook(), "sql_job", {"sql": "COPY INTO t CREDENTIALS='sup3r-s3cret-value'"})
    observation = observe(task_instance(), collected(CollectedBefore()))
    assert observation is not None
    assert "sup3r" not in observation.statements[0].sql
    assert "***" in observation.statements[0].sql
