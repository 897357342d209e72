"""Registers the lineage listener with Airflow, when it is switched on."""

from __future__ import annotations

import logging
from typing import Any

from airflow.providers.common.compat.sdk import AirflowPlugin, conf

log = logging.getLogger(__name__)


def _is_enabled() -> bool:
    try:
        return bool(conf.getboolean("montecarlo_push", "listener_enabled", fallback=False))
    except Exception as error:  # noqa: BLE001 - a wrong setting must not stop any part of Airflow
        log.warning("The lineage listener is off: [montecarlo_push] listener_enabled is no truth value: %s", error)
        return False


def _listeners() -> list[Any]:
    # Loaded here, so that processes that Airflow forks have it already.
    from airflow_provider_montecarlo_push.listeners.lineage import LineageListener

    return [LineageListener()]


def _hook_lineage_readers() -> list[Any]:
    # Without any reader Airflow throws away what hooks record.
    from airflow.providers.common.compat.sdk import HookLineageReader

    return [HookLineageReader]


class MonteCarloLineagePlugin(AirflowPlugin):
    """The listener that spools what tasks read, write and run; nothing unless ``listener_enabled`` is set."""

    name = "montecarlo_lineage"
    listeners = _listeners() if _is_enabled() else []
    hook_lineage_readers = _hook_lineage_readers() if listeners else []
