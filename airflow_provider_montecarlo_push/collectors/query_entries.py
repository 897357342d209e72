"""Rows of a query history to events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import TypeVar

from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import QueryLogEntry
from airflow_provider_montecarlo_push.exceptions import InvalidEventError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

Row = TypeVar("Row")


def query_entries(
    rows: Iterable[Row],
    entry_of: Callable[[Row], QueryLogEntry | None],
    report: CollectionReport,
    source: str,
    window: TimeWindow,
) -> Iterator[QueryLogEntry]:
    """Yield the entry of each row; one that Monte Carlo would refuse is counted, and none at all is noted.

    :param entry_of: makes an entry of a row; ``None``, which it counts, where there is none.
    :param source: the view that the rows come from.
    :param window: in which the queries ended.
    """
    read = 0
    for row in rows:
        read += 1
        try:
            entry = entry_of(row)
        except InvalidEventError as error:
            report.leave_out("invalid", str(error))
            continue
        if entry is not None:
            yield entry
    if not read:
        report.note(f"{source} has no query that ended from {window.start.isoformat()} to {window.end.isoformat()}.")


def json_number(value: Decimal) -> int | float:
    """Return a number as JSON has it."""
    return int(value) if value == value.to_integral_value() else float(value)
