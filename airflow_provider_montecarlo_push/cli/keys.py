"""``warehouses`` and ``create-key``."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from airflow_provider_montecarlo_push.cli.command import command
from airflow_provider_montecarlo_push.cli.output import show
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.graphql.keys import Warehouse
from airflow_provider_montecarlo_push.hooks import keys
from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook


@command
def warehouses(arguments: Namespace) -> None:
    """List the account's warehouses, and what each received by push."""
    found = keys.warehouses(MonteCarloHook(arguments.api_conn_id))
    for_people = arguments.output in ("table", "plain")
    show([_row(warehouse) if for_people else warehouse.as_dict() for warehouse in found], arguments.output)


def _row(warehouse: Warehouse) -> dict[str, Any]:
    return {
        "uuid": warehouse.uuid,
        "name": warehouse.name,
        "connection_type": warehouse.connection_type,
        "resource_type": warehouse.resource_type or "cannot be pushed to",
        "received by push": [
            f"{events.kind} {events.status} {events.last_received or ''}".strip()
            for events in warehouse.push_events
            if events.status != "NEVER_RECEIVED"
        ]
        or "nothing",
    }


@command
def create_key(arguments: Namespace) -> None:
    """Create an Ingestion key; put it into a connection, or print it once."""
    hook = MonteCarloHook(arguments.api_conn_id)
    if arguments.conn_id is None:
        if arguments.replace or arguments.resource_uuid or arguments.host:
            raise ConfigurationError("--replace, --resource-uuid and --host are about a connection: give --conn-id.")
        key_id, secret = keys.create_ingestion_key(hook, arguments.description, arguments.warehouse)
        show({"id": key_id, "secret": secret}, arguments.output)
        return
    key_id, before = keys.create_ingestion_connection(
        hook,
        arguments.description,
        arguments.warehouse,
        conn_id=arguments.conn_id,
        resource_uuid=arguments.resource_uuid,
        host=arguments.host,
        replace=arguments.replace,
    )
    show({"id": key_id, "conn_id": arguments.conn_id, "previous_id": before}, arguments.output)
