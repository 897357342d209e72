"""The catalog of one region of a project, each view as one statement ordered by dataset and table.

Date shards come as one table (see :mod:`.shards`), with the columns and options of the newest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_provider_montecarlo_push.collectors.bigquery.grants import METADATA, STORAGE, Requirement, denied
from airflow_provider_montecarlo_push.collectors.bigquery.places import Place
from airflow_provider_montecarlo_push.collectors.bigquery.scope import condition
from airflow_provider_montecarlo_push.collectors.bigquery.session import Row, Session, Value
from airflow_provider_montecarlo_push.collectors.bigquery.shards import shards_as_one
from airflow_provider_montecarlo_push.collectors.bigquery.statements import select
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

_VIEW_TYPES = "('VIEW', 'MATERIALIZED VIEW')"
_OPTIONS = "('description', 'labels')"
_KEY = ("table_schema", "asset")


class Catalog:
    """Reads the catalog of a place.

    :param tables: pushed down; the rows still have to pass ``tables.matches``.
    :param iceberg_only: only Iceberg tables that BigQuery manages.

    Each method raises :class:`AccessDeniedError` with the role that is needed.
    """

    def __init__(self, session: Session, place: Place, tables: TableFilter, *, iceberg_only: bool = False) -> None:
        self._session = session
        self._place = place
        self._tables = tables
        self._iceberg_only = iceberg_only

    def tables(self, *, with_views: bool) -> Iterator[Row]:
        """Rows of dataset, table, type, number of shards, created."""
        where, values = self._in_scope("t", *(() if with_views else ("t.table_type <> 'VIEW'",)))
        columns = [*_names("t"), "MAX(t.table_type)", "COUNT(*)", "MIN(t.creation_time)"]
        return self._read(
            "TABLES", select(columns, self._from("TABLES t"), where, group_by=_KEY, order_by=_KEY), values
        )

    def fields(self) -> Iterator[Row]:
        """Rows of dataset, table, path, type, description, whether it partitions, place in clustering, hidden.

        Columns come in their order, each followed by its nested fields.
        """
        where, values = self._in_scope("p", "(c.is_hidden = 'NO' OR c.is_partitioning_column = 'YES')")
        is_column = "p.field_path = c.column_name"
        columns = [
            *(*_names("p"), "p.field_path", "p.data_type", "p.description"),
            f"c.is_partitioning_column = 'YES' AND {is_column}",
            f"IF({is_column}, c.clustering_ordinal_position, NULL)",
            "c.is_hidden = 'YES'",
        ]
        same = " AND ".join(f"c.{key} = p.{key}" for key in ("table_schema", "table_name", "column_name"))
        source = f"{self._from('COLUMN_FIELD_PATHS p')} JOIN {self._from('COLUMNS c')} ON {same}"
        order = [*_KEY, "c.ordinal_position", "p.field_path"]
        sql = select(columns, source, where, qualify=_newest("p"), order_by=order)
        return self._read("COLUMN_FIELD_PATHS", sql, values)

    def options(self) -> Iterator[Row]:
        """Rows of dataset, table, option (description or labels) and its value as SQL."""
        where, values = self._in_scope("o", f"o.option_name IN {_OPTIONS}")
        columns = [*_names("o"), "o.option_name", "o.option_value"]
        order = [*_KEY, "o.option_name"]
        sql = select(columns, self._from("TABLE_OPTIONS o"), where, qualify=_newest("o"), order_by=order)
        return self._read("TABLE_OPTIONS", sql, values)

    def views(self, created: TimeWindow | None = None) -> Iterator[Row]:
        """Rows of dataset, view, type, text, whether it is in legacy SQL.

        The text is a query for views, and a CREATE statement for materialized views.

        :param created: only those that were created or replaced in this window.
        """
        extra = [f"t.table_type IN {_VIEW_TYPES}"]
        bounds: list[Value] = []
        if created is not None:
            extra += ["t.creation_time >= ?", "t.creation_time < ?"]
            bounds = [created.start, created.end]
        where, values = self._in_scope("t", *extra)
        text = "IF(t.table_type = 'VIEW', v.view_definition, t.ddl)"
        columns = [*_names("t"), "t.table_type", text, "v.use_standard_sql = 'NO'"]
        same = "v.table_schema = t.table_schema AND v.table_name = t.table_name"
        source = f"{self._from('TABLES t')} LEFT JOIN {self._from('VIEWS v')} ON {same}"
        sql = select(columns, source, where, qualify=_newest("t"), order_by=_KEY)
        return self._read("VIEWS", sql, [*values, *bounds])

    def datasets(self) -> Iterator[Row]:
        """Rows of the datasets that hold tables in scope."""
        where, values = self._in_scope("t")
        dataset = ["t.table_schema"]
        sql = select(dataset, self._from("TABLES t"), where, distinct=True, order_by=dataset)
        return self._read("TABLES", sql, values)

    def storage(self) -> Iterator[Row]:
        """Rows of dataset, table, rows, bytes, last modified."""
        where, values = self._in_scope("s", "s.deleted IS NOT TRUE")
        columns = [
            *(*_names("s"), "SUM(s.total_rows)"),
            "COALESCE(SUM(s.total_logical_bytes), SUM(s.current_physical_bytes))",
            "MAX(s.storage_last_modified_time)",
        ]
        sql = select(columns, self._from("TABLE_STORAGE s"), where, group_by=_KEY, order_by=_KEY)
        return self._read("TABLE_STORAGE", sql, values, STORAGE)

    def legacy_storage(self, datasets: Sequence[str]) -> Iterator[Row]:
        """As :meth:`storage`, of some datasets, from their ``__TABLES__``.

        :raises AccessDeniedError: without the role, when one of them cannot be read.
        """
        where, values = condition(self._tables, self._place.project, "dataset_id", "table_id")
        facts = ["dataset_id AS table_schema", "table_id", "row_count", "size_bytes", "last_modified_time"]
        union = " UNION ALL ".join(
            select(facts, f"`{self._place.project}`.`{dataset}`.`__TABLES__`") for dataset in datasets
        )
        asset = f"{shards_as_one('table_id')} AS asset"
        modified = "TIMESTAMP_MILLIS(MAX(last_modified_time))"
        columns = ["table_schema", asset, "SUM(row_count)", "SUM(size_bytes)", modified]
        return self._session.query(
            select(columns, f"({union})", [where.replace("dataset_id", "table_schema")], group_by=_KEY, order_by=_KEY),
            values,
            doing=f"Reading __TABLES__ of {', '.join(datasets)} in {self._place.project}",
            location=self._place.location,
        )

    def _from(self, view_and_alias: str) -> str:
        view, _, alias = view_and_alias.partition(" ")
        return f"{self._place.view(view)} {alias}"

    def _in_scope(self, alias: str, *extra: str) -> tuple[list[str], list[Value]]:
        schema, name = f"{alias}.table_schema", f"{alias}.table_name"
        where, values = condition(self._tables, self._place.project, schema, shards_as_one(name))
        terms = [where, *extra]
        if self._iceberg_only:
            managed = ["managed_table_type = 'BIGLAKE'", "deleted IS NOT TRUE"]
            iceberg = select(["CONCAT(table_schema, '.', table_name)"], self._place.view("TABLE_STORAGE"), managed)
            terms.append(f"CONCAT({schema}, '.', {name}) IN ({iceberg})")
        return terms, list(values)

    def _read(self, view: str, sql: str, values: Sequence[Value], requirement: Requirement = METADATA) -> Iterator[Row]:
        project, region = self._place.project, self._place.region
        doing = f"Reading {view} of {project} in {region}"
        try:
            return self._session.query(sql, values, doing=doing, location=self._place.location)
        except AccessDeniedError as error:
            raise denied(requirement, project, self._session, error) from error


def _names(alias: str) -> tuple[str, str]:
    return f"{alias}.table_schema AS table_schema", f"{shards_as_one(f'{alias}.table_name')} AS asset"


def _newest(alias: str) -> str:
    """Return SQL that keeps the rows of the newest shard of each table."""
    name = f"{alias}.table_name"
    return f"{name} = MAX({name}) OVER (PARTITION BY {alias}.table_schema, {shards_as_one(name)})"
