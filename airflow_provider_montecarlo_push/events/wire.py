"""Events to JSON and back: one line is one element of a request's ``events`` list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from airflow_provider_montecarlo_push.events import (
    EtlAsset,
    EtlRunEvent,
    Event,
    Flow,
    LineageEvent,
    QueryLogEntry,
    RelationalAsset,
)
from airflow_provider_montecarlo_push.exceptions import InvalidEventError

_ENCODER = msgspec.json.Encoder()
_NUL = b"\\u0000"
_REPLACEMENT = "�"
_EVENT_TYPES: dict[Flow, type[Event]] = {
    Flow.METADATA: RelationalAsset,
    Flow.LINEAGE: LineageEvent,
    Flow.QUERY_LOGS: QueryLogEntry,
    Flow.ETL_METADATA: EtlAsset,
    Flow.ETL_RUNS: EtlRunEvent,
}
# Some events stand in an object of their own, under this key.
_WRAPPERS: dict[type[Event], str] = {RelationalAsset: "relational_asset", EtlAsset: "etl_asset"}


def encode_event(event: Event) -> tuple[bytes, bool]:
    """Return the JSON of ``event`` as it stands in a request, and whether characters had to be replaced.

    NUL and lone surrogates cannot be stored by the databases behind such an API, or not be encoded at all; each
    becomes U+FFFD.

    :raises InvalidEventError: when ``extra`` holds something that JSON cannot.
    """
    try:
        line = _ENCODER.encode(event)
        mended = _NUL in line
    except UnicodeEncodeError:
        mended = True
    except (TypeError, msgspec.MsgspecError, OverflowError, RecursionError) as error:
        raise InvalidEventError(f"{type(event).__name__} cannot be written as JSON: {error}.") from error
    if mended:
        line = _ENCODER.encode(_mend(msgspec.to_builtins(event)))
    wrapper = _WRAPPERS.get(type(event))
    return (line if wrapper is None else b'{"%s":%s}' % (wrapper.encode(), line)), mended


def _mend(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", _REPLACEMENT).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_mend(key): _mend(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_mend(item) for item in value]
    return value


def flow_of(event: Event) -> Flow:
    """Return the flow that ``event`` belongs to."""
    return next(flow for flow, kind in _EVENT_TYPES.items() if isinstance(event, kind))


def to_event(item: object, flow: Flow | None = None) -> Event:
    """Return ``item`` as one of our events.

    :param item: one of our events, the equal pycarlo model, or a dict as it stands in a request (a table with or
        without its ``relational_asset`` wrapper, a job with or without ``etl_asset``).
    :param flow: what a dict is; needed for dicts only.
    :raises InvalidEventError: when it is none of these, or breaks a rule of the API.
    """
    if isinstance(item, Event):
        event: Event = item
    elif type(item).__module__.startswith("pycarlo.") and hasattr(item, "to_dict"):
        event = _from_pycarlo(item)
    elif isinstance(item, Mapping):
        event = _from_mapping(item, flow)
    else:
        raise InvalidEventError(
            f"Cannot push a {type(item).__name__}. Give events of airflow_provider_montecarlo_push.events, pycarlo "
            "models, or dicts as the Push Ingest API page shows them."
        )
    if flow is not None and flow_of(event) is not flow:
        raise InvalidEventError(f"A {type(event).__name__} does not belong to the flow {flow.value}.")
    return event


def _from_pycarlo(model: Any) -> Event:
    if type(model).__name__ == "EtlMetadataEvent":
        model = model.etl_asset
    kinds: dict[str, type[Event]] = {kind.__name__: kind for kind in _EVENT_TYPES.values()}
    kind = kinds.get(type(model).__name__)
    if kind is None:
        raise InvalidEventError(
            f"pycarlo's {type(model).__name__} is no event by itself; push one of {', '.join(sorted(kinds))}."
        )
    return _convert(model.to_dict(encode_json=False), kind)


def _from_mapping(item: Mapping[str, Any], flow: Flow | None) -> Event:
    if flow is None:
        raise InvalidEventError(f"A dict does not say what it is: give the flow ({', '.join(Flow)}).")
    if flow is Flow.METADATA:
        if "relational_asset" in item:
            item = item["relational_asset"]
        elif "metadata" not in item:
            raise InvalidEventError(
                "A metadata event is nested: {'type': 'TABLE', 'metadata': {'name', 'database', 'schema', …}, "
                f"'fields': […], …}}; got the keys {', '.join(map(str, item))}."
            )
    if flow is Flow.ETL_METADATA:
        item = item.get("etl_asset", item)
    return _convert(item, _EVENT_TYPES[flow])


def _convert(item: Any, kind: type[Event]) -> Event:
    try:
        return msgspec.convert(item, kind)
    except msgspec.ValidationError as error:
        raise InvalidEventError(f"Not a valid {kind.__name__}: {error}.") from error
