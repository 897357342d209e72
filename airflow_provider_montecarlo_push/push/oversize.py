"""Events that no request can hold: a query text can be cut, anything else cannot."""

from __future__ import annotations

import msgspec

from airflow_provider_montecarlo_push.events import Flow

_MARKER = "\n/* cut from {original:,} to {kept:,} characters to fit a Monte Carlo request */"


def shorten(line: bytes, flow: Flow, *, keep: float) -> bytes | None:
    """Return ``line`` with its query text cut, or ``None`` when there is nothing to cut.

    :param keep: which share of the text to keep, between 0 and 1.
    """
    if flow is not Flow.QUERY_LOGS:
        return None
    event = msgspec.json.decode(line)
    text = event["query_text"]
    kept = int(len(text) * keep)
    if kept < 1_000:
        return None
    event["query_text"] = text[:kept] + _MARKER.format(original=len(text), kept=kept)
    return msgspec.json.encode(event)
