"""What users say about their catalog."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta, tzinfo

from airflow_provider_montecarlo_push.collectors.sql_catalog.columns import KINDS, Columns
from airflow_provider_montecarlo_push.collectors.text_files.times import time_zone
from airflow_provider_montecarlo_push.exceptions import ConfigurationError

_LONGEST_LATENCY = timedelta(days=366)


@dataclass(frozen=True)
class Options:
    """Checked options; their meaning is documented at :class:`.collector.SqlCatalogCollector`.

    :raises ConfigurationError: when one of them cannot be.
    """

    metadata_sql: str | None = None
    lineage_sql: str | None = None
    query_logs_sql: str | None = None
    timezone: str | None = None
    latency_minutes: float | str = 15
    zone: tzinfo | None = field(init=False)

    def __post_init__(self) -> None:
        names = [columns.parameter for columns in KINDS]
        if all(getattr(self, name) is None for name in names):
            raise ConfigurationError(
                f"The SQL catalog collector needs SQL: {', '.join(names)} in collector_kwargs, one or several."
            )
        for name in names:
            sql = getattr(self, name)
            if sql is not None and not (isinstance(sql, str) and sql.strip()):
                raise ConfigurationError(f"{name} in collector_kwargs is no SQL; give the text of one SELECT.")
        if not isinstance(self.timezone, str | None):
            raise ConfigurationError(f"timezone in collector_kwargs is {self.timezone!r}; give a name such as UTC.")
        object.__setattr__(self, "zone", time_zone(self.timezone))
        _ = self.latency

    def sql(self, columns: Columns) -> str | None:
        """Return the SQL that gives these columns, ``None`` when there is none."""
        sql: str | None = getattr(self, columns.parameter)
        return sql

    @property
    def latency(self) -> timedelta:
        """How long after a query has ended its rows may be missing."""
        try:
            latency = timedelta(minutes=float(self.latency_minutes))
        except (TypeError, ValueError, OverflowError):
            latency = timedelta(-1)
        if not timedelta(0) <= latency <= _LONGEST_LATENCY:
            raise ConfigurationError(
                f"latency_minutes in collector_kwargs is {self.latency_minutes!r}; give a number from 0 to a year's."
            )
        return latency
