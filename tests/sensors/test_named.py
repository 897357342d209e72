"""Sensors that are told what to wait for by name, against the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_montecarlo_push.events import (
    AssetMetadata,
    ColumnLineageField,
    ColumnLineageSourceField,
    LineageEvent,
    QueryLogEntry,
)
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, InvalidWindowError
from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sensors.lineage import MonteCarloLineageSensor
from airflow_provider_montecarlo_push.sensors.metadata import MonteCarloMetadataSensor
from airflow_provider_montecarlo_push.sensors.query_logs import MonteCarloQueryLogsSensor
from airflow_provider_montecarlo_push.sensors.received import MonteCarloPushReceivedSensor
from tests.conftest import table
from tests.sensors.pushes import look, push, ref

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("monte_carlo_connections")]
NAME = "ANALYTICS.PUBLIC.ORDERS_0"
PAST = datetime(2024, 3, 1, 12, tzinfo=UTC)


def context(run_after: datetime | None = None) -> dict[str, Any]:
    return {"dag_run": SimpleNamespace(run_after=run_after or datetime.now(UTC))}


def metadata(sandbox: Sandbox, **options: Any) -> MonteCarloMetadataSensor:
    return MonteCarloMetadataSensor(task_id="s", **({"resource_uuid": sandbox.warehouse_uuid} | options))


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({"tables": NAME}, []),
        ({"tables": ["ANALYTICS:PUBLIC.ORDERS_0"]}, []),
        ({"tables": [NAME, "ANALYTICS.PUBLIC.OTHER"]}, ["table ANALYTICS.PUBLIC.OTHER is not visible"]),
        ({"tables": "ANALYTICS.PUBLIC.BARE"}, ["fields of table ANALYTICS.PUBLIC.BARE are not visible"]),
        ({"tables": "ANALYTICS.PUBLIC.BARE", "fields": False}, []),
        ({"tables": f"  {NAME}\n", "push": "None", "invocation_ids": "", "since": "None", "metrics": "row_count"}, []),
        (
            {"tables": {"database": "ANALYTICS", "schema": "PUBLIC", "name": "ORDERS_0", "fields": ["ID", "X"]}},
            [f"fields of table {NAME} are not visible: X"],
        ),
        ({"tables": NAME, "metrics": ["row_count", "byte_count", "freshness"]}, []),
        (
            {"tables": "ANALYTICS.PUBLIC.BARE", "fields": False, "metrics": "byte_count"},
            ["byte count of table ANALYTICS.PUBLIC.BARE has not arrived"],
        ),
        (
            {"tables": NAME, "metrics": "row_count", "since": datetime.now(UTC) + timedelta(hours=2)},
            [f"row count of table {NAME} has not arrived"],
        ),
        (
            {"tables": {"database": "a.b", "schema": "c.d", "name": "v1.2"}},
            ["fields of table a.b.c.d.v1.2 are not visible"],
        ),
    ],
)
def test_tables_by_name(sandbox: Sandbox, tmp_path: Path, options: dict[str, Any], missing: list[str]) -> None:
    bare = [
        table(0, metadata=AssetMetadata(name=name, database=database, schema=schema), fields=[], volume=None)
        for database, schema, name in (("ANALYTICS", "PUBLIC", "BARE"), ("a.b", "c.d", "v1.2"))
    ]
    push(tmp_path, [table(0), *bare])
    assert look(metadata(sandbox, **options), context())[1] == missing


def test_invocations_by_id(sandbox: Sandbox, tmp_path: Path) -> None:
    ids = push(tmp_path, [table(0), table(1)], max_events=1)["invocation_ids"]
    wanted, missing = look(metadata(sandbox, invocation_ids=[*ids, "another"]))
    assert wanted.result == {"tables": 0, "with_fields": 0, "metrics": 0, "invocations": 3}
    assert missing == ["no table of invocation another is visible"]
    assert look(metadata(sandbox, invocation_ids=ids[0], tables=NAME))[1] == []


def test_one_name_in_two_warehouses_is_told_apart(sandbox: Sandbox, tmp_path: Path) -> None:
    push(tmp_path, [table(0)], resource_uuid=sandbox.lake_uuid)
    assert look(metadata(sandbox, tables=NAME))[1] == [f"table {NAME} is not visible"]
    assert look(metadata(sandbox, tables=NAME, resource_uuid=sandbox.lake_uuid))[1] == []


def test_a_deleted_table_is_not_visible(sandbox: Sandbox, tmp_path: Path) -> None:
    push(tmp_path, [table(0)])
    mcon = sandbox.mcon("ANALYTICS", "PUBLIC", "ORDERS_0")
    sandbox.graphql("mutation($m:[String!]!){deletePushIngestedTables(mcons:$m){success}}", {"m": [mcon]})
    assert look(metadata(sandbox, tables=NAME))[1] == [f"table {NAME} is deleted at Monte Carlo"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tables": [f"A.B.T{number}" for number in range(501)]}, "501 tables are too many"),
        ({"tables": NAME, "metrics": "row_count", "since": "2024-03-01T00:00:00"}, "since .* has no time zone"),
        ({"tables": NAME, "fields": "maybe"}, "give true or false"),
        ({"tables": NAME, "resource_uuid": "warehouse"}, "warehouse"),
        ({"tables": NAME, "resource_uuid": "{{ none }}"}, "is not a UUID"),
        ({"tables": []}, "tables and invocation_ids are empty"),
        ({"tables": "['A.B.C']"}, "tables is .* a list that a template turned into text"),
        ({"tables": 7}, "tables is 7; give a list"),
        ({"tables": ["A.B. "]}, "names a table 'A.B. '"),
        (
            {"tables": {"database": "A", "schema": "B", "name": "C", "fields": ["ID", " "]}},
            "fields of tables holds ' '",
        ),
        ({"invocation_ids": [7]}, "invocation_ids holds 7, which is no text"),
        ({"tables": NAME, "push": {"flow": "metadata", "invocation_ids": []}}, "not both"),
        ({"push": "{'flow': 'metadata'}"}, "push is a str, .*render_template_as_native_obj"),
        ({"push": "None"}, "push is empty, not the result of a push"),
        ({"tables": None}, "push is empty, not the result of a push"),
        (
            {
                "tables": [
                    {"database": "A", "schema": "B", "name": "C", "fields": [f"{n * 7919:x}" for n in range(20000)]}
                ]
            },
            "more than a trigger can carry",
        ),
    ],
)
def test_what_cannot_be_waited_for(sandbox: Sandbox, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        look(metadata(sandbox, **options), context())


@pytest.fixture
def graph(sandbox: Sandbox, tmp_path: Path) -> Sandbox:
    """ANALYTICS.PUBLIC.D from A and B of the same warehouse and L of the lake; D.OWN is computed from A.C."""
    fields = [ColumnLineageField(name="OWN", source_fields=[ColumnLineageSourceField("a", "C")])]
    sources = [ref("A", asset_id="a"), ref("B", asset_id="b")]
    push(tmp_path, [LineageEvent(destination=ref("D", asset_id="d"), sources=sources, fields=fields)])
    own = {"resource_uuid": sandbox.warehouse_uuid, "resource_type": "snowflake"}
    lake = {"resource_uuid": sandbox.lake_uuid, "resource_type": "data-lake"}
    push(tmp_path, [LineageEvent(destination=ref("D", **own), sources=[ref("L", **lake)])])
    return sandbox


A, B, D, L = (f"ANALYTICS.PUBLIC.{name}" for name in "ABDL")


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({"upstream": [A, B]}, []),
        ({"upstream": A}, []),
        ({"upstream": [A, L]}, [f"edge {L} to {D} is not visible"]),
        ({"upstream": {"database": "ANALYTICS", "schema": "PUBLIC", "name": "L", "resource_uuid": "lake"}}, []),
        ({"columns": [[A, "C", "OWN"]]}, []),
        ({"columns": [(A, "C", "OWN"), (B, "C", "OWN")]}, [f"column B.C to OWN of table {D} is not visible"]),
        (
            {"table": A, "upstream": D, "columns": [[D, "OWN", "C"]]},
            [f"edge {D} to {A} is not visible", f"column D.OWN to C of table {A} is not visible"],
        ),
    ],
)
def test_edges_by_name(graph: Sandbox, options: dict[str, Any], missing: list[str]) -> None:
    upstream = options.get("upstream")
    if isinstance(upstream, dict):
        options = {"upstream": upstream | {"resource_uuid": graph.lake_uuid}}
    options = {"table": D, "resource_uuid": graph.warehouse_uuid} | options
    assert look(MonteCarloLineageSensor(task_id="s", **options))[1] == missing


@pytest.mark.parametrize("columns", [["A.B.C.D"], [[A, "C"]], [[A, "C", 3]], [5], [[A, " ", "C"]], [{"a": 1}]])
def test_a_pair_of_columns_that_is_none(sandbox: Sandbox, columns: Any) -> None:
    with pytest.raises(ConfigurationError, match="write \\[upstream table, its column, column of table\\]"):
        look(MonteCarloLineageSensor(task_id="s", table=D, columns=columns, resource_uuid=sandbox.warehouse_uuid))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"table": D}, "Give table, and its upstream"),
        ({"table": D, "upstream": []}, "Give table, and its upstream"),
        ({"table": " ", "upstream": A}, "Give table, and its upstream"),
        ({"table": D, "upstream": f"['{A}']"}, "a list that a template turned into text"),
        ({"table": D, "upstream": {"database": "A", "schema": "B", "name": "C", "resource_uuid": 7}}, "not a UUID"),
        ({"table": D, "upstream": A, "push": {"flow": "lineage"}}, "not both"),
        ({"table": None, "upstream": None, "columns": "None"}, "push is empty"),
    ],
)
def test_edges_that_cannot_be_waited_for(sandbox: Sandbox, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        look(MonteCarloLineageSensor(task_id="s", resource_uuid=sandbox.warehouse_uuid, **options))


@pytest.fixture
def queried(sandbox: Sandbox, tmp_path: Path) -> Sandbox:
    """ORDERS_0 was read, ORDERS_1 was written, both at noon of a day in March."""
    texts = [f"SELECT * FROM {NAME}", "INSERT INTO ANALYTICS.PUBLIC.ORDERS_1 SELECT 1"]
    queries = [
        QueryLogEntry(start_time=PAST, end_time=PAST, query_text=text, query_id=str(number))
        for number, text in enumerate(texts)
    ]
    push(tmp_path, [table(0), table(1)])
    push(tmp_path, queries)
    return sandbox


@pytest.mark.parametrize(
    ("options", "lacking"),
    [
        ({"tables": NAME}, []),
        ({"tables": [NAME, "ANALYTICS.PUBLIC.ORDERS_1"]}, ["reads table ANALYTICS.PUBLIC.ORDERS_1"]),
        ({"tables": "ANALYTICS.PUBLIC.ORDERS_1", "query_type": "write"}, []),
        ({"tables": NAME, "query_type": "write"}, [f"writes table {NAME}"]),
        ({"tables": NAME, "window_end": PAST - timedelta(minutes=1)}, [f"reads table {NAME}"]),
        ({"tables": "A.B.C"}, ["table A.B.C is not visible"]),
        ({"tables": NAME, "resource_uuid": "lake"}, [f"table {NAME} is not visible"]),
    ],
)
def test_queries_of_tables(queried: Sandbox, options: dict[str, Any], lacking: list[str]) -> None:
    window = {"window_start": PAST - timedelta(hours=1), "window_end": (PAST + timedelta(hours=1)).isoformat()}
    options = {"resource_uuid": queried.warehouse_uuid} | window | options
    if options["resource_uuid"] == "lake":
        options["resource_uuid"] = queried.lake_uuid
    missing = look(MonteCarloQueryLogsSensor(task_id="s", **options))[1]
    assert len(missing) == len(lacking)
    assert all(text in line for text, line in zip(lacking, missing, strict=True))


def test_a_query_of_many_tables_is_waited_for_less_and_less(queried: Sandbox) -> None:
    names = [f"ANALYTICS.PUBLIC.ORDERS_{number}" for number in range(3)]
    window = {"window_start": PAST - timedelta(hours=1), "window_end": PAST + timedelta(hours=1)}
    sensor = MonteCarloQueryLogsSensor(task_id="s", tables=names, resource_uuid=queried.warehouse_uuid, **window)
    wanted, missing = look(sensor)
    assert (wanted.result, len(missing)) == ({"tables": 3}, 2)
    assert sensor._wanted is not None
    assert [item["table"][2] for item in sensor._wanted.expectation["tables"]] == ["ORDERS_2", "ORDERS_1"]


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((PAST - timedelta(hours=2), PAST - timedelta(hours=1)), ("10:00", "11:00")),
        ((PAST, PAST), ("11:00", "12:00")),
        ((None, None), ("11:00", "12:00")),
    ],
)
def test_the_window_of_a_run(sandbox: Sandbox, interval: Any, expected: tuple[str, str]) -> None:
    facts = context(PAST) | dict(zip(("data_interval_start", "data_interval_end"), interval, strict=True))
    sensor = MonteCarloQueryLogsSensor(task_id="s", tables=NAME, resource_uuid=sandbox.warehouse_uuid)
    expectation = sensor.expect(facts).expectation  # type: ignore[arg-type]
    assert (expectation["start"][11:16], expectation["end"][11:16]) == expected


def test_half_a_window_and_an_unknown_kind(sandbox: Sandbox) -> None:
    options = {"task_id": "s", "tables": NAME, "resource_uuid": sandbox.warehouse_uuid}
    with pytest.raises(InvalidWindowError, match="both"):
        MonteCarloQueryLogsSensor(window_start=PAST, **options).expect(context())  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="give 'read' or 'write'"):
        MonteCarloQueryLogsSensor(query_type="drop", **options).expect(context())  # type: ignore[arg-type]
    wanted = MonteCarloQueryLogsSensor(push="", window_start="None", window_end="", **options).expect(context())  # type: ignore[arg-type]
    assert wanted.result == {"tables": 1}


@pytest.mark.parametrize(
    ("options", "done"),
    [
        ({}, True),
        ({"since": datetime.now(UTC) + timedelta(days=1)}, False),
        ({"since": "2024-03-01T00:00:00Z"}, True),
        ({"flow": "lineage"}, False),
        ({"invocation_id": "last"}, True),
        ({"invocation_id": "another"}, False),
        ({"resource_uuid": "lake"}, False),
        ({"push": "None", "invocation_id": "None", "since": " "}, True),
    ],
)
def test_any_push_of_a_flow(sandbox: Sandbox, tmp_path: Path, options: dict[str, Any], done: bool) -> None:
    due = context(datetime.now(UTC) - timedelta(minutes=1))
    last = push(tmp_path, [table(0)])["invocation_ids"][-1]
    named = {"last": last, "lake": sandbox.lake_uuid}
    options = {key: named.get(value, value) if isinstance(value, str) else value for key, value in options.items()}
    options = {"flow": "metadata", "resource_uuid": sandbox.warehouse_uuid} | options
    missing = look(MonteCarloPushReceivedSensor(task_id="s", **options), due)[1]
    assert (missing == []) is done
