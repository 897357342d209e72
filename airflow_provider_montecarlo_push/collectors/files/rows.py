"""What a row says: values of the right type, and when its query ran."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from airflow_provider_montecarlo_push.collectors.files.fields import Row
from airflow_provider_montecarlo_push.collectors.files.options import Options
from airflow_provider_montecarlo_push.collectors.text_files.problems import Problems, RowError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

_DURATIONS = {"duration_seconds": timedelta(seconds=1), "duration_ms": timedelta(milliseconds=1)}
_LARGEST = 2**63 - 1
_SHOWN = 40


class Times(NamedTuple):
    """When a query ran, in UTC; its start may be unknown."""

    start: datetime | None
    end: datetime


class Facts:
    """Reads the facts of rows.

    :param problems: takes optional facts of a wrong type, which are left out.
    """

    def __init__(self, options: Options, problems: Problems) -> None:
        self._options = options
        self._problems = problems
        self.names = options.names

    def times(self, row: Row) -> Times | None:
        """Return when the query ran; ``None`` when the row says nothing of its end.

        :raises RowError: when a time is none.
        """
        start_value = self._given(row, "start_time")
        end_value = self._given(row, "end_time")
        reader = self._options.times
        start = None if start_value is None else reader.read(start_value, "start_time")
        if end_value is not None:
            local_end = reader.read_local(end_value, "end_time")
            end = reader.read(end_value, "end_time")
            if start is None:
                length = self._duration(row)
                return Times(None if length is None else end - length, end)
            if end < start:
                # Local times of the hour in which clocks are set back: the second one is meant.
                end = max(end, local_end.replace(fold=1).astimezone(end.tzinfo))
            return Times(start, end)
        length = self._duration(row) if start is not None else None
        return None if start is None or length is None else Times(start, start + length)

    def in_window(self, times: Times, window: TimeWindow) -> bool:
        """Tell whether the query ended in ``window``; those that did not are counted."""
        if window.start <= times.end < window.end:
            return True
        self._problems.report.count("rows_outside_window")
        return False

    def missing_end(self, row: Row) -> str:
        """Return what is missing from a row without an end."""
        return f"{self.names.missing(row.values, 'end_time')}; start_time and a duration would do"

    def is_edge(self, row: Row) -> bool:
        """Tell whether a row is an edge of lineage and no query."""
        return self._given(row, "query_text") is None and self._given(row, "destination") is not None

    def text(self, row: Row, name: str) -> str | None:
        """Return a text, or a number as one; ``None`` when there is none, or when it is of another type."""
        value = self._given(row, name)
        if isinstance(value, str | None):
            return value
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._wrong(row, name, value, "text")
            return None
        return str(value)

    def message(self, row: Row, name: str) -> str | None:
        """Return a text; whatever else it is, as JSON."""
        value = self._given(row, name)
        return value if isinstance(value, str | None) else json.dumps(value, ensure_ascii=False)

    def number(self, row: Row, name: str) -> int | None:
        """Return a count; ``None`` when there is none, or when it is no whole number from 0."""
        value = self._given(row, name)
        if value is None:
            return None
        try:
            number = None if isinstance(value, bool) else int(value) if isinstance(value, str | int) else _whole(value)
        except (TypeError, ValueError, OverflowError):
            number = None
        if number is None or not 0 <= number <= _LARGEST:
            self._wrong(row, name, value, "a whole number from 0")
            return None
        return number

    def code(self, row: Row, name: str) -> str | int | None:
        """Return a number or text; ``None`` when there is none, and for those that say that there was no error."""
        value = self._given(row, name)
        if value is None or isinstance(value, bool) or value in (0, "0"):
            return None
        return value if isinstance(value, int) else self.text(row, name)

    def failed_status(self, row: Row) -> str | None:
        """Return the status of a query that failed."""
        status = self._given(row, "status")
        if status is None or str(status).lower() in self._options.success_values:
            return None
        return str(status)

    def further(self, row: Row) -> dict[str, Any]:
        """Return the further facts that users asked for."""
        found = {key: self._given(row, name) for key, name in self.names.extra}
        return {key: value for key, value in found.items() if value is not None}

    def required_text(self, row: Row, name: str) -> str:
        """Return a text.

        :raises RowError: when there is none, or when it is of another type.
        """
        value = self._given(row, name)
        if value is None:
            raise RowError(f"missing_{name}", self.names.missing(row.values, name))
        if not isinstance(value, str):
            raise RowError("wrong_type", f"{name} is a {type(value).__name__} and no text")
        return value

    def _given(self, row: Row, name: str) -> Any:
        value = self.names.get(row.values, name)
        return None if isinstance(value, str) and not value.strip() else value

    def _duration(self, row: Row) -> timedelta | None:
        for name, unit in _DURATIONS.items():
            value = self._given(row, name)
            if value is None:
                continue
            try:
                length = None if isinstance(value, bool) else float(value) * unit
            except (TypeError, ValueError, OverflowError):
                length = None
            if length is None or length < timedelta(0):
                raise RowError("wrong_time", f"{name} {_shown(value)} is no duration")
            return length
        return None

    def _wrong(self, row: Row, name: str, value: Any, wanted: str) -> None:
        shown = _shown(value) if isinstance(value, int | float) else f"a {type(value).__name__}"
        self._problems.part(row.place, RowError("wrong_type", f"{name} is {shown} and not {wanted}"))


def _whole(value: float) -> int | None:
    return int(value) if value == int(value) else None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
