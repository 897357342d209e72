from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_montecarlo_push.sandbox.warehouse.seed import live
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.schedule import PipeLoad


class Recorder:
    """Stands for the history: notes what it is asked to play."""

    def __init__(self) -> None:
        self.played: list[Any] = []
        self.flushed = 0
        self.enough = threading.Event()
        self.closed = threading.Event()

    def play(self, run: PipeLoad) -> None:
        self.played.append(run)
        if run.batch == 1:
            raise RuntimeError("somebody dropped the table")

    def flush(self) -> None:
        self.flushed += 1
        if self.flushed == 3:
            self.enough.set()

    def close(self) -> None:
        self.closed.set()


def test_the_shop_goes_on_hour_after_hour_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    hours: list[int] = []

    def next_hour(start: datetime, hour: int) -> list[PipeLoad]:
        hours.append(hour)
        return [PipeLoad(datetime.now(UTC), len(hours) - 1)]

    monkeypatch.setattr(live, "next_hour", next_hour)
    history = Recorder()
    shop = live.Live(history)  # type: ignore[arg-type]
    shop.start()
    assert history.enough.wait(10)
    shop.stop()
    assert history.closed.wait(10)

    assert [run.batch for run in history.played[:4]] == [0, 1, 2, 3]
    assert hours[:3] == [live.HOURS, live.HOURS + 1, live.HOURS + 2]
