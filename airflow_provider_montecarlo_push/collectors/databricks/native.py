"""Lineage that Unity Catalog recorded itself. Source: ``system.access.table_lineage`` and ``column_lineage``.

https://docs.databricks.com/aws/en/admin/system-tables/lineage. Names come from the columns of their parts: a part may
hold a dot. A row tells one source of a write; rows of both tables that belong to the same write of the same table,
ordered alike, are merged into one edge as they stream.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import groupby
from operator import itemgetter

from airflow_provider_montecarlo_push.collectors.databricks.grants import COLUMN_LINEAGE, TABLE_LINEAGE, SystemTable
from airflow_provider_montecarlo_push.collectors.databricks.names import SYSTEM_CATALOGS
from airflow_provider_montecarlo_push.collectors.databricks.options import Options
from airflow_provider_montecarlo_push.collectors.databricks.session import Row, Session
from airflow_provider_montecarlo_push.collectors.databricks.system_tables import bounds, read_table, select
from airflow_provider_montecarlo_push.collectors.edges import Edge
from airflow_provider_montecarlo_push.collectors.merging import in_order
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, InvalidEventError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

_PARTS = ("catalog", "schema", "name")
_TARGET = tuple(f"COALESCE(target_table_{part}, '')" for part in _PARTS)
_SOURCE = tuple(f"COALESCE(source_table_{part}, '')" for part in _PARTS)
# The statement, where a SQL warehouse ran it; else the event, of which several rows may tell; else the run.
_WRITE = "COALESCE(statement_id, event_id, entity_run_id, '')"
_KEY = 4
_PATH = "PATH"


class NativeReader:
    """Reads the edges that were written in a window."""

    def __init__(self, session: Session, report: CollectionReport, options: Options) -> None:
        self._session = session
        self._report = report
        self._options = options

    def open(self, window: TimeWindow) -> Iterator[LineageEvent]:
        """Begin to read, and return the edges of the writes in ``window``, in order of destination.

        :raises AccessDeniedError: when ``table_lineage`` is not granted. Without ``column_lineage``, which is noted,
            tables alone have lineage.
        """
        streams = [self._rows(TABLE_LINEAGE, window, ("NULL", "NULL"))]
        try:
            streams.append(self._rows(COLUMN_LINEAGE, window, ("source_column_name", "target_column_name")))
        except AccessDeniedError as error:
            self._report.note(f"No lineage of columns: {error}")
        return self._edges(merge(*streams, key=itemgetter(*range(_KEY))))

    def _rows(self, table: SystemTable, window: TimeWindow, columns: Sequence[str]) -> Iterator[Row]:
        days = [window.start.date(), window.end.date()]
        sql = select(
            [*_TARGET, f"{_WRITE} AS written_by", *_SOURCE, "target_type", "source_type", *columns],
            table.full_name,
            ["event_date >= ?", "event_date <= ?", "event_time >= ?", "event_time < ?", "target_type IS NOT NULL"],
            order_by=["1", "2", "3", "4"],
            distinct=True,
        )
        rows = read_table(self._session, table, sql, [*days, *bounds(window)])
        return in_order(rows, table.full_name, _KEY)

    def _edges(self, rows: Iterator[Row]) -> Iterator[LineageEvent]:
        for key, group in groupby(rows, key=itemgetter(*range(_KEY))):
            self._report.count("writes_read")
            event = self._edge(TableName(*key[:3]), key[3], list(group))
            if event is not None:
                yield event

    def _edge(self, target: TableName, written_by: str, rows: Sequence[Row]) -> LineageEvent | None:
        if not self._is_table(target, rows[0][7], f"written by {written_by or 'nobody known'}"):
            return None
        edge = Edge(target, self._options.asset_type(rows[0][7]))
        for row in rows:
            self._add(edge, row)
        try:
            event = edge.event()
        except InvalidEventError as error:
            self._report.leave_out("invalid", f"{target}, written by {written_by}: {error}")
            return None
        if event is None:
            self._report.count("writes_without_source")
        return event

    def _add(self, edge: Edge, row: Row) -> None:
        source = TableName(*row[4:7])
        if row[8] is None and not source.name:
            return  # a write of values
        if not self._is_table(source, row[8], f"source of {edge.destination}"):
            return
        is_other = edge.add_source(source, self._options.asset_type(row[8]))
        source_column, target_column = row[9:11]
        if is_other and source_column and target_column:
            edge.fields.setdefault(target_column, set()).add((source, source_column))

    def _is_table(self, name: TableName, kind: str | None, what: str) -> bool:
        """Tell whether this can be an end of an edge, and count why not."""
        if kind == _PATH or not all(name):
            self._report.leave_out("path", what)
            return False
        if name.database in SYSTEM_CATALOGS:
            self._report.leave_out("system_tables", f"{name}, {what}")
            return False
        return True
