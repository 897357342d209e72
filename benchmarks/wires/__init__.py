"""Collectors over a generator of rows in the place of the warehouse: what they cost by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.report import CollectionReport

DAY = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass(frozen=True)
class Size:
    """How much a wire gives.

    :param databases: how many there are.
    :param schemas: in each database.
    :param tables: in each schema.
    :param columns: of each table.
    :param queries: that ended on :data:`DAY`.
    """

    databases: int = 1
    schemas: int = 100
    tables: int = 1_000
    columns: int = 30
    queries: int = 1_000_000

    @property
    def all_tables(self) -> int:
        return self.databases * self.schemas * self.tables

    @property
    def between_queries(self) -> timedelta:
        """Time from the end of one query to that of the next, so that all end within the day."""
        return timedelta(microseconds=86_400_000_000 // (self.queries + 1))


class Wire(Protocol):
    """What each module of this package defines as ``Wire``: made with a :class:`Size`.

    :ivar statements: how many statements, or calls, were sent.
    """

    statements: int

    def collector(self, report: CollectionReport) -> Collector: ...
