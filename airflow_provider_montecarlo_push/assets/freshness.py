"""Which tables tasks have updated, and when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from airflow_provider_montecarlo_push.assets.ends import Ends
from airflow_provider_montecarlo_push.assets.merging import is_in
from airflow_provider_montecarlo_push.assets.model import Observation
from airflow_provider_montecarlo_push.assets.resources import Resource, ResourceMap
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import AssetFreshness, AssetMetadata, RelationalAsset
from airflow_provider_montecarlo_push.events.names import TableName

# In the scope of a manifest that holds tables to the hourly rule one by one, so that the push need not.
EACH_TABLE = "hourly_rule_for_each_table"


def updated_tables(
    observations: Iterable[Observation], resources: ResourceMap, report: CollectionReport, *, main: Resource | None
) -> dict[TableName, datetime]:
    """Return the tables of ``main`` that were updated, and when each was last.

    Those of other resources are counted as ``other_resource``: a metadata request names one resource.
    """
    ends = Ends(resources, report)
    tables: dict[TableName, datetime] = {}
    for observation in observations:
        for dataset in dict.fromkeys((*observation.updated, *(edge.destination for edge in observation.edges))):
            end = ends.end(dataset)
            if end is None:
                continue
            if main is None or not is_in(end, main):
                report.leave_out("other_resource", f"{end.table} is not in the main resource")
            elif end.table not in tables or tables[end.table] < observation.at:
                tables[end.table] = observation.at
    ends.close()
    return tables


def freshness_event(table: TableName, at: datetime) -> RelationalAsset:
    """Return the event that says when a table was last updated, and nothing else."""
    return RelationalAsset(
        type="TABLE",
        metadata=AssetMetadata(name=table.name, database=table.database, schema=table.schema),
        freshness=AssetFreshness(last_update_time=at),
    )
