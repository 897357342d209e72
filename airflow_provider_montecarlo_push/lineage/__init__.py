"""SQL text to lineage events."""

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.lineage.model import AssetTypes, Catalog, LineageResult, Reason, Unparsed
from airflow_provider_montecarlo_push.lineage.parser import LineageParser, extract_lineage

__all__ = [
    "AssetTypes",
    "Catalog",
    "LineageParser",
    "LineageResult",
    "Reason",
    "TableName",
    "Unparsed",
    "extract_lineage",
]
