"""``collect``, ``push``, ``validate``, ``delete``, ``manifest`` and ``receipt``, from one to the next."""

from __future__ import annotations

import json
import sys
from io import StringIO
from pathlib import Path

import pytest
from upath import UPath

from airflow_provider_montecarlo_push.events import AssetField, AssetMetadata, Flow, LineageAssetRef, LineageEvent
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.cli.conftest import SHOP, Run
from tests.conftest import table, write_manifest

pytestmark = pytest.mark.integration


class TestCollect:
    def test_with_patterns(self, run: Run, tmp_path: Path) -> None:
        ended = run("collect", "metadata", *SHOP, "--include", "RAW", "--exclude", "*.*.TMP_*", "-o", "json")
        assert ended.code == 0
        assert (ended.json["events"], ended.json["left_out"]) == (2, {"filtered": 4})
        assert ended.json["uri"].startswith(f"{tmp_path.as_uri()}/command_line/")

    def test_with_a_window_and_a_log_type(self, run: Run) -> None:
        window = ("--window-start", "2024-03-01T12:00Z", "--window-end", "2024-03-01T13:00Z")
        uri = run("collect", "query_logs", *SHOP, *window, "--log-type", "snowflake", "-o", "json").json["uri"]
        shown = run("manifest", "show", uri, "-o", "json").json
        assert shown["window"] == {"start": "2024-03-01T12:00:00Z", "end": "2024-03-01T13:00:00Z"}
        assert shown["log_type"] == "snowflake"

    def test_options_of_the_collector(self, run: Run) -> None:
        ended = run("collect", "metadata", *SHOP, "--collector-kwargs", '{"fail": true}')
        assert (ended.code, "shop closed" in ended.err, "try again" in ended.err) == (75, True, True)
        assert "not JSON" in run("collect", "metadata", *SHOP, "--collector-kwargs", "{").err

    def test_a_flow_that_the_collector_does_not_have(self, run: Run) -> None:
        ended = run("collect", "etl_runs", *SHOP)
        assert (ended.code, "etl_runs" in ended.err) == (1, True)

    @pytest.mark.parametrize("option", ["--redact-literals", "--log-type=s3", "--only-freshness-and-volume"])
    def test_options_of_another_flow_are_refused(self, run: Run, option: str) -> None:
        ended = run("collect", "lineage", *SHOP, option)
        assert (ended.code, option.partition("=")[0] in ended.err) == (1, True)


