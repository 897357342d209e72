"""Columns and types of the tables that statements mention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_provider_montecarlo_push.collectors.bigquery.session import Session
from airflow_provider_montecarlo_push.collectors.bigquery.shards import asset_name, shards_as_one
from airflow_provider_montecarlo_push.collectors.bigquery.statements import select
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.schema_cache import SchemaCache, SchemaTables

_SYSTEM = "INFORMATION_SCHEMA"


class Schemas:
    """Looks up tables by the names that statements give them, one statement for each dataset."""

    def __init__(self, session: Session, report: CollectionReport) -> None:
        self._session = session
        self._cache = SchemaCache(self._read, report)

    def columns(self, project: str, dataset: str, table: str) -> Sequence[str] | None:
        """Return the names of the table's columns in order, ``None`` when they are not known."""
        return self._cache.columns(project, dataset, asset_name(table)) if _is_plain(project, dataset) else None

    def asset_type(self, project: str, dataset: str, table: str) -> str | None:
        """Return the asset type of a table, ``None`` when it is not known."""
        return self._cache.asset_type(project, dataset, asset_name(table)) if _is_plain(project, dataset) else None

    def beginning_with(self, project: str, dataset: str, prefix: str) -> list[str]:
        """Return the tables whose names begin so."""
        if not _is_plain(project, dataset):
            return []
        return [name for name in self._cache.schema(project, dataset).types if name.startswith(prefix)]

    def _read(self, project: str, dataset: str, found: SchemaTables) -> None:
        catalog = f"`{project}`.`{dataset}`.INFORMATION_SCHEMA"
        asset = shards_as_one("t.table_name")
        sql = select(
            [f"{asset} AS asset", "t.table_type", "c.column_name"],
            f"{catalog}.TABLES t LEFT JOIN {catalog}.COLUMNS c ON c.table_name = t.table_name AND c.is_hidden = 'NO'",
            qualify=f"t.table_name = MAX(t.table_name) OVER (PARTITION BY {asset})",
            order_by=["asset", "c.ordinal_position"],
        )
        rows = self._session.query(sql, doing=f"Reading the columns of {project}.{dataset}")

        def columns() -> Iterator[tuple[str, str]]:
            for table, kind, column in rows:
                found.types[table] = "VIEW" if kind == "VIEW" else "TABLE"
                if column is not None:
                    yield table, column

        found.add_columns(columns())


def _is_plain(project: str, dataset: str) -> bool:
    """Tell whether a dataset can be asked about: hidden ones, which hold what is temporary, cannot."""
    return not (dataset.startswith(("_", "(", "region-")) or dataset.upper() == _SYSTEM or "`" in project + dataset)
