"""Tags on the shop's objects, as rows of TAG_REFERENCES."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import ObjectName
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.access import parse_name

# Each: the tag, its value, the object, and the column where only that is tagged.
_TAGS: tuple[tuple[str, str, str, str | None], ...] = (
    ("OWNER", "finance", "ANALYTICS.FINANCE.LEDGER", None),
    ("OWNER", "finance", "ANALYTICS.FINANCE.MONTHLY_CLOSE", None),
    ("OWNER", "shop", "RAW.SHOP.ORDERS", None),
    ("TIER", "1", "ANALYTICS.MARTS.FCT_ORDERS", None),
    ("OWNER", "reporting", "ANALYTICS.MARTS.FCT_ORDERS", None),
    ("TIER", "2", "ANALYTICS.MARTS.REVENUE_BY_COUNTRY", None),
    ("OWNER", "Marketing & Ökonomie", '"Marketing Data"."weird.schema"."Größe & Maß"', None),
    ("PII", "email", "RAW.SHOP.CUSTOMERS", "EMAIL"),
    ("PII", "name", "RAW.SHOP.CUSTOMERS", "LAST_NAME"),
    ("PII", "email", "ANALYTICS.MARTS.DIM_CUSTOMER", "EMAIL"),
)


def references(object_id: Callable[[ObjectName], int | None]) -> Iterator[dict[str, Any]]:
    """Yield one row per tag on a table, view or column.

    :param object_id: looks up an object's number.
    """
    for tag, value, text, column in _TAGS:
        name = parse_name(text)
        yield {
            "TAG_DATABASE": "ANALYTICS",
            "TAG_SCHEMA": "PUBLIC",
            "TAG_ID": 1 + [known for known, *_ in _TAGS].index(tag),
            "TAG_NAME": tag,
            "TAG_VALUE": value,
            "OBJECT_DATABASE": name.database,
            "OBJECT_SCHEMA": name.schema,
            "OBJECT_ID": object_id(name),
            "OBJECT_NAME": name.name,
            "DOMAIN": "COLUMN" if column else "TABLE",
            "COLUMN_NAME": column,
            "APPLY_METHOD": "MANUAL",
        }
