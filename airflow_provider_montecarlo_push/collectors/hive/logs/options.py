"""What users choose about the log files of HiveServer2."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, timedelta, tzinfo

from airflow_provider_montecarlo_push.collectors.text_files.storage import split_path
from airflow_provider_montecarlo_push.collectors.text_files.times import time_zone
from airflow_provider_montecarlo_push.exceptions import ConfigurationError

_LONGEST_LOOKBACK = 24 * 7


@dataclass(frozen=True)
class LogOptions:
    """Checked options, from ``collector_kwargs``.

    :param log_path: file, folder or glob of log files, with the Airflow connection of the storage in it
        (``s3://conn_id@bucket/hive/``); may hold time codes such as ``%Y-%m-%d``.
    :param log_timezone: in which the server writes times; UTC by default.
    :param log_encoding: of the files; ``None`` means UTF-8, or what a byte order mark says.
    :param log_lookback_hours: how long before the window a query that ended in it may have begun.
    :param operation_log_path: file, folder or glob of the logs of single queries, for their numbers of rows.
    :param default_database: of sessions of which the log does not say it.
    :ivar zone: ``log_timezone`` as a time zone.
    :ivar lookback: ``log_lookback_hours`` as a length of time.
    :raises ConfigurationError: when one of them cannot be.
    """

    log_path: str | None = None
    log_timezone: str | None = None
    log_encoding: str | None = None
    log_lookback_hours: float | str = 6
    operation_log_path: str | None = None
    default_database: str | None = None
    zone: tzinfo = field(init=False)
    lookback: timedelta = field(init=False)

    def __post_init__(self) -> None:
        for name in ("log_path", "operation_log_path"):
            path = getattr(self, name)
            if path and not isinstance(path, str):
                raise ConfigurationError(
                    f"{name} in collector_kwargs is {path!r}; give a path, such as s3://bucket/hive/."
                )
            if path:
                split_path(path)
        _check_encoding(self.log_encoding)
        object.__setattr__(self, "zone", time_zone(self.log_timezone) or UTC)
        object.__setattr__(self, "lookback", _hours(self.log_lookback_hours))

    @property
    def path(self) -> str:
        """``log_path``.

        :raises ConfigurationError: when there is none.
        """
        if self.log_path:
            return self.log_path
        raise ConfigurationError(
            "Hive keeps no query history that could be asked for; its queries are in the log files of HiveServer2. "
            "Give the folder in which they arrive as log_path in collector_kwargs, such as "
            "{'log_path': 's3://bucket/hive/'}."
        )


def _hours(value: float | str) -> timedelta:
    try:
        hours = float(value)
    except (TypeError, ValueError):
        hours = -1
    if not 0 <= hours <= _LONGEST_LOOKBACK:
        raise ConfigurationError(
            f"log_lookback_hours in collector_kwargs is {value!r}; give hours from 0 to {_LONGEST_LOOKBACK}."
        )
    return timedelta(hours=hours)


def _check_encoding(name: object) -> None:
    try:
        if name is None or (isinstance(name, str) and "\n".encode(name)):
            return
    except (LookupError, ValueError):
        pass
    raise ConfigurationError(
        f"log_encoding {name!r} in collector_kwargs is none that Python knows; give one such as utf-8 or latin-1."
    )
