"""What is taken from the receipt and the manifest of a push, and whether Monte Carlo shows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from upath import UPath

from airflow_provider_montecarlo_push.events import (
    AssetField,
    AssetMetadata,
    ColumnLineageField,
    ColumnLineageSourceField,
    LineageEvent,
    QueryLogEntry,
)
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, ManifestCorruptedError, ManifestError
from airflow_provider_montecarlo_push.graphql.visibility.expecting import fits
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sensors.lineage import MonteCarloLineageSensor
from airflow_provider_montecarlo_push.sensors.metadata import MonteCarloMetadataSensor
from airflow_provider_montecarlo_push.sensors.query_logs import MonteCarloQueryLogsSensor
from airflow_provider_montecarlo_push.sensors.received import MonteCarloPushReceivedSensor
from airflow_provider_montecarlo_push.sensors.samples import spread
from tests.conftest import table, write_manifest
from tests.sensors.pushes import look, push, ref

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("monte_carlo_connections")]


@pytest.mark.parametrize(
    ("count", "most", "kept"), [(0, 3, []), (3, 3, [0, 1, 2]), (10, 3, [0, 3, 6]), (7, 4, [0, 1, 3, 5])]
)
def test_samples_are_evenly_spread(count: int, most: int, kept: list[int]) -> None:
    assert list(spread(iter(range(count)), count, most)) == kept


def test_a_table_of_each_batch_and_twenty_in_detail(sandbox: Sandbox, tmp_path: Path) -> None:
    result = push(tmp_path, [table(number) for number in range(120)], max_events=4)
    wanted, missing = look(MonteCarloMetadataSensor(task_id="s", push=result))
    assert missing == []
    assert wanted.result == {"tables": 30, "with_fields": 20, "metrics": 60, "invocations": 30}
    items = wanted.expectation["tables"]
    assert [item["table"][2] for item in items] == [f"ORDERS_{number}" for number in range(0, 120, 4)]
    assert [item["pushed"]["invocation"] for item in items] == result["invocation_ids"]
    assert items[0]["fields"] == ["ID", "AMOUNT"]
    assert items[0]["metrics"] == {"total_row_count": 0, "total_byte_count": 0, "last_updated_on": None}
    assert [number for number, item in enumerate(items) if "fields" in item][:4] == [0, 1, 3, 4]


def test_no_more_than_five_hundred_batches(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = push(tmp_path, [table(number) for number in range(1100)], max_events=2)
    wanted, missing = look(MonteCarloMetadataSensor(task_id="s", push=result))
    assert (len(wanted.expectation["tables"]), missing, result["batches"]) == (500, [], 550)
    assert fits(wanted.expectation)
    assert wanted.expectation["tables"][-1]["table"][2] == "ORDERS_1096"


def test_long_names_make_a_smaller_sample(sandbox: Sandbox, tmp_path: Path) -> None:
    import random

    letters = random.Random(7)

    def name(number: int) -> AssetMetadata:
        text = "".join(letters.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_", k=240))
        return AssetMetadata(name=f"{text}{number}", database="ANALYTICS", schema="PUBLIC")

    result = push(tmp_path, [table(number, metadata=name(number)) for number in range(300)], max_events=1)
    wanted, missing = look(MonteCarloMetadataSensor(task_id="s", push=result))
    assert (len(wanted.expectation["tables"]), missing) in ((75, []), (150, []))


def test_in_detail_the_line_that_tells_most_is_taken(sandbox: Sandbox, tmp_path: Path) -> None:
    bare = {"fields": [], "volume": None, "freshness": None}
    events = [table(0, **bare), table(1, fields=[]), table(2), table(3)]
    wanted, missing = look(MonteCarloMetadataSensor(task_id="s", push=push(tmp_path, events)))
    assert [item["table"][2] for item in wanted.expectation["tables"]] == ["ORDERS_2"]
    wanted, _ = look(MonteCarloMetadataSensor(task_id="s", push=push(tmp_path, events[:2])))
    assert [(item["table"][2], "fields" in item) for item in wanted.expectation["tables"]] == [("ORDERS_1", False)]
    assert missing == []


def test_wide_tables_are_asked_for_some_columns(sandbox: Sandbox, tmp_path: Path) -> None:
    fields = [AssetField(name=f"C{number}", type="TEXT") for number in range(1200)]
    result = push(tmp_path, [table(0, fields=fields)])
    wanted, missing = look(MonteCarloMetadataSensor(task_id="s", push=result))
    assert (len(wanted.expectation["tables"][0]["fields"]), missing) == (50, [])


@pytest.mark.parametrize(
    ("options", "fields", "metrics"),
    [
        ({"fields": False}, False, 3),
        ({"fields": "False", "metrics": []}, False, 0),
        ({"metrics": "freshness"}, True, 1),
    ],
)
def test_details_can_be_left_out(
    sandbox: Sandbox, tmp_path: Path, options: dict[str, Any], fields: bool, metrics: int
) -> None:
    wanted, _ = look(MonteCarloMetadataSensor(task_id="s", push=push(tmp_path, [table()]), **options))
    (item,) = wanted.expectation["tables"]
    assert ("fields" in item, len(item.get("metrics", ()))) == (fields, metrics)


def test_a_column_that_did_not_arrive_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    result = push(tmp_path, [table(fields=[AssetField(name="ID", type="T"), AssetField(name="EXTRA", type="T")])])
    sandbox.reset()
    push(tmp_path, [table(fields=[AssetField(name="ID", type="T")], volume=None, freshness=None)])
    _, missing = look(MonteCarloMetadataSensor(task_id="s", push=result))
    assert missing == [
        "fields of table ANALYTICS.PUBLIC.ORDERS_0 are not visible: EXTRA",
        "row count of table ANALYTICS.PUBLIC.ORDERS_0 has not arrived",
        "byte count of table ANALYTICS.PUBLIC.ORDERS_0 has not arrived",
        "freshness of table ANALYTICS.PUBLIC.ORDERS_0 has not arrived",
    ]


def test_refused_events_are_not_waited_for(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.inject("reject", pattern=r"ORDERS_[01]$")
    with pytest.raises(Exception, match="refused 2 of 3"):
        push(tmp_path, [table(0), table(1), table(2)])
    (folder,) = tmp_path.iterdir()
    (receipt,) = folder.glob("receipts/*/receipt.json")
    result = {
        "flow": "metadata",
        "invocation_ids": ["…"],
        "manifest": (folder / "manifest.json").as_uri(),
        "receipt": receipt.as_uri(),
    }
    wanted, missing = look(MonteCarloMetadataSensor(task_id="s", push=result))
    assert [item["table"][2] for item in wanted.expectation["tables"]] == ["ORDERS_2"]
    assert missing == []


def test_a_push_without_a_manifest_is_found_by_its_invocation_ids(sandbox: Sandbox) -> None:
    sandbox.set_delay(60)
    pushed = MonteCarloIngestHook().push_events([table(0), table(1)], resource_type="snowflake", max_events=1)
    sensor = MonteCarloMetadataSensor(task_id="s", push=pushed.to_dict())
    wanted, missing = look(sensor)
    assert wanted.result["invocations"] == 2
    assert missing == [f"no table of invocation {id_} is visible" for id_ in pushed.invocation_ids]
    received = MonteCarloPushReceivedSensor(task_id="r", push=pushed.to_dict())
    assert len(look(received)[1]) == 1
    sandbox.advance(60)
    assert sensor.poke({}).is_done  # type: ignore[arg-type]
    assert received.poke({}).is_done  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="does not tell which edges"):
        MonteCarloLineageSensor(task_id="s", push=pushed.to_dict()).expect({})  # type: ignore[arg-type]


def lineage(number: int, *, columns: int = 0, **more: Any) -> LineageEvent:
    fields = [
        ColumnLineageField(name=f"OWN_{column}", source_fields=[ColumnLineageSourceField("s1", f"C_{column}")])
        for column in range(columns)
    ]
    sources = [ref(f"SOURCE_{source}", asset_id=f"s{source}", **more) for source in range(5)]
    return LineageEvent(destination=ref(f"D_{number}", asset_id="d", **more), sources=sources, fields=fields)


def test_edges_and_pairs_of_columns_of_each_batch(sandbox: Sandbox, tmp_path: Path) -> None:
    result = push(tmp_path, [lineage(number, columns=number % 2 * 30) for number in range(50)], max_events=2)
    wanted, missing = look(MonteCarloLineageSensor(task_id="s", push=result))
    # Twenty of twenty-five batches in detail, by their line with columns; the source of these is among the first three.
    assert wanted.result == {"tables": 25, "edges": 75, "column_pairs": 200}
    assert missing == []


def test_edges_across_warehouses(sandbox: Sandbox, tmp_path: Path) -> None:
    event = lineage(0, columns=1, resource_uuid=sandbox.lake_uuid, resource_type="data-lake")
    event.sources[0].resource_uuid = sandbox.warehouse_uuid
    sandbox.set_delay(60)
    result = push(tmp_path, [event])
    assert result["resource_uuid"] is None
    sensors = [cls(task_id="s", push=result) for cls in (MonteCarloLineageSensor, MonteCarloPushReceivedSensor)]
    wanted, missing = look(sensors[0])
    assert wanted.expectation["resources"] == sorted([sandbox.lake_uuid, sandbox.warehouse_uuid])
    assert len(missing) == 4
    assert sandbox.lake_uuid in look(sensors[1])[1][0]
    sandbox.advance(60)
    assert [sensor.poke({}).is_done for sensor in sensors] == [True, True]  # type: ignore[arg-type]


def test_columns_that_have_expired_are_not_waited_for(sandbox: Sandbox, tmp_path: Path) -> None:
    result = push(tmp_path, [lineage(0, columns=2)])
    receipt = Folder(UPath(result["receipt"].removesuffix("/receipt.json")))
    line = msgspec.json.decode(receipt.read("batches-00000.jsonl"))
    line["at"] = (datetime.now(UTC) - timedelta(days=11)).isoformat()
    receipt.write("batches-00000.jsonl", msgspec.json.encode(line) + b"\n")
    sandbox.advance(11 * 24 * 3600)
    wanted, missing = look(MonteCarloLineageSensor(task_id="s", push=result))
    assert (wanted.result["column_pairs"], missing) == (0, [])


def test_a_later_push_is_as_good_as_received(sandbox: Sandbox, tmp_path: Path) -> None:
    first = push(tmp_path, [table(number) for number in range(200)], max_events=1)
    sensor = MonteCarloPushReceivedSensor(task_id="s", push=first)
    wanted, missing = look(sensor)
    assert (wanted.expectation["invocations"], missing) == (first["invocation_ids"][-64:], [])
    push(tmp_path, [table()])
    assert look(MonteCarloPushReceivedSensor(task_id="s", push=first))[1] == []


def test_a_window_is_taken_from_the_push(sandbox: Sandbox, tmp_path: Path) -> None:
    start = datetime(2024, 3, 1, tzinfo=UTC)
    query = QueryLogEntry(start_time=start, end_time=start, query_text="SELECT 1", query_id="q")
    window = {"start": start, "end": start + timedelta(hours=1)}
    result = push(tmp_path, [query], window=window)
    wanted = MonteCarloQueryLogsSensor(task_id="s", push=result, tables="A.B.C").expect({})  # type: ignore[arg-type]
    assert (wanted.expectation["start"], wanted.expectation["end"]) == (
        "2024-03-01T00:00:00+00:00",
        "2024-03-01T01:00:00+00:00",
    )


@pytest.mark.parametrize("sensor", [MonteCarloLineageSensor, MonteCarloPushReceivedSensor])
def test_a_push_of_nothing_is_visible_at_once(
    sandbox: Sandbox, tmp_path: Path, sensor: Any, caplog: pytest.LogCaptureFixture
) -> None:
    wanted, missing = look(sensor(task_id="s", push=push(tmp_path, [])))
    assert (set(wanted.result.values()), missing) == ({0}, [])
    assert "nothing to look for" in caplog.text


def break_receipt(result: dict[str, Any]) -> None:
    UPath(result["receipt"]).write_text("{")


def remove_receipt(result: dict[str, Any]) -> None:
    UPath(result["receipt"]).unlink()


def collect_again(result: dict[str, Any]) -> None:
    write_manifest(Folder(UPath(result["manifest"].removesuffix("/manifest.json"))), [table(1)])


def damage_part(result: dict[str, Any]) -> None:
    UPath(result["manifest"].replace("manifest.json", "part-00000.jsonl.gz")).write_bytes(b"")


@pytest.mark.parametrize(
    ("harm", "error", "said"),
    [
        (break_receipt, ManifestError, "receipt.json cannot be read"),
        (remove_receipt, ManifestError, "does not share storage"),
        (collect_again, ManifestError, "was collected again after it was pushed"),
        (damage_part, ManifestCorruptedError, "sha256"),
        (lambda result: result.update(flow="lineage"), ConfigurationError, "is one of lineage, not of metadata"),
    ],
)
def test_storage_that_is_not_as_it_was_left(
    sandbox: Sandbox, tmp_path: Path, harm: Any, error: type[Exception], said: str
) -> None:
    result = push(tmp_path, [table()])
    harm(result)
    with pytest.raises(error, match=said):
        MonteCarloMetadataSensor(task_id="s", push=result).expect({})  # type: ignore[arg-type]
