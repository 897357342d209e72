"""Keeps a claim fresh while its batch is built and pushed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType

from airflow_provider_montecarlo_push.spool.batches import Batch, ClaimLostError

log = logging.getLogger(__name__)

_BEATS = 10


class Heartbeat:
    """Renews a claim in a thread; a context manager.

    A claim is lost when somebody else has taken the batch over, or when it could not be renewed for half of the time
    after which somebody else may.

    :param takeover: after which somebody else may go on.
    :param on_lost: called, in the thread, when the claim is lost: stops the push.
    """

    def __init__(self, batch: Batch, takeover: timedelta, on_lost: Callable[[], None]) -> None:
        self._batch = batch
        self._patience = takeover.total_seconds() / 2
        self._on_lost = on_lost
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="montecarlo-spool-claim", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()

    @property
    def is_lost(self) -> bool:
        """Whether somebody else may be working on the batch."""
        return self._lost.is_set()

    def check(self) -> None:
        """Raise when the claim is lost.

        :raises ClaimLostError: then.
        """
        if self.is_lost:
            raise ClaimLostError(f"The claim of {self._batch} is lost.")

    def _beat(self) -> None:
        # Wall-clock time, which goes on while a machine sleeps.
        renewed = time.time()
        while not self._stop.wait(self._patience / _BEATS):
            try:
                self._batch.renew()
                renewed = time.time()
            except ClaimLostError:
                break
            except Exception as error:  # noqa: BLE001 - a store may raise anything; the claim is lost after a while
                log.warning("The claim of %s could not be renewed: %s", self._batch, error)
                if time.time() - renewed > self._patience:
                    break
        else:
            return
        self._lost.set()
        self._on_lost()
