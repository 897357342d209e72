"""What the detectors of many tables lack, summed up: counts of all of them, and the tables furthest from training."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from airflow_provider_montecarlo_push.detectors.counters import TableCounters, TimeFrame, days_of
from airflow_provider_montecarlo_push.detectors.distance import Distance, freshness_distance, volume_distance
from airflow_provider_montecarlo_push.detectors.history import History
from airflow_provider_montecarlo_push.detectors.thresholds import (
    COLUMN_LINEAGE_DAYS,
    COLUMN_LINEAGE_WARNING_DAYS,
    DAY,
)
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.graphql.detectors import DetectorStatus

_ACTIVE = "ACTIVE"
_NEVER = 1_000.0
# Upper limits of days left, and what they are called.
_BUCKETS = ((0.0, "ready"), (1.0, "1 day"), (3.0, "3 days"), (7.0, "1 week"), (14.0, "2 weeks"), (_NEVER, "longer"))
NOT_AT_THIS_PACE = "not at this pace"
BUCKETS = (*(name for _, name in _BUCKETS), NOT_AT_THIS_PACE)

Lifetime = Literal["fresh", "expiring", "expired"]


@dataclass
class Row:
    """A table.

    :param status: what Monte Carlo says; ``None`` when it was not asked.
    """

    name: TableName
    counters: TableCounters
    freshness: Distance
    volume: Distance
    status: DetectorStatus | None = None

    @property
    def pushed_days(self) -> int:
        """A bit for each day of the frame with a push."""
        return self.counters.pushed_days | days_of(self.counters.rows | self.counters.sizes)

    @property
    def changed_days(self) -> int:
        """A bit for each day with a push that told another last update time."""
        return days_of(self.counters.changed)

    @property
    def is_active(self) -> bool:
        """Whether nothing is left to be done."""
        return not any(left for left, _ in self._outlook())

    @property
    def days_left(self) -> float | None:
        """About how many days until both detectors are active; ``None`` when that will not come at this pace."""
        days = [days for left, days in self._outlook() if left]
        return None if None in days else max((item for item in days if item is not None), default=0.0)

    def remoteness(self) -> tuple[float, int, TableName]:
        """Return a key that sorts the table furthest from training first."""
        days = self.days_left
        return -(_NEVER if days is None else days), -sum(left for left, _ in self._outlook()), self.name

    def _outlook(self) -> list[tuple[int, float | None]]:
        """Return what is left and the days that it takes for each detector; Monte Carlo's word goes first."""
        said = (self.status.freshness, self.status.volume) if self.status else (None, None)
        return [
            (0, 0.0) if state == _ACTIVE else (distance.left or int(state is not None), distance.days_left)
            for state, distance in zip(said, (self.freshness, self.volume), strict=True)
        ]


@dataclass(frozen=True)
class ColumnLineage:
    """The column lineage into a table: when it was pushed last, and how many days it has left."""

    name: TableName
    pushed: datetime
    days_left: float

    @property
    def lifetime(self) -> Lifetime:
        """Whether it is there for a while, about to expire, or gone."""
        if self.days_left <= 0:
            return "expired"
        return "expiring" if self.days_left <= COLUMN_LINEAGE_WARNING_DAYS else "fresh"


@dataclass
class Asked:
    """What Monte Carlo said about the tables that it was asked about.

    :ivar more: tables with a detector that is active there though the kept manifests do not show enough.
    :ivar less: tables with a detector that is not active there though they do.
    """

    tables: int = 0
    freshness: Counter[str] = field(default_factory=Counter)
    volume: Counter[str] = field(default_factory=Counter)
    not_visible: list[str] = field(default_factory=list)
    deleted: int = 0
    failed: int = 0
    more: int = 0
    less: int = 0

    def add(self, row: Row) -> None:
        """Count a table."""
        self.tables += 1
        status = row.status
        if status is None or status.answered == "failed":
            self.failed += 1
        elif status.answered == "not_visible":
            self.not_visible.append(str(row.name))
        elif status.answered == "deleted":
            self.deleted += 1
        else:
            self._compare(row, status)

    def _compare(self, row: Row, status: DetectorStatus) -> None:
        pairs = ((status.freshness, row.freshness), (status.volume, row.volume))
        self.freshness[status.freshness or "unknown"] += 1
        self.volume[status.volume or "unknown"] += 1
        self.more += any(said == _ACTIVE and distance.left for said, distance in pairs)
        self.less += any(said not in (_ACTIVE, None) and not distance.left for said, distance in pairs)


