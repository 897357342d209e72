from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow
from tests.collectors.bigquery.conftest import FAILING, PROJECT, SHOP, MakeCollector, make
from tests.collectors.bigquery.wire import TABLE, Answer, Refusal, Wire

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = explicit_window(START, START + timedelta(hours=1))
COLUMNS = [
    *("job_id STRING", "query STRING", "user_email STRING", "start TIMESTAMP", "end_time TIMESTAMP"),
    *("reason STRING", "message STRING", "statement_type STRING"),
    *("statement_type_1 STRING", "parent_job_id STRING", "project_id STRING", "priority STRING"),
    *("reservation_id STRING", "cache_hit BOOLEAN", "processed INTEGER", "billed INTEGER", "slot_ms INTEGER"),
    *("session_id STRING", "hash STRING", "inserted INTEGER", "updated INTEGER", "deleted INTEGER"),
    *(("destination_table", TABLE), ("labels[]", ["key STRING", "value STRING"])),
]


def row(job_id: str, text: str | None, kind: str, **facts: Any) -> tuple[Any, ...]:
    error = facts.get("error", (None, None))
    parent = facts.get("parent")
    return (
        *(job_id, text, facts.get("user", "ana@example.com"), START, START + timedelta(seconds=2), *error, kind),
        *(kind, parent, PROJECT, "BATCH", "admin:US.prod", True, 10, 20, 30, "s1", "abc", 1, 2, 3),
        *(facts.get("destination", (PROJECT, "mart", "t")), facts.get("labels", [("team", "a"), ("empty", "")])),
    )


@pytest.mark.integration
@pytest.mark.xdist_group("bigquery")
class TestShop:
    def test_everything_that_ran(self, on_server: MakeCollector, today: TimeWindow) -> None:
        entries = {entry.query_text: entry for entry in on_server().query_logs(today)}
        assert set(SHOP) <= set(entries)
        merge = entries[next(text for text in SHOP if text.startswith("MERGE"))]
        assert merge.user == "local-bigquery@localhost"
        assert merge.start_time <= merge.end_time
        assert {"statement_type": "MERGE", "project_id": PROJECT, "region": "us"}.items() <= (merge.extra or {}).items()
        failed = entries[FAILING]
        assert failed.error_code == "invalidQuery"
        assert "nope" in (failed.error_text or "")

    def test_half_open_on_the_end_time(self, on_server: MakeCollector, today: TimeWindow) -> None:
        some = sorted(on_server().query_logs(today), key=lambda entry: entry.end_time)[3]
        one = timedelta(microseconds=1)
        including = list(on_server().query_logs(explicit_window(some.end_time, some.end_time + one)))
        before = list(on_server().query_logs(explicit_window(some.end_time - one, some.end_time)))
        assert [entry.query_id for entry in including] == [some.query_id]
        assert before == []


@pytest.mark.integration
class TestRecorded:
    def test_facts(self, wire: Wire) -> None:
        wire.answer("INFORMATION_SCHEMA.JOBS", Answer(COLUMNS, [row("j1", "SELECT 1", "SELECT")]))
        (entry,) = make(regions="EU").query_logs(HOUR)
        assert (entry.query_id, entry.user, entry.query_text) == ("j1", "ana@example.com", "SELECT 1")
        assert (entry.start_time, entry.end_time) == (START, START + timedelta(seconds=2))
        assert entry.extra == {
            "statement_type": "SELECT",
            "project_id": PROJECT,
            "priority": "BATCH",
            "reservation_id": "admin:US.prod",
            "cache_hit": True,
            "total_bytes_processed": 10,
            "total_bytes_billed": 20,
            "total_slot_ms": 30,
            "session_id": "s1",
            "query_hash": "abc",
            "rows_inserted": 1,
            "rows_updated": 2,
            "rows_deleted": 3,
            "destination_table": f"{PROJECT}.mart.t",
            "labels": {"team": "a", "empty": ""},
            "region": "eu",
        }

    def test_scripts_are_told_by_their_statements(self, wire: Wire) -> None:
        error = ("invalidQuery", "Division by zero")
        rows = [
            row("whole", "BEGIN SELECT 1; END", "SCRIPT"),
            row("part", "SELECT 1", "SELECT", parent="whole", destination=(PROJECT, "_anon", "anon1")),
            row("broken", "BEGIN RAISE; END", "SCRIPT", error=error),
            row("nested", "BEGIN END", "SCRIPT", parent="whole"),
            row("empty", None, "SELECT"),
            row("nobody", "SELECT 2", "SELECT", user=None),
        ]
        wire.answer("INFORMATION_SCHEMA.JOBS", Answer(COLUMNS, rows))
        collector = make()
        entries = {entry.query_id: entry for entry in collector.query_logs(HOUR)}
        assert set(entries) == {"part", "broken", "nobody"}
        assert (entries["broken"].error_code, entries["broken"].error_text) == error
        assert (entries["part"].extra or {})["parent_job_id"] == "whole"
        assert "destination_table" not in (entries["part"].extra or {})
        assert collector.report.counts == {"scripts_by_their_statements": 2, "without_user": 1}
        assert collector.report.left_out == {"without_text": 1}

    def test_what_is_asked_for(self, wire: Wire) -> None:
        collector = make(projects=["p-1", "p-2"], regions=["us", "region-EU", "us"], jobs_scope="organization")
        assert list(collector.query_logs(HOUR)) == []
        assert [statement.location for statement in wire.statements] == ["US", "EU"] * 2
        assert wire.statements[0].values == [
            "2026-11-18 12:00:00+00:00",
            "2026-11-20 13:00:00+00:00",
            "2026-11-20 12:00:00+00:00",
            "2026-11-20 13:00:00+00:00",
        ]
        assert "`p-2`.`region-eu`.INFORMATION_SCHEMA.JOBS\n" in wire.statements[3].sql
        assert len(collector.report.notes) == 2
        assert "JOBS_BY_ORGANIZATION" in collector.report.notes[0]

    @pytest.mark.parametrize(
        ("message", "role"),
        [
            ("Access Denied: User does not have bigquery.jobs.listAll permission", "roles/bigquery.resourceViewer"),
            ("Access Denied: User does not have bigquery.jobs.create permission", "roles/bigquery.jobUser"),
        ],
    )
    def test_denied(self, wire: Wire, message: str, role: str) -> None:
        wire.answer("JOBS", Refusal(403, "accessDenied", message))
        with pytest.raises(AccessDeniedError) as caught:
            list(make(regions="us").query_logs(HOUR))
        (command,) = caught.value.grants
        assert f'--role="{role}"' in command
