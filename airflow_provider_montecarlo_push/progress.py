"""Steady progress lines in the task log for work that takes longer than a few seconds."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

_INTERVAL = 10.0


class Progress:
    """Counts what was done and logs a line at most every ten seconds.

    :param log: where the lines go.
    :param doing: what is being done, for example ``Collected``.
    :param unit: what is being counted, for example ``events``.
    :param total: how many there will be, where that is known.
    :param clock: seconds, monotonic.
    """

    def __init__(
        self,
        log: logging.Logger,
        doing: str,
        unit: str = "events",
        *,
        total: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._doing = doing
        self._unit = unit
        self._total = total
        self._clock = clock
        self._started = self._logged = clock()
        self.done = 0

    def add(self, count: int, detail: str = "") -> None:
        """Count ``count`` more; log them, with ``detail``, when the last line is ten seconds old."""
        self.done += count
        now = self._clock()
        if now - self._logged >= _INTERVAL:
            self._logged = now
            self._log.info("%s", self.line(detail))

    def line(self, detail: str = "") -> str:
        """Return the state as one line: count, share, rate, and ``detail``."""
        seconds = max(self._clock() - self._started, 1e-9)
        text = f"{self._doing} {self.done:,}"
        if self._total:
            text += f" of {self._total:,} ({self.done / self._total:.0%})"
        text += f" {self._unit} in {seconds:.1f} s ({self.done / seconds:,.0f}/s)"
        return f"{text}, {detail}" if detail else text
