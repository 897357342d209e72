"""What users choose about the Redshift collector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from airflow_provider_montecarlo_push.exceptions import UnknownValueError

FreshnessSource = Literal["query_detail", "none"]
LineageSource = Literal["auto", "query_detail", "query_history"]


@dataclass(frozen=True)
class Options:
    """Checked options; their meaning is documented at :class:`.collector.RedshiftCollector`.

    :raises UnknownValueError: when one of them has a value that does not exist.
    """

    freshness: str = "query_detail"
    lineage_source: str = "auto"
    keep_asset_types: bool = False

    def __post_init__(self) -> None:
        _check("freshness", self.freshness, get_args(FreshnessSource))
        _check("lineage_source", self.lineage_source, get_args(LineageSource))

    def asset_type(self, kind: str | None) -> str:
        """Return the asset type for a ``table_type`` of SVV_ALL_TABLES, in any case."""
        kind = (kind or "").upper()
        if kind.endswith("VIEW"):
            return "VIEW"
        return "EXTERNAL" if self.keep_asset_types and kind.startswith("EXTERNAL") else "TABLE"


def _check(option: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UnknownValueError(f"Unknown {option} {value!r} in collector_kwargs; choose from {', '.join(known)}.")
