"""``check``: whether everything is in place for a first push."""

from __future__ import annotations

import uuid
from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

from airflow_provider_montecarlo_push.cli.command import FAILED, command
from airflow_provider_montecarlo_push.cli.output import show
from airflow_provider_montecarlo_push.cli.running import run_operator
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, MonteCarloPushError
from airflow_provider_montecarlo_push.graphql.keys import Warehouse
from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.hooks.keys import ingestion_keys, warehouses
from airflow_provider_montecarlo_push.hooks.locations import manifest_root
from airflow_provider_montecarlo_push.operators.access import MonteCarloCheckAccessOperator


class Finding(NamedTuple):
    """One line of the result.

    :param status: ``ok``, ``failed``, or ``skipped`` when it depends on one that failed.
    """

    check: str
    status: str
    detail: str


@command
def check(arguments: Namespace) -> int:
    """Look at both connections, the key's scope, the resource, the manifest root and, if named, the warehouse."""
    findings = list(_findings(arguments))
    show([finding._asdict() for finding in findings], arguments.output)
    return FAILED if any(finding.status != "ok" for finding in findings) else 0


def _findings(arguments: Namespace) -> Iterator[Finding]:
    ingest = MonteCarloIngestHook(arguments.ingest_conn_id)
    api = MonteCarloHook(arguments.api_conn_id)
    resource: list[str | None] = []
    account: list[Warehouse] = []

    def ingestion_key() -> str:
        resource.append(ingest.check_key(arguments.resource_uuid))
        return f"{arguments.ingest_conn_id}: the key may push" + (f" to {resource[0]}" if resource[0] else "")

    def api_key() -> str:
        account.extend(warehouses(api))
        return f"{arguments.api_conn_id}: the key may query; the account has {len(account)} warehouses"

    yield _found("ingestion key", ingestion_key)
    yield _found("API key", api_key)
    if account:
        yield _found("scope", lambda: _scope(api, ingest))
        yield _found("resource", lambda: _resource(arguments.resource_uuid, ingest, account))
    else:
        yield Finding("scope", "skipped", "needs the API key")
        yield Finding("resource", "skipped", "needs the API key")
    yield _found("manifest root", lambda: _manifest_root(arguments.manifest_root))
    if arguments.source_conn_id:
        yield from _source(arguments.source_conn_id)


def _found(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, "ok", look())
    except (MonteCarloPushError, AirflowNotFoundException) as error:
        return Finding(name, "failed", str(error))


def _scope(api: MonteCarloHook, ingest: MonteCarloIngestHook) -> str:
    key_id = BaseHook.get_connection(ingest.montecarlo_conn_id).login
    key = next((key for key in ingestion_keys(api) if key.id == key_id), None)
    if key is None:
        raise ConfigurationError(
            f"The key {key_id} of connection {ingest.montecarlo_conn_id!r} is not among the Ingestion keys of the "
            f"account of connection {api.montecarlo_conn_id!r}: the two are of different accounts, or it is no key of "
            "scope Ingestion."
        )
    allowed = ", ".join(name or uuid for uuid, name in key.warehouses.items())
    return f"{key_id} has scope Ingestion, for {allowed or 'all warehouses'}"


def _resource(given: str | None, ingest: MonteCarloIngestHook, account: list[Warehouse]) -> str:
    wanted = given or BaseHook.get_connection(ingest.montecarlo_conn_id).extra_dejson.get("resource_uuid")
    if not wanted:
        raise ConfigurationError(
            f"Connection {ingest.montecarlo_conn_id!r} names no resource_uuid. Set it, or give resource_uuid on every "
            f"push task. The account has: {_named(account)}."
        )
    found = next((warehouse for warehouse in account if warehouse.uuid == str(wanted).lower()), None)
    if found is None:
        raise ConfigurationError(f"The account has no warehouse {wanted}. It has: {_named(account)}.")
    if found.resource_type is None:
        raise ConfigurationError(f"{found.name} is of type {found.connection_type}, to which nothing can be pushed.")
    return f"{found.uuid} is {found.name}, resource_type {found.resource_type}"


def _named(account: list[Warehouse]) -> str:
    return ", ".join(f"{warehouse.name} ({warehouse.uuid})" for warehouse in account)


def _manifest_root(given: str | None) -> str:
    root = manifest_root(given)
    name = f"check-{uuid.uuid4().hex}"
    try:
        root.write(name, b"written by airflow montecarlo check\n")
        root.read(name)
        root.delete(name)
    except Exception as error:  # each store has errors of its own
        raise ConfigurationError(
            f"{root.uri} cannot be written: {type(error).__name__}: {error}. Set [montecarlo_push] manifest_root to a "
            "place that this machine and every worker may write to."
        ) from error
    return f"{root.uri} can be written, read and deleted from here"


def _source(conn_id: str) -> Iterator[Finding]:
    operator = MonteCarloCheckAccessOperator(task_id="check", source_conn_id=conn_id)
    found: list[dict[str, Any]] = []

    def access() -> str:
        found.extend(run_operator(operator))
        return f"{conn_id}: {len(found)} views, databases or folders looked at"

    yield _found("source", access)
    for row in found:
        detail = f"for {', '.join(row['flows'])}"
        if not row["readable"]:
            detail = "\n".join([f"{detail}; {row['needed'] or row['problem']}", *row["grants"]])
        yield Finding(row["name"], "ok" if row["readable"] else "failed", detail)
