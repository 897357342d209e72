"""What users choose about the PostgreSQL collector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_montecarlo_push.exceptions import ConfigurationError, UnknownValueError

ALL_DATABASES = "*"
COMMIT_TIMESTAMP = "commit_timestamp"


@dataclass(frozen=True)
class Options:
    """Checked options; their meaning is documented at :class:`.collector.PostgresCollector`.

    :raises ConfigurationError: when one of them cannot be.
    """

    databases: str | Sequence[str] | None = None
    freshness: str | None = None
    log_path: str | None = None
    default_schema: str = "public"
    keep_asset_types: bool = False

    def __post_init__(self) -> None:
        if self.freshness not in (None, COMMIT_TIMESTAMP):
            raise UnknownValueError(
                f"Unknown freshness {self.freshness!r} in collector_kwargs; there is {COMMIT_TIMESTAMP!r}, or none."
            )
        if not (isinstance(self.default_schema, str) and self.default_schema):
            raise ConfigurationError("default_schema in collector_kwargs must be the name of a schema, such as public.")
        names = self.database_names
        if not isinstance(names, Sequence) or not all(isinstance(name, str) and name for name in names):
            raise ConfigurationError(
                f"databases in collector_kwargs is {self.databases!r}; give a list of names, or '*' for all that the "
                "role may connect to."
            )

    @property
    def database_names(self) -> Sequence[str]:
        """The databases that are named, none for that of the connection; see :attr:`all_databases`."""
        return [self.databases] if isinstance(self.databases, str) else self.databases or ()

    @property
    def all_databases(self) -> bool:
        """Whether all databases of the server are read."""
        return ALL_DATABASES in self.database_names

    def asset_type(self, kind: str) -> str:
        """Return the asset type for a ``relkind``."""
        if kind in ("v", "m"):
            return "VIEW"
        return "EXTERNAL" if self.keep_asset_types and kind == "f" else "TABLE"
