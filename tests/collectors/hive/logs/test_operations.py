"""Numbers of rows, from the log of the server and from those of single queries."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_provider_montecarlo_push.collectors.hive.logs import operations
from airflow_provider_montecarlo_push.collectors.hive.logs.rows import Rows
from tests.collectors.hive.logs.conftest import RECORDED, SESSION, Log, Reading

Read = Callable[..., Reading]


@pytest.mark.parametrize(
    ("texts", "rows"),
    [
        ([], None),
        (["RECORDS_OUT_1_shop.orders:3, "], 3),
        (["   RECORDS_OUT_0: 1"], 1),
        (["\t\tRECORDS_OUT_1_mart.revenue=5"], 5),
        (["RECORDS_OUT_INTERMEDIATE:7, RECORDS_IN:8"], None),
        # What was written counts, not the steps before it.
        (["RECORDS_OUT_0: 99", "RECORDS_OUT_1_mart.t: 5"], 5),
        (["RECORDS_OUT_1_mart.by_customer:2", "RECORDS_OUT_2_mart.by_day:1"], 3),
        (["RECORDS_OUT_1_mart.t:2", "RECORDS_OUT_1_mart.t:5"], 5),
        (["RECORDS_OUT_OPERATOR_SEL_1:10", "RECORDS_OUT_INTERMEDIATE:0, RECORDS_OUT_OPERATOR_LIST_SINK_3:4, "], 4),
        (["RECORDS_OUT_OPERATOR_SEL_1:10, RECORDS_OUT_OPERATOR_SEL_10:4", "RECORDS_OUT_OPERATOR_TS_0:1000"], 4),
        (["RECORDS_OUT_OPERATOR_GBY_8: 7", "RECORDS_OUT_OPERATOR_FS_11: 1", "RECORDS_OUT_OPERATOR_SEL_7: 9"], 1),
        (["RECORDS_OUT_OPERATOR_GBY_8: 7"], None),
    ],
)
def test_counters(texts: list[str], rows: int | None) -> None:
    found = Rows()
    for text in texts:
        found.add(text)
    assert found.total() == rows


def test_counters_that_hive_recorded() -> None:
    lines = [
        line for line in (RECORDED / "hive-2.3.10.log").read_text("utf-8").splitlines() if "RECORDS_OUT_1_" in line
    ]
    rows = Rows()
    for line in lines:
        if "shop.orders" in line:
            rows.add(line)
    assert rows.total() == 3


def test_rows_in_the_log_of_the_server(log: Log, read: Read) -> None:
    """Tez prints a summary in the thread of the query (``hive.tez.exec.print.summary``)."""
    summary = [("SessionState", text) for text in ("HIVE:", "   RECORDS_IN_Map_1: 9891", "   RECORDS_OUT_0: 17")]
    log.run("SELECT 1", SESSION, 39, *summary)
    log.run("SELECT 2")
    assert [entry.returned_rows for entry in read(log).queries()] == [17, None]


def operation_log(query: str, *lines: str) -> str:
    """Return what HiveServer2 keeps for clients, in its default layout."""
    begin = f"INFO  : Executing command(queryId={query}): SELECT 1"
    end = f"INFO  : Completed executing command(queryId={query}); Time taken: 38.90 seconds"
    return "\n".join([begin, *(f"INFO  :    {line}" for line in lines), end, "INFO  : OK"]) + "\n"


def test_operation_logs(tmp_path: Path, log: Log, read: Read) -> None:
    first, second, third, fourth, fifth = (log.run(f"SELECT {number}") for number in range(5))
    folder = tmp_path / "operation_logs" / SESSION
    folder.mkdir(parents=True)
    (folder / first).write_text(operation_log(first, "RECORDS_OUT_OPERATOR_SEL_1:6"))
    # Several, put together.
    both = operation_log(second, "RECORDS_OUT_0: 1") + operation_log(third) + operation_log(fourth, "RECORDS_OUT_0: 4")
    (folder / "all.log.gz").write_bytes(gzip.compress(both.encode()))
    # Known by its name alone.
    (folder / f"{fifth}.log").write_text("INFO  : RECORDS_OUT_OPERATOR_LIST_SINK_3:27\n")
    reading = read(log, operation_log_path=str(tmp_path / "operation_logs"))
    assert [entry.returned_rows for entry in reading.queries()] == [6, 1, None, 4, 27]


def test_operation_logs_are_bounded(tmp_path: Path, log: Log, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MOST", 2)
    (tmp_path / "operations").mkdir()
    for number in range(5):
        query = log.run(f"SELECT {number}")
        (tmp_path / "operations" / query).write_text(operation_log(query, f"RECORDS_OUT_0: {number}"))
    reading = read(log, operation_log_path=str(tmp_path / "operations"))
    assert sum(entry.returned_rows is not None for entry in reading.queries()) == 2
    assert reading.report.counts["operation_logs_not_kept"] == 3


def test_no_operation_logs(tmp_path: Path, log: Log, read: Read) -> None:
    log.run("SELECT 1")
    reading = read(log, operation_log_path=str(tmp_path / "nowhere"))
    assert [entry.returned_rows for entry in reading.queries()] == [None]
    assert "rows are not known" in reading.report.notes[0]
