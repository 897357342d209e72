"""Edges that users write, from Python and from files, through the push operator in real Airflow runs."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from upath import UPath

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.airflow_runs import AirflowRun, run_dag, run_example
from tests.operators.conftest import TaskLog

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]

LAKE_URI = "s3://lake/raw/orders"


@pytest.fixture(autouse=True)
def mapped(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = {
        "snowflake://org-acct": {"resource_uuid": sandbox.warehouse_uuid, "resource_type": "snowflake"},
        "s3://lake": {"resource_uuid": sandbox.lake_uuid, "resource_type": "data-lake"},
    }
    monkeypatch.setenv("AIRFLOW__MONTECARLO_PUSH__RESOURCES", json.dumps(mapping))


def push(options: str, **more: Any) -> AirflowRun:
    return run_dag(f"MonteCarloPushLineageOperator(task_id='push', {options})", **more)


def push_edges(*edges: Any, options: str = "") -> AirflowRun:
    return push(f"edges={list(edges)!r}, {options}")


def tables(sandbox: Sandbox) -> list[tuple[str, list[str]]]:
    def name(ref: dict[str, str]) -> str:
        return f"{ref['database']}.{ref['schema']}.{ref['name']}"

    return [
        (name(event["destination"]), [name(source) for source in event["sources"]])
        for event in sandbox.events("lineage")
    ]


def columns(sandbox: Sandbox) -> dict[str, list[str]]:
    (event,) = sandbox.events("lineage")
    schemas = {source["asset_id"]: f"{source['schema']}.{source['name']}" for source in event["sources"]}
    return {
        field["name"]: [f"{schemas[cited['asset_id']]}.{cited['field_name']}" for cited in field["source_fields"]]
        for field in event["fields"]
    }


FCT: dict[str, Any] = {"destination": "DB.MARTS.FCT", "sources": ["DB.RAW.ORDERS", "DB.STAGING.ORDERS"]}


def test_same_named_tables_of_two_schemas_stay_apart(sandbox: Sandbox) -> None:
    fields = {
        "ID": "RAW.ORDERS.ID",
        "TOTAL": ["DB.RAW.ORDERS.AMOUNT", {"source": "DB.STAGING.ORDERS", "field": "TAX"}],
    }
    outcome = push_edges(FCT | {"fields": fields})
    assert outcome.xcom("push")["events"] == 1
    assert tables(sandbox) == [("DB.MARTS.FCT", ["DB.RAW.ORDERS", "DB.STAGING.ORDERS"])]
    assert columns(sandbox) == {"ID": ["RAW.ORDERS.ID"], "TOTAL": ["RAW.ORDERS.AMOUNT", "STAGING.ORDERS.TAX"]}
    (request,) = sandbox.pushes("lineage")
    assert (request["resource_uuid"], request["resource_type"]) == (sandbox.warehouse_uuid, "snowflake")


@pytest.mark.parametrize("suffix", ["yaml", "json", "jsonl"])
@pytest.mark.parametrize("under_a_key", [True, False])
def test_edges_of_a_file(sandbox: Sandbox, tmp_path: Path, suffix: str, under_a_key: bool) -> None:
    edges = [{"destination": "DB.S.A", "sources": "DB.S.B", "fields": {"X": "Y"}}]
    file = tmp_path / f"edges.{suffix}"
    if suffix == "jsonl":
        file.write_text("\n".join(map(json.dumps, edges)))
    else:
        value = {"edges": edges} if under_a_key else edges
        file.write_text(yaml.safe_dump(value) if suffix == "yaml" else json.dumps(value))
    assert push(f"edges_file={str(file)!r}").states() == {"push": "success"}
    assert tables(sandbox) == [("DB.S.A", ["DB.S.B"])]
    assert columns(sandbox) == {"X": ["S.B.Y"]}


@pytest.mark.parametrize(
    "source",
    [
        LAKE_URI,
        {"table": LAKE_URI},
        {
            "database": "s3",
            "schema": "lake",
            "name": "raw/orders",
            "resource_uuid": "LAKE",
            "resource_type": "data-lake",
        },
        {"table": 's3.lake."raw/orders"', "resource_uuid": "LAKE", "resource_type": "data-lake", "type": "EXTERNAL"},
    ],
    ids=["URI", "URI in an object", "object", "name"],
)
def test_an_edge_across_resources(sandbox: Sandbox, source: Any) -> None:
    if isinstance(source, dict) and "resource_uuid" in source:
        source = source | {"resource_uuid": sandbox.lake_uuid}
    outcome = push_edges({"destination": "DB.S.A", "sources": [source]})
    assert outcome.states() == {"push": "success"}
    (event,) = sandbox.events("lineage")
    assert event["destination"]["resource_uuid"] == sandbox.warehouse_uuid
    assert [ref["resource_uuid"] for ref in event["sources"]] == [sandbox.lake_uuid]
    assert tables(sandbox) == [("DB.S.A", ["s3.lake.raw/orders"])]


def test_a_name_with_a_dot_and_a_uri_of_the_same_table(sandbox: Sandbox) -> None:
    push_edges(
        {"destination": 'DB.S."a.b"', "sources": ["DB.S.X"]},
        {"destination": "snowflake://org-acct/DB/S/a.b", "sources": ["snowflake://org-acct/db/s/y"]},
        {"destination": {"table": {"database": "DB", "schema": "S", "name": "V"}, "type": "VIEW"}, "sources": "DB.S.X"},
    )
    assert tables(sandbox) == [("DB.S.a.b", ["DB.S.X", "DB.S.Y"]), ("DB.S.V", ["DB.S.X"])]
    assert [event["destination"]["type"] for event in sandbox.events("lineage")] == ["TABLE", "VIEW"]


def test_another_resource_for_names_that_say_none(sandbox: Sandbox) -> None:
    options = f'resource_uuid="{sandbox.lake_uuid}", resource_type="data-lake"'
    assert push_edges(FCT, options=options).states() == {"push": "success"}
    assert [push["resource_uuid"] for push in sandbox.pushes()] == [sandbox.lake_uuid]


def test_a_retry_goes_on_with_the_manifest_of_the_attempt_before(sandbox: Sandbox) -> None:
    # A Retry-After this long is left to Airflow's own retries.
    sandbox.inject("status", status=503, headers={"Retry-After": "9999"}, skip=2, count=1)
    edges = [{"destination": f"DB.S.T{number}", "sources": ["DB.S.X"]} for number in range(4)]
    outcome = push_edges(*edges, options="max_events=1, concurrency=1, retries=1, retry_delay=timedelta(0)")
    assert outcome.states() == {"push": "success"}
    result = outcome.xcom("push")
    assert (result["events"], result["resumed"]) == (4, 2)
    assert len(sandbox.events("lineage")) == 4


def test_no_edges_are_a_warning(sandbox: Sandbox, task_log: TaskLog) -> None:
    assert push("edges=[]").xcom("push")["events"] == 0
    assert "holds no events" in task_log.text
    assert sandbox.pushes() == []


def test_a_dry_run_of_edges(sandbox: Sandbox) -> None:
    result = push_edges(FCT, options="dry_run=True").xcom("push")
    assert (result["events"], result["dry_run"]) == (1, True)
    assert sandbox.pushes() == []


def test_the_manifest_is_beside_the_others(tmp_path: Path) -> None:
    uri = push_edges(FCT, options=f'manifest_root="{(tmp_path / "own").as_uri()}"').xcom("push")["manifest"]
    manifest = json.loads(UPath(uri).read_text())
    assert "/own/" in uri
    assert (manifest["collector"], manifest["counts"]["edges_written"]) == ("edges", 1)


def test_the_example_and_the_file_beside_it(sandbox: Sandbox) -> None:
    file = Path(__file__).parents[2] / "dags" / "montecarlo_handwritten_edges.yaml"
    beside = Path(shutil.copy(file, os.environ["AIRFLOW__CORE__DAGS_FOLDER"]))
    try:
        assert run_example("montecarlo_handwritten_edges").states() == {"push": "success"}
    finally:
        beside.unlink()
    assert tables(sandbox) == [
        ("ANALYTICS.MARTS.CUSTOMER_SCORES", ["ANALYTICS.STAGING.STG_ORDERS", "RAW.SHOP.ORDERS"]),
        ("ANALYTICS.MARTS.CUSTOMER_REPORT", ["ANALYTICS.MARTS.CUSTOMER_SCORES"]),
    ]


WRONG = [
    ("edges=[{'destination': 'DB.S.A'}]", "edges[0] has no sources"),
    ("edges=[{'sources': ['DB.S.A']}]", "edges[0].destination is 'None'"),
    ("edges=[{'destination': 'S.A', 'sources': ['DB.S.B']}]", "edges[0].destination names a table 'S.A'"),
    ("edges=[{'destination': 'DB.S.A', 'sources': ['DB.S.A']}]", "leads from DB.S.A to itself"),
    ("edges=[{'destination': 'DB.S.A', 'source': ['DB.S.B']}]", "Did you mean 'sources'?"),
    ("edges=['DB.S.A']", "edges[0] is 'DB.S.A'; write an object"),
    ("edges=[{'destination': 'DB.S.A', 'sources': [{'table': 'DB.S.B', 'type': 'TABEL'}]}]", "has type 'TABEL'"),
    ("edges=[{'destination': 'DB.S.A', 'sources': [{'table': 'DB.S.B', 'resource_uuid': 'x'}]}]", "both or neither"),
    ("edges=[{'destination': 'DB.S.A', 'sources': ['s3://other/x']}]", "s3://other/x is in no mapped resource"),
    ("edges=[{'destination': 'DB.S.A', 'sources': ['snowflake://org-acct/S/B']}]", "should be snowflake://host"),
    (f"edges=[{FCT | {'fields': {'X': ['ORDERS.ID']}}}]", "edges[0].fields.X[0]: ORDERS is more than one of"),
    (f"edges=[{FCT | {'fields': {'X': ['ID']}}}]", "a column alone is more than one of"),
    (f"edges=[{FCT | {'fields': {'X': ['DB.RAW.PAYMENTS.ID']}}}]", "DB.RAW.PAYMENTS is none of the edge's sources"),
    (f"edges=[{FCT | {'fields': {'X': []}}}]", "edges[0].fields.X is []"),
    (f"edges=[{FCT | {'fields': ['X']}}]", "edges[0].fields is ['X']"),
    ("edges=[{}], manifest='/x'", "manifest and edges are given"),
    ("edges=[{}], edges_file='/x'", "edges and edges_file are given"),
    ("edges_file='/not/there.yaml'", "There is no file /not/there.yaml"),
    ("edges_file='edges.yaml'", "neither a URI nor an absolute path"),
    ("edges='{{ [1] }}'", "render_template_as_native_obj"),
    ("", "No manifest was given"),
]


@pytest.mark.parametrize(("options", "message"), WRONG, ids=[message for _, message in WRONG])
def test_what_is_written_wrong_fails_at_once_and_is_named(
    sandbox: Sandbox, task_log: TaskLog, options: str, message: str
) -> None:
    assert push(options, dag_options='default_args={"retries": 3}').states() == {"push": "failed"}
    assert message in task_log.text
    assert sandbox.requests("lineage") == []
