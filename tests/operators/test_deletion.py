"""Deleting tables at the sandbox in real Airflow runs: what goes, what stays, what is refused, what is kept of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath
from moto.server import ThreadedMotoServer
from upath import UPath

from airflow_provider_montecarlo_push.deletion.record import DeletionRecord, DeletionSummary
from airflow_provider_montecarlo_push.deletion.run import DeletionRun
from airflow_provider_montecarlo_push.events import AssetMetadata, Flow, RelationalAsset
from airflow_provider_montecarlo_push.graphql.deletion import KnownTable
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.manifests.model import RunReference, encode_manifest
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.receipts import Destination, Receipt
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.conftest import write_manifest
from tests.operators.airflow_runs import AirflowRun, run_dag
from tests.operators.conftest import TaskLog

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]
SCOPE = {"include": ["*"], "exclude": [], "only_freshness_and_volume": False}
Week = Callable[..., ManifestReader]


def asset(name: str, database: str = "DB") -> RelationalAsset:
    return RelationalAsset(type="TABLE", metadata=AssetMetadata(name=name, database=database, schema="S"))


def push(*names: str, resource_uuid: str | None = None) -> None:
    MonteCarloIngestHook().push_events(
        [asset(name) for name in names], resource_type="snowflake", resource_uuid=resource_uuid
    )


@pytest.fixture
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A manifest root on local disk, or on S3 where a test asks for it."""
    if getattr(request, "param", "file") == "file":
        yield ObjectStoragePath(tmp_path.as_uri())
        return
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    extra = {"endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "key", "password": "secret", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_STORE", json.dumps(connection))
    path = ObjectStoragePath(f"s3://store@bucket-{uuid.uuid4().hex[:8]}/monte carlo")
    path.fs.mkdir(path.bucket)
    yield path
    server.stop()


@pytest.fixture
def week(root: Any) -> Week:
    """Write what a collect task would leave in some week, counted from 0; each is collected an hour after the last."""
    now = datetime.now(UTC)

    def write(number: int, names: Iterable[str], *, pushed_to: str | None = None, **changes: Any) -> ManifestReader:
        run = RunReference("cleanup", f"week-{number}", "collect")
        folder = Folder(root).child(run.dag_id, run.run_id, run.task_id)
        header = {"source_conn_id": "shop", "scope": SCOPE, "run": run, "root": str(root)}
        manifest = write_manifest(folder, [asset(name) for name in names], **header).manifest
        facts = {"collected_at": now + timedelta(hours=number + 1)} | changes
        folder.write("manifest.json", encode_manifest(msgspec.structs.replace(manifest, **facts)))
        reader = ManifestReader(folder)
        if pushed_to:
            Receipt(folder, reader.uri, reader.manifest, Destination("http://gateway", pushed_to)).close("delivered")
        return reader

    return write


def run(sandbox: Sandbox, options: str, **more: Any) -> AirflowRun:
    """Run the operator; the warehouse is the sandbox's first one unless ``options`` name another."""
    if "resource_uuid" not in options:
        options += f', resource_uuid="{sandbox.warehouse_uuid}"'
    return run_dag(
        f"""
        from airflow_provider_montecarlo_push.operators.deletion import MonteCarloDeletePushedTablesOperator
        MonteCarloDeletePushedTablesOperator(task_id="delete", {options})
        """,
        **more,
    )


def names(rows: list[dict[str, Any]]) -> set[str]:
    return {row["mcon"].rpartition(".")[2] for row in rows}


