"""Values out of a row, of the type that they have to be.

A value of a wrong type is a mistake in the SQL, and ends the collection: it would be the same in every row. A value
that cannot be used though its type is right concerns its row, and is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from math import isfinite
from typing import Any, TypeVar
from uuid import UUID

from airflow_provider_montecarlo_push.collectors.dbapi.session import Result, Row
from airflow_provider_montecarlo_push.collectors.sql_catalog.columns import EXTRA, Columns
from airflow_provider_montecarlo_push.collectors.text_files.problems import Problems, RowError
from airflow_provider_montecarlo_push.events.timestamps import to_utc
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, InvalidEventError, SourceError

HINT = "Correct what the SQL returns in these columns."
_LARGEST = 2**63 - 1
_SHOWN = 60

T = TypeVar("T")


class Record:
    """A row of a user's SQL.

    The getters return ``None`` for NULL and for columns that the SQL does not return. They raise SourceError for a
    value of a wrong type, and RowError for one that cannot be used.

    :param columns: what the SQL may return.
    :param positions: where in the row its columns are.
    :param row: its values.
    :param number: of the row, counted from 1.
    :param zone: of times that carry none; ``None`` when there must be no such times.
    """

    __slots__ = ("_columns", "_positions", "_row", "_zone", "number")

    def __init__(
        self, columns: Columns, positions: Mapping[str, int], row: Row, number: int, zone: tzinfo | None
    ) -> None:
        self._columns = columns
        self._positions = positions
        self._row = row
        self._zone = zone
        self.number = number

    @property
    def place(self) -> str:
        """Which row it is, for people."""
        return f"{self._columns.parameter}, row {self.number:,}"

    def has(self, name: str) -> bool:
        """Tell whether the SQL returns a column."""
        return name in self._positions

    def needed(self, name: str, value: T | None) -> T:
        """Return the value of a column that must have one.

        :raises RowError: when it is ``None``.
        """
        if value is None:
            raise RowError(f"missing_{name}", f"{name} is NULL or empty")
        return value

    def optional(self, name: str, read: Callable[[str], T | None], problems: Problems) -> T | None:
        """Return what ``read`` finds in a column; one that cannot be used is counted, and left out."""
        try:
            return read(name)
        except RowError as error:
            problems.part(self.place, error)
            return None

    def text(self, name: str) -> str | None:
        """Return a text; an empty one is none."""
        value = self._get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise self._wrong(name, value, "a text")
        return value

    def label(self, name: str) -> str | None:
        """Return a text, or a number or UUID as one."""
        value = self._get(name)
        if isinstance(value, UUID) or (isinstance(value, int) and not isinstance(value, bool)):
            return str(value)
        return self.text(name)

    def code(self, name: str) -> str | int | None:
        """Return a text or an integer."""
        value = self._get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else self.text(name)

    def amount(self, name: str) -> int | None:
        """Return an integer from 0; some catalogs say by one below it that they do not know."""
        value = self._get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise self._wrong(name, value, "an integer")
        if not _is_whole(value) or abs(number := int(value)) > _LARGEST:
            raise RowError(f"wrong_{name}", f"{name} is {value}, no integer of up to 64 bits")
        if number < 0:
            raise RowError(f"negative_{name}", f"{name} is {value}")
        return number

    def moment(self, name: str, *, compared: bool = False) -> datetime | None:
        """Return a time in UTC.

        :param compared: with the window in the SQL, so it must be local where the window is.
        :raises ConfigurationError: when it is not.
        """
        value = self._get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value.strip())
            except ValueError:
                detail = f"{name} is {_shown(value)}, no ISO 8601 time such as 2024-03-01T14:30:00Z"
                raise RowError(f"wrong_{name}", detail) from None
        if not isinstance(value, datetime):
            raise self._wrong(name, value, "a time, or an ISO 8601 text such as 2024-03-01T14:30:00Z")
        try:
            return to_utc(self._aware(name, value, compared), field=name)
        except InvalidEventError as error:
            raise RowError(f"wrong_{name}", str(error)) from error

    def extra(self) -> dict[str, Any] | None:
        """Return the values of the columns ``extra_…`` as JSON has them, without NULLs."""
        found = {
            name.removeprefix(EXTRA): self._json(name)
            for name in self._positions
            if name.startswith(EXTRA) and self._get(name) is not None
        }
        return found or None

    def _aware(self, name: str, value: datetime, compared: bool) -> datetime:
        if value.tzinfo is not None:
            if compared and self._zone is not None:
                raise ConfigurationError(
                    f"{self.place}: the column {name!r} has a time zone of its own, so timezone in collector_kwargs "
                    "would compare it with local times. Take timezone out."
                )
            return value
        if self._zone is None:
            raise SourceError(
                f"{self.place}: the column {name!r} is a time without a time zone. Make it one with a time zone in the "
                "SQL, or say which it is in collector_kwargs: {'timezone': 'UTC'}."
            )
        return value.replace(tzinfo=self._zone)

    def _json(self, name: str) -> Any:
        value = self._get(name)
        if isinstance(value, Decimal):
            return int(value) if _is_whole(value) else float(value)
        if isinstance(value, date):  # datetimes are dates too
            return value.isoformat()
        if isinstance(value, UUID):
            return str(value)
        if not isinstance(value, str | int | float | bool | list | dict):
            raise self._wrong(name, value, "a text, a number, a time or JSON")
        return value

    def _get(self, name: str) -> Any:
        position = self._positions.get(name)
        return None if position is None else self._row[position]

    def _wrong(self, name: str, value: object, wanted: str) -> SourceError:
        return SourceError(
            f"{self.place}: the column {name!r} is of type {type(value).__name__}, not {wanted}. CAST it in the SQL."
        )


def records(columns: Columns, result: Result, zone: tzinfo | None) -> Generator[Record, None, None]:
    """Check the columns of a result now, and return its rows.

    :raises ConfigurationError: when they are not what ``columns`` says.
    """
    positions = columns.find(result.names)
    return (Record(columns, positions, row, number, zone) for number, row in enumerate(result.rows, start=1))


def _is_whole(value: float | Decimal) -> bool:
    return isfinite(value) and value == int(value)


def _shown(value: str) -> str:
    return repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…")
