"""Reading what operators and sensors were given: parameters that a template may have turned into text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_montecarlo_push.exceptions import ConfigurationError


def is_given(value: object) -> bool:
    """Tell whether a parameter is given; an unset template renders to ``None``, its name, or an empty text."""
    return value is not None and not (isinstance(value, str) and value.strip() in ("", "None"))


def as_list(value: Any, what: str) -> list[Any]:
    """Return a parameter that is a list, or one text or object instead of a list of one; empty when not given.

    :param what: the parameter, for the error.
    :raises ConfigurationError: when it is none, or a list that a template turned into text.
    """
    if not is_given(value):
        return []
    if isinstance(value, str) and value.strip()[:1] in ("[", "{", "("):
        raise ConfigurationError(
            f"{what} is {value[:80]!r}, a list that a template turned into text. Set "
            "render_template_as_native_obj=True on the DAG."
        )
    if isinstance(value, str | Mapping):
        return [value]
    try:
        return list(value)
    except TypeError:
        raise ConfigurationError(f"{what} is {value!r}; give a list.") from None


def as_texts(value: Any, what: str) -> list[str]:
    """Return a parameter that is a list of texts, without the blanks around them.

    :raises ConfigurationError: as :func:`as_list` does, and when one of them is empty or no text.
    """
    items = as_list(value, what)
    for item in items:
        if not isinstance(item, str) or not is_given(item):
            raise ConfigurationError(f"{what} holds {item!r}, which is no text.")
    return [item.strip() for item in items]
