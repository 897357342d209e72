"""Parts of an event, whether it is made of the client's classes or of JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_montecarlo_push.assets.model import Dataset


def part(thing: Any, name: str) -> Any:
    """Return the attribute or key ``name``; ``None`` when there is none."""
    if isinstance(thing, Mapping):
        return thing.get(name)
    return getattr(thing, name, None)


def text(thing: Any, name: str) -> str:
    """Return the string ``name``; empty when there is none, or it is something else."""
    value = part(thing, name)
    return value.strip() if isinstance(value, str) else ""


def several(thing: Any, name: str, left_out: Counter[str]) -> Sequence[Any]:
    """Return the list ``name``; empty when there is none. Anything else is counted as ``malformed_facets``."""
    value = part(thing, name)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return value
    if value is not None:
        left_out["malformed_facets"] += 1
    return ()


def facet(thing: Any, name: str, left_out: Counter[str]) -> Any:
    """Return a facet of a run, job or dataset; ``None`` when there is none, or it was deleted.

    One that is no object is counted as ``malformed_facets``.
    """
    facets = part(thing, "facets")
    found = facets.get(name) if isinstance(facets, Mapping) else None
    is_plain = isinstance(found, str | bytes | int | float | list | tuple)
    if is_plain or (facets is not None and not isinstance(facets, Mapping)):
        left_out["malformed_facets"] += 1
        return None
    return None if part(found, "_deleted") else found


def dataset_of(thing: Any) -> Dataset | None:
    """Return the dataset that ``thing`` names; ``None`` unless it has both a namespace and a name."""
    namespace, name = text(thing, "namespace"), text(thing, "name")
    return Dataset(namespace, name) if namespace and name else None