class TestPush:
    def test_once_and_again(self, run: Run, sandbox: Sandbox, collected: str) -> None:
        plan = run("push", collected, "--dry-run", "-o", "json")
        assert (plan.code, plan.json["events"], plan.json["dry_run"], sandbox.pushes()) == (0, 6, True, [])
        pushed = run("push", collected, "--max-events", "2", "-o", "json")
        assert (pushed.code, pushed.json["events"], pushed.json["batches"]) == (0, 6, 3)
        assert {push["invocation_id"] for push in sandbox.pushes()} == set(pushed.json["invocation_ids"])
        again = run("push", collected, "-o", "json", "--verbose")
        assert (again.json["resumed"], len(sandbox.pushes())) == (6, 3)
        assert "Resuming" in again.err

    def test_within_the_hour(self, run: Run, sandbox: Sandbox, collected: str) -> None:
        assert run("push", collected).code == 0
        another = run("collect", "metadata", *SHOP, "-o", "json").json["uri"]
        ended = run("push", another)
        assert (ended.code, ended.out, ended.err.startswith("skipped: ")) == (3, "", True)
        assert run("push", another, "--force").code == 0

    def test_refused_events(self, run: Run, sandbox: Sandbox, collected: str) -> None:
        sandbox.inject("reject", pattern="TMP_C")
        ended = run("push", collected)
        assert (ended.code, "refused 2 of 6" in ended.err) == (1, True)
        rejected = run("receipt", "show", collected, "--rejected")
        lines = [json.loads(line) for line in rejected.out.splitlines()]
        assert [line["event"]["relational_asset"]["metadata"]["name"] for line in lines] == ["TMP_C", "TMP_C"]
        assert run("push", collected, "--on-rejected", "skip").code == 0

    def test_a_gateway_that_wants_to_rest(self, run: Run, sandbox: Sandbox, collected: str) -> None:
        sandbox.inject("status", status=503, headers={"Retry-After": "1000"})
        ended = run("push", collected)
        assert (ended.code, ended.err.startswith("error: 503"), "try again" in ended.err) == (75, True, True)
        sandbox.clear_faults()
        assert run("push", collected).code == 0

    def test_a_wrong_key(self, run: Run, sandbox: Sandbox, collected: str) -> None:
        sandbox.revoke_key(sandbox.ingest_key)
        ended = run("push", collected)
        assert (ended.code, "401" in ended.err, sandbox.ingest_key.secret in ended.err) == (1, True, False)

    def test_no_manifest(self, run: Run, tmp_path: Path) -> None:
        ended = run("push", str(tmp_path / "nowhere"))
        assert (ended.code, "No manifest" in ended.err) == (1, True)

    def test_relative_paths(self, run: Run, collected: str, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = Path(collected.removeprefix("file://"))
        monkeypatch.chdir(folder.parent)
        assert run("push", folder.name).code == 0


class TestValidate:
    def test_visible(self, run: Run, collected: str) -> None:
        receipt = run("push", collected, "-o", "json").json["receipt"]
        for uri in (receipt, collected, f"{collected}/manifest.json"):
            ended = run("validate", uri, "-o", "json")
            assert (ended.code, ended.json["visible"], ended.json["missing"]) == (0, True, 0)
        assert run("validate", receipt, "--received", "-o", "json").json["looked_for"] == {"warehouses": 1}

    def test_not_yet_and_then(self, run: Run, sandbox: Sandbox, collected: str) -> None:
        sandbox.set_delay(3600)
        run("push", collected)
        ended = run("validate", collected, "-o", "json", "--wait", "0.2", "--interval", "0.1")
        assert (ended.code, ended.json["visible"], bool(ended.json["missing_examples"])) == (3, False, True)
        assert "Looking again" in ended.err
        sandbox.advance(3700)
        assert run("validate", collected).code == 0

    def test_lineage(self, run: Run, collected: str) -> None:
        run("push", collected)
        uri = run("collect", "lineage", *SHOP, "-o", "json").json["uri"]
        assert run("push", uri).code == 0
        ended = run("validate", uri, "-o", "json")
        assert (ended.json["visible"], ended.json["looked_for"]["edges"]) == (True, 1)

    def test_query_logs(self, run: Run, collected: str) -> None:
        run("push", collected)
        uri = run("collect", "query_logs", *SHOP, "-o", "json").json["uri"]
        assert run("push", uri).code == 0
        assert run("validate", uri, "-o", "json").json["looked_for"] == {"warehouses": 1}
        ended = run("validate", uri, "--table", "RAW.S.A", "-o", "json")
        assert (ended.code, ended.json["looked_for"], ended.json["missing"]) == (3, {"tables": 1}, 1)
        assert run("validate", collected, "--table", "RAW.S.A").code == 1

    def test_never_pushed(self, run: Run, collected: str) -> None:
        ended = run("validate", collected)
        assert (ended.code, "has not been pushed" in ended.err) == (1, True)

    def test_pushed_to_two_places(self, run: Run, sandbox: Sandbox, collected: str) -> None:
        for resource in (sandbox.warehouse_uuid, sandbox.lake_uuid):
            assert run("push", collected, "--resource-uuid", resource).code == 0
        ended = run("validate", collected)
        assert (ended.code, "2 places" in ended.err, ended.err.count("receipt.json")) == (1, True, 2)
        assert len(run("receipt", "show", collected, "-o", "json").json) == 2


class TestDelete:
    def two(self, run: Run, collected: str) -> tuple[str, ...]:
        """Push six tables, then collect four of them with the same scope."""
        assert run("push", collected).code == 0
        folder = Folder(UPath(f"{collected}-later"))
        before = ManifestReader(Folder(UPath(collected))).manifest
        names = [("RAW", "A"), ("RAW", "B"), ("MARTS", "A"), ("MARTS", "B")]
        events = [table(metadata=AssetMetadata(name=name, database=database, schema="S")) for database, name in names]
        header = {"collector": before.collector, "source_conn_id": before.source_conn_id, "scope": before.scope}
        write_manifest(folder, list(events), resource_type=before.resource_type, **header)
        return ("--manifest", folder.uri, "--previous", collected, "--max-fraction", "0.5")

    def answer(self, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
        terminal = StringIO(text)
        terminal.isatty = lambda: True  # type: ignore[method-assign]
        monkeypatch.setattr(sys, "stdin", terminal)

    def test_asks_before_it_deletes(
        self, run: Run, sandbox: Sandbox, collected: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        options = self.two(run, collected)
        self.answer(monkeypatch, "n\n")
        ended = run("delete", *options)
        assert (ended.code, "2 tables would be deleted" in ended.err, len(sandbox.tables())) == (3, True, 6)
        self.answer(monkeypatch, "y\n")
        ended = run("delete", *options, "-o", "json")
        assert (ended.code, ended.json["deleted"], len(sandbox.tables())) == (0, 2, 4)

    def test_without_a_terminal(self, run: Run, sandbox: Sandbox, collected: str) -> None:
        options = self.two(run, collected)
        assert run("delete", *options).code == 1
        looked = run("delete", *options, "--dry-run", "-o", "json")
        assert (looked.code, looked.json["to_delete"], looked.json["deleted"]) == (0, 2, 0)
        assert run("delete", *options, "--yes").code == 0
        assert {row["name"] for row in sandbox.tables()} == {"A", "B"}

    def test_by_name_and_by_mcon(self, run: Run, sandbox: Sandbox, collected: str) -> None:
        run("push", collected)
        named = ("--table", "RAW.S.A", "--table", "RAW.S.B", "--resource-uuid", sandbox.warehouse_uuid)
        assert run("delete", *named, "--yes", "-o", "json").json["deleted"] == 2
        assert run("delete", "--mcon", sandbox.mcon("MARTS", "S", "A"), "--yes", "-o", "json").json["deleted"] == 1
        assert len(sandbox.tables()) == 3

    def test_guards_hold(self, run: Run, sandbox: Sandbox, collected: str) -> None:
        options = [*self.two(run, collected)[:-1], "0.1"]
        ended = run("delete", *options, "--yes")
        assert (ended.code, "max_fraction" in ended.err, len(sandbox.tables())) == (1, True, 6)


class TestManifests:
    def test_show(self, run: Run, collected: str) -> None:
        shown = run("manifest", "show", collected, "-o", "json", "--verify").json
        assert (shown["flow"], shown["events"], shown["collector"], shown["verified"]) == ("metadata", 6, "shop", True)
        lines = [json.loads(line) for line in run("manifest", "show", collected, "--events", "2").out.splitlines()]
        assert [line["relational_asset"]["metadata"]["name"] for line in lines] == ["A", "B"]

    def test_a_damaged_part_is_found(self, run: Run, collected: str) -> None:
        (part,) = Path(collected.removeprefix("file://")).glob("part-*")
        part.write_bytes(part.read_bytes() + b"!")
        assert run("manifest", "show", collected).code == 0
        ended = run("manifest", "show", collected, "--verify")
        assert (ended.code, "sha256" in ended.err) == (1, True)

    def test_errors_of_a_store_are_short_unless_asked_for(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "manifest.json").mkdir()
        ended = run("manifest", "show", str(tmp_path))
        assert (ended.code, ended.out, ended.err.startswith("error: IsADirectoryError")) == (1, "", True)
        with pytest.raises(IsADirectoryError):
            run("manifest", "show", str(tmp_path), "--verbose")

    def test_diff_of_tables(self, run: Run, tmp_path: Path) -> None:
        older, newer = (Folder(UPath((tmp_path / name).as_uri())) for name in ("older", "newer"))
        write_manifest(older, [table(1), table(2), table(3)], scope={"include": ["*"]})
        altered = table(2, fields=[AssetField(name="ID", type="TEXT")])
        grown = table(3, volume=None)
        write_manifest(newer, [altered, grown, table(4)], scope={"include": ["ANALYTICS"]})
        ended = run("manifest", "diff", older.uri, newer.uri, "-o", "json")
        assert ended.json == {
            "older": 3,
            "newer": 3,
            "added": 1,
            "removed": 1,
            "changed": 1,
            "added_tables": ["ANALYTICS.PUBLIC.ORDERS_4"],
            "removed_tables": ["ANALYTICS.PUBLIC.ORDERS_1"],
            "changed_tables": ["ANALYTICS.PUBLIC.ORDERS_2"],
        }
        assert "The scopes differ" in ended.err
        shown = run("manifest", "diff", older.uri, newer.uri, "--limit", "0")
        assert "1 more" in shown.out

    def test_diff_of_edges(self, run: Run, tmp_path: Path) -> None:
        a, b, c = (LineageAssetRef(type="TABLE", name=name, database="D", schema="S") for name in "abc")
        older, newer = (Folder(UPath((tmp_path / name).as_uri())) for name in ("older", "newer"))
        write_manifest(older, [LineageEvent(destination=c, sources=[a])], Flow.LINEAGE)
        write_manifest(newer, [LineageEvent(destination=c, sources=[a, b])], Flow.LINEAGE)
        result = run("manifest", "diff", older.uri, newer.uri, "-o", "json").json
        assert (result["added_edges"], result["removed"], result["changed"]) == (["D.S.c ← D.S.b"], 0, 0)

    def test_manifests_of_two_flows(self, run: Run, collected: str) -> None:
        lineage = run("collect", "lineage", *SHOP, "-o", "json").json["uri"]
        ended = run("manifest", "diff", collected, lineage)
        assert (ended.code, "not metadata" in ended.err) == (1, True)


class TestReceipts:
    def test_show(self, run: Run, sandbox: Sandbox, collected: str) -> None:
        ids = run("push", collected, "--max-events", "4", "-o", "json").json["invocation_ids"]
        shown = run("receipt", "show", collected, "-o", "json").json
        assert (shown["status"], shown["acknowledged"], shown["resource_uuid"]) == (
            "delivered",
            6,
            sandbox.warehouse_uuid,
        )
        batches = run("receipt", "show", shown["receipt"], "--batches", "-o", "json").json
        assert [batch["invocation_id"] for batch in batches] == ids
        assert sorted(batch["events"] for batch in batches) == [2, 4]
        assert run("receipt", "show", shown["receipt"], "--rejected").out == ""

    def test_none(self, run: Run, collected: str) -> None:
        for uri in (collected, f"{collected}/receipts/x/receipt.json"):
            assert run("receipt", "show", uri).code == 1
