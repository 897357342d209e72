"""SQL with values to bind, written for the parameter style of a driver (PEP 249)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_montecarlo_push.exceptions import ConfigurationError

_MARKERS = {
    "qmark": "?",
    "numeric": ":{number}",
    "format": "%s",
    "named": ":mc_{number}",
    "pyformat": "%(mc_{number})s",
}
_NAMED = frozenset({"named", "pyformat"})
_WITH_PERCENT = frozenset({"format", "pyformat"})


@dataclass(frozen=True)
class Statement:
    """One statement.

    :param pieces: its text, cut where a value belongs; one more than there are values.
    :param values: what is bound.
    """

    pieces: Sequence[str]
    values: Sequence[Any] = ()

    @classmethod
    def of(cls, sql: str, values: Sequence[Any] = ()) -> Statement:
        """Return SQL of this package, in which each value is written ``%s``."""
        return cls(sql.split("%s"), tuple(values))

    def render(self, paramstyle: str) -> tuple[str, Sequence[Any] | dict[str, Any] | None]:
        """Return text and parameters for a driver; no parameters where there is no value.

        :raises ConfigurationError: when PEP 249 knows no such style.
        """
        if not self.values:
            return "".join(self.pieces), None
        if paramstyle not in _MARKERS:
            raise ConfigurationError(
                f"The driver has the parameter style {paramstyle!r}, which is none of {', '.join(_MARKERS)}."
            )
        marker = _MARKERS[paramstyle]
        # Where "%" marks a parameter, any other is written twice.
        pieces = [piece.replace("%", "%%") for piece in self.pieces] if paramstyle in _WITH_PERCENT else self.pieces
        text = [pieces[0]]
        for number, piece in enumerate(pieces[1:], start=1):
            text += (marker.format(number=number), piece)
        if paramstyle in _NAMED:
            return "".join(text), {f"mc_{number}": value for number, value in enumerate(self.values, start=1)}
        return "".join(text), tuple(self.values)
