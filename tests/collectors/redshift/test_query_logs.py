"""Query logs through the RedshiftSQLHook."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.redshift.history import PIECE_BYTES, whole_text
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from tests.collectors.redshift.conftest import START, WINDOW, MakeCollector
from tests.collectors.redshift.warehouse import Warehouse

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("redshift")]


def test_gives_what_ended_in_the_window(history: Warehouse, on_warehouse: MakeCollector) -> None:
    for minutes in (-0.001, 0, 59.999, 60):
        history.ran(f"select {minutes}", kind="SELECT", minutes=minutes)
    history.ran("select 'of Redshift itself'", user_id=1)

    entries = list(on_warehouse().query_logs(WINDOW))

    assert [entry.query_text for entry in entries] == ["select 0", "select 59.999"]
    assert entries[0].end_time == START


def test_gives_the_facts(history: Warehouse, on_warehouse: MakeCollector) -> None:
    query_id = history.ran(
        "select\n  1",
        kind="SELECT",
        user="etl",
        session=17,
        returned_rows=3,
        result_cache_hit=False,
        returned_bytes=12,
        user_query_hash="abc",
        compute_type="primary",
        query_label="nightly",
    )

    (entry,) = on_warehouse().query_logs(WINDOW)

    assert (entry.query_id, entry.user, entry.query_text) == (str(query_id), "etl", "select\n  1")
    assert (entry.start_time, entry.end_time) == (START - timedelta(seconds=2), START)
    assert (entry.error_text, entry.returned_rows) == (None, 3)
    assert entry.extra == {
        "query_type": "SELECT",
        "database": "dev",
        "session_id": 17,
        "transaction_id": query_id,
        "query_label": "nightly",
        "result_cache_hit": False,
        "elapsed_time_us": 2_000_000,
        "returned_bytes": 12,
        "compute_type": "primary",
        "user_query_hash": "abc",
    }


@pytest.mark.parametrize(
    ("status", "message", "text"),
    [
        ("failed", 'relation "x" does not exist', 'relation "x" does not exist'),
        ("canceled", None, "Status canceled"),
    ],
)
def test_keeps_failures(
    history: Warehouse, on_warehouse: MakeCollector, status: str, message: str | None, text: str
) -> None:
    history.ran("select * from x", status=status, error_message=message)

    (entry,) = on_warehouse().query_logs(WINDOW)

    assert entry.error_text == text
    assert entry.extra is not None
    assert entry.extra["status"] == status


@pytest.mark.parametrize(
    "text",
    [
        "select 1",
        "x" * PIECE_BYTES,
        "x" * (PIECE_BYTES + 1),
        "x" * (PIECE_BYTES - 3) + "   y",  # a piece that ends in blanks
        "x" * (PIECE_BYTES - 1) + "\ny",  # an escape in two pieces
        " " * 2 * PIECE_BYTES + "select 1",
        "select\n" + "x" * 3 * PIECE_BYTES,
    ],
)
def test_gives_the_whole_text(history: Warehouse, on_warehouse: MakeCollector, text: str) -> None:
    history.ran("select 'before'")
    history.ran(text)
    history.ran("select 'after'", minutes=1)

    texts = [entry.query_text for entry in on_warehouse().query_logs(WINDOW)]

    assert texts == ["select 'before'", text, "select 'after'"]


@pytest.mark.parametrize(
    ("first", "pieces", "text"),
    [
        ("a" * 3998 + "  ", ["b"], "a" * 3998 + "  b"),
        ("a" * 3998, ["b"], "a" * 3998 + "  b"),  # its blanks are gone
        ("é" * 2000, ["b   "], "é" * 2000 + "b"),  # pieces are of bytes
        (r"a\nb", [], "a\nb"),
        (r"a\\nb", [], r"a\\nb"),  # no end of line
        (r"delimiter '\t'", [], r"delimiter '\t'"),
        ("", [], ""),
    ],
)
def test_joins_pieces(first: str, pieces: list[str], text: str) -> None:
    assert whole_text(first, pieces) == text


def test_says_when_only_own_queries_are_seen(history: Warehouse, on_warehouse: MakeCollector) -> None:
    reader_id = history.execute("SELECT usesysid::int FROM pg_user WHERE usename = 'reader'")[0][0]
    history.ran("select 'of another'")
    history.ran("select 'of mine'", user="reader", user_id=reader_id, minutes=1)
    collector = on_warehouse("reader")

    assert [entry.query_text for entry in collector.query_logs(WINDOW)] == ["select 'of mine'"]

    assert not collector.report.complete
    (note,) = collector.report.notes
    assert "sees its own queries only" in note
    assert 'GRANT ROLE sys:monitor TO "reader";' in note
    assert 'ALTER USER "reader" SYSLOG ACCESS UNRESTRICTED;' in note


@pytest.mark.parametrize("user", ["monitor", "open", "admin"])
def test_who_sees_all_is_told_nothing(history: Warehouse, on_warehouse: MakeCollector, user: str) -> None:
    history.ran("select 'of another'")
    collector = on_warehouse(user)

    assert len(list(collector.query_logs(WINDOW))) == 1
    assert collector.report.complete
    assert not collector.report.notes


def test_an_empty_window_is_noted(history: Warehouse, on_warehouse: MakeCollector) -> None:
    collector = on_warehouse()

    assert list(collector.query_logs(WINDOW)) == []
    assert "no query that ended from 2026-11-20T12:00:00+00:00" in collector.report.notes[0]


def test_columns_that_an_older_version_lacks_are_left_out(history: Warehouse, on_warehouse: MakeCollector) -> None:
    history.ran("select 1")
    history.execute("ALTER VIEW rs.sys_query_history RENAME TO newer")
    history.execute(
        "CREATE VIEW rs.sys_query_history AS SELECT user_id, query_id, start_time, end_time, status, error_message, "
        "returned_rows, query_type, query_text FROM rs.newer"
    )
    history.execute("GRANT SELECT ON rs.sys_query_history TO PUBLIC")
    try:
        collector = on_warehouse()
        (entry,) = collector.query_logs(WINDOW)
    finally:
        history.execute("DROP VIEW rs.sys_query_history", "ALTER VIEW rs.newer RENAME TO sys_query_history")

    assert entry.user is None
    assert entry.extra == {"query_type": "INSERT"}
    assert collector.report.counts["without_user"] == 1


def test_texts_are_cut_and_counted_where_pieces_are_denied(history: Warehouse, on_warehouse: MakeCollector) -> None:
    history.ran("x" * 5000)
    history.ran("select 1", minutes=1)
    history.execute("REVOKE SELECT ON rs.sys_query_text FROM PUBLIC")
    try:
        collector = on_warehouse()
        entries = list(collector.query_logs(WINDOW))
    finally:
        history.execute("GRANT SELECT ON rs.sys_query_text TO PUBLIC")

    assert [len(entry.query_text) for entry in entries] == [PIECE_BYTES, 8]
    assert collector.report.counts["texts_cut_by_redshift"] == 1
    assert "GRANT SELECT ON pg_catalog.sys_query_text" in collector.report.notes[0]


def test_a_history_that_is_denied_names_its_grants(warehouse: Warehouse, on_warehouse: MakeCollector) -> None:
    with pytest.raises(AccessDeniedError) as caught:
        list(on_warehouse("nobody").query_logs(WINDOW))

    assert caught.value.grants == (
        'GRANT SELECT ON pg_catalog.sys_query_history TO "nobody";',
        'GRANT ROLE sys:monitor TO "nobody";',
        'ALTER USER "nobody" SYSLOG ACCESS UNRESTRICTED;  -- instead of the role',
    )


def test_a_query_that_ends_before_it_starts_is_left_out(history: Warehouse, on_warehouse: MakeCollector) -> None:
    facts: dict[str, Any] = {"start_time": START.replace(tzinfo=None) + timedelta(hours=2)}
    history.ran("select 1", **facts)
    history.ran("select 2")
    collector = on_warehouse()

    assert [entry.query_text for entry in collector.query_logs(WINDOW)] == ["select 2"]
    assert collector.report.left_out == {"invalid": 1}


def test_more_rows_than_a_fetch_come_in_order(history: Warehouse, on_warehouse: MakeCollector) -> None:
    history.execute(
        "INSERT INTO rs.history (user_id, query_id, query_type, status, start_time, end_time, query_text, username) "
        "SELECT 100, i, 'SELECT', 'success', e, e, 'select ' || i, 'u' FROM generate_series(1, 3001) i, "
        "LATERAL (SELECT timestamp '2026-11-20 12:00' + i * interval '1 second' AS e) t"
    )
    window = type(WINDOW)(START, START + timedelta(days=1))

    entries = [entry.query_text for entry in on_warehouse().query_logs(window)]

    assert entries == [f"select {number}" for number in range(1, 3002)]
