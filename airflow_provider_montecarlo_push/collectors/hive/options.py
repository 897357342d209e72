"""What users choose about the Hive collector, apart from log files."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_montecarlo_push.exceptions import ConfigurationError

_EXTERNAL = "EXTERNAL_TABLE"


@dataclass(frozen=True)
class Options:
    """Checked options; their meaning is documented at :class:`.collector.HiveCollector`.

    :raises ConfigurationError: when one of them cannot be.
    """

    max_partitions: int | str = 10_000
    hourly_partitions: bool | str = False
    keep_asset_types: bool = False

    def __post_init__(self) -> None:
        given = self.max_partitions
        if isinstance(given, bool) or not isinstance(given, int | str) or not str(given).isdecimal():
            raise ConfigurationError(
                f"max_partitions in collector_kwargs is {given!r}; give how many partitions of a table are summed up "
                "at most, 0 for none."
            )
        if str(self.hourly_partitions).lower() not in ("true", "false"):
            raise ConfigurationError(
                f"hourly_partitions in collector_kwargs is {self.hourly_partitions!r}; give true or false."
            )

    def most_partitions(self, *, lean: bool) -> int:
        """Return how many partitions of a table are summed up; values that templates turned into text are numbers.

        :param lean: for freshness and volume alone.
        """
        return 0 if lean and str(self.hourly_partitions).lower() == "false" else int(self.max_partitions)

    def asset_type(self, kind: str) -> str:
        """Return the asset type for the metastore's type of a table, such as ``VIRTUAL_VIEW``."""
        if kind.endswith("VIEW"):
            return "VIEW"
        return "EXTERNAL" if self.keep_asset_types and kind == _EXTERNAL else "TABLE"
