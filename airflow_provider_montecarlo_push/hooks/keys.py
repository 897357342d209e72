"""Make an Ingestion key and put it where pushes look for it: into an Airflow connection.

Airflow 3 keeps connections in its metadata database, which tasks cannot reach: a task can read a connection and not
write one. So these functions are for the command line, on a machine with Airflow's own settings, and a task that calls
them is told so before a key is made.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import mask_secret

from airflow_provider_montecarlo_push.events.vocabulary import check_resource_uuid
from airflow_provider_montecarlo_push.exceptions import (
    ConfigurationError,
    GatewayUnavailableError,
    GraphQLError,
    KeyNotStoredError,
    MonteCarloPushError,
)
from airflow_provider_montecarlo_push.graphql import keys
from airflow_provider_montecarlo_push.graphql.keys import IngestionKey, KnownKey, Warehouse
from airflow_provider_montecarlo_push.hooks.failures import airflow_failures
from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.push.retries import RetryPolicy

if TYPE_CHECKING:
    from airflow.models.connection import Connection

log = logging.getLogger(__name__)

# A request that is sent again may leave a second key, whose secret nobody has.
_ONCE = RetryPolicy(attempts=1, timeouts=1)


@airflow_failures()
def warehouses(hook: MonteCarloHook) -> list[Warehouse]:
    """Return the account's warehouses with UUID, name, types, and what each has received by push.

    :raises MonteCarloPushError: as :meth:`MonteCarloHook.execute` does.
    """
    return keys.warehouses_of(hook.warehouses())


@airflow_failures()
def ingestion_keys(hook: MonteCarloHook, warehouse: str | None = None) -> list[KnownKey]:
    """Return the Ingestion keys in force, without their secrets.

    :param warehouse: only those that name this warehouse's UUID.
    :raises MonteCarloPushError: as :meth:`MonteCarloHook.execute` does.
    """
    return hook.converse(keys.ingestion_keys(warehouse))


@airflow_failures()
def create_ingestion_key(
    hook: MonteCarloHook, description: str, warehouses: Sequence[str] | None = None
) -> IngestionKey:
    """Create a key with scope Ingestion, and return its id and secret.

    The secret is masked in logs from here on; nobody can ask for it again.

    :param description: what Monte Carlo's list of keys shows.
    :param warehouses: UUIDs of the only warehouses that it may push to; ``None`` for all.
    :raises GatewayUnavailableError: when there is no answer; it is not tried again, as each try may leave a key.
    :raises MonteCarloPushError: as :meth:`MonteCarloHook.execute` does.
    """
    once = MonteCarloHook(hook.montecarlo_conn_id, retries=_ONCE)
    try:
        key = once.converse(keys.new_key(description, warehouses))
    except GraphQLError as error:
        error.data = None  # may have the secret
        raise
    except GatewayUnavailableError as error:
        message = (
            f"{error} A key may have been made all the same, whose secret is lost: look for {description!r} in the "
            "list of keys, and delete it before trying again."
        )
        raise GatewayUnavailableError(message, timed_out=error.timed_out) from error
    mask_secret(key.secret)
    return key


@airflow_failures()
def delete_ingestion_key(hook: MonteCarloHook, key_id: str) -> bool:
    """Delete a key; return whether there was one. What pushes with it gets a 401 from then on.

    :raises MonteCarloPushError: as :meth:`MonteCarloHook.execute` does.
    """
    return hook.converse(keys.delete_key(key_id))


@airflow_failures()
def create_ingestion_connection(
    hook: MonteCarloHook,
    description: str,
    warehouses: Sequence[str] | None = None,
    *,
    conn_id: str = MonteCarloIngestHook.default_conn_name,
    resource_uuid: str | None = None,
    host: str | None = None,
    replace: bool = False,
) -> tuple[str, str | None]:
    """Create a key and put it into an Airflow connection of type ``montecarlo-ingest``.

    :param warehouses: UUIDs of the only warehouses that the key may push to; ``None`` for all.
    :param conn_id: the connection.
    :param resource_uuid: the warehouse that it pushes to; default: the only one of ``warehouses``.
    :param host: endpoint of the gateway, where it is not Monte Carlo's own.
    :param replace: put the key into a connection that is there; what else that one says stays, unless given here.
    :return: id of the new key, and of the one that the connection had before, which is still in force.
    :raises ConfigurationError: when the connection cannot be written; no key is made then.
    :raises KeyNotStoredError: when it could not be written after all; the key is deleted again.
    :raises MonteCarloPushError: as :func:`create_ingestion_key` does.
    """
    if resource_uuid is None and warehouses is not None and len(warehouses) == 1:
        resource_uuid = warehouses[0]
    extra = {"resource_uuid": check_resource_uuid(resource_uuid)} if resource_uuid else {}
    require_writable(conn_id, replace=replace)
    key = create_ingestion_key(hook, description, warehouses)
    problem = None
    try:
        before = _write(conn_id, key, host, extra, replace=replace)
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold the row with the secret
        problem = type(error).__name__
    if problem is None:
        log.info("Ingestion key %s is in connection %r.", key.id, conn_id)
        return key.id, before
    raise KeyNotStoredError(f"Connection {conn_id!r} could not be written ({problem}). {_take_back(hook, key.id)}")


def require_writable(conn_id: str, *, replace: bool = False) -> None:
    """Check that a connection can be written and will be found.

    :raises ConfigurationError: when it is there already and not to be replaced, when an environment variable or a
        secrets backend would be found in its place, or when the metadata database is out of reach.
    """
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    if variable in os.environ:
        raise ConfigurationError(
            f"The environment variable {variable} defines connection {conn_id!r} and would hide what is written. "
            "Unset it, or choose another id."
        )
    # As Airflow itself tells a task's process from others.
    if getattr(sys.modules.get("airflow.sdk.execution_time.task_runner"), "SUPERVISOR_COMMS", None) is not None:
        raise ConfigurationError(
            "A task cannot write connections in Airflow 3. Make the key on the command line, on a machine with "
            "Airflow's own settings, such as the API server's."
        )
    backend = _backend_with(conn_id)
    if backend:
        raise ConfigurationError(
            f"The secrets backend {backend} defines connection {conn_id!r} and would hide what is written. Put the key "
            "there, or choose another id."
        )
    problem = None
    kind = None
    try:
        kind = _type_of(conn_id)
    except Exception as error:  # noqa: BLE001 - which errors depends on the database
        problem = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
    if problem:
        raise ConfigurationError(
            f"Airflow's metadata database cannot be read here ({problem}). Run this on a machine with Airflow's own "
            "settings, such as the API server's."
        )
    if kind is not None and kind != MonteCarloIngestHook.conn_type:
        raise ConfigurationError(f"Connection {conn_id!r} is there already, of type {kind!r}. Choose another id.")
    if kind is not None and not replace:
        raise ConfigurationError(f"Connection {conn_id!r} is there already. Give replace, or another id.")


def _take_back(hook: MonteCarloHook, key_id: str) -> str:
    try:
        gone = delete_ingestion_key(hook, key_id)
    except MonteCarloPushError:
        gone = False
    if gone:
        return f"Key {key_id} was deleted again."
    return f"Key {key_id} is in force, and its secret is lost: delete it."


def _backend_with(conn_id: str) -> str | None:
    """Return the name of a secrets backend of the user's own that has the connection."""
    from airflow.configuration import ensure_secrets_loaded

    for backend in ensure_secrets_loaded():
        if type(backend).__module__.startswith(("airflow.secrets.", "airflow.sdk.execution_time.secrets")):
            continue
        # One that cannot be asked here cannot be asked by Airflow either, which goes on with the next.
        with suppress(Exception):
            if backend.get_connection(conn_id) is not None:
                return type(backend).__name__
    return None


def _type_of(conn_id: str) -> str | None:
    from airflow.utils.session import create_session

    with create_session() as session:
        connection = _find(session, conn_id)
        return connection.conn_type or "" if connection is not None else None


def _write(conn_id: str, key: IngestionKey, host: str | None, extra: dict[str, str], *, replace: bool) -> str | None:
    """Write the connection; return the key id that it had before."""
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session

    with create_session() as session:
        connection = _find(session, conn_id)
        if connection is None:
            connection = Connection(conn_id=conn_id, conn_type=MonteCarloIngestHook.conn_type)
            session.add(connection)
        elif not replace:
            raise ConfigurationError(f"Connection {conn_id!r} was made meanwhile.")
        before: str | None = connection.login
        connection.conn_type = MonteCarloIngestHook.conn_type
        connection.login = key.id
        connection.set_password(key.secret)
        if host:
            connection.host = host
        if extra:
            connection.set_extra(json.dumps({**connection.extra_dejson, **extra}))
        return before


def _find(session: Any, conn_id: str) -> Connection | None:
    from airflow.models.connection import Connection
    from sqlalchemy import select

    found: Connection | None = session.scalar(select(Connection).where(Connection.conn_id == conn_id))
    return found
