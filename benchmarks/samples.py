"""Events to measure with: the same facts as our structs and as pycarlo's models."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2024, 3, 1, 12, tzinfo=UTC)
COLUMNS = 30
_TYPES = ("NUMBER(38,0)", "VARCHAR(16777216)", "TIMESTAMP_NTZ(9)", "NUMBER(10,2)", "BOOLEAN", "VARIANT")
_SQL = (
    "INSERT INTO analytics.marts.orders_{0} SELECT o.id, o.amount, c.name, sum(p.value) OVER (PARTITION BY o.id) "
    "FROM raw.shop.orders o JOIN raw.shop.customers c ON c.id = o.customer_id JOIN raw.pay.payments p USING (id) "
    "WHERE o.created_at >= '2024-03-01' AND o.status IN ('open', 'paid', 'shipped') -- run {0}\n"
)


def tables(models: Any, count: int) -> Iterator[Any]:
    """Yield ``count`` tables of thirty columns, made of ``models`` (our events or pycarlo's)."""
    for number in range(count):
        yield models.RelationalAsset(
            type="TABLE",
            metadata=models.AssetMetadata(
                name=f"ORDERS_{number}",
                database=f"DB_{number % 10}",
                schema=f"SCHEMA_{number % 200}",
                description=f"Orders of region {number}",
            ),
            fields=[
                models.AssetField(name=f"COLUMN_{column}", type=_TYPES[column % len(_TYPES)])
                for column in range(COLUMNS)
            ],
            volume=models.AssetVolume(row_count=number * 17, byte_count=number * 4711),
            freshness=models.AssetFreshness(last_update_time="2024-03-01T12:00:00Z"),
        )


def query_logs(models: Any, count: int) -> Iterator[Any]:
    """Yield ``count`` queries of about 1.5 kB."""
    for number in range(count):
        started = START + timedelta(milliseconds=number)
        yield models.QueryLogEntry(
            start_time=started,
            end_time=started + timedelta(seconds=3),
            query_text=_SQL.format(number) * 4,
            query_id=f"01b2c3d4-0000-1234-0000-{number:012x}",
            user="etl@example.com",
            returned_rows=number,
            extra={"warehouse_name": "LOAD_WH", "role": "LOADER", "query_type": "INSERT", "bytes_scanned": number * 99},
        )


def column_lineage(models: Any, count: int) -> Iterator[Any]:
    """Yield ``count`` edges of three sources, thirty columns from each."""

    def ref(name: str, alias: str) -> Any:
        return models.LineageAssetRef(type="TABLE", name=name, database="RAW", schema="SHOP", asset_id=alias)

    for number in range(count):
        yield models.LineageEvent(
            destination=ref(f"MART_{number}", "d"),
            sources=[ref(f"SOURCE_{number}_{source}", f"s{source}") for source in range(3)],
            fields=[
                models.ColumnLineageField(
                    name=f"COLUMN_{column}",
                    source_fields=[
                        models.ColumnLineageSourceField(asset_id=f"s{source}", field_name=f"COLUMN_{column}")
                        for source in range(3)
                    ],
                )
                for column in range(COLUMNS)
            ],
        )


GENERATORS = {"metadata": tables, "query_logs": query_logs, "lineage": column_lineage}
