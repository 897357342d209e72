"""What a listener does, within bounded time, and without errors for the task."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_METRIC = "montecarlo_push.listener.errors"


class Guard:
    """Runs things that must not harm a task: errors are logged once for each kind, and counted.

    They are counted in Airflow's metric ``montecarlo_push.listener.errors``, with the tag ``reason``.

    :param seconds: how long something may take.
    """

    def __init__(self, log: logging.Logger, seconds: float) -> None:
        self._log = log
        self._seconds = seconds
        self._warned: set[str] = set()

    @contextmanager
    def catching(self, doing: str) -> Iterator[None]:
        """Catch whatever is raised."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the task comes first
            self.count(type(error).__name__, f"{doing} failed: {type(error).__name__}: {error}")

    def run(self, work: Callable[[], None], doing: str) -> bool:
        """Do ``work`` in a thread; return whether it was done in time."""
        done = threading.Event()

        def working() -> None:
            with self.catching(doing):
                work()
            done.set()

        # It does not keep the process from ending.
        threading.Thread(target=working, name="montecarlo-listener", daemon=True).start()
        if done.wait(self._seconds):
            return True
        self.count("timeout", f"{doing} took longer than {self._seconds:g} seconds and is left alone")
        return False

    def count(self, reason: str, message: str) -> None:
        """Count a failure, and say so the first time."""
        if reason not in self._warned:
            self._warned.add(reason)
            self._log.warning("Lineage of this task may not reach Monte Carlo: %s. The task goes on.", message)
        try:
            from airflow.providers.common.compat.sdk import Stats

            Stats.incr(_METRIC, tags={"reason": reason})
        except Exception as error:  # noqa: BLE001 - nor does a broken metrics backend harm the task
            self._log.debug("%s could not be counted: %s", _METRIC, error)
