"""Logs of HiveServer2: recorded ones, and such as are put together from the messages of its sources."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.hive.logs.options import LogOptions
from airflow_provider_montecarlo_push.collectors.hive.logs.reader import HiveLogs
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.events import LineageEvent, QueryLogEntry
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

RECORDED = Path(__file__).parent / "recorded"
WINDOW = explicit_window("2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SESSION = "df0b9db4-9d53-4ae5-a585-07a0c2ddc232"
OTHER_SESSION = "5839c7b0-64d1-4ce6-b18d-06a4b28699da"


class Reading:
    """One collection, and what it counted."""

    def __init__(self, path: Path | str, window: TimeWindow = WINDOW, **options: Any) -> None:
        self.report = CollectionReport(logging.getLogger("tests.collectors.hive.logs"))
        self.logs = HiveLogs(LogOptions(log_path=str(path), **options), self.report, window)

    def queries(self) -> list[QueryLogEntry]:
        return sorted(self.logs.query_logs(), key=lambda entry: entry.end_time)

    def texts(self) -> list[str]:
        return [entry.query_text for entry in self.queries()]

    def edges(self, *, parse: bool = True) -> list[str]:
        """Return edges such as ``a.b<c.d: x(y)``: destination, sources, columns with what they are made of."""
        from airflow_provider_montecarlo_push.lineage import LineageParser

        return [shown(event) for event in self.logs.lineage(LineageParser("hive") if parse else None)]


def shown(event: LineageEvent) -> str:
    """Return an edge on one line; fails where database and schema differ."""
    names = {}
    for end in (event.destination, *event.sources):
        assert end.database == end.schema
        names[end.asset_id] = f"{end.database}.{end.name}"
    sources = [names[source.asset_id] for source in event.sources]
    mark = "~" if event.destination.type == "VIEW" else ""
    columns = [
        f"{column.name}({','.join(f'{names[s.asset_id]}.{s.field_name}' for s in column.source_fields)})"
        for column in event.fields
    ]
    text = f"{mark}{names[event.destination.asset_id]}<{','.join(sources)}"
    return f"{text}: {' '.join(columns)}" if columns else text


class Log:
    """Lines in the default layout, the time going on by a tenth of a second with each."""

    def __init__(self, time: datetime = NOON) -> None:
        self.time = time
        self.lines: list[str] = []
        self._number = 0

    def at(self, minutes: float) -> Log:
        """Go to some minutes after noon."""
        self.time = NOON + timedelta(minutes=minutes)
        return self

    def add(self, message: str, thread: str = "main", *, level: str = "INFO", logger: str = "ql.Driver") -> Log:
        stamp = f"{self.time:%Y-%m-%dT%H:%M:%S},{self.time.microsecond // 1000:03d}"
        self.lines.append(f"{stamp} {level:>5} [{thread}] {logger}: {message}")
        self.time += timedelta(milliseconds=100)
        return self

    def new_id(self, user: str = "hive") -> str:
        self._number += 1
        return f"{user}_20261121120000_{self._number:08d}-7bfc-453f-aa0b-4f3b0c6f0371"

    def compile(self, query: str, sql: str, session: str = SESSION, thread: int = 39) -> Log:
        name = f"{session} HiveServer2-Handler-Pool: Thread-{thread}"
        self.add(f"Compiling command(queryId={query}): {sql}", name)
        return self.add(f"Completed compiling command(queryId={query}); Time taken: 0.1 seconds", name)

    def execute(self, query: str, sql: str, thread: int = 44) -> Log:
        return self.add(f"Executing command(queryId={query}): {sql}", f"HiveServer2-Background-Pool: Thread-{thread}")

    def complete(self, query: str, thread: int = 44) -> Log:
        name = f"HiveServer2-Background-Pool: Thread-{thread}"
        return self.add(f"Completed executing command(queryId={query}); Time taken: 0.2 seconds", name)

    def run(self, sql: str, session: str = SESSION, thread: int = 39, *before_end: tuple[str, str]) -> str:
        """Run a statement, in the threads in which Hive 3 and 4 do.

        :param before_end: messages of its thread with their loggers, after which it ends.
        """
        query = self.new_id()
        self.compile(query, sql, session, thread).execute(query, sql, thread + 100)
        for logger, message in before_end:
            level = "ERROR" if message.startswith(("FAILED", "ATTEMPT")) else "INFO"
            self.add(message, f"HiveServer2-Background-Pool: Thread-{thread + 100}", logger=logger, level=level)
        self.complete(query, thread + 100)
        return query

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def write(self, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text(), encoding="utf-8")
        return path


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    """Return a function that reads a log, written into a folder."""

    def reading(log: Log, **options: Any) -> Reading:
        log.write(tmp_path / "logs" / "hive.log")
        return Reading(tmp_path / "logs", **options)

    return reading
