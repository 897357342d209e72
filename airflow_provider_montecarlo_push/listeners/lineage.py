"""Spools what a task that succeeded has read, written and run. Never fails or holds up the task."""

from __future__ import annotations

import logging
from typing import Any

from airflow.providers.common.compat.sdk import conf, hookimpl

from airflow_provider_montecarlo_push.hooks.locations import folder_at, manifest_root
from airflow_provider_montecarlo_push.listeners.collected import CollectedBefore, collected, mark
from airflow_provider_montecarlo_push.listeners.guard import Guard
from airflow_provider_montecarlo_push.listeners.inlets import record_inlets
from airflow_provider_montecarlo_push.listeners.observing import has_something, observe
from airflow_provider_montecarlo_push.spool.writing import add

log = logging.getLogger(__name__)

# Loads what local paths need now, once, rather than at the end of each task.
folder_at("file:///")

_SECTION = "montecarlo_push"
# Airflow kills what still runs 20 seconds after a task, unless [core] task_success_overtime says otherwise.
_SECONDS = 5.0


class LineageListener:
    """Airflow calls this in the process of each task."""

    def __init__(self) -> None:
        self._guard = Guard(log, conf.getfloat(_SECTION, "listener_timeout", fallback=_SECONDS))
        self._records_inlets = conf.getboolean(_SECTION, "listener_records_inlets", fallback=False)
        self._before = CollectedBefore()

    @hookimpl
    def on_task_instance_running(self, previous_state: Any, task_instance: Any) -> None:
        """Note what was recorded before the task, and put its inlets into its asset events where that is asked for."""
        del previous_state
        with self._guard.catching("reading a task"):
            self._before = mark()
            if self._records_inlets and _runs_here(task_instance):
                record_inlets(task_instance)

    @hookimpl
    def on_task_instance_success(self, previous_state: Any, task_instance: Any) -> None:
        """Spool what the task did. By now Airflow knows that it has succeeded."""
        del previous_state
        with self._guard.catching("reading a task"):
            if not _runs_here(task_instance):  # marked as successful by somebody, in the API server
                return
            lineage = collected(self._before)
            if has_something(task_instance.task, lineage):
                self._guard.run(lambda: self._spool(task_instance, lineage), "spooling lineage")

    def _spool(self, task_instance: Any, lineage: Any) -> None:
        observation = observe(task_instance, lineage)
        if observation is None:
            return
        if not add(manifest_root(), observation):
            self._guard.count("spool_full", "the spool is full: nothing has pushed it for long")


def _runs_here(task_instance: Any) -> bool:
    return getattr(task_instance, "task", None) is not None and hasattr(task_instance, "get_template_context")
