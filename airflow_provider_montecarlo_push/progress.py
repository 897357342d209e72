"""Progress of work that takes longer than a few seconds: steady lines in the task log, or bars in a terminal."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

_INTERVAL = 10.0


class Display(Protocol):
    """Where progress is shown instead of in the log."""

    def show(self, progress: Progress, detail: str) -> None:
        """Show how far ``progress`` is; called with every count, so it has to be quick."""


_displays: list[Display] = []


@contextmanager
def shown_by(display: Display) -> Iterator[None]:
    """Show progress by ``display``, in all threads, instead of logging it."""
    _displays.append(display)
    try:
        yield
    finally:
        _displays.remove(display)


class Progress:
    """Counts what was done, and logs a line at most every ten seconds unless a display shows it.

    :ivar done: how many there were so far; ``doing``, ``unit`` and ``total`` as given.

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
        self.doing = doing
        self.unit = unit
        self.total = total
        self._clock = clock
        self._started = self._logged = clock()
        self.done = 0

    def add(self, count: int, detail: str = "") -> None:
        """Count ``count`` more; show them, or log them with ``detail`` when the last line is ten seconds old."""
        self.done += count
        if _displays:
            _displays[-1].show(self, detail)
            return
        now = self._clock()
        if now - self._logged >= _INTERVAL:
            self._logged = now
            self._log.info("%s", self.line(detail))

    @property
    def rate(self) -> float:
        """How many a second, so far."""
        return self.done / max(self._clock() - self._started, 1e-9)

    def line(self, detail: str = "") -> str:
        """Return the state as one line: count, share, rate, and ``detail``."""
        seconds = max(self._clock() - self._started, 1e-9)
        text = f"{self.doing} {self.done:,}"
        if self.total:
            text += f" of {self.total:,} ({self.done / self.total:.0%})"
        text += f" {self.unit} in {seconds:.1f} s ({self.done / seconds:,.0f}/s)"
        return f"{text}, {detail}" if detail else text
