"""What users choose about the files collector."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from typing import Any

from airflow_provider_montecarlo_push.collectors.files.fields import Fields
from airflow_provider_montecarlo_push.collectors.files.records import check_csv_options
from airflow_provider_montecarlo_push.collectors.text_files.naming import FORMATS
from airflow_provider_montecarlo_push.collectors.text_files.storage import split_path
from airflow_provider_montecarlo_push.collectors.text_files.times import ISO8601, TimeReader, time_zone
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, UnknownValueError

LONGEST_ROW = 16 * 1024 * 1024
_LONGEST = timedelta(days=366)
SUCCESS = ("success", "succeeded", "successful", "ok", "finished", "completed", "complete", "done")


@dataclass(frozen=True)
class Options:
    """Checked options; their meaning is documented at :class:`.collector.FilesCollector`.

    :raises ConfigurationError: when one of them cannot be.
    """

    path: str
    file_format: str | None = None
    fields: Mapping[str, str] | None = None
    time_format: str | None = None
    timezone: str | None = None
    encoding: str | None = None
    dialect: str | None = None
    default_database: str | None = None
    default_schema: str | None = None
    success_values: Any = SUCCESS
    csv_options: Mapping[str, Any] | None = None
    use_modification_time: bool | str = True
    latency_minutes: float | str = 15
    longest_row: int = LONGEST_ROW
    keep_asset_types: bool = False
    names: Fields = field(init=False)
    times: TimeReader = field(init=False)
    zone: tzinfo | None = field(init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.path, str) or not self.path.strip():
            raise ConfigurationError("The files collector needs a path: collector_kwargs={'path': 's3://bucket/logs/'}")
        split_path(self.path)
        if self.file_format is not None and self.file_format not in FORMATS:
            raise UnknownValueError(
                f"Unknown format {self.file_format!r} in collector_kwargs; choose from {', '.join(FORMATS)}."
            )
        _check_encoding(self.encoding)
        if isinstance(self.success_values, str):
            raise ConfigurationError("success_values in collector_kwargs is one text; give a list.")
        zone = time_zone(self.timezone)
        for name, value in (
            ("csv_options", check_csv_options(self.csv_options)),
            ("names", Fields(self.fields)),
            ("zone", zone),
            ("times", TimeReader(self.time_format or ISO8601, zone)),
            ("use_modification_time", _flag("use_modification_time", self.use_modification_time)),
            ("success_values", frozenset(str(value).lower() for value in self.success_values)),
        ):
            object.__setattr__(self, name, value)
        _ = self.latency

    @property
    def latency(self) -> timedelta:
        """How long after its end a query may be missing from the files."""
        return _length("latency_minutes", self.latency_minutes, timedelta(minutes=1))

    def asset_type(self, kind: str) -> str:
        """Return the asset type for what a file calls a table: ``table``, ``BASE TABLE``, ``Materialized view``, ….

        It is not checked here: an unknown one is refused when the event is made.
        """
        kind = kind.strip().upper().replace(" ", "_")
        if kind.endswith("VIEW"):
            return "VIEW"
        if kind in ("EXTERNAL_TABLE", "EXTERNAL"):
            return "EXTERNAL" if self.keep_asset_types else "TABLE"
        if kind in ("WILDCARD", "WILDCARD_TABLE"):
            return kind if self.keep_asset_types else "TABLE"
        return "TABLE" if kind.endswith("TABLE") else kind


def _check_encoding(encoding: str | None) -> None:
    if encoding is None:
        return
    try:
        "\n".encode(encoding)
        codecs.getincrementaldecoder(encoding)
    except (LookupError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"Unknown encoding {encoding!r} in collector_kwargs; give one that Python knows, such as utf-8 or cp1252."
        ) from error


def _length(name: str, value: float | str, unit: timedelta) -> timedelta:
    try:
        length = float(value) * unit
    except (TypeError, ValueError, OverflowError):
        length = -unit
    if not timedelta(0) <= length <= _LONGEST:
        raise ConfigurationError(f"{name} in collector_kwargs is {value!r}; give a number from 0 to a year's.")
    return length


def _flag(name: str, value: object) -> bool:
    """Return what a flag, or a template that became text, says."""
    text = str(value).strip().lower()
    if text not in ("true", "false"):
        raise ConfigurationError(f"{name} in collector_kwargs is {value!r}; give true or false.")
    return text == "true"
