"""What is counted for each table while its pushes go by in order of time: a few numbers, however many pushes there are.

Monte Carlo's training aggregates into hourly buckets, so a sample is a bit for its hour. The 42 days that matter are
some thousand bits.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow_provider_montecarlo_push.detectors.thresholds import (
    DAY,
    FRESHNESS_WINDOW_DAYS,
    HOUR,
    VOLUME_WINDOW_DAYS,
)


class TimeFrame:
    """The time that counts at ``now``: whole days in UTC, of which the last one is today.

    :param now: aware.
    """

    days = VOLUME_WINDOW_DAYS + 1

    def __init__(self, now: datetime) -> None:
        self.moment = now.astimezone(UTC)
        self.now = self.moment.timestamp()
        self.start = (self.now - VOLUME_WINDOW_DAYS * DAY) // DAY * DAY

    def hour(self, at: float) -> int:
        """Return the number of an hour of the frame; negative before it."""
        return int((at - self.start) // HOUR)

    def day(self, at: float) -> int:
        """Return the number of a day of the frame; negative before it."""
        return int((at - self.start) // DAY)

    def at(self, seconds: float) -> datetime:
        """Return a moment in UTC."""
        return datetime.fromtimestamp(seconds, UTC)

    def date(self, day: int) -> datetime:
        """Return the midnight with which a day of the frame begins."""
        return datetime.fromtimestamp(self.start + day * DAY, UTC)

    def counts_for_freshness(self, at: float) -> bool:
        """Tell whether a push is within the training window of freshness."""
        return self.now - at <= FRESHNESS_WINDOW_DAYS * DAY

    def counts_for_volume(self, at: float) -> bool:
        """Tell whether a push is within the training window of volume."""
        return self.now - at <= VOLUME_WINDOW_DAYS * DAY


class TableCounters:
    """The pushes of one table.

    :ivar rows: a bit for each hour of the frame in which a row count was pushed.
    :ivar sizes: likewise, a size in bytes.
    :ivar pushed_days: a bit for each day of the frame with a push of freshness.
    :ivar last_freshness: when freshness was pushed last, in seconds since 1970.
    :ivar last_volume: likewise, rows or bytes.
    :ivar longest_gap: most seconds between two pushes of freshness.
    """

    __slots__ = (
        "_changed",
        "_hour",
        "_previous",
        "_value",
        "last_freshness",
        "last_volume",
        "longest_gap",
        "pushed_days",
        "rows",
        "sizes",
    )

    def __init__(self) -> None:
        self.rows = self.sizes = self.pushed_days = 0
        self.last_freshness: float | None = None
        self.last_volume: float | None = None
        self.longest_gap = 0.0
        self._changed = 0
        # The last push of an hour is the one that counts, so an hour is open until there is a push in another one.
        self._hour = -1
        self._value: float | None = None
        self._previous: float | None = None

    @property
    def changed(self) -> int:
        """A bit for each hour whose last push of freshness told another time than that of the push before it."""
        return self._changed | self._open_hour()

    def add_volume(self, frame: TimeFrame, at: float, *, rows: bool, sizes: bool) -> None:
        """Count a push with a volume.

        :param at: seconds since 1970.
        :param rows: whether it holds a row count; likewise ``sizes``.
        """
        self.last_volume = max(at, self.last_volume or at)
        if frame.counts_for_volume(at):
            bit = 1 << frame.hour(at)
            self.rows |= bit if rows else 0
            self.sizes |= bit if sizes else 0

    def add_freshness(self, frame: TimeFrame, at: float, updated: float) -> bool:
        """Count a push with a freshness; return ``False`` when it is older than an hour that is counted already.

        :param at: seconds since 1970.
        :param updated: the last update time that it tells.
        """
        hour = frame.hour(at)
        if self.last_freshness is not None and (hour < self._hour or at < self.last_freshness):
            return hour == self._hour  # In the same hour, the later one counts anyway.
        if self.last_freshness is not None:
            self.longest_gap = max(self.longest_gap, at - self.last_freshness)
        self.last_freshness = at
        if frame.counts_for_freshness(at):
            if hour != self._hour:
                self._changed |= self._open_hour()
                self._previous, self._hour = self._value, hour
            self._value = updated
            self.pushed_days |= 1 << frame.day(at)
        return True

    def _open_hour(self) -> int:
        return 1 << self._hour if self._hour >= 0 and self._value != self._previous else 0


def hours_of(bits: int) -> list[int]:
    """Return the numbers of the hours whose bits are set, in order."""
    text = f"{bits:b}"[::-1]
    hours, hour = [], text.find("1")
    while hour >= 0:
        hours.append(hour)
        hour = text.find("1", hour + 1)
    return hours


def days_of(bits: int) -> int:
    """Return a bit for each day with an hour whose bit is set."""
    return sum(1 << day for day in {hour // 24 for hour in hours_of(bits)})
