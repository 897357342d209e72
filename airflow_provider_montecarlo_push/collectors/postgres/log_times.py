"""Times of a server log: local ones, with an abbreviation of their zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from airflow_provider_montecarlo_push.collectors.text_files.problems import RowError

_UTC = frozenset({"UTC", "GMT", "Z", "UCT", "Etc/UTC"})
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)?")
_LENGTH = len("2026-11-21 12:00:00.000")


class LogTimes:
    """Reads the times of a log.

    :param zone: ``log_timezone`` of the server, by which the hour that comes twice a year, and abbreviations that
        several countries use, are told apart.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._fixed: dict[str, tzinfo] = dict.fromkeys(_UTC, UTC)

    def read(self, text: str) -> datetime:
        """Return a time such as ``2026-11-21 12:00:00.123 CET`` in UTC.

        :raises RowError: when it is none, or its zone is not the one that is expected.
        """
        name = text[_LENGTH + 1 :]
        try:
            local = datetime.fromisoformat(text[:_LENGTH])
            fixed = self._fixed.get(name) or self._offset(name)
            if fixed is not None:
                return local.replace(tzinfo=fixed).astimezone(UTC)
            for fold in (0, 1):
                moment = local.replace(tzinfo=self._zone, fold=fold)
                if moment.tzname() == name:
                    return moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise RowError("wrong_time", f"log_time {text[:40]!r} is no time") from error
        detail = f"log_time {text[:40]!r} is not in time zone {self._zone}, the server's log_timezone"
        raise RowError("wrong_time_zone", detail)

    def _offset(self, name: str) -> tzinfo | None:
        match = _OFFSET.fullmatch(name)
        if match is None:
            return None
        sign, hours, minutes = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        zone = self._fixed[name] = timezone(-offset if sign == "-" else offset)
        return zone