def record_of(outcome: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """Return a record's summary and the names of the tables that it says were deleted."""
    summary = UPath(outcome["record"])
    deleted = [json.loads(line) for path in summary.parent.glob("deleted-*") for line in path.read_text().splitlines()]
    assert len(deleted) == len({row["mcon"] for row in deleted})
    return json.loads(summary.read_text()), names(deleted)


TEN = [f"T{number}" for number in range(10)]


@pytest.fixture
def dropped(week: Week) -> str:
    """Push ten tables of which one is dropped; return the operator's parameters."""
    push(*TEN)
    return f'manifest="{week(1, TEN[1:]).uri}", previous="{week(0, TEN).uri}"'


def test_without_dry_run_false_nothing_is_deleted(sandbox: Sandbox, dropped: str, task_log: TaskLog) -> None:
    outcome = run(sandbox, dropped).xcom("delete")
    assert sandbox.deletions() == []
    facts = {"dry_run": True, "status": "reported", "older": 10, "newer": 9, "asked": 1, "to_delete": 1, "deleted": 0}
    assert facts.items() <= outcome.items()
    assert outcome["tables"] == ["DB:S.T0"]
    text = task_log.text
    assert "10 tables before, 9 now, 1 dropped" in text
    assert any("DB:S.T0" in line and "to delete" in line for line in text.splitlines())
    assert "Dry run: nothing was deleted" in text
    summary, deleted = record_of(outcome)
    assert (summary["status"], summary["planned"], deleted) == ("reported", 1, set())


def test_dropped_tables_are_deleted_and_recorded_beside_the_manifest(sandbox: Sandbox, dropped: str) -> None:
    outcome = run(sandbox, f"{dropped}, dry_run=False").xcom("delete")
    assert names(sandbox.deletions()) == {"T0"}
    assert names(sandbox.tables()) == set(TEN[1:])
    assert (outcome["status"], outcome["deleted"], outcome["dry_run"]) == ("deleted", 1, False)
    assert outcome["record"].startswith(outcome["manifest"].removesuffix("manifest.json") + "deletions/")
    summary, deleted = record_of(outcome)
    assert deleted == {"T0"}
    assert summary["run"]["task_id"] == "delete"
    assert (summary["manifest"], summary["previous"]) == (outcome["manifest"], outcome["previous"])


def test_nothing_dropped_is_nothing_to_do(sandbox: Sandbox, week: Week, task_log: TaskLog) -> None:
    options = f'previous="{week(0, TEN).uri}", manifest="{week(1, TEN).uri}", dry_run=False'
    assert run(sandbox, options).xcom("delete")["deleted"] == 0
    assert "There is nothing to delete" in task_log.text


@pytest.mark.parametrize(
    ("older", "newer", "options", "said"),
    [
        ({}, {"complete": False, "notes": ["RAW was denied."]}, "", "is not complete: RAW was denied."),
        ({"complete": False}, {}, "", "is not complete"),
        ({}, {"scope": SCOPE | {"include": ["DB.S"]}}, "", "not of the same scope: include"),
        ({"scope": SCOPE | {"exclude": ["TMP"]}}, {}, "", "not of the same scope: exclude"),
        ({}, {"collector": "hive"}, "", "collector is 'test' and 'hive'"),
        ({}, {"source_conn_id": "other"}, "", "source_conn_id is 'shop' and 'other'"),
        ({}, {"resource_type": "redshift"}, "", "resource_type is 'snowflake' and 'redshift'"),
        ({"pushed_to": "other"}, {}, "", "was pushed to other, not to"),
        ({}, {"pushed_to": "other"}, "", "was pushed to other, not to"),
        ({"pushed_to": "one"}, {"pushed_to": "other"}, "resource_uuid=None", "pushed to different warehouses"),
        ({}, {}, "resource_uuid=None", "Give resource_uuid"),
        ({}, {}, "resource_uuid='mine'", "is not a UUID"),
        ({}, {"names": TEN[2:]}, "", "2 of 10 tables (20.0%) would go, more than max_fraction=0.1 allows"),
        ({}, {"names": TEN[1:]}, "max_fraction=0.09", "1 of 10 tables (10.0%) would go"),
        ({}, {"names": TEN[3:]}, "max_fraction=1, max_tables=2", "3 tables would go, more than max_tables=2 allows"),
        ({}, {"names": TEN[1:]}, "max_fraction='0'", "more than max_fraction=0 allows"),
        ({}, {"flow": Flow.LINEAGE}, "", "holds lineage events"),
    ],
)
def test_guards_refuse_before_monte_carlo_is_asked(
    sandbox: Sandbox, week: Week, task_log: TaskLog, older: Any, newer: Any, options: str, said: str
) -> None:
    push(*TEN)
    one, other = week(0, **({"names": TEN} | older)), week(1, **({"names": TEN[1:]} | newer))
    options = f'previous="{one.uri}", manifest="{other.uri}", dry_run=False, retries=3, {options}'
    assert run(sandbox, options.rstrip(", ")).states() == {"delete": "failed"}, "not retried"
    assert said in task_log.text
    assert sandbox.requests("graphql") == []


def test_limits_let_through_what_is_within_them(sandbox: Sandbox, week: Week) -> None:
    push(*TEN)
    uris = f'previous="{week(0, TEN).uri}", manifest="{week(1, TEN[5:]).uri}"'
    assert run(sandbox, f'{uris}, dry_run="false", max_fraction="0.5", max_tables="5"').xcom("delete")["deleted"] == 5


def test_a_database_without_any_table_left_is_pointed_out(
    sandbox: Sandbox, week: Week, task_log: TaskLog, tmp_path: Path
) -> None:
    older = week(0, TEN)
    events = [asset("T", database="NEW")]
    newer = write_manifest(Folder(UPath((tmp_path / "new").as_uri())), events, source_conn_id="shop", scope=SCOPE)
    later = msgspec.structs.replace(newer.manifest, collected_at=datetime.now(UTC) + timedelta(days=1))
    newer.folder.write("manifest.json", encode_manifest(later))
    run(sandbox, f'previous="{older.uri}", manifest="{newer.uri}"')
    assert "No table is left of DB: were grants withdrawn?" in task_log.text


def test_the_warehouse_is_that_which_the_manifests_were_pushed_to(sandbox: Sandbox, week: Week) -> None:
    push(*TEN, resource_uuid=sandbox.lake_uuid)
    push(*TEN)
    one, other = (week(number, TEN[number:], pushed_to=sandbox.lake_uuid) for number in (0, 1))
    options = f'previous="{one.uri}", manifest="{other.uri}", dry_run=False, resource_uuid=None'
    assert run(sandbox, options).xcom("delete")["resource_uuid"] == sandbox.lake_uuid
    assert [sandbox.lake_uuid in row["mcon"] for row in sandbox.deletions()] == [True]


class TestNamedTables:
    def test_by_mcon(self, sandbox: Sandbox) -> None:
        push(*TEN)
        mcons = [sandbox.mcon("DB", "S", name) for name in ("T1", "T2", "T1")]
        outcome = run(sandbox, f"mcons={mcons}, dry_run=False").xcom("delete")
        assert (outcome["asked"], outcome["deleted"]) == (2, 2)
        assert names(sandbox.deletions()) == {"T1", "T2"}
        assert "/delete/deletions/" in outcome["record"]
        assert record_of(outcome)[1] == {"T1", "T2"}

    def test_by_name_in_one_of_two_warehouses(self, sandbox: Sandbox) -> None:
        push(*TEN)
        push(*TEN, resource_uuid=sandbox.lake_uuid)
        tables = ["DB.S.T1", {"database": "DB", "schema": "S", "name": "T2"}, "DB:S.T3"]
        run(sandbox, f'tables={tables}, dry_run=False, resource_uuid="{sandbox.lake_uuid}"')
        deleted = [row["mcon"] for row in sandbox.deletions()]
        assert sorted(deleted) == [
            sandbox.mcon("DB", "S", name, resource_uuid=sandbox.lake_uuid) for name in ("T1", "T2", "T3")
        ]

    def test_a_dry_run_only_reports(self, sandbox: Sandbox) -> None:
        push("T1")
        assert run(sandbox, 'tables="DB.S.T1"').xcom("delete")["to_delete"] == 1
        assert sandbox.deletions() == []

    @pytest.mark.parametrize("dry_run", [True, False])
    def test_unknown_ones_are_listed_and_nothing_is_deleted(
        self, sandbox: Sandbox, task_log: TaskLog, dry_run: bool
    ) -> None:
        push("T1")
        mcons = [sandbox.mcon("DB", "S", name) for name in ("T1", "NO_SUCH", "NOR_THIS")]
        assert run(sandbox, f"mcons={mcons}, dry_run={dry_run}, retries=3").states() == {"delete": "failed"}
        text = task_log.text
        assert f"Monte Carlo does not know 2 of 3 tables: {mcons[1]}, {mcons[2]}." in text
        assert sandbox.deletions() == []

    def test_those_that_monte_carlo_collects_are_refused(self, sandbox: Sandbox, task_log: TaskLog) -> None:
        push("T1")
        event = {"relational_asset": {"type": "TABLE", "metadata": {"name": "PULLED", "database": "DB", "schema": "S"}}}
        mcons = [sandbox.mcon("DB", "S", "T1"), sandbox.add_collected_table(event)]
        assert run(sandbox, f"mcons={mcons}, dry_run=False").states() == {"delete": "failed"}
        assert "1 of 2 tables were not push-ingested: DB:S.PULLED" in task_log.text
        assert sandbox.deletions() == []

    def test_those_that_are_deleted_already_are_skipped(self, sandbox: Sandbox) -> None:
        push("T1", "T2")
        run(sandbox, 'tables="DB.S.T1", dry_run=False')
        outcome = run(sandbox, 'tables=["DB.S.T1", "DB.S.T2"], dry_run=False').xcom("delete")
        assert (outcome["deleted"], outcome["left_alone"]) == (1, {"already_deleted": 1})
        assert len(sandbox.deletions()) == 2

    def test_max_tables_holds_for_them_as_well(self, sandbox: Sandbox, task_log: TaskLog) -> None:
        push(*TEN)
        tables = [f"DB.S.{name}" for name in TEN]
        assert run(sandbox, f"tables={tables}, max_tables=9, dry_run=False").state == "failed"
        assert "10 tables would go, more than max_tables=9 allows" in task_log.text
        assert sandbox.deletions() == []

    def test_more_than_a_thousand_go_in_several_calls(self, sandbox: Sandbox) -> None:
        many = [f"T{number}" for number in range(2_300)]
        push(*many)
        tables = [f"DB.S.{name}" for name in many]
        outcome = run(sandbox, f"tables={tables}, dry_run=False").xcom("delete")
        assert outcome["deleted"] == len(sandbox.deletions()) == 2_300
        assert len(outcome["tables"]) == 50
        segments = sorted(UPath(outcome["record"]).parent.glob("deleted-*"))
        assert [len(path.read_text().splitlines()) for path in segments] == [1_000, 1_000, 300]


class TestDroppedTables:
    """What Monte Carlo knows about dropped tables need not be what was expected."""

    def test_what_need_not_or_may_not_be_deleted_is_left_alone_and_counted(
        self, sandbox: Sandbox, week: Week, task_log: TaskLog
    ) -> None:
        many = [f"T{number}" for number in range(40)]
        push(*many[2:])
        event = {"relational_asset": {"type": "TABLE", "metadata": {"name": "T0", "database": "DB", "schema": "S"}}}
        sandbox.add_collected_table(event)
        run(sandbox, 'tables="DB.S.T2", dry_run=False')
        options = f'previous="{week(0, many).uri}", manifest="{week(1, many[4:]).uri}", dry_run=False'
        outcome = run(sandbox, options).xcom("delete")
        assert outcome["left_alone"] == {"not_push_ingested": 1, "unknown": 1, "already_deleted": 1}
        assert names(sandbox.deletions()) == {"T2", "T3"}
        text = task_log.text
        for name, why in (
            ("T0", "not push-ingested"),
            ("DB.S.T1", "unknown to Monte Carlo"),
            ("T2", "deleted already"),
        ):
            assert any(name in line and f"left alone: {why}" in line for line in text.splitlines())

    def test_one_that_was_pushed_again_is_left_alone(self, sandbox: Sandbox, dropped: str) -> None:
        sandbox.advance(7 * 86_400)
        push("T0")
        outcome = run(sandbox, f"{dropped}, dry_run=False").xcom("delete")
        assert outcome["left_alone"] == {"pushed_since": 1}
        assert sandbox.deletions() == []

    def test_one_that_is_pushed_again_after_the_report_is_left_alone(self, sandbox: Sandbox, dropped: str) -> None:
        assert run(sandbox, dropped).xcom("delete")["to_delete"] == 1
        sandbox.advance(7 * 86_400)
        push("T0")
        outcome = run(sandbox, f"{dropped}, dry_run=False").xcom("delete")
        assert (outcome["deleted"], outcome["left_alone"]) == (0, {"pushed_since": 1})
        assert sandbox.deletions() == []

    def test_not_one_of_them_known_is_refused(self, sandbox: Sandbox, dropped: str, task_log: TaskLog) -> None:
        other = f'{dropped}, dry_run=False, resource_uuid="{sandbox.lake_uuid}"'
        assert run(sandbox, other).state == "failed"
        assert "Monte Carlo does not know 1 of 1 tables: DB.S.T0" in task_log.text

    def test_only_what_was_reported_is_deleted(self, sandbox: Sandbox, week: Week) -> None:
        many = [f"T{number}" for number in range(20)]
        push(*many[1:])
        uris = f'previous="{week(0, many).uri}", manifest="{week(1, many[2:]).uri}"'
        assert run(sandbox, uris).xcom("delete")["tables"] == ["DB:S.T1"]
        push("T0")
        run(sandbox, f"{uris}, dry_run=False")
        assert names(sandbox.deletions()) == {"T1"}

    def test_a_report_after_the_deletion_changes_nothing(self, sandbox: Sandbox, dropped: str) -> None:
        done = run(sandbox, f"{dropped}, dry_run=False").xcom("delete")
        again = run(sandbox, dropped).xcom("delete")
        assert (again["status"], again["deleted"], again["record"]) == ("deleted", 1, done["record"])
        assert record_of(again)[1] == {"T0"}


def test_two_spellings_of_one_table_are_one_table_to_delete(folder: Folder) -> None:
    now = datetime.now(UTC)
    record = DeletionRecord(folder, DeletionSummary(started_at=now, updated_at=now, asked=2))
    record.begin_plan()
    one = KnownTable("mcon", "db:s.t", deleted=False, pushed=True, last_observed=None)
    # As by a Monte Carlo that does not tell them apart.
    answers: Any = lambda some: [one] * len(some)  # noqa: E731 - in the place of a conversation
    DeletionRun(lambda answer: answer, record).plan(iter(["DB:S.T", "db:s.t"]), answers)
    assert [table.mcon for table in record.planned()] == ["mcon"]


class TestThePreviousManifest:
    @pytest.mark.parametrize("root", ["file", "s3"], indirect=True)
    def test_it_is_found_and_moves_on_when_its_tables_are_dealt_with(self, sandbox: Sandbox, week: Week) -> None:
        many = [f"T{number}" for number in range(40)]
        push(*many)
        first, second, third = (week(number, many[number:]) for number in (0, 1, 2))
        report = run(sandbox, f'manifest="{second.uri}"').xcom("delete")
        assert (report["previous"], report["asked"]) == (first.uri, 1)
        # Nobody approved of it, so the next one makes up for it.
        done = run(sandbox, f'manifest="{third.uri}", dry_run=False').xcom("delete")
        assert (done["previous"], done["deleted"]) == (first.uri, 2)
        fourth = run(sandbox, f'manifest="{week(3, many[3:]).uri}", dry_run=False').xcom("delete")
        assert (fourth["previous"], fourth["deleted"]) == (third.uri, 1)

    def test_a_refusal_is_made_up_for(self, sandbox: Sandbox, week: Week) -> None:
        push(*TEN)
        first, second, third = week(0, TEN), week(1, TEN[2:]), week(2, TEN[3:])
        assert run(sandbox, f'manifest="{second.uri}", dry_run=False').state == "failed"
        outcome = run(sandbox, f'manifest="{third.uri}", dry_run=False, max_fraction=0.5').xcom("delete")
        assert (outcome["previous"], outcome["deleted"]) == (first.uri, 3)

    def test_a_report_of_nothing_is_dealt_with(self, sandbox: Sandbox, week: Week) -> None:
        push(*TEN)
        _, second, third = week(0, TEN), week(1, TEN), week(2, TEN[1:])
        run(sandbox, f'manifest="{second.uri}"')
        assert run(sandbox, f'manifest="{third.uri}"').xcom("delete")["previous"] == second.uri

    def test_tables_that_were_pushed_since_are_looked_at_again(self, sandbox: Sandbox, week: Week) -> None:
        push(*TEN)
        first, second, third = week(0, TEN), week(1, TEN[1:]), week(200, TEN[1:])
        sandbox.advance(86_400)
        push("T0")
        spared = run(sandbox, f'manifest="{second.uri}", dry_run=False').xcom("delete")
        assert spared["left_alone"] == {"pushed_since": 1}
        outcome = run(sandbox, f'manifest="{third.uri}", dry_run=False').xcom("delete")
        assert (outcome["previous"], outcome["deleted"]) == (first.uri, 1)

    def test_incomplete_and_differently_filtered_ones_are_passed_over(self, sandbox: Sandbox, week: Week) -> None:
        first = week(0, TEN)
        week(1, TEN, complete=False)
        week(2, TEN, scope=SCOPE | {"include": ["DB"]})
        assert run(sandbox, f'manifest="{week(3, TEN).uri}"').xcom("delete")["previous"] == first.uri

    @pytest.mark.parametrize(
        ("changes", "state", "said"),
        [
            ({}, "skipped", "there is nothing to compare it with yet"),
            ({"run": None}, "failed", "does not say which task collected it"),
        ],
    )
    def test_without_one_the_task_says_so(
        self, sandbox: Sandbox, week: Week, task_log: TaskLog, changes: dict[str, Any], state: str, said: str
    ) -> None:
        assert run(sandbox, f'manifest="{week(0, TEN, **changes).uri}"').states() == {"delete": state}
        assert said in task_log.text


class TestTrouble:
    """A plan of one table takes a look-up; carrying it out, another one and the call."""

    def test_a_retry_goes_on_where_the_last_attempt_stopped(self, sandbox: Sandbox) -> None:
        many = [f"T{number}" for number in range(1_200)]
        push(*many)
        tables = [f"DB.S.{name}" for name in many]
        # 24 look-ups, 20 of the first thousand once more, their deletion, 4 of the rest; then it breaks.
        sandbox.inject("status", flow="graphql", status=503, headers={"Retry-After": "9999"}, skip=49, count=1)
        outcome = run(sandbox, f"tables={tables}, dry_run=False, retries=1, retry_delay=timedelta(0)").xcom("delete")
        assert outcome["deleted"] == len(sandbox.deletions()) == 1_200
        assert len(record_of(outcome)[1]) == 1_200
        assert len(sandbox.requests("graphql")) == 24 + 20 + 1 + 4 + 1 + 4 + 1

    def test_what_was_deleted_is_on_record_when_it_fails_for_good(self, sandbox: Sandbox, tmp_path: Path) -> None:
        many = [f"T{number}" for number in range(1_001)]
        push(*many)
        sandbox.inject("html", flow="graphql", skip=21 + 20 + 1, status=200)
        tables = [f"DB.S.{name}" for name in many]
        assert run(sandbox, f"tables={tables}, dry_run=False").state == "failed"
        (path,) = tmp_path.rglob("deletion.json")
        summary = json.loads(path.read_text())
        assert (summary["status"], summary["deleted"]) == ("deleting", 1_000)
        assert "is not a GraphQL answer" in summary["error"]

    @pytest.mark.parametrize("fault", ["truncate", "reset"])
    def test_an_answer_that_is_lost_is_no_failure(self, sandbox: Sandbox, dropped: str, fault: str) -> None:
        sandbox.inject(fault, flow="graphql", store=True, skip=2, count=1)
        outcome = run(sandbox, f"{dropped}, dry_run=False, retries=1, retry_delay=timedelta(0)").xcom("delete")
        assert names(sandbox.deletions()) == {"T0"}
        assert outcome["status"] == "deleted"
        assert record_of(outcome)[1] <= {"T0"}

    def test_fewer_than_asked_for_is_tried_again(self, sandbox: Sandbox, dropped: str, task_log: TaskLog) -> None:
        few = {"data": {"deletePushIngestedTables": {"success": True, "deletedCount": 0}}}
        sandbox.inject("status", flow="graphql", status=200, body=few, skip=2, count=1)
        outcome = run(sandbox, f"{dropped}, dry_run=False, retries=1, retry_delay=timedelta(0)").xcom("delete")
        assert "deleted 0 of 1 tables, and 1 are still there" in task_log.text
        assert outcome["deleted"] == len(sandbox.deletions()) == 1

    def test_a_wrong_key_fails_at_once(self, sandbox: Sandbox, dropped: str, task_log: TaskLog) -> None:
        sandbox.revoke_key(sandbox.api_key)
        assert run(sandbox, f"{dropped}, dry_run=False, retries=3").states() == {"delete": "failed"}
        assert "401 from" in task_log.text
        assert sandbox.api_key.secret not in task_log.text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("", "Give one of mcons, tables and manifest, not none of them"),
        ('mcons="a", tables="b"', "not mcons and tables"),
        ('tables="{{ none }}"', "not none of them"),
        ('tables="only_two.parts"', "write 'database.schema.table'"),
        ('tables="A.B.C", resource_uuid=None', "tables needs resource_uuid"),
        ("tables=\"['A.B.C']\"", "render_template_as_native_obj"),
        ("tables=[None]", "no text"),
        ("mcons=[{'mcon': 'a'}]", "no text"),
        ('tables="A.B.C", dry_run="perhaps"', "dry_run is 'perhaps'"),
        ('tables="A.B.C", max_tables="many"', "max_tables is 'many'"),
        ('tables="A.B.C", max_tables=-1', "give a number from 0"),
        ('tables="A.B.C", max_fraction=10', "give a number from 0 to 1"),
        ('manifest="/nowhere/at/all"', "No manifest at"),
        ('tables="A.B.C", resource_uuid="mine"', "is not a UUID"),
    ],
)
def test_bad_input_fails_at_once_with_a_clear_error(
    sandbox: Sandbox, task_log: TaskLog, options: str, said: str
) -> None:
    assert run(sandbox, f"{options}, retries=3".lstrip(", ")).states() == {"delete": "failed"}
    assert said in task_log.text
    assert sandbox.requests() == []
