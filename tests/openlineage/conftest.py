"""Airflow's own OpenLineage provider, enabled."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.assets.model import Observation
from tests.openlineage.events import spooled

TYPE = "airflow_provider_montecarlo_push.openlineage.transport.MonteCarloTransport"


class OpenLineage:
    """The provider's listener, as tasks of this process see it."""

    def __init__(self, root: Path, setenv: Callable[[str, str], None]) -> None:
        self._root = root
        self._setenv = setenv
        self.use({"type": TYPE})

    def use(self, transport: dict[str, Any]) -> None:
        self._setenv("AIRFLOW__OPENLINEAGE__TRANSPORT", json.dumps(transport))
        forget_settings()

    def fork(self) -> None:
        """Emit in forks, as the provider does unless it is told otherwise."""
        self._setenv("AIRFLOW__OPENLINEAGE__EXECUTE_IN_THREAD", "False")
        forget_settings()

    def forget_hooks(self) -> None:
        """Forget what hooks of tasks before reported, as the next task's own process does."""
        from airflow.sdk import lineage

        lineage.get_hook_lineage_collector.cache_clear()

    def observations(self) -> list[Observation]:
        return spooled(self._root)


def forget_settings() -> None:
    """Let the provider read its settings again, which it does once in each process."""
    from airflow.providers.openlineage import conf

    for function in vars(conf).values():
        if hasattr(function, "cache_clear"):
            function.cache_clear()


@pytest.fixture
def openlineage(airflow_database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenLineage]:
    """Emit events of all tasks; what hooks of earlier tests reported is forgotten."""
    from airflow.listeners import listener as core
    from airflow.providers.openlineage.plugins.listener import get_openlineage_listener
    from airflow.sdk import lineage, plugins_manager
    from airflow.sdk import listener as sdk
    from sqlalchemy.orm import context

    # snowflake-sqlalchemy 1 knows only the names of SQLAlchemy 2.0.
    monkeypatch.setattr(context, "ORMSelectCompileState", context._ORMSelectCompileState, raising=False)
    monkeypatch.setenv("AIRFLOW__MONTECARLO_PUSH__MANIFEST_ROOT", tmp_path.as_uri())
    # A fork cannot ask the execution API that dag.test() runs in a thread of its parent.
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__EXECUTE_IN_THREAD", "True")
    enabled = OpenLineage(tmp_path, monkeypatch.setenv)
    listener = get_openlineage_listener()
    monkeypatch.setattr(listener.adapter, "_client", None)
    # Of the scheduler, for DAG runs, and of tasks; either has the listener already if its plugins were loaded just now.
    managers = [core.get_listener_manager(), sdk.get_listener_manager()]
    for manager in managers:
        manager.add_listener(listener)
    # The provider's plugin asks for what hooks report, in processes that find it enabled when they load plugins.
    monkeypatch.setattr(plugins_manager, "get_hook_lineage_readers_plugins", lambda: [lineage.HookLineageReader])
    enabled.forget_hooks()
    yield enabled
    for manager in managers:
        if manager.pm.is_registered(listener):
            manager.pm.unregister(listener)
    enabled.forget_hooks()
    forget_settings()
