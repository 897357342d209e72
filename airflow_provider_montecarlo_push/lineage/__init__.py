"""SQL text to lineage events."""

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.lineage.model import AssetTypes, Catalog, LineageResult, Reason, Unparsed
from airflow_provider_montecarlo_push.lineage.parser import LineageParser, extract_lineage
from airflow_provider_montecarlo_push.lineage.redaction import redact_literals
from airflow_provider_montecarlo_push.lineage.session import LineageSession

__all__ = [
    "AssetTypes",
    "Catalog",
    "LineageParser",
    "LineageResult",
    "LineageSession",
    "Reason",
    "TableName",
    "Unparsed",
    "extract_lineage",
    "redact_literals",
]
