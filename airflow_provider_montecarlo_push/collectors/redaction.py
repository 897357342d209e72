"""Events without the values that stand in their SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from airflow_provider_montecarlo_push.events import Event, QueryLogEntry, RelationalAsset


def redacted(events: Iterable[Event], dialect: str) -> Iterator[Event]:
    """Yield ``events`` with the literals in their SQL replaced: query texts, messages of errors, views' SQL.

    :param dialect: in which the SQL is written, as the lineage engine calls it.
    :raises UnknownValueError: for an unknown dialect.
    """
    from airflow_provider_montecarlo_push.lineage import redact_literals  # loads sqlglot

    for event in events:
        if isinstance(event, QueryLogEntry):
            event.query_text = redact_literals(event.query_text, dialect)
            if event.error_text is not None:
                event.error_text = redact_literals(event.error_text, dialect)
        elif isinstance(event, RelationalAsset) and event.metadata.view_query is not None:
            event.metadata.view_query = redact_literals(event.metadata.view_query, dialect)
        yield event
