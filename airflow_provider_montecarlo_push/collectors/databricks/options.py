"""What users choose about the Databricks collector."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_montecarlo_push.exceptions import ConfigurationError, UnknownValueError

FRESHNESS_SOURCES = ("auto", "last_altered")
LINEAGE_SOURCES = ("auto", "system_tables", "query_history")

_VIEWS = frozenset({"VIEW", "METRIC_VIEW"})


@dataclass(frozen=True)
class Options:
    """Checked options; their meaning is documented at :class:`.collector.DatabricksCollector`.

    :raises UnknownValueError: when one of them has a value that does not exist.
    :raises ConfigurationError: when ``detail_limit`` is no whole number from 0.
    """

    freshness: str = "auto"
    lineage_source: str = "auto"
    detail_limit: int | str = 1_000
    keep_asset_types: bool = False

    def __post_init__(self) -> None:
        _check("freshness", self.freshness, FRESHNESS_SOURCES)
        _check("lineage_source", self.lineage_source, LINEAGE_SOURCES)
        if isinstance(self.detail_limit, bool) or not str(self.detail_limit).strip().isdecimal():
            raise ConfigurationError(
                f"detail_limit is {self.detail_limit!r}; give how many tables may be described in a run, 0 for none."
            )

    @property
    def most_details(self) -> int:
        """How many tables may be described one by one."""
        return int(self.detail_limit)

    def asset_type(self, kind: str | None) -> str:
        """Return the asset type for a ``table_type`` of the catalog, or a ``source_type`` of lineage."""
        kind = (kind or "").upper()
        if kind in _VIEWS:
            return "VIEW"
        return "EXTERNAL" if self.keep_asset_types and kind.startswith("EXTERNAL") else "TABLE"


def _check(option: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UnknownValueError(f"Unknown {option} {value!r} in collector_kwargs; choose from {', '.join(known)}.")
