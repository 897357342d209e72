"""The shop goes on: after the seeded day, its statements run at their times for as long as the warehouse does."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta

from airflow_provider_montecarlo_push.sandbox.warehouse.seed.history import History
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.schedule import HOURS, PipeLoad, Run, next_hour

logger = logging.getLogger(__name__)


class Live(threading.Thread):
    """Plays hour after hour in real time.

    :param history: the seeded history, whose rows it goes on writing.
    """

    def __init__(self, history: History) -> None:
        super().__init__(name="live-shop", daemon=True)
        self._history = history
        self._stopped = threading.Event()

    def run(self) -> None:
        """Play until :meth:`stop`."""
        hour, start = HOURS, datetime.now(UTC)
        while not self._stopped.is_set():
            for run in next_hour(start, hour):
                if self._stopped.wait(max(0.0, (run.at - datetime.now(UTC)).total_seconds())):
                    break
                self._play(run)
            hour, start = hour + 1, start + timedelta(hours=1)
        self._history.close()

    def stop(self) -> None:
        """End after the statement that is running."""
        self._stopped.set()

    def _play(self, run: Run | PipeLoad) -> None:
        try:
            self._history.play(run)
            self._history.flush()
        except Exception:  # somebody may have dropped the tables; the other statements still run
            logger.exception("A statement of the live shop could not be run: %s", run)
