"""What Monte Carlo's Ingest API accepts, as typed events named as in pycarlo."""

from airflow_provider_montecarlo_push.events.etl import (
    AssetRef,
    EtlAsset,
    EtlError,
    EtlGroup,
    EtlRunEvent,
    EtlTask,
    Owner,
    Schedule,
)
from airflow_provider_montecarlo_push.events.lineage import (
    ColumnLineageField,
    ColumnLineageSourceField,
    LineageAssetRef,
    LineageEvent,
)
from airflow_provider_montecarlo_push.events.metadata import (
    AssetField,
    AssetFreshness,
    AssetMetadata,
    AssetVolume,
    RelationalAsset,
    Tag,
)
from airflow_provider_montecarlo_push.events.query_log import QueryLogEntry
from airflow_provider_montecarlo_push.events.vocabulary import (
    ASSET_TYPES,
    ETL_RESOURCE_TYPES,
    LOG_TYPES,
    RESOURCE_TYPES,
    Flow,
)

Event = RelationalAsset | LineageEvent | QueryLogEntry | EtlAsset | EtlRunEvent

__all__ = [
    "ASSET_TYPES",
    "ETL_RESOURCE_TYPES",
    "LOG_TYPES",
    "RESOURCE_TYPES",
    "AssetField",
    "AssetFreshness",
    "AssetMetadata",
    "AssetRef",
    "AssetVolume",
    "ColumnLineageField",
    "ColumnLineageSourceField",
    "EtlAsset",
    "EtlError",
    "EtlGroup",
    "EtlRunEvent",
    "EtlTask",
    "Event",
    "Flow",
    "LineageAssetRef",
    "LineageEvent",
    "Owner",
    "QueryLogEntry",
    "RelationalAsset",
    "Schedule",
    "Tag",
]
