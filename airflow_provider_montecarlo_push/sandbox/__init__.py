"""A local Monte Carlo, for the demo, for tests and for users' own CI.

``python -m airflow_provider_montecarlo_push.sandbox`` runs it; :class:`Sandbox` runs it from Python::

    from airflow_provider_montecarlo_push.sandbox import Sandbox

    with Sandbox.running() as sandbox:
        ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.sandbox.client import SandboxClient
    from airflow_provider_montecarlo_push.sandbox.config import KeyConfig, SandboxConfig, WarehouseConfig
    from airflow_provider_montecarlo_push.sandbox.running import Sandbox

_HOMES = {
    "KeyConfig": "config",
    "Sandbox": "running",
    "SandboxClient": "client",
    "SandboxConfig": "config",
    "WarehouseConfig": "config",
}

__all__ = ["KeyConfig", "Sandbox", "SandboxClient", "SandboxConfig", "WarehouseConfig"]


def __getattr__(name: str) -> Any:
    """Import on first use: the seeded warehouse below this package needs none of it."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
