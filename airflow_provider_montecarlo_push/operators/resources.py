"""List the warehouses of a Monte Carlo account."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_montecarlo_push.graphql.keys import Warehouse
from airflow_provider_montecarlo_push.hooks.failures import airflow_failures
from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook
from airflow_provider_montecarlo_push.hooks.keys import warehouses

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

log = logging.getLogger(__name__)


class MonteCarloListWarehousesOperator(BaseOperator):
    """List the account's warehouses, and what each has received by push.

    The XCom result is a list of ``{"uuid", "name", "connection_type", "resource_type", "push_events"}``, the last one a
    list of ``{"kind", "status", "first_received", "last_received", "last_invocation_id"}``; the task log has it as a
    table.

    :param montecarlo_conn_id: connection of type ``montecarlo``, with the API key.
    """

    template_fields: Sequence[str] = ("montecarlo_conn_id",)
    ui_color = "#e8edfb"

    def __init__(self, *, montecarlo_conn_id: str = MonteCarloHook.default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.montecarlo_conn_id = montecarlo_conn_id

    def execute(self, context: Context) -> list[dict[str, Any]]:  # noqa: ARG002 - Airflow's signature
        """Return the warehouses.

        :raises FinalError: when the key is refused, or the answer is not one of this API.
        :raises GatewayUnavailableError: when Monte Carlo does not answer; Airflow retries.
        """
        with airflow_failures():
            found = warehouses(MonteCarloHook(self.montecarlo_conn_id))
        log.info("%s warehouses:\n%s", len(found), warehouse_table(found))
        return [warehouse.as_dict() for warehouse in found]


def warehouse_table(warehouses: Sequence[Warehouse]) -> str:
    """Return warehouses as a table."""
    rows = [("uuid", "name", "type", "received by push")]
    for warehouse in warehouses:
        received = [
            f"{events.kind} {events.status} {events.last_received or ''}".strip()
            for events in warehouse.push_events
            if events.status != "NEVER_RECEIVED"
        ]
        rows.append((warehouse.uuid, warehouse.name, warehouse.connection_type, ", ".join(received) or "nothing"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows
    )
