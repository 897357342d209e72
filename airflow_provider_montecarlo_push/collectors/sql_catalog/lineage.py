"""Rows of edges, with or without the columns that they connect, to lineage events: one for each destination.

Each end may name its own Monte Carlo resource, for edges across warehouses: one name in two resources is two tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from airflow_provider_montecarlo_push.collectors.dbapi.asset_types import asset_type
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.sql_catalog.columns import LINEAGE, NAMES, PAIR
from airflow_provider_montecarlo_push.collectors.sql_catalog.grouping import groups
from airflow_provider_montecarlo_push.collectors.sql_catalog.values import HINT, Record
from airflow_provider_montecarlo_push.collectors.text_files.problems import Problems, RowError
from airflow_provider_montecarlo_push.events import (
    ColumnLineageField,
    ColumnLineageSourceField,
    LineageAssetRef,
    LineageEvent,
)
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, InvalidEventError

_DESTINATION = "dest"


class _End(NamedTuple):
    """A table at one end of an edge."""

    database: str
    schema: str
    name: str
    type: str
    resource_uuid: str | None
    resource_type: str | None

    def __str__(self) -> str:
        return ".".join(self[:3])

    def asset(self, alias: str) -> LineageAssetRef:
        return LineageAssetRef(
            type=self.type,
            name=self.name,
            database=self.database,
            schema=self.schema,
            asset_id=alias,
            resource_uuid=self.resource_uuid,
            resource_type=self.resource_type,
        )


class LineageReader:
    """Makes events of records.

    :param keep_asset_types: as for the collector.
    """

    def __init__(self, report: CollectionReport, *, keep_asset_types: bool) -> None:
        self._report = report
        self._problems = Problems(report)
        self._keep_asset_types = keep_asset_types

    def read(self, rows: Iterable[Record]) -> Iterator[LineageEvent]:
        """Yield an event for each destination, with all of its sources.

        :param rows: those of a destination one after another.
        :raises SourceError: when they are not, a value is of a wrong type, or not one row can be used.
        """
        order_by = ", ".join(f"destination_{part}" for part in NAMES)
        for destination, group in groups(self._with_destination(rows), order_by=order_by):
            try:
                event = self._event(destination, group)
            except (InvalidEventError, ConfigurationError) as error:
                self._report.leave_out("invalid", f"edge to {destination}: {error}")
                continue
            if event is not None:
                yield event
        self._problems.check(LINEAGE.parameter, HINT)

    def _with_destination(self, rows: Iterable[Record]) -> Iterator[tuple[_End, Record]]:
        for row in rows:
            try:
                destination = self._end(row, "destination")
            except RowError as error:
                self._problems.row(row.place, error)
            else:
                yield destination, row

    def _event(self, destination: _End, rows: Iterator[Record]) -> LineageEvent | None:
        aliases: dict[_End, str] = {}
        fields: dict[str, dict[tuple[str, str], None]] = {}
        for row in rows:
            try:
                source = self._end(row, "source")
            except RowError as error:
                self._problems.row(row.place, error)
                continue
            self._problems.usable()
            alias = aliases.setdefault(source, f"s{len(aliases)}")
            pair = self._pair(row)
            if pair is not None:
                fields.setdefault(pair[1], {})[alias, pair[0]] = None
        if not aliases:
            return None
        return LineageEvent(
            destination=destination.asset(_DESTINATION),
            sources=[source.asset(alias) for source, alias in aliases.items()],
            fields=[
                ColumnLineageField(column, [ColumnLineageSourceField(*source) for source in cited])
                for column, cited in fields.items()
            ],
        )

    def _end(self, row: Record, end: str) -> _End:
        database, schema, name = (
            row.needed(column, row.text(column)) for column in (f"{end}_{part}" for part in NAMES)
        )
        return _End(
            database,
            schema,
            name,
            asset_type(row.text(f"{end}_type") or "", keep=self._keep_asset_types),
            row.label(f"{end}_resource_uuid"),
            row.text(f"{end}_resource_type"),
        )

    def _pair(self, row: Record) -> tuple[str, str] | None:
        """Return the two columns of a row; an edge of tables has neither."""
        source, destination = (row.text(name) for name in PAIR)
        if source is not None and destination is not None:
            return source, destination
        if source is not None or destination is not None:
            missing = PAIR[0] if source is None else PAIR[1]
            self._problems.part(row.place, RowError(f"missing_{missing}", f"{missing} is NULL or empty"))
        return None