@dataclass
class Report:
    """Everything that the log, the page and the result are made of.

    :ivar states: number of tables by state, for freshness and volume.
    :ivar outlook: number of tables by days left.
    :ivar rows: the tables furthest from training, first.
    :ivar beyond: number of further tables that have something left to be done, which are not in ``rows``.
    :ivar column_lifetimes: number of tables by what becomes of their column lineage.
    :ivar columns: column lineage that expires soon or is gone, what goes first first.
    :ivar pushes: number of tables pushed on each day of the frame.
    :ivar since: the oldest push that is kept.
    :ivar last_push: the last push of freshness or volume.
    """

    resource_uuid: str
    frame: TimeFrame
    tables: int = 0
    states: dict[str, Counter[str]] = field(default_factory=lambda: {"freshness": Counter(), "volume": Counter()})
    outlook: dict[str, Counter[str]] = field(default_factory=lambda: {"freshness": Counter(), "volume": Counter()})
    rows: list[Row] = field(default_factory=list)
    beyond: int = 0
    column_lifetimes: Counter[str] = field(default_factory=Counter)
    columns: list[ColumnLineage] = field(default_factory=list)
    pushes: list[int] = field(default_factory=list)
    manifests: int = 0
    since: datetime | None = None
    last_push: datetime | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    asked: Asked = field(default_factory=Asked)

    def take_answers(self) -> None:
        """Count what Monte Carlo said, and put the rows in order by it."""
        for row in self.rows:
            if row.status is not None:
                self.asked.add(row)
        self.rows.sort(key=Row.remoteness)

    def training(self) -> Iterator[Row]:
        """Yield the rows that have something left to be done, the furthest first."""
        return (row for row in self.rows if not row.is_active)

    def more_than(self, shown: int) -> int:
        """Return how many tables have something left to be done beyond the first ``shown``."""
        return sum(1 for _ in self.training()) - shown + self.beyond


def summarise(
    history: History, resource_uuid: str, *, names: Sequence[TableName] = (), rows: int, columns: int
) -> Report:
    """Sum a history up.

    :param names: tables that are in the report in any case, first of all.
    :param rows: most tables to keep; likewise ``columns``, of column lineage.
    """
    frame = history.frame
    report = Report(resource_uuid, frame, pushes=[history.pushes[day] for day in range(frame.days)])
    if history.last_push is not None:
        report.last_push = frame.at(history.last_push)
    named = _found(names, history)
    kept = heapq.nsmallest(rows, _counted(report, history), key=lambda row: (row.name not in named, *row.remoteness()))
    report.rows = sorted(kept, key=Row.remoteness)
    report.beyond -= sum(not row.is_active for row in kept)
    lineage = [_column_lineage(name, at, frame) for name, at in history.columns.items()]
    report.column_lifetimes.update(item.lifetime for item in lineage)
    urgent = (item for item in lineage if item.lifetime != "fresh")
    report.columns = heapq.nsmallest(columns, urgent, key=lambda item: (item.days_left <= 0, item.days_left, item.name))
    return report


def _found(names: Sequence[TableName], history: History) -> set[TableName]:
    """Return named tables as they are written in the manifests, and give those that are not there no push at all."""
    if not names:
        return set()
    written = {_folded(name): name for name in history.tables}
    found = {written.get(_folded(name), name) for name in names}
    for name in found:
        history.tables.setdefault(name, TableCounters())
    return found


def _folded(name: TableName) -> str:
    return "\0".join(name).casefold()


def _counted(report: Report, history: History) -> Iterable[Row]:
    """Yield a row for each table, and count it."""
    frame = history.frame
    for name, counters in history.tables.items():
        row = Row(name, counters, freshness_distance(counters, frame), volume_distance(counters, frame))
        report.tables += 1
        report.beyond += not row.is_active
        for detector, distance in (("freshness", row.freshness), ("volume", row.volume)):
            report.states[detector][distance.state] += 1
            report.outlook[detector][_bucket(distance)] += 1
        yield row


def _bucket(distance: Distance) -> str:
    if distance.days_left is None:
        return NOT_AT_THIS_PACE
    if not distance.left:
        return BUCKETS[0]
    return next(name for limit, name in _BUCKETS[1:] if distance.days_left <= limit)


def _column_lineage(name: TableName, at: float, frame: TimeFrame) -> ColumnLineage:
    return ColumnLineage(name, frame.at(at), COLUMN_LINEAGE_DAYS - (frame.now - at) / DAY)
