"""The closed lists of the Ingest API: flows, resource types, log types, asset types.

Sources: the Push Ingest API page, and ``WarehouseModelConnectionType`` of Monte Carlo's GraphQL schema in the
kebab-case that the gateway takes.
"""

from __future__ import annotations

import difflib
import uuid
from collections.abc import Collection
from enum import StrEnum

from airflow_provider_montecarlo_push.exceptions import ConfigurationError, UnknownValueError


class Flow(StrEnum):
    """What a manifest holds and a push sends."""

    METADATA = "metadata"
    LINEAGE = "lineage"
    QUERY_LOGS = "query_logs"
    ETL_METADATA = "etl_metadata"
    ETL_RUNS = "etl_runs"

    @property
    def is_etl(self) -> bool:
        """Whether it is about jobs and their runs, not about tables of a warehouse."""
        return self in (Flow.ETL_METADATA, Flow.ETL_RUNS)


RESOURCE_TYPES = frozenset(
    {
        "bigquery",
        "clickhouse",
        "custom-connector",
        "custom-integration",
        "data-lake",
        "databricks",
        "db2",
        "dremio",
        "etl",
        "microsoft-fabric",
        "mysql",
        "oracle",
        "pinecone",
        "redshift",
        "s3-metadata-events",
        "salesforce-crm",
        "salesforce-data-cloud",
        "snowflake",
        "starburst-enterprise",
        "starburst-galaxy",
        "teradata",
        "transactional-db",
    }
)

# Of jobs: ``EtlType`` of the GraphQL schema and the ETL members of its ``ConnectionTypeEnum``, in kebab-case.
ETL_RESOURCE_TYPES = frozenset(
    {
        "airflow",
        "azure-data-factory",
        "custom",
        "custom-etl-connector",
        "databricks",
        "dbt",
        "dbt-cloud",
        "dbt-core",
        "fivetran",
        "gcp-dataform",
        "informatica",
        "informatica-v2",
        "mulesoft",
        "power-bi-dataflow",
        "salesforce-data-cloud",
        "snowflake",
    }
)

LOG_TYPES = frozenset(
    {
        "athena",
        "bigquery",
        "clickhouse",
        "databricks",
        "databricks-metastore-sql-warehouse",
        "hive-s3",
        "presto-s3",
        "redshift",
        "s3",
        "snowflake",
        "teradata",
    }
)

ASSET_TYPES = frozenset({"TABLE", "VIEW", "EXTERNAL", "WILDCARD", "WILDCARD_TABLE"})


def _check(kind: str, value: object, known: Collection[str]) -> str:
    if isinstance(value, str) and value in known:
        return value
    message = f"Unknown {kind} {value!r}."
    if isinstance(value, str):
        close = difflib.get_close_matches(value.strip().lower().replace("_", "-"), known, n=1)
        if close:
            message += f" Did you mean {close[0]!r}?"
    raise UnknownValueError(f"{message} Monte Carlo accepts: {', '.join(sorted(known))}.")


def check_resource_type(value: object) -> str:
    """Return ``value`` if the gateway knows it as a ``resource_type`` (metadata and lineage).

    :raises UnknownValueError: naming the accepted values.
    """
    return _check("resource_type", value, RESOURCE_TYPES)


def check_etl_resource_type(value: object) -> str:
    """Return ``value`` if it is a ``resource_type`` of jobs (ETL metadata and runs).

    :raises UnknownValueError: naming the accepted values.
    """
    return _check("ETL resource_type", value, ETL_RESOURCE_TYPES)


def check_log_type(value: object) -> str:
    """Return ``value`` if the gateway knows it as a ``log_type`` (query logs).

    :raises UnknownValueError: naming the accepted values.
    """
    return _check("log_type", value, LOG_TYPES)


def check_resource_uuid(value: object) -> str:
    """Return ``value`` in the canonical form of a UUID.

    :raises ConfigurationError: when it is missing or not a UUID.
    """
    if not value:
        raise ConfigurationError(
            "No resource_uuid. Put the UUID of the Monte Carlo warehouse (Settings > Integrations; it is in the "
            "URL) into the connection's 'Resource UUID' field or the operator's resource_uuid parameter."
        )
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        raise ConfigurationError(
            f"resource_uuid {value!r} is not a UUID. Copy it from the URL of the warehouse under "
            "Settings > Integrations in Monte Carlo."
        ) from None
