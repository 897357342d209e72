"""Progress as bars in a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as RichProgress

from airflow_provider_montecarlo_push.progress import Progress, shown_by

# Where bars and the log go, in step with each other; results go to stdout.
CONSOLE = Console(stderr=True)
_REDRAW_SECONDS = 0.1


@contextmanager
def bars() -> Iterator[None]:
    """Show progress as bars while this lasts, if there is a terminal; in the log otherwise."""
    if not CONSOLE.is_terminal:
        yield
        return
    shown = Bars(CONSOLE)
    try:
        with shown_by(shown):
            yield
    finally:
        shown.stop()


class Bars:
    """Shows a bar for each :class:`Progress` at work."""

    def __init__(self, console: Console) -> None:
        self._rich = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]} {task.fields[rate]} {task.fields[detail]}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._bars: dict[int, tuple[Progress, TaskID]] = {}
        self._drawn_at = 0.0

    def show(self, progress: Progress, detail: str) -> None:
        """Draw the bar of ``progress`` anew, at most ten times a second."""
        now = time.monotonic()
        if now - self._drawn_at < _REDRAW_SECONDS and id(progress) in self._bars:
            return
        self._drawn_at = now
        self._draw(progress, detail)

    def stop(self) -> None:
        """Draw all bars a last time, and leave them."""
        for progress, _ in list(self._bars.values()):
            self._draw(progress, "")
        self._rich.stop()

    def _draw(self, progress: Progress, detail: str) -> None:
        if id(progress) not in self._bars:
            # Nothing is drawn before there is something to show, so that short commands leave no empty bars.
            self._rich.start()
            bar = self._rich.add_task(progress.doing, total=progress.total, unit="", rate="", detail="")
            self._bars[id(progress)] = (progress, bar)
        _, bar = self._bars[id(progress)]
        self._rich.update(
            bar, completed=progress.done, unit=progress.unit, rate=f"{progress.rate:,.0f}/s", detail=detail
        )
