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

    def fork(self) -> None:
        """Emit in forks, as the provider does unless it is told otherwise."""
        self._setenv("AIRFLOW__OPENLINEAGE__EXECUTE_IN_THREAD", "False")

    def forget_hooks(self) -> None:
        """Forget what hooks of tasks before reported, as the next task's own process does."""
        from airflow.sdk import lineage

        lineage.get_hook_lineage_collector.cache_clear()

    def observations(self) -> list[Observation]:
        return spooled(self._root)


@pytest.fixture
def openlineage(airflow_database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenLineage]:
    """Emit events of all tasks; what hooks of earlier tests reported is forgotten."""
    from airflow.listeners.listener import get_listener_manager
    from airflow.providers.openlineage.plugins.listener import get_openlineage_listener
    from airflow.sdk import lineage, plugins_manager
    from sqlalchemy.orm import context

    # snowflake-sqlalchemy 1 knows only the names of SQLAlchemy 2.0.
    monkeypatch.setattr(context, "ORMSelectCompileState", context._ORMSelectCompileState, raising=False)
    monkeypatch.setenv("AIRFLOW__MONTECARLO_PUSH__MANIFEST_ROOT", tmp_path.as_uri())
    # A fork cannot ask the execution API that dag.test() runs in a thread of its parent.
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__EXECUTE_IN_THREAD", "True")
    enabled = OpenLineage(tmp_path, monkeypatch.setenv)
    listener = get_openlineage_listener()
    monkeypatch.setattr(listener.adapter, "_client", None)
    manager = get_listener_manager()
    manager.add_listener(listener)
    # The provider's plugin asks for what hooks report, in processes that find it enabled when they load plugins.
    monkeypatch.setattr(plugins_manager, "get_hook_lineage_readers_plugins", lambda: [lineage.HookLineageReader])
    enabled.forget_hooks()
    yield enabled
    manager.pm.unregister(listener)
    enabled.forget_hooks()
