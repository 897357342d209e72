"""The sandbox's own time, which can be moved forward to see what days of waiting would do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_END = datetime(9000, 1, 1, tzinfo=UTC)
_LAST_SECOND = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()


class Clock:
    """UTC now, plus whatever :meth:`advance` was given."""

    def __init__(self) -> None:
        self._offset = timedelta()

    @property
    def offset(self) -> float:
        """Seconds that the clock is ahead of the machine's."""
        return self._offset.total_seconds()

    def now(self) -> datetime:
        """Return the sandbox's time as an aware ``datetime`` in UTC."""
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward.

        :raises ValueError: when ``seconds`` is negative: what expired would come back.
        :raises OverflowError: when the clock would leave the calendar.
        """
        if seconds < 0:
            raise ValueError("The sandbox's clock moves forward only; give seconds of 0 or more.")
        offset = self._offset + timedelta(seconds=seconds)
        if offset > _END - datetime.now(UTC):
            raise OverflowError(f"The sandbox's clock ends with the year {_END.year}.")
        self._offset = offset

    def reset(self) -> None:
        """Return to the machine's time."""
        self._offset = timedelta()


def to_text(moment: datetime) -> str:
    """Return ``moment`` in the form that the store keeps: UTC, microseconds, sortable as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_seconds(seconds: float) -> datetime:
    """Return the moment that many seconds after 1970; the last one there is where rounding went past it."""
    return datetime.fromtimestamp(min(seconds, _LAST_SECOND), UTC)


def from_text(text: str) -> datetime:
    """Return the moment that :func:`to_text` wrote, or any ISO 8601 timestamp; UTC where it has no zone."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
