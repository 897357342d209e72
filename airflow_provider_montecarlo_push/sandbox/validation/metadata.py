"""Metadata events: ``{"relational_asset": {...}}``."""

from __future__ import annotations

from airflow_provider_montecarlo_push.sandbox.validation.shapes import (
    count,
    each,
    name,
    one_of,
    record,
    text,
    timestamp,
)

# The API page lists TABLE, VIEW, EXTERNAL and WILDCARD; pycarlo names WILDCARD_TABLE for the last.
ASSET_TYPES = frozenset({"TABLE", "VIEW", "EXTERNAL", "WILDCARD", "WILDCARD_TABLE"})

metadata_event = record(
    {
        "relational_asset": record(
            {
                "type": one_of(ASSET_TYPES),
                "metadata": record(
                    {"name": name, "database": name, "schema": name},
                    {"description": text, "view_query": text, "created_on": timestamp},
                ),
            },
            {
                "tags": each(record({"key": name}, {"value": text})),
                "fields": each(record({"name": name, "type": name}, {"description": text})),
                "volume": record({}, {"row_count": count, "byte_count": count}),
                "freshness": record({"last_update_time": timestamp}),
            },
        )
    }
)
