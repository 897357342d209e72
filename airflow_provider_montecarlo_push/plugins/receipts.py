"""Registers the receipt page with Airflow's API server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from airflow.providers.common.compat.sdk import AirflowPlugin

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class _ReceiptPage:
    """The page's app, made with its first request: every Airflow process loads plugins, only one serves pages."""

    def __init__(self) -> None:
        self._app: Callable[[Scope, Receive, Send], Awaitable[None]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            from airflow_provider_montecarlo_push.plugins.receipt_page import create_app

            self._app = create_app()
        await self._app(scope, receive, send)


class MonteCarloReceiptsPlugin(AirflowPlugin):
    """The page behind the extra link of a push task."""

    name = "montecarlo_receipts"
    fastapi_apps = [{"app": _ReceiptPage(), "url_prefix": "/montecarlo", "name": "Monte Carlo receipts"}]
