"""Which stretch of time a run collects: the same one however often, and whenever, it runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from airflow_provider_montecarlo_push.events.timestamps import to_utc
from airflow_provider_montecarlo_push.exceptions import InvalidEventError, InvalidWindowError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

DEFAULT_LENGTH = timedelta(hours=1)


def explicit_window(start: datetime | str, end: datetime | str) -> TimeWindow:
    """Return the window from ``start`` (included) to ``end`` (not included).

    :raises InvalidWindowError: when a bound is no timestamp or has no time zone, or the window is empty.
    """
    try:
        window = TimeWindow(to_utc(start, field="window_start"), to_utc(end, field="window_end"))
    except InvalidEventError as error:
        raise InvalidWindowError(str(error)) from error
    if window.end <= window.start:
        raise InvalidWindowError(
            f"window_end {window.end.isoformat()} is not after window_start {window.start.isoformat()}; the window "
            "includes its start and excludes its end."
        )
    return window


def window_of_run(interval: tuple[datetime, datetime] | None, run_after: datetime, *, latency: timedelta) -> TimeWindow:
    """Return the window that a run without explicit bounds collects.

    :param interval: the run's data interval; ``None`` or one of no length means the hour before ``run_after``.
    :param run_after: the earliest time at which the run may start, fixed when it was created.
    :param latency: how far the warehouse's views lag; the window is moved back by it, so that an hour is collected
        when it has become complete.
    """
    if interval is None or interval[0] >= interval[1]:
        interval = (run_after - DEFAULT_LENGTH, run_after)
    return explicit_window(interval[0] - latency, interval[1] - latency)


def chunks(window: TimeWindow, length: timedelta) -> Iterator[TimeWindow]:
    """Yield ``window`` in pieces of at most ``length``, in time order."""
    start = window.start
    while start < window.end:
        end = min(start + length, window.end)
        yield TimeWindow(start, end)
        start = end


def contains_midnight(window: TimeWindow) -> bool:
    """Tell whether a day begins, in UTC, in the half-open ``window``."""
    midnight = datetime.combine(window.start.date(), time(), tzinfo=window.start.tzinfo)
    if midnight < window.start:
        midnight += timedelta(days=1)
    return midnight < window.end
