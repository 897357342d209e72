"""Lineage that Snowflake recorded itself. Source: ``SNOWFLAKE.ACCOUNT_USAGE.ACCESS_HISTORY`` (Enterprise edition).

Statements are selected by the time at which they ended, which only ``QUERY_HISTORY`` has: the two are joined on the
query id (one database role shows both). Sources are the objects that a statement names itself, so that views stay
in the graph. Writes through temporary tables cannot be told from others here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Struct

from airflow_provider_montecarlo_push.collectors.edges import Edge
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.snowflake.grants import ACCESS_HISTORY, QUERY_HISTORY
from airflow_provider_montecarlo_push.collectors.snowflake.names import parse_name
from airflow_provider_montecarlo_push.collectors.snowflake.options import Options
from airflow_provider_montecarlo_push.collectors.snowflake.session import Session
from airflow_provider_montecarlo_push.collectors.snowflake.statements import bounds, select
from airflow_provider_montecarlo_push.collectors.snowflake.system_views import read_view
from airflow_provider_montecarlo_push.collectors.windows import chunks
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import InvalidEventError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

# The most that STATEMENT_TIMEOUT_IN_SECONDS allows, so no statement that ended in a window started earlier.
_LONGEST_STATEMENT = timedelta(days=7)


class _ColumnSource(Struct, rename="camel"):
    column_name: str | None = None
    object_domain: str | None = None
    object_name: str | None = None


class _Column(Struct, rename="camel"):
    column_name: str | None = None
    direct_sources: list[_ColumnSource] | None = None


class _Object(Struct, rename="camel"):
    object_domain: str | None = None
    object_name: str | None = None
    columns: list[_Column] | None = None


_DECODER = msgspec.json.Decoder(list[_Object])


def is_used(session: Session, window: TimeWindow) -> bool:
    """Tell whether ``ACCESS_HISTORY`` recorded anything up to the end of ``window``: other editions keep it empty.

    :raises AccessDeniedError: when it is not granted.
    """
    sql = select(["QUERY_ID"], ACCESS_HISTORY.full_name, ["QUERY_START_TIME >= %s", "QUERY_START_TIME < %s"], limit=1)
    rows = read_view(session, ACCESS_HISTORY, sql, bounds(_starts(window)))
    return next(rows, None) is not None


class AccessHistoryReader:
    """Reads the edges that were written in a window."""

    def __init__(self, session: Session, report: CollectionReport, options: Options) -> None:
        self._session = session
        self._report = report
        self._options = options

    def read(self, window: TimeWindow) -> Iterator[LineageEvent]:
        """Yield the edges of the statements that ended in ``window``, in that order.

        :raises AccessDeniedError: when one of the two views is not granted.
        """
        for chunk in chunks(window, self._options.lineage_chunk):
            for query_id, accessed, modified in self._rows(chunk):
                yield from self._edges(query_id, accessed, modified)

    def _rows(self, chunk: TimeWindow) -> Iterator[tuple[Any, ...]]:
        sql = select(
            ["A.QUERY_ID", "A.DIRECT_OBJECTS_ACCESSED", "A.OBJECTS_MODIFIED"],
            f"{ACCESS_HISTORY.full_name} A JOIN {QUERY_HISTORY.full_name} Q ON Q.QUERY_ID = A.QUERY_ID",
            [
                "Q.END_TIME >= %s",
                "Q.END_TIME < %s",
                "A.QUERY_START_TIME >= %s",
                "A.QUERY_START_TIME < %s",
                "Q.EXECUTION_STATUS = 'SUCCESS'",
                "ARRAY_SIZE(A.OBJECTS_MODIFIED) > 0",
            ],
            order_by=["Q.END_TIME", "A.QUERY_ID"],
        )
        return read_view(self._session, ACCESS_HISTORY, sql, [*bounds(chunk), *bounds(_starts(chunk))])

    def _edges(self, query_id: str, accessed_json: Any, modified_json: Any) -> Iterator[LineageEvent]:
        try:
            accessed, modified = _decode(accessed_json), _decode(modified_json)
        except msgspec.MsgspecError as error:
            self._report.leave_out("unreadable", f"query {query_id}: {error}")
            return
        self._report.count("statements_read")
        sources = list(self._named(accessed, query_id))
        for destination, written in self._named(modified, query_id):
            edge = Edge(destination, self._options.asset_type(written.object_domain or ""))
            for name, source in sources:
                edge.add_source(name, self._options.asset_type(source.object_domain or ""))
            self._add_columns(edge, written.columns or ())
            try:
                event = edge.event()
            except InvalidEventError as error:
                self._report.leave_out("invalid", f"query {query_id}: {error}")
                continue
            if event is None:
                self._report.count("writes_without_source")
            else:
                yield event

    def _named(self, objects: Sequence[_Object], query_id: str) -> Iterator[tuple[TableName, _Object]]:
        """Yield the tables and views among ``objects``; the others are counted by their domain."""
        for found in objects:
            if not _is_relation(found.object_domain):
                domain = (found.object_domain or "unnamed").lower().replace(" ", "_")
                self._report.leave_out(domain, f"query {query_id}: {found.object_name or 'no name'}")
                continue
            name = parse_name(found.object_name or "")
            if name is None:
                self._report.leave_out("unnamed", f"query {query_id}: {found.object_name or 'no name'}")
                continue
            yield name, found

    def _add_columns(self, edge: Edge, columns: Sequence[_Column]) -> None:
        for column in columns:
            for source in column.direct_sources or ():
                name = parse_name(source.object_name or "") if _is_relation(source.object_domain) else None
                if name is None or not source.column_name or not column.column_name:
                    continue
                if edge.add_source(name, self._options.asset_type(source.object_domain or "")):
                    edge.fields.setdefault(column.column_name, set()).add((name, source.column_name))


def _starts(window: TimeWindow) -> TimeWindow:
    """Return when a statement that ended in ``window`` can have started."""
    return TimeWindow(window.start - _LONGEST_STATEMENT, window.end)


def _is_relation(domain: str | None) -> bool:
    return domain is not None and domain.upper().endswith(("TABLE", "VIEW"))


def _decode(value: Any) -> list[_Object]:
    """Return the objects in a semi-structured value, which the connector hands over as JSON text."""
    if value is None:
        return []
    return _DECODER.decode(value) if isinstance(value, str | bytes) else msgspec.convert(value, list[_Object])
