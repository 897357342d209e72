"""Query parameters of the sandbox's own API, with their types."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from airflow_provider_montecarlo_push.sandbox.errors import RequestError
from airflow_provider_montecarlo_push.sandbox.names import FLOWS

LARGEST_PAGE = 1000


class Parameters:
    """Query and path parameters of one request. Every method raises a 400 that names the parameter."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str) -> str | None:
        """Return a parameter, or ``None`` where it is absent or empty."""
        return self._values.get(name) or None

    def required(self, name: str) -> str:
        """Return a parameter that must be there."""
        value = self.text(name)
        if value is None:
            raise RequestError(400, f"The parameter {name} is required.")
        return value

    def one_of(self, name: str, values: Collection[str]) -> str | None:
        """Return a parameter that is one of ``values``, or ``None``."""
        value = self.text(name)
        if value is not None and value not in values:
            raise RequestError(400, f"{name} must be one of {', '.join(values)}, not {value!r}.")
        return value

    def flow(self) -> str | None:
        """Return the parameter ``flow``, or ``None``."""
        return self.one_of("flow", (*FLOWS, "graphql"))

    def number(self, name: str, default: int, *, least: int = 0, most: int = 2**31) -> int:
        """Return a whole number, or ``default``."""
        value = self.text(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdecimal() and len(value) < 12 and least <= int(value) <= most):
            raise RequestError(400, f"{name} must be a whole number between {least} and {most}, not {value[:40]!r}.")
        return int(value)

    def page(self, default: int = 100) -> tuple[int, int]:
        """Return ``offset`` and ``limit``."""
        return self.number("offset", 0), self.number("limit", default, least=1, most=LARGEST_PAGE)

    def truth(self, name: str) -> bool | None:
        """Return ``true`` or ``false``, or ``None`` where the parameter is absent."""
        value = self.one_of(name, ("true", "false"))
        return None if value is None else value == "true"
