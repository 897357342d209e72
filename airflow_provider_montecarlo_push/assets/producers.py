"""For tasks that write assets: say in the asset event what the asset comes from.

A DAG that an asset triggers sees the event and its extra, but not the inlets of the task that wrote it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from airflow_provider_montecarlo_push.assets.extra import EXTRA_KEY, Columns, extra_of, uri_of
from airflow_provider_montecarlo_push.exceptions import ConfigurationError

log = logging.getLogger(__name__)


def record_sources(
    context: Any,
    _result: Any = None,
    *,
    asset: Any = None,
    sources: Iterable[Any] | None = None,
    columns: Columns | None = None,
) -> None:
    """Write into the events of a task's assets what these come from, for ``MonteCarloAssetLineageOperator``.

    In a task of your own, ``record_sources(context, columns={"AMOUNT": "AMOUNT"})``, or with ``outlet_events`` in
    place of the context; for any operator, ``post_execute=record_sources`` or
    ``post_execute=functools.partial(record_sources, columns=…)``.

    :param context: the task's context, or its ``outlet_events``.
    :param asset: which of the outlets, an asset or an alias to which assets were added already; all of them when not
        given.
    :param sources: assets or URIs; the task's inlets when not given.
    :param columns: by column of the asset, the columns that it comes from: ``(source, column)`` pairs, or the name of
        a column alone where there is one source.
    :raises ConfigurationError: when there is no outlet, when only ``outlet_events`` are given and ``asset`` or
        ``sources`` is missing, or when a column does not say of which source.
    """
    # The accessors of outlet events are a mapping too, of assets alone; only the context is a dict.
    task: Any = context["task"] if isinstance(context, dict) else None
    events = context if task is None else context["outlet_events"]
    if task is None and (asset is None or sources is None):
        raise ConfigurationError("record_sources needs the context of the task, or asset= and sources= as well.")
    outlets = [asset] if asset is not None else [one for one in task.outlets if _is_outlet(one)]
    if not outlets:
        raise ConfigurationError(f"Task {task.task_id!r} has no outlets; give it outlets=[Asset(…)], or asset= here.")
    inlets = [one for one in task.inlets if _has_uri(one)] if sources is None else sources
    said = extra_of([uri_of(source) for source in inlets], columns)
    if not said["sources"]:
        log.warning("There are no sources to record: the task has no inlets that are assets, and none are given.")
        return
    for outlet in outlets:
        _record(events[outlet], said)


def _record(accessor: Any, said: dict[str, Any]) -> None:
    if _is_alias(accessor):
        if not accessor.asset_alias_events:
            log.warning("No asset was added to alias %r yet; add them before recording sources.", accessor.key.name)
        for event in accessor.asset_alias_events:
            event.extra[EXTRA_KEY] = said
        return
    accessor.extra[EXTRA_KEY] = said


def _is_alias(accessor: Any) -> bool:
    return not hasattr(accessor.key, "uri")


def _has_uri(entity: Any) -> bool:
    return isinstance(entity, str) or isinstance(getattr(entity, "uri", None), str)


def _is_outlet(entity: Any) -> bool:
    from airflow.sdk import Asset, AssetAlias
    from airflow.sdk.definitions.asset import AssetRef

    return isinstance(entity, Asset | AssetAlias | AssetRef)
