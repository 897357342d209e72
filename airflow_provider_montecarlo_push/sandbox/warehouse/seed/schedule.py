"""When each statement of the history runs, counted back from the present."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from airflow_provider_montecarlo_push.sandbox.warehouse.seed import loads, traffic, views
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.model import Actor, Step

HOURS = 27
"""Enough for every hourly window of the last day, also when it is moved back by the three hours of ACCESS_HISTORY."""

_REPORT_MINUTES = (1, 17, 28, 39, 55)


@dataclass(frozen=True)
class Run:
    """A statement with its time and the one who runs it.

    :param hour: number of the hour since the history began; the session is the actor's for that hour.
    """

    at: datetime
    hour: int
    actor: Actor
    step: Step


@dataclass(frozen=True)
class PipeLoad:
    """A file that Snowpipe loads into RAW.SHOP.EVENTS."""

    at: datetime
    batch: int


def history(now: datetime) -> list[Run | PipeLoad]:
    """Return what ran in the last :data:`HOURS` hours before ``now``, oldest first."""
    runs = [run for hour in range(HOURS) for run in _hour(now - timedelta(hours=HOURS - hour), hour)]
    return sorted(runs, key=lambda run: run.at)


def next_hour(start: datetime, hour: int) -> list[Run | PipeLoad]:
    """Return what runs in the hour that begins at ``start``, the ``hour``-th since the history began."""
    return sorted(_hour(start, hour), key=lambda run: run.at)


def _hour(start: datetime, hour: int) -> Iterator[Run | PipeLoad]:
    yield from _each(start, hour, 2, traffic.LOADER, loads.APPLICATION)
    yield PipeLoad(start + timedelta(minutes=6, seconds=12), hour)
    yield from _each(start, hour, 8, traffic.DBT, loads.HOURLY_MODELS)
    yield from _each(start, hour, 26, traffic.BEN, (loads.CLICKS,))
    if hour % 3 == 0:
        yield from _each(start, hour, 20, traffic.DBT, (loads.CUSTOMERS,))
    if hour % 6 == 1:
        yield from _each(start, hour, 30, traffic.DBT, loads.SIX_HOURLY)
        yield from _each(start, hour, 43, traffic.LOADER, (loads.OLD_CARTS,))
    if hour == 3:
        yield from _each(start, hour, 40, traffic.DBT, loads.DAILY)
        yield from _each(start, hour, 52, traffic.LOADER, (loads.NEW_RATES,))
    if hour % 12 == 8:
        yield from _each(start, hour, 31, traffic.DBT, [Step(view.sql, view.lineage) for view in views.STAGING])
        yield from _each(start, hour, 44, traffic.ANNA, (traffic.very_long(),))
    if hour % 12 == 10:
        yield from _each(start, hour, 33, traffic.ADMIN, traffic.HOUSEKEEPING)
    for turn, minute in enumerate(_REPORT_MINUTES):
        actor, step = traffic.REPORTS[(hour * len(_REPORT_MINUTES) + turn) % len(traffic.REPORTS)]
        yield Run(start + timedelta(minutes=minute, seconds=31), hour, actor, step)


def _each(start: datetime, hour: int, minute: int, actor: Actor, steps: tuple[Step, ...] | list[Step]) -> Iterator[Run]:
    for turn, step in enumerate(steps):
        yield Run(start + timedelta(minutes=minute, seconds=80 * turn), hour, actor, step)
