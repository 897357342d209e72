"""The geometry of the page's charts, in the units of their view boxes; the template draws them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from airflow_provider_montecarlo_push.detectors.counters import TimeFrame

BAR_WIDTH, BAR_HEIGHT = 640.0, 22.0
COLUMNS_WIDTH, COLUMNS_HEIGHT = 640.0, 150.0
STRIP_CELL = 4
_GAP = 2.0
_LEAST = 3.0


@dataclass(frozen=True)
class Segment:
    """A part of a stacked bar: its kind, which is its colour, and what it counts."""

    kind: str
    count: int
    x: float
    width: float


@dataclass(frozen=True)
class Column:
    """A column of a column chart, growing upwards from ``COLUMNS_HEIGHT``.

    :param note: what is shown above it; empty when there is no room.
    """

    label: str
    kind: str
    value: int
    x: float
    width: float
    height: float
    note: str = ""

    @property
    def y(self) -> float:
        """Where it ends."""
        return COLUMNS_HEIGHT - self.height

    @property
    def middle(self) -> float:
        """Its middle, for a label."""
        return self.x + self.width / 2


def stacked(counts: Mapping[str, int], kinds: Sequence[str]) -> list[Segment]:
    """Return a bar of which each count is a part; what is there at all can be seen."""
    shown = [(kind, counts.get(kind, 0)) for kind in kinds if counts.get(kind, 0)]
    room = BAR_WIDTH - _GAP * max(len(shown) - 1, 0) - _LEAST * len(shown)
    total = sum(count for _, count in shown)
    segments, x = [], 0.0
    for kind, count in shown:
        width = _LEAST + room * count / total
        segments.append(Segment(kind, count, round(x, 2), round(width, 2)))
        x += width + _GAP
    return segments


def grouped(groups: Sequence[str], series: Mapping[str, Mapping[str, int]]) -> list[Column]:
    """Return a group of columns for each of ``groups``, in it one for each of ``series``."""
    highest = max((counts.get(group, 0) for counts in series.values() for group in groups), default=0) or 1
    slot = COLUMNS_WIDTH / len(groups)
    width = slot * 0.36
    columns = []
    for place, group in enumerate(groups):
        for number, (kind, counts) in enumerate(series.items()):
            value = counts.get(group, 0)
            x = place * slot + slot * 0.12 + number * (width + _GAP)
            height = _height(value, highest)
            columns.append(Column(group, kind, value, round(x, 2), round(width, 2), height, f"{value:,}"))
    return columns


def daily(pushes: Sequence[int], frame: TimeFrame) -> list[Column]:
    """Return a column for each day; days without a push between others are of the kind ``missing``."""
    highest = max(pushes, default=0) or 1
    slot = COLUMNS_WIDTH / len(pushes)
    first = next((day for day, count in enumerate(pushes) if count), len(pushes))
    columns = []
    for day, count in enumerate(pushes):
        # Today may still bring one.
        is_missing = not count and first < day < len(pushes) - 1
        kind = "missing" if is_missing else "pushes"
        date = frame.date(day)
        columns.append(
            Column(
                f"{date:%a} {date.day} {date:%b %Y}",
                kind,
                count,
                round(day * slot + 1, 2),
                round(slot - _GAP, 2),
                _height(count, highest),
                f"{date.day} {date:%b}" if day > 1 and (len(pushes) - 1 - day) % 7 == 0 else "",
            )
        )
    return columns


def strip(days: int, height: int) -> str:
    """Return the path of a strip with a cell for each day of which a bit is set; neighbours are one piece."""
    pieces, day = [], 0
    while days >> day:
        length = 0
        while days >> (day + length) & 1:
            length += 1
        if length:
            width = length * STRIP_CELL - 1
            pieces.append(f"M{day * STRIP_CELL} 0h{width}v{height}h-{width}z")
        day += length or 1
    return "".join(pieces)


def _height(value: int, highest: int) -> float:
    return round(max(COLUMNS_HEIGHT * value / highest, _LEAST), 2) if value else 0.0
