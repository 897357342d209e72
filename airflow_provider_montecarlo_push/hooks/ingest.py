"""The Ingestion key: pushing to Monte Carlo's integration gateway."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.events.vocabulary import (
    check_etl_resource_type,
    check_log_type,
    check_resource_type,
    check_resource_uuid,
)
from airflow_provider_montecarlo_push.events.wire import flow_of, to_event
from airflow_provider_montecarlo_push.exceptions import (
    AuthorizationError,
    ConfigurationError,
    MonteCarloPushError,
)
from airflow_provider_montecarlo_push.hooks.credentials import key_text
from airflow_provider_montecarlo_push.hooks.endpoints import endpoint_of, timeout_of
from airflow_provider_montecarlo_push.hooks.failures import airflow_failures
from airflow_provider_montecarlo_push.hooks.flags import as_bool
from airflow_provider_montecarlo_push.manifests.receipts import Destination
from airflow_provider_montecarlo_push.push.batches import MAX_EVENTS, Batch, BatchLimits
from airflow_provider_montecarlo_push.push.envelope import PATHS, body_of
from airflow_provider_montecarlo_push.push.gateway import DEFAULT_ENDPOINT, Gateway
from airflow_provider_montecarlo_push.push.session import PushResult, push_events

if TYPE_CHECKING:
    from pycarlo.features.ingestion import IngestionService

_NO_RESOURCE = "00000000-0000-0000-0000-000000000000"


class MonteCarloIngestHook(BaseHook):
    """Pushes to Monte Carlo with a key of scope Ingestion.

    Connection type ``montecarlo-ingest``: login is the key's id, password its secret, host the endpoint (Monte
    Carlo's when empty). Extras: ``resource_uuid``, ``timeout`` (seconds), ``compress``.

    :param montecarlo_conn_id: the Airflow connection.
    """

    conn_name_attr = "montecarlo_conn_id"
    default_conn_name = "montecarlo_ingest_default"
    conn_type = "montecarlo-ingest"
    hook_name = "Monte Carlo Ingest"

    def __init__(self, montecarlo_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.montecarlo_conn_id = montecarlo_conn_id

    def get_conn(self) -> IngestionService:
        """Return the vendor's own client with this connection's key and endpoint.

        Importing it takes 250 MB and more than a second; its time limit of 10 s cannot be changed.

        :raises ConfigurationError: when the connection has no key.
        """
        from pycarlo.core import Client, Session
        from pycarlo.features.ingestion import IngestionService

        connection = self.get_connection(self.montecarlo_conn_id)
        with airflow_failures(), self.gateway() as gateway:
            endpoint = gateway.endpoint
        session = Session(mcd_id=connection.login, mcd_token=connection.password, endpoint=endpoint, scope="Ingestion")
        return IngestionService(mc_client=Client(session=session))

    def gateway(self, *, connections: int = 4) -> Gateway:
        """Return a client that keeps its connections alive; close it, or use it as a context manager.

        :param connections: most connections at once.
        :raises ConfigurationError: when the connection has no key, or a field of it is wrong.
        """
        connection = self.get_connection(self.montecarlo_conn_id)
        origin = f"connection {self.montecarlo_conn_id!r}"
        return Gateway(
            key_text(connection.login, "key id", origin),
            key_text(connection.password, "secret", origin),
            endpoint=endpoint_of(connection, DEFAULT_ENDPOINT),
            timeout=timeout_of(connection),
            compress=as_bool(connection.extra_dejson.get("compress", False), "compress"),
            connections=connections,
            origin=origin,
        )

    def destination(
        self,
        flow: Flow,
        gateway: Gateway,
        *,
        resource_uuid: str | None = None,
        resource_type: str | None = None,
        log_type: str | None = None,
        crosses_resources: bool = False,
    ) -> Destination:
        """Return where ``flow`` goes, checked.

        :param resource_uuid: instead of the connection's.
        :param resource_type: for all flows but query logs, which have a ``log_type``.
        :param crosses_resources: whether all events name their own resources.
        :raises ConfigurationError: when something is missing or unknown.
        """
        if crosses_resources:
            return Destination(endpoint=gateway.endpoint)
        connection = self.get_connection(self.montecarlo_conn_id)
        resource = check_resource_uuid(resource_uuid or connection.extra_dejson.get("resource_uuid"))
        if flow is Flow.QUERY_LOGS:
            if not log_type:
                raise ConfigurationError("Query logs need a log_type, such as 'snowflake'.")
            return Destination(gateway.endpoint, resource, log_type=check_log_type(log_type))
        if not resource_type:
            example = "airflow" if flow.is_etl else "snowflake"
            raise ConfigurationError(f"{flow.value.capitalize()} needs a resource_type, such as {example!r}.")
        check = check_etl_resource_type if flow.is_etl else check_resource_type
        return Destination(gateway.endpoint, resource, resource_type=check(resource_type))

    def push_events(
        self,
        events: Iterable[object],
        *,
        flow: Flow | str | None = None,
        resource_uuid: str | None = None,
        resource_type: str | None = None,
        log_type: str | None = None,
        max_events: int = MAX_EVENTS,
        concurrency: int = 4,
        on_rejected: Literal["fail", "skip"] = "fail",
    ) -> PushResult:
        """Push events from a Python task of your own.

        :param events: events of this package, pycarlo models or dicts, of one flow; read as they are sent, so a
            generator of any length will do.
        :param flow: ``metadata``, ``lineage``, ``query_logs``, ``etl_metadata`` or ``etl_runs``; needed for dicts only.
        :param resource_uuid: instead of the connection's.
        :param resource_type: for metadata and lineage; ``log_type`` for query logs.
        :param max_events: most events in one request.
        :param concurrency: most requests in flight.
        :param on_rejected: whether events that Monte Carlo refuses fail the task, after all others were delivered,
            or are only counted.
        :return: counts and invocation ids.
        :raises FinalError: when an event, the key or the resource is wrong; Airflow does not retry.
        :raises GatewayUnavailableError: when Monte Carlo cannot be reached; what was acknowledged is logged.
        """
        with airflow_failures():
            wanted = Flow(flow) if flow is not None else None
            iterator = (to_event(item, wanted) for item in events)
            first = next(iterator, None)
            if first is None:
                raise ConfigurationError("There are no events to push.")
            wanted = wanted or flow_of(first)
            typed = itertools.chain([first], (to_event(item, wanted) for item in iterator))
            with self.gateway(connections=concurrency) as gateway:
                destination = self.destination(
                    wanted,
                    gateway,
                    resource_uuid=resource_uuid,
                    resource_type=resource_type,
                    log_type=log_type,
                    crosses_resources=getattr(first, "crosses_resources", False),
                )
                return push_events(
                    typed,
                    wanted,
                    gateway,
                    destination,
                    limits=BatchLimits(events=max_events),
                    concurrency=concurrency,
                    fail_on_rejected=on_rejected == "fail",
                )

    def check_key(self, resource_uuid: str | None = None) -> str | None:
        """Check key, endpoint and resource without pushing anything.

        The gateway has no call for this. It checks the key before the body, so a body without events tells: 401 is
        a bad key, 403 a key for other resources, 400 a good one.

        :param resource_uuid: instead of the connection's.
        :return: the resource that the key is good for; ``None`` when none is named.
        :raises AuthenticationError: when the key is refused.
        :raises AuthorizationError: when it is not allowed for the resource.
        :raises MonteCarloPushError: when the connection is wrong, or the gateway does not answer.
        """
        connection = self.get_connection(self.montecarlo_conn_id)
        named = resource_uuid or connection.extra_dejson.get("resource_uuid")
        resource = check_resource_uuid(named) if named else _NO_RESOURCE
        with airflow_failures(), self.gateway() as gateway:
            destination = Destination(gateway.endpoint, resource, resource_type="snowflake")
            try:
                gateway.post(PATHS[Flow.METADATA], body_of(Batch.of("", 0, []), Flow.METADATA, destination))
            except AuthorizationError:
                if named:
                    raise
        return resource if named else None

    def test_connection(self) -> tuple[bool, str]:
        """Check key, endpoint and resource without pushing anything; for the connection form."""
        try:
            resource = self.check_key()
        except MonteCarloPushError as error:
            return False, str(error)
        if resource is None:
            return True, "The key is good. No resource UUID is set; give one here or on each push operator."
        return True, f"The key is good for resource {resource}."
