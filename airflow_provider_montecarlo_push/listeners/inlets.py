"""A task's inlets in the events of its assets, for DAGs that these assets trigger."""

from __future__ import annotations

from typing import Any

from airflow_provider_montecarlo_push.assets.extra import EXTRA_KEY, extra_of


def record_inlets(task_instance: Any) -> None:
    """Write the inlets into the events of the outlets, unless the task does so itself later.

    That is before the task runs: when it has succeeded, its events are on the way already.
    """
    task = task_instance.task
    sources = [uri for inlet in task.inlets if (uri := _uri(inlet))]
    outlets = [outlet for outlet in task.outlets if _uri(outlet)]
    if not sources or not outlets:
        return
    events = task_instance.get_template_context()["outlet_events"]
    for outlet in outlets:
        events[outlet].extra.setdefault(EXTRA_KEY, extra_of(sources, None))


def _uri(entity: Any) -> str | None:
    uri = getattr(entity, "uri", None)
    return uri if isinstance(uri, str) and uri else None
