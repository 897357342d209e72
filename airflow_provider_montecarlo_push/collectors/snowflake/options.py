"""What users choose about the Snowflake collector."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

from airflow_provider_montecarlo_push.exceptions import ConfigurationError, UnknownValueError

FreshnessSource = Literal["last_altered", "dml"]
LineageSource = Literal["auto", "access_history", "query_history"]
CatalogSource = Literal["auto", "account_usage"]

_LONGEST_CHUNK = 24 * 7


@dataclass(frozen=True)
class Options:
    """Checked options; their meaning is documented at :class:`.collector.SnowflakeCollector`.

    :raises UnknownValueError: when one of them has a value that does not exist.
    :raises ConfigurationError: when ``lineage_chunk_hours`` is no positive number.
    """

    freshness: str = "last_altered"
    lineage_source: str = "auto"
    catalog: str = "auto"
    lineage_chunk_hours: float | str = 4
    keep_asset_types: bool = False

    def __post_init__(self) -> None:
        _check("freshness", self.freshness, get_args(FreshnessSource))
        _check("lineage_source", self.lineage_source, get_args(LineageSource))
        _check("catalog", self.catalog, get_args(CatalogSource))
        try:
            hours = float(self.lineage_chunk_hours)
        except (TypeError, ValueError):
            hours = 0
        if not 0 < hours <= _LONGEST_CHUNK:
            raise ConfigurationError(
                f"lineage_chunk_hours is {self.lineage_chunk_hours!r}; give a number of hours above 0 and up to "
                f"{_LONGEST_CHUNK}."
            )

    @property
    def lineage_chunk(self) -> timedelta:
        """How much of a window one statement reads."""
        return timedelta(hours=float(self.lineage_chunk_hours))

    def asset_type(self, kind: str) -> str:
        """Return the asset type for a kind of table or view.

        :param kind: a ``TABLE_TYPE`` or an ``objectDomain``, in any case: ``BASE TABLE``, ``Materialized view``, ….
        """
        kind = kind.upper()
        if kind.endswith("VIEW"):
            return "VIEW"
        return "EXTERNAL" if self.keep_asset_types and kind == "EXTERNAL TABLE" else "TABLE"


def _check(option: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UnknownValueError(f"Unknown {option} {value!r} in collector_kwargs; choose from {', '.join(known)}.")
