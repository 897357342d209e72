"""Flags of connections and operators, which may arrive as text."""

from __future__ import annotations

from airflow_provider_montecarlo_push.exceptions import ConfigurationError


def as_bool(value: object, name: str) -> bool:
    """Return a flag that may come as a rendered template or a form's text.

    :raises ConfigurationError: when it is neither true nor false.
    """
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in ("true", "1", "yes", "on"):
        return True
    if text in ("false", "0", "no", "off", "", "none"):
        return False
    raise ConfigurationError(f"{name} is {value!r}; give true or false.")
