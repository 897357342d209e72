"""What is missing, damaged or wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from upath import UPath

from airflow_provider_montecarlo_push.events import (
    Flow,
)
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.conftest import write_manifest
from tests.operators.detectors.past import DAY, UPDATED, Past, asset, edge, outcome, page_of, run

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]


class TestBadInput:
    def test_two_warehouses(self, sandbox: Sandbox, past: Past, task_log: Callable[[], str]) -> None:
        past.days(1)
        lake = past.days(1, to=sandbox.lake_uuid)
        assert outcome(f'manifest="{lake.uri}", max_tables=0')["resource_uuid"] == sandbox.lake_uuid, "its own"
        assert run("retries=3").states() == {"detectors": "failed"}
        text = task_log()
        assert "Give resource_uuid" in text
        assert sandbox.lake_uuid in text
        assert past.resource_uuid in text
        for uuid in (sandbox.lake_uuid, past.resource_uuid):
            assert outcome(f'resource_uuid="{uuid}", max_tables=0')["manifests"] == 1

    def test_one_name_in_two_warehouses_is_asked_for_in_the_right_one(self, sandbox: Sandbox, past: Past) -> None:
        past.days(1)
        hook = MonteCarloIngestHook()
        hook.push_events([asset()], resource_type="data-lake", resource_uuid=sandbox.lake_uuid)
        assert outcome()["not_visible"] == 1
        hook.push_events([asset()], resource_type="snowflake")
        assert outcome()["freshness_status"] == {"TRAINING": 1}

    def test_no_manifest_is_kept(self, sandbox: Sandbox, past: Past, task_log: Callable[[], str]) -> None:
        options = f'source_conn_id="shop", resource_uuid="{sandbox.warehouse_uuid}"'
        assert run(options + ", retries=3").states() == {"detectors": "failed"}
        assert "lifecycle rule" in task_log()
        assert run('source_conn_id="shop"').states() == {"detectors": "failed"}
        assert "have not been pushed" in task_log()

    def test_named_tables_are_asked_about_all_the_same(
        self, sandbox: Sandbox, past: Past, task_log: Callable[[], str]
    ) -> None:
        MonteCarloIngestHook().push_events([asset()], resource_type="snowflake")
        found = outcome(f'tables=["DB.S.ORDERS", "DB.S.NONE"], resource_uuid="{sandbox.warehouse_uuid}"')
        assert (found["asked"], found["not_visible_tables"]) == (2, ["DB.S.NONE"])
        assert (found["manifests"], found["freshness_status"]) == (0, {"TRAINING": 1})
        assert "Only what Monte Carlo says is reported" in task_log()
        assert "No manifest is kept" in page_of(found)
        assert "/detectors/detectors/" in found["report"], "where the task would keep a manifest"

    def test_a_manifest_that_was_deleted(self, past: Past, task_log: Callable[[], str]) -> None:
        assert run(f'manifest="{past.uri}/hourly/gone/collect", retries=3').states() == {"detectors": "failed"}
        assert "No manifest at" in task_log()

    def test_what_cannot_be_read_is_counted_and_the_rest_is_read(self, past: Past, task_log: Callable[[], str]) -> None:
        past.days(5)
        broken = [past.push([asset(updated=UPDATED + number * DAY)], (10 + number) * DAY) for number in range(5)]
        broken[0].folder.write("manifest.json", b"{")
        broken[1].folder.write("part-00000.jsonl.gz", b"changed")
        broken[2].folder.delete("part-00000.jsonl.gz")
        receipt = next(UPath(broken[3].folder.uri).glob("receipts/*/receipt.json"))
        receipt.write_bytes(b"\xff")
        broken[4].folder.delete("manifest.json")
        lost = past.push([asset("LOST")], DAY / 5)
        next(UPath(lost.folder.uri).glob("receipts/*/batches-*")).unlink()
        odd = past.push([asset("ODD")], DAY / 4)
        batches = next(UPath(odd.folder.uri).glob("receipts/*/batches-*"))
        batches.write_bytes(b"{}\n")
        found = outcome("max_tables=0")
        assert found["left_out"] == {
            "unreadable_manifests": 1, "unreadable_parts": 2, "unreadable_receipts": 2, "receipts_without_manifest": 1,
            "incomplete_receipts": 1,
        }  # fmt: skip
        assert found["furthest"][0]["freshness"]["samples"] == 5
        assert "does not have the sha256" in task_log()
        assert "parts of manifests that are missing or damaged" in page_of(found)

    def test_a_manifest_that_was_collected_anew(self, past: Past) -> None:
        past.days(2)
        reader = past.push([asset("OLD")], 5 * DAY)
        write_manifest(reader.folder, [asset("NEW")], source_conn_id="shop")
        found = outcome("max_tables=0")
        assert found["left_out"] == {"collected_anew_since": 1}
        assert found["tables"] == 1

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ("resource_uuid='mine'", "is not a UUID"),
            ("tables=['ORDERS']", "names a table 'ORDERS'"),
            ("tables=\"['DB.S.T']\"", "a list that a template turned into text"),
            ("tables=['DB.S.T'], include='*'", "Give tables, or include and exclude, not both"),
            ("include='A.B.C.D'", "has 4 parts"),
            ("max_tables=-1", "max_tables is -1"),
            ("max_tables='many'", "max_tables is 'many'"),
            ("manifest_root='relative'", "neither a URI nor an absolute path"),
            ("manifest={'uri': ''}", "No manifest was given"),
        ],
    )
    def test_parameters(self, past: Past, task_log: Callable[[], str], options: str, said: str) -> None:
        past.days(1)
        assert run(f"{options}, retries=3").states() == {"detectors": "failed"}, "not retried"
        assert said in task_log()

    def test_a_lineage_manifest(self, past: Past, task_log: Callable[[], str]) -> None:
        reader = past.push([edge("T")], DAY, flow=Flow.LINEAGE)
        assert run(f'manifest="{reader.uri}"').states() == {"detectors": "failed"}
        assert "holds lineage events, not metadata" in task_log()
