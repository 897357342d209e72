"""The collector of a task: that of its connection's type, or one that the user names."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_montecarlo_push.collectors.registry import collector_class, load_collector, make_collector
from airflow_provider_montecarlo_push.collectors.report import CollectionReport

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.collectors.base import Collector


def collector_of(
    conn_id: str,
    path: str | None,
    options: dict[str, Any] | None,
    log: logging.Logger,
    *,
    keep_asset_types: bool = False,
) -> Collector:
    """Return the collector for a connection.

    :param path: dotted path of a class, instead of that of the connection's type.
    :param options: the user's ``collector_kwargs``.
    :raises ConfigurationError: when there is none, or it does not take the options.
    """
    cls = load_collector(path) if path else collector_class(BaseHook.get_connection(conn_id).conn_type or "")
    report = CollectionReport(log)
    return make_collector(cls, conn_id, report, keep_asset_types=keep_asset_types, options=dict(options or {}))
