"""What hooks have recorded in this process, without making Airflow start recording."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple


class CollectedBefore(NamedTuple):
    """How much was recorded before the task ran."""

    inputs: int = 0
    outputs: int = 0
    extra: int = 0


class Collected(NamedTuple):
    """What was recorded while the task ran: Airflow's ``AssetLineageInfo`` and ``ExtraLineageInfo``."""

    inputs: list[Any]
    outputs: list[Any]
    extra: list[Any]


_NOTHING = Collected([], [], [])


def collected(before: CollectedBefore) -> Collected:
    """Return what was recorded after ``before``."""
    collector = _collector()
    if collector is None or not collector.has_collected:
        return _NOTHING
    lineage = collector.collected_assets
    return Collected(
        lineage.inputs[before.inputs :],
        lineage.outputs[before.outputs :],
        getattr(lineage, "extra", [])[before.extra :],
    )


def mark() -> CollectedBefore:
    """Return how much is recorded now."""
    return CollectedBefore(*(len(entries) for entries in collected(CollectedBefore())))


def _collector() -> Any:
    """Return Airflow's collector where it exists: to make one loads every provider, which takes a second."""
    if (module := sys.modules.get("airflow.sdk.lineage")) is not None:
        getter = module.get_hook_lineage_collector
        return getter() if not hasattr(getter, "cache_info") or getter.cache_info().currsize else None
    # Before Airflow 3.2.
    return getattr(sys.modules.get("airflow.lineage.hook"), "_hook_lineage_collector", None)
