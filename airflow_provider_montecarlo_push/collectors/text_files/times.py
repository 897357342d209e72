"""Timestamps as files write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from airflow_provider_montecarlo_push.collectors.text_files.problems import RowError
from airflow_provider_montecarlo_push.exceptions import ConfigurationError

ISO8601 = "iso8601"
_EPOCHS = {"epoch_seconds": timedelta(seconds=1), "epoch_milliseconds": timedelta(milliseconds=1)}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Outside of these, epoch times are in another unit than somebody thinks.
_PLAUSIBLE = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
_YEAR_CODES = re.compile(r"%[YyGcxD]")
_SHOWN = 40


class TimeReader:
    """Reads timestamps of one format.

    :param time_format: ``iso8601``, ``epoch_seconds``, ``epoch_milliseconds``, or a format of ``strptime``.
    :param zone: of times that carry none; see :func:`time_zone`.
    :raises ConfigurationError: when the format is none of these.
    """

    def __init__(self, time_format: str, zone: tzinfo | None) -> None:
        self._zone = zone
        self._format = time_format
        self._parse: Callable[[Any], datetime]
        if time_format == ISO8601:
            self._parse = self._iso
        elif time_format in _EPOCHS:
            self._unit = _EPOCHS[time_format]
            self._parse = self._epoch
        elif _YEAR_CODES.search(time_format):
            self._parse = self._strptime
        else:
            raise ConfigurationError(
                f"time_format {time_format!r} in collector_kwargs is none of {ISO8601}, {', '.join(_EPOCHS)}, and no "
                "strptime format with a year, such as %d/%b/%Y:%H:%M:%S %z."
            )

    def read(self, value: Any, name: str) -> datetime:
        """Return ``value`` as a datetime in UTC.

        :param name: which field it is, for the error.
        :raises RowError: when it is no such timestamp, or has no time zone and none is configured.
        """
        return self.read_local(value, name).astimezone(UTC)

    def read_local(self, value: Any, name: str) -> datetime:
        """Return ``value`` as an aware datetime in the time zone in which it is written.

        :raises RowError: see :meth:`read`.
        """
        try:
            moment = self._parse(value)
        except (ValueError, TypeError, OverflowError) as error:
            detail = f"{name} {_shown(value)} is no {self._format} time{_hint(error)}"
            raise RowError("wrong_time", detail) from error
        if moment.tzinfo is not None:
            return moment
        if self._zone is None:
            detail = f"{name} {_shown(value)} has no time zone; name the one it is in with the option timezone"
            raise RowError("no_time_zone", detail)
        return moment.replace(tzinfo=self._zone)

    def _iso(self, value: Any) -> datetime:
        moment = datetime.fromisoformat(value.strip() if isinstance(value, str) else value)
        moment.astimezone(UTC)  # the year 1 and the year 9999 have no other side
        return moment

    def _epoch(self, value: Any) -> datetime:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise TypeError("it is no number")
        moment = _EPOCH + (int(value) if _is_whole(value) else float(value)) * self._unit
        if not _PLAUSIBLE[0] <= moment < _PLAUSIBLE[1]:
            raise _OutOfRangeError(f"it would be in the year {moment.year}: are these the right units?")
        return moment

    def _strptime(self, value: Any) -> datetime:
        # Formats with %z give aware times; others get the configured zone.
        return datetime.strptime(value.strip() if isinstance(value, str) else value, self._format)  # noqa: DTZ007


class _OutOfRangeError(ValueError):
    """A number that no log of today holds."""


def _hint(error: Exception) -> str:
    if isinstance(error, _OutOfRangeError):
        return f"; {error}"
    return "; it is out of range: are these the right units?" if isinstance(error, OverflowError) else ""


def time_zone(name: str | None) -> tzinfo | None:
    """Return the time zone called ``name``, such as ``Europe/Berlin``; ``None`` for none.

    :raises ConfigurationError: when there is no such time zone.
    """
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"Unknown timezone {name!r} in collector_kwargs; give a name such as UTC or Europe/Berlin."
        ) from error


def _is_whole(value: float | str) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and value.strip().lstrip("+-").isdecimal())


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
