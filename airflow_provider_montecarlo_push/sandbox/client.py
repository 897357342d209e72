"""The sandbox's own API from Python: for tests, fixtures and scripts, over HTTP, wherever the sandbox runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from airflow_provider_montecarlo_push.exceptions import ConfigurationError, GraphQLError, MonteCarloPushError
from airflow_provider_montecarlo_push.sandbox.config import (
    API,
    INGESTION,
    KeyConfig,
    SandboxConfig,
)
from airflow_provider_montecarlo_push.sandbox.names import FLOWS, AssetName

_PAGE = 1000


class SandboxClient:
    """A running sandbox.

    :param url: where it listens, such as ``http://127.0.0.1:8085``.
    :param config: what it was started with, where that is not the default.

    ``ingest_key`` and ``api_key`` are the first keys of each kind (``id``, ``secret``); ``warehouse_uuid`` is the first
    warehouse (Snowflake by default), ``lake_uuid`` the second. Nothing is cached: every call asks the sandbox.
    """

    def __init__(self, url: str, config: SandboxConfig | None = None) -> None:
        self.url = url.rstrip("/")
        self.config = config or SandboxConfig()
        self._http = httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    @property
    def graphql_url(self) -> str:
        """Where GraphQL is served."""
        return f"{self.url}/graphql"

    @property
    def ingest_key(self) -> KeyConfig:
        """A key with scope Ingestion."""
        return self._configured_key(INGESTION)

    @property
    def api_key(self) -> KeyConfig:
        """A key for GraphQL."""
        return self._configured_key(API)

    @property
    def warehouse_uuid(self) -> str:
        """The first warehouse."""
        return self.config.warehouses[0].uuid

    @property
    def lake_uuid(self) -> str:
        """The second warehouse, where there is one, else the first."""
        return self.config.warehouses[:2][-1].uuid

    @property
    def etl_uuid(self) -> str:
        """The first ETL container.

        :raises ConfigurationError: when there is none.
        """
        if not self.config.etl_containers:
            raise ConfigurationError("The sandbox was configured without an ETL container.")
        return self.config.etl_containers[0].uuid

    def _configured_key(self, kind: str) -> KeyConfig:
        for key in self.config.keys:
            if key.kind == kind:
                return key
        raise ConfigurationError(f"The sandbox was configured without a key of kind {kind!r}.")

    def mcon(self, database: str, schema: str, name: str, *, resource_uuid: str | None = None) -> str:
        """Return the MCON of a table."""
        asset = AssetName(resource_uuid or self.warehouse_uuid, database, schema, name)
        return asset.mcon(self.config.account_uuid)

    # What arrived ----------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return account, counts, settings, keys, warehouses and faults."""
        return self._get("/state")

    def pushes(self, flow: str | None = None, *, invocation_ids: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """Return every accepted push, oldest first: ``invocation_id``, ``flow``, ``event_type``, ``events``,
        ``raw_bytes``, ``compressed_bytes``, ``resource_uuid``, ``trace_id``, ``received_at``, …"""
        wanted = None if invocation_ids is None else ",".join(invocation_ids)
        found: list[dict[str, Any]] = []
        before = None
        while True:
            page = self._get("/pushes", flow=flow, invocation_id=wanted, before=before, limit=_PAGE)["pushes"]
            found.extend(page)
            if len(page) < _PAGE:
                return found[::-1]
            before = page[-1]["id"]

    def events(self, flow: str | None = None, *, invocation_id: str | None = None) -> list[dict[str, Any]]:
        """Return stored events as they were sent, of one push or of all pushes of a flow, in order of arrival."""
        ids = [invocation_id] if invocation_id else [push["invocation_id"] for push in self.pushes(flow)]
        found: list[dict[str, Any]] = []
        for item in ids:
            offset = 0
            while True:
                page = self._get(f"/pushes/{item}/events", offset=offset, limit=_PAGE)
                found.extend(page["events"])
                offset += _PAGE
                if offset >= page["total"]:
                    break
        return found

    def requests(self, flow: str | None = None, *, status: int | None = None) -> list[dict[str, Any]]:
        """Return the last 1000 requests to the API, refused ones too: ``status`` (``None`` where no answer was sent),
        ``fault``, ``message``, ``invocation_id``, ``trace_id``, …"""
        found: list[dict[str, Any]] = self._get("/requests", flow=flow, status=status)["requests"]
        return found

    def tables(self, search: str | None = None, *, deleted: bool = False) -> list[dict[str, Any]]:
        """Return visible tables in order of name, with their last ``row_count``, ``byte_count``,
        ``last_update_time``; or those that were deleted and not pushed again."""
        return self._all("/tables", "tables", search=search, deleted=str(deleted).lower())

    def table(self, mcon: str) -> dict[str, Any]:
        """Return one table: ``versions`` (columns), ``history``, ``upstream``, ``downstream``, ``tags``, …"""
        return self._get("/table", mcon=mcon)

    def lineage(self, mcon: str | None = None, *, hops: int = 2) -> dict[str, Any]:
        """Return ``nodes``, ``edges`` and ``columns`` around a table, or the whole graph (up to 2000 nodes)."""
        return self._get("/lineage", mcon=mcon, hops=hops, limit=2000)

    def nodes(self, *, custom: bool | None = None) -> list[dict[str, Any]]:
        """Return every node of the lineage graph in order of name: ``mcon``, ``name``, ``type``, ``object_id``,
        ``resource_uuid``, ``custom``, ``expire_at``, ``properties``, …

        :param custom: only those that were created over GraphQL, or only the others.
        """
        return self._pages("/nodes", "nodes", custom=custom)

    def edges(self, *, custom: bool | None = None) -> list[dict[str, Any]]:
        """Return every edge of the lineage graph: ``source``, ``destination``, ``edge_type``, ``is_custom``,
        ``expire_at``, …"""
        return self._pages("/edges", "edges", custom=custom)

    def deletions(self) -> list[dict[str, Any]]:
        """Return what was deleted over GraphQL, oldest first: ``kind`` (``table`` or ``node``), ``mcon``, ``at``,
        and how many ``nodes`` and ``edges`` left the graph with it."""
        return self._pages("/deletions", "deletions")

    def keys(self) -> list[dict[str, Any]]:
        """Return every key without its secret, oldest first: ``id``, ``kind``, ``warehouses``, ``in_force``, …"""
        found: list[dict[str, Any]] = self._get("/keys")["keys"]
        return found

    def resources(self) -> list[dict[str, Any]]:
        """Return warehouses and other resources: ``uuid``, ``name``, ``type``, ``is_warehouse``, …"""
        found: list[dict[str, Any]] = self._get("/resources")["resources"]
        return found

    def jobs(self, search: str | None = None) -> list[dict[str, Any]]:
        """Return the ETL jobs as they were sent, each with its number of ``runs`` and its ``last_run``."""
        return self._all("/etl/jobs", "jobs", search=search)

    def runs(
        self, job: str | None = None, *, parent: str | None = None, failed: bool | None = None
    ) -> list[dict[str, Any]]:
        """Return runs of ETL jobs, the last started first.

        :param job: of this job only, by its ``job_source_id``.
        :param parent: the runs of tasks in the run with this ``run_source_id`` instead, in order of start.
        :param failed: only failed runs, or only others.
        """
        wanted = None if failed is None else str(failed).lower()
        return self._all("/etl/runs", "runs", job=job, parent=parent, failed=wanted)

    def queries(self, search: str | None = None, *, failed: bool | None = None) -> list[dict[str, Any]]:
        """Return visible query logs, the last ended first."""
        wanted = None if failed is None else str(failed).lower()
        return self._all("/queries", "queries", search=search, failed=wanted)

    def graphql(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Execute a GraphQL document with the first API key; return ``data``.

        :raises GraphQLError: when the answer has errors.
        """
        headers = {"x-mcd-id": self.api_key.id, "x-mcd-token": self.api_key.secret}
        response = self._http.post("/graphql", json={"query": query, "variables": variables or {}}, headers=headers)
        answer = response.json()
        if "data" not in answer or answer.get("errors"):
            errors = answer.get("errors") or [answer]
            raise GraphQLError("; ".join(str(item["message"]) for item in errors), errors=errors)
        data: dict[str, Any] = answer["data"]
        return data

    # Controls --------------------------------------------------------------------------------------

    def inject(self, action: str, **rule: Any) -> dict[str, Any]:
        """Add a fault rule; see :class:`~airflow_provider_montecarlo_push.sandbox.faults.FaultRule` for its fields."""
        return self._send("POST", "/faults", {"action": action, **rule})

    def faults(self) -> list[dict[str, Any]]:
        """Return the fault rules with how often each ``applied``."""
        found: list[dict[str, Any]] = self._get("/faults")["faults"]
        return found

    def clear_faults(self) -> None:
        """Remove every fault rule."""
        self._send("DELETE", "/faults")

    def add_key(
        self,
        kind: str = INGESTION,
        *,
        warehouses: Iterable[str] | None = None,
        id: str | None = None,  # noqa: A002 - the field's name
        secret: str | None = None,
        description: str = "",
        expires_after: float | None = None,
    ) -> KeyConfig:
        """Add a key (``ingestion`` or ``api``), optionally for some warehouses only; return it with its secret.

        :param expires_after: seconds until it is refused with 401; :meth:`advance` brings that about.
        """
        values: dict[str, Any] = {"kind": kind, "description": description, "expires_after": expires_after}
        values["warehouses"] = None if warehouses is None else list(warehouses)
        values.update({name: value for name, value in (("id", id), ("secret", secret)) if value is not None})
        key = self._send("POST", "/keys", values)
        limited = key.pop("warehouses")
        return KeyConfig(**key, warehouses=None if limited is None else tuple(limited))

    def revoke_key(self, key: KeyConfig | str) -> None:
        """Revoke a key."""
        self._send("DELETE", f"/keys/{key.id if isinstance(key, KeyConfig) else key}")

    def add_warehouse(self, name: str, connection_type: str = "SNOWFLAKE", *, uuid: str | None = None) -> str:
        """Add a warehouse; return its UUID."""
        values = {"name": name, "connection_type": connection_type, **({"uuid": uuid} if uuid else {})}
        return str(self._send("POST", "/warehouses", values)["uuid"])

    def add_etl_container(self, name: str, type: str = "AIRFLOW", *, uuid: str | None = None) -> str:  # noqa: A002 - the field's name
        """Add an ETL container; return its UUID."""
        values = {"name": name, "type": type, **({"uuid": uuid} if uuid else {})}
        return str(self._send("POST", "/etl/containers", values)["uuid"])

    def add_collected_table(self, event: Mapping[str, Any], *, resource_uuid: str | None = None) -> str:
        """Add a table as if Monte Carlo had collected it itself; return its MCON.

        :param event: as one of the metadata flow, ``{"relational_asset": …}``.
        """
        values = {"event": event, "warehouse": resource_uuid or self.warehouse_uuid}
        return str(self._send("POST", "/tables", values)["mcon"])

    def set_delay(self, seconds: float, *flows: str) -> None:
        """Make later pushes of ``flows`` (all of them by default) visible only after ``seconds``."""
        wanted = flows or FLOWS
        self.change_settings(visible_after=dict.fromkeys(wanted, seconds))

    def change_settings(self, **settings: Any) -> dict[str, Any]:
        """Change ``visible_after``, ``accept_gzip``, ``max_compressed_bytes`` or ``max_raw_bytes``."""
        return self._send("PATCH", "/settings", settings)

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock forward: delays pass, column lineage expires, pushes grow stale."""
        self._send("POST", "/clock", {"seconds": seconds})

    def reset(self) -> None:
        """Forget everything that arrived, and every change to keys, warehouses, settings, faults and clock."""
        self._send("POST", "/reset")

    def close(self) -> None:
        """Close the connections to the sandbox."""
        self._http.close()

    def _all(self, path: str, name: str, **parameters: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = self._get(path, offset=len(found), limit=_PAGE, **parameters)
            found.extend(page[name])
            if len(found) >= page["total"] or not page[name]:
                return found

    def _pages(self, path: str, name: str, *, custom: bool | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        wanted = None if custom is None else str(custom).lower()
        while True:
            page = self._get(path, offset=len(found), limit=_PAGE, custom=wanted)[name]
            found.extend(page)
            if len(page) < _PAGE:
                return found

    def _get(self, path: str, **parameters: Any) -> dict[str, Any]:
        given = {name: value for name, value in parameters.items() if value is not None}
        return _checked(self._http.get(f"/sandbox/api{path}", params=given))

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        content = None if method == "DELETE" else dict(body or {})
        return _checked(self._http.request(method, f"/sandbox/api{path}", json=content))


def _checked(response: httpx.Response) -> dict[str, Any]:
    if response.is_success:
        answer: dict[str, Any] = response.json()
        return answer
    try:
        message = response.json()["message"]
    except (ValueError, LookupError, TypeError):
        message = response.text[:200]
    kind = ConfigurationError if response.status_code == 400 else MonteCarloPushError
    raise kind(f"The sandbox answered {response.status_code}: {message}")
