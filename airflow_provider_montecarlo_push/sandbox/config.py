"""What a sandbox starts with: account, keys, warehouses, limits, delays.

Precedence: arguments of the caller (command line), then the environment, then a JSON file, then the defaults, which
suit a demo: one key of each kind with obvious values and two warehouses with fixed UUIDs.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.sandbox.names import FLOWS

INGESTION = "ingestion"
API = "api"
KEY_KINDS = (INGESTION, API)
INGESTION_SCOPE = "Ingestion"
# What Monte Carlo's ``IntegrationKeyScope`` has besides: such a key exists but opens nothing here.
OTHER_SCOPES = frozenset(
    {
        "Agent", "AirflowCallbacks", "AzureDevopsWebhook", "CircuitBreaker", "DatabricksWebhook", "DbtCloudWebhook",
        "MCP", "OpenTelemetry", "S3PresignedUrl", "SCIM_v2", "Spark",
    }
)  # fmt: skip

DEFAULT_ACCOUNT_UUID = "0acc0047-0000-4000-8000-000000000001"
DEFAULT_SNOWFLAKE_UUID = "5f10a4e0-0000-4000-8000-000000000001"
DEFAULT_LAKE_UUID = "da7a1a4e-0000-4000-8000-000000000002"
DEFAULT_ETL_UUID = "e71c0000-0000-4000-8000-000000000003"

_ENVIRONMENT = {
    "ingest_id": ("MCD_INGEST_ID", "MC_INGEST_KEY_ID"),
    "ingest_token": ("MCD_INGEST_TOKEN", "MC_INGEST_KEY_TOKEN"),
    "api_id": ("MCD_ID",),
    "api_token": ("MCD_TOKEN",),
    "resource_uuid": ("MCD_RESOURCE_UUID", "MC_RESOURCE_UUID"),
}


@dataclass(frozen=True)
class KeyConfig:
    """A key: ``kind`` is ``ingestion``, ``api`` or another scope, such as ``Spark``; ``warehouses`` limits an ingestion
    key to these UUIDs."""

    id: str
    secret: str
    kind: str = INGESTION
    description: str = ""
    warehouses: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not all(isinstance(item, str) and item for item in (self.id, self.secret)):
            raise ConfigurationError("A sandbox key needs an id and a secret, both strings.")
        if self.kind not in KEY_KINDS and self.kind not in OTHER_SCOPES:
            raise ConfigurationError(
                f"Sandbox key {self.id!r} has kind {self.kind!r}; use one of {', '.join(KEY_KINDS)}."
            )
        if self.warehouses is not None:
            object.__setattr__(self, "warehouses", tuple(canonical_uuid(item) for item in self.warehouses))


@dataclass(frozen=True)
class WarehouseConfig:
    """A resource to push to. ``connection_type`` is one of ``WarehouseModelConnectionType``, such as ``SNOWFLAKE``."""

    uuid: str
    name: str
    connection_type: str = "SNOWFLAKE"

    def __post_init__(self) -> None:
        if not all(isinstance(item, str) and item for item in (self.name, self.connection_type)):
            raise ConfigurationError("A sandbox warehouse needs a name and a connection type, both strings.")
        object.__setattr__(self, "uuid", canonical_uuid(self.uuid))
        object.__setattr__(self, "connection_type", self.connection_type.upper().replace("-", "_"))


def _default_keys() -> tuple[KeyConfig, ...]:
    return (
        KeyConfig("sandbox-ingest-id", "sandbox-ingest-token", INGESTION, "Default Ingestion key"),
        KeyConfig("sandbox-api-id", "sandbox-api-token", API, "Default API key"),
    )


def _default_warehouses() -> tuple[WarehouseConfig, ...]:
    return (
        WarehouseConfig(DEFAULT_SNOWFLAKE_UUID, "Snowflake (sandbox)", "SNOWFLAKE"),
        WarehouseConfig(DEFAULT_LAKE_UUID, "Data lake (sandbox)", "DATA_LAKE"),
    )


@dataclass(frozen=True)
class EtlContainerConfig:
    """What jobs are pushed to. ``type`` is one of ``EtlType``, such as ``AIRFLOW`` or ``CUSTOM``."""

    uuid: str
    name: str
    type: str = "AIRFLOW"

    def __post_init__(self) -> None:
        if not all(isinstance(item, str) and item for item in (self.name, self.type)):
            raise ConfigurationError("A sandbox ETL container needs a name and a type, both strings.")
        object.__setattr__(self, "uuid", canonical_uuid(self.uuid))
        object.__setattr__(self, "type", self.type.upper().replace("-", "_"))


def _default_containers() -> tuple[EtlContainerConfig, ...]:
    return (EtlContainerConfig(DEFAULT_ETL_UUID, "Airflow (sandbox)"),)


@dataclass(frozen=True)
class SandboxConfig:
    """Everything that a sandbox starts with and returns to on reset.

    :param visible_after: seconds from acceptance until a push shows over GraphQL, by flow (``metadata``,
        ``lineage``, ``query_logs``, ``etl_metadata``, ``etl_runs``). Flows left out show at once.
    :param max_compressed_bytes: bodies that compress (zlib) to more are refused with 413.
    :param max_raw_bytes: bodies of more bytes as sent or after decompression are refused with 413.
    :param accept_gzip: whether ``Content-Encoding: gzip`` is understood; 415 otherwise.
    :param stale_after: seconds without a push after which ``pushEvents.status`` turns ``STALE``.
    """

    account_uuid: str = DEFAULT_ACCOUNT_UUID
    account_name: str = "Sandbox"
    keys: tuple[KeyConfig, ...] = field(default_factory=_default_keys)
    warehouses: tuple[WarehouseConfig, ...] = field(default_factory=_default_warehouses)
    etl_containers: tuple[EtlContainerConfig, ...] = field(default_factory=_default_containers)
    visible_after: Mapping[str, float] = field(default_factory=dict)
    max_compressed_bytes: int = 1_000_000
    max_raw_bytes: int = 6 * 1024 * 1024
    accept_gzip: bool = True
    stale_after: float = 24 * 3600.0

    def __post_init__(self) -> None:
        if not self.warehouses:
            raise ConfigurationError("A sandbox needs at least one warehouse.")
        object.__setattr__(self, "account_uuid", canonical_uuid(self.account_uuid))
        object.__setattr__(self, "visible_after", check_delays(self.visible_after))


def scope_of_kind(kind: str) -> str:
    """Return the scope of a key of a kind, as ``IntegrationKeyScope`` spells it."""
    return INGESTION_SCOPE if kind == INGESTION else kind


def kind_of_scope(scope: str) -> str:
    """Return the kind of a key with a scope."""
    return INGESTION if scope == INGESTION_SCOPE else scope


def canonical_uuid(value: object) -> str:
    """Return ``value`` as a UUID in lower case with dashes.

    :raises ConfigurationError: when it is none.
    """
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        raise ConfigurationError(f"{value!r} is not a UUID, such as {DEFAULT_SNOWFLAKE_UUID}.") from None


def check_delays(delays: Mapping[str, float]) -> dict[str, float]:
    """Return ``delays`` with every flow present, in seconds.

    :raises ConfigurationError: for an unknown flow or a delay that is not a number of 0 or more.
    """
    for flow, seconds in delays.items():
        if flow not in FLOWS:
            raise ConfigurationError(f"Unknown flow {flow!r} in visible_after; use {', '.join(FLOWS)}.")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < float("inf"):
            raise ConfigurationError(f"visible_after of {flow} must be seconds, 0 or more; got {seconds!r}.")
    return {flow: float(delays.get(flow, 0)) for flow in FLOWS}


def load_config(
    file: str | Path | None = None, environ: Mapping[str, str] | None = None, **overrides: Any
) -> SandboxConfig:
    """Return the configuration from a JSON file, the environment and ``overrides``, which win.

    :param file: JSON object with the fields of :class:`SandboxConfig`; keys, warehouses and ETL containers are lists of
        objects.
    :param environ: looked up for ``MCD_INGEST_ID``, ``MCD_INGEST_TOKEN``, ``MCD_ID``, ``MCD_TOKEN`` (the default keys)
        and ``MCD_RESOURCE_UUID`` (the first warehouse).
    :raises ConfigurationError: naming the file and the field that cannot be used.
    """
    values = _read_file(file) if file is not None else {}
    values.update({name: value for name, value in overrides.items() if value is not None})
    known = {item.name for item in fields(SandboxConfig)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ConfigurationError(f"Unknown sandbox setting {unknown[0]!r}; known are {', '.join(sorted(known))}.")
    try:
        for name, kind in (
            ("keys", KeyConfig),
            ("warehouses", WarehouseConfig),
            ("etl_containers", EtlContainerConfig),
        ):
            if name in values:
                values[name] = tuple(kind(**item) if isinstance(item, Mapping) else item for item in values[name])
        config = SandboxConfig(**values)
    except TypeError as error:
        raise ConfigurationError(f"The sandbox's configuration cannot be used: {error}.") from error
    return _with_environment(config, environ or {})


def _read_file(file: str | Path) -> dict[str, Any]:
    try:
        document = json.loads(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"Cannot read the sandbox's configuration {file}: {error.strerror}.") from error
    except ValueError as error:
        raise ConfigurationError(f"The sandbox's configuration {file} is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise ConfigurationError(f"The sandbox's configuration {file} must be a JSON object.")
    return document


def _with_environment(config: SandboxConfig, environ: Mapping[str, str]) -> SandboxConfig:
    found = {
        name: next((environ[variable] for variable in variables if environ.get(variable)), None)
        for name, variables in _ENVIRONMENT.items()
    }
    keys, warehouses = list(config.keys), list(config.warehouses)
    for kind, key_id, secret in (
        (INGESTION, found["ingest_id"], found["ingest_token"]),
        (API, found["api_id"], found["api_token"]),
    ):
        if key_id and secret:
            keys = [key for key in keys if key.id != key_id]
            keys.insert(0, KeyConfig(key_id, secret, kind, "From the environment"))
    if found["resource_uuid"]:
        wanted = canonical_uuid(found["resource_uuid"])
        if wanted not in {item.uuid for item in warehouses}:
            warehouses[0] = WarehouseConfig(wanted, warehouses[0].name, warehouses[0].connection_type)
    values = {item.name: getattr(config, item.name) for item in fields(SandboxConfig)}
    return SandboxConfig(**{**values, "keys": tuple(keys), "warehouses": tuple(warehouses)})
