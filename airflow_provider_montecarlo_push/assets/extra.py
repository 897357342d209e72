"""What a producer says in its asset event: where the asset's rows come from, and which columns fed which.

It is kept under one key of the event's extra, as plain JSON::

    {"montecarlo": {"sources": ["snowflake://org-account/RAW/SHOP/ORDERS"],
                    "columns": {"AMOUNT": [["snowflake://org-account/RAW/SHOP/ORDERS", "AMOUNT"]]}}}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airflow_provider_montecarlo_push.assets.model import Dataset, DatasetColumn, ObservedEdge
from airflow_provider_montecarlo_push.assets.names import NotATableError
from airflow_provider_montecarlo_push.assets.uris import dataset_of_uri
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.exceptions import ConfigurationError

EXTRA_KEY = "montecarlo"
_FIELDS = ("sources", "columns")

Columns = Mapping[str, str | Sequence[str | tuple[Any, str] | list[Any]]]


def extra_of(sources: Iterable[str], columns: Columns | None) -> dict[str, Any]:
    """Return what goes under :data:`EXTRA_KEY`.

    :param sources: URIs.
    :param columns: by column of the asset, the columns that it comes from: pairs of a source and its column, or the
        name of a column alone where there is one source. A source that only this names is one as well.
    :raises ConfigurationError: when a column names no source, and there is none or more than one.
    """
    known = list(dict.fromkeys(sources))
    found: dict[str, list[list[str]]] = {}
    for name, cited in (columns or {}).items():
        if isinstance(cited, str) or _is_pair(cited):
            cited = [cited]  # type: ignore[list-item]  # one column, not a list of them
        found[str(name)] = [list(_pair(name, one, known)) for one in cited]
    cited_sources = (uri for pairs in found.values() for uri, _ in pairs)
    return {"sources": list(dict.fromkeys((*known, *cited_sources))), "columns": found}


def uri_of(asset: object) -> str:
    """Return the URI of an asset, a reference to one, or a text.

    :raises ConfigurationError: when it has none, as an alias.
    """
    uri = asset if isinstance(asset, str) else getattr(asset, "uri", None)
    if not isinstance(uri, str) or not uri:
        raise ConfigurationError(f"{asset!r} has no URI. Name sources as assets or URIs.")
    return uri


def observed_edge(destination: Dataset, extra: object, report: CollectionReport) -> ObservedEdge | None:
    """Return the edge that an event's extra tells of; ``None``, counted, when it tells of none.

    What is malformed in it is left out, and the rest is kept.

    :param extra: of the event.
    """
    where = f"the event of {destination.namespace} {destination.name}"
    said = extra.get(EXTRA_KEY) if isinstance(extra, Mapping) else None
    if not said:
        report.leave_out("without_sources", f"{where} names no sources")
        return None
    if not isinstance(said, Mapping) or not isinstance(said.get("columns") or {}, Mapping):
        report.leave_out("malformed_extras", f"{where} has {EXTRA_KEY!r} in another form than record_sources writes")
        return None
    edge = ObservedEdge(destination)
    sources = said.get("sources") or []
    for uri in sources if isinstance(sources, list | tuple) else [sources]:
        dataset = _dataset(uri, where, report)
        if dataset is not None:
            edge.sources.append(dataset)
    for name, pairs in (said.get("columns") or {}).items():
        found = [column for pair in _listed(pairs) if (column := _cited(pair, where, report)) is not None]
        if found:
            edge.columns[str(name)] = found
    if not edge.sources and not edge.columns:
        report.leave_out("without_sources", f"{where} names no source that is a table")
        return None
    return edge


def _listed(pairs: object) -> Sequence[Any]:
    return pairs if isinstance(pairs, list | tuple) else [pairs]


def _dataset(uri: object, where: str, report: CollectionReport) -> Dataset | None:
    if not isinstance(uri, str):
        report.leave_out("malformed_extras", f"{where}: a source is a {type(uri).__name__} and no URI")
        return None
    try:
        return dataset_of_uri(uri)
    except NotATableError as error:
        report.leave_out(error.reason, f"{where}: {error}")
        return None


def _cited(pair: object, where: str, report: CollectionReport) -> DatasetColumn | None:
    if not isinstance(pair, list | tuple) or len(pair) != 2 or not isinstance(pair[1], str) or not pair[1].strip():
        report.leave_out("malformed_extras", f"{where}: a column's source is no pair of URI and column")
        return None
    dataset = _dataset(pair[0], where, report)
    return None if dataset is None else DatasetColumn(dataset, pair[1])


def _is_pair(value: Any) -> bool:
    """Tell a pair of source and column from a list of columns: a URI or an asset is no column."""
    if not isinstance(value, tuple | list) or len(value) != 2 or not isinstance(value[1], str):
        return False
    first = value[0]
    return "://" in first if isinstance(first, str) else getattr(first, "uri", None) is not None


def _pair(name: object, cited: Any, known: list[str]) -> tuple[str, str]:
    if _is_pair(cited):
        return uri_of(cited[0]), cited[1]
    if isinstance(cited, str) and len(known) == 1:
        return known[0], cited
    raise ConfigurationError(
        f"Column {name!r} comes from {cited!r}, which does not say of which source. Write pairs, (source, column); a "
        "column alone is enough where there is exactly one source."
    )
