"""Observations into the spool, within bounded time and without errors for whoever emits."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from airflow_provider_montecarlo_push.assets.model import Observation
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.spool.writing import add

log = logging.getLogger(__name__)

NOT_WRITTEN = "observations_not_written"
# After the store did not answer in time, so that a job with many events is not held up by each.
PAUSE = 60.0


@dataclass
class _Attempt:
    observation: Observation
    carried: int
    is_written: bool = False
    error: Exception | None = None
    is_given_up: bool = False


class SpoolKeeper:
    """Writes observations.

    What cannot be written is lost, logged once for each kind of reason, and counted in ``left_out`` of the next
    observation that is written, as ``observations_not_written``.

    :param open_root: opens the manifest root; asked again in each process.
    :param timeout: seconds that writing one observation may take.
    :param pause: seconds in which nothing is tried after it took longer.
    :ivar failures: what could not be written, by reason.
    """

    def __init__(self, open_root: Callable[[], Folder], timeout: float, *, pause: float = PAUSE) -> None:
        self._open_root = open_root
        self._timeout = timeout
        self._pause = pause
        self.failures: Counter[str] = Counter()
        self._begin()

    def _begin(self) -> None:
        """A fork has no threads of its parent, may have inherited a held lock, and may not use its connections."""
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._root: Folder | None = None
        self._paused_until = 0.0
        self._lost = 0

    def keep(self, observation: Observation) -> bool:
        """Write ``observation``; return whether it is written."""
        if self._process != os.getpid():
            self._begin()
        if time.monotonic() < self._paused_until:
            return self._fail(_Attempt(observation, 0), "paused", "the store did not answer a moment ago")
        attempt = self._attempt(observation)
        worker = threading.Thread(target=self._write, args=(attempt,), name="montecarlo-spool", daemon=True)
        worker.start()
        worker.join(self._timeout)
        with self._lock:
            attempt.is_given_up = not attempt.is_written and attempt.error is None
        if attempt.is_given_up:
            self._paused_until = time.monotonic() + self._pause
            return self._fail(attempt, "timeout", f"the store did not answer within {self._timeout:g} seconds")
        if attempt.error is not None:
            error = attempt.error
            return self._fail(attempt, type(error).__name__, f"{type(error).__name__}: {error}")
        return True

    def fail(self, reason: str, detail: str) -> None:
        """Count an event that could not even be read; the first of each reason is logged."""
        self.failures[reason] += 1
        level = logging.WARNING if self.failures[reason] == 1 else logging.DEBUG
        log.log(level, "Lineage of an OpenLineage event does not reach Monte Carlo: %s. The job goes on.", detail)

    def _attempt(self, observation: Observation) -> _Attempt:
        with self._lock:
            carried, self._lost = self._lost, 0
        if carried:
            left_out = {**observation.left_out, NOT_WRITTEN: carried}
            observation = msgspec.structs.replace(observation, left_out=left_out)
        return _Attempt(observation, carried)

    def _write(self, attempt: _Attempt) -> None:
        error: Exception | None = None
        try:
            if self._root is None:
                self._root = self._open_root()
            if not add(self._root, attempt.observation):
                error = SpoolFullError("the spool is full; run the DAG that pushes it, see docs/openlineage.md")
        except Exception as problem:  # noqa: BLE001 - stores raise what they like, and the job must go on
            error = problem
        with self._lock:
            attempt.error, attempt.is_written = error, error is None
            if attempt.is_given_up and error is None:
                # Late, but there: it was counted as lost.
                self._lost -= attempt.carried + 1
                self.failures["timeout"] -= 1

    def _fail(self, attempt: _Attempt, reason: str, detail: str) -> bool:
        with self._lock:
            self._lost += attempt.carried + 1
        self.fail(reason, detail)
        return False


class SpoolFullError(Exception):
    """No more observations fit until some are pushed."""
