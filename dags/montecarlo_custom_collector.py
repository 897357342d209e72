"""Tables of a source of your own to Monte Carlo, with a collector of thirty lines.

Here the source is an inventory database with a row for each table of a data lake. The operator is told the name of the
class: this module's, for workers can import what is in the DAG folder, or one in a package of yours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import BaseHook
from airflow.sdk import DAG, CronDataIntervalTimetable

from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.events import AssetFreshness, AssetMetadata, AssetVolume, RelationalAsset
from airflow_provider_montecarlo_push.operators.task_group import collect_and_push

INVENTORY = "SELECT area, name, row_count, updated_at FROM lake_inventory ORDER BY area, name"


class InventoryCollector(Collector):
    """Reads what a lake's inventory says of its tables."""

    name = "inventory"
    resource_type = "data-lake"

    def metadata(
        self,
        tables: TableFilter,
        *,
        only_freshness_and_volume: bool = False,  # noqa: ARG002 - an inventory knows nothing else
    ) -> Iterator[RelationalAsset]:
        """Yield each table in scope."""
        connection = BaseHook.get_hook(self.conn_id).get_conn()
        try:
            cursor = connection.cursor()
            cursor.execute(INVENTORY)
            while rows := cursor.fetchmany(1_000):
                for row in rows:
                    if tables.matches("lake", row[0], row[1]):
                        yield self._asset(*row)
                    else:
                        self.report.leave_out("filtered", f"lake.{row[0]}.{row[1]}")
        finally:
            connection.close()

    def _asset(self, area: str, name: str, rows: int | None, updated_at: str | None) -> RelationalAsset:
        return RelationalAsset(
            type="TABLE",
            metadata=AssetMetadata(name=name, database="lake", schema=area),
            volume=AssetVolume(row_count=rows) if rows is not None else None,
            # With an offset, as in 2026-11-20T12:00:00Z; unknown is unknown, never "now".
            freshness=AssetFreshness(datetime.fromisoformat(updated_at)) if updated_at else None,
        )


with DAG(
    "montecarlo_custom_collector",
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=2)},
    doc_md=__doc__,
    tags=["monte-carlo"],
):
    collect_and_push(
        "metadata",
        source_conn_id="inventory_default",
        collect_kwargs={"collector": "montecarlo_custom_collector.InventoryCollector", "exclude": ["*.*.TMP_*"]},
    )
