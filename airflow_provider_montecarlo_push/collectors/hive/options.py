"""What users choose about the Hive collector, apart from log files."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_montecarlo_push.exceptions import ConfigurationError

_EXTERNAL = "EXTERNAL_TABLE"


@dataclass(frozen=True)
class Options:
    """Checked options; their meaning is documented at :class:`.collector.HiveCollector`.

    :raises ConfigurationError: when ``max_partitions`` is no number from 0 on.
    """

    max_partitions: int | str = 10_000
    keep_asset_types: bool = False

    def __post_init__(self) -> None:
        given = self.max_partitions
        if isinstance(given, bool) or not isinstance(given, int | str) or not str(given).isdecimal():
            raise ConfigurationError(
                f"max_partitions in collector_kwargs is {given!r}; give how many partitions of a table are summed up "
                "at most, 0 for none."
            )

    @property
    def most_partitions(self) -> int:
        """``max_partitions``, which a template may have turned into text, as a number."""
        return int(self.max_partitions)

    def asset_type(self, kind: str) -> str:
        """Return the asset type for the metastore's type of a table, such as ``VIRTUAL_VIEW``."""
        if kind.endswith("VIEW"):
            return "VIEW"
        return "EXTERNAL" if self.keep_asset_types and kind == _EXTERNAL else "TABLE"
