"""The hand-made lineage of the seed in the shapes of ACCESS_HISTORY and OBJECT_DEPENDENCIES.

Source: https://docs.snowflake.com/en/sql-reference/account-usage/access_history and
https://docs.snowflake.com/en/sql-reference/account-usage/object_dependencies
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import ObjectName, display
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.model import Lineage

_PART = re.compile(r'"((?:[^"]|"")*)"|([^".]+)')

Column = tuple[ObjectName, str]


def parse_name(text: str) -> ObjectName:
    """Take a full name apart; parts that need quotes have them."""
    parts = [quoted.replace('""', '"') if quoted else plain.upper() for quoted, plain in _PART.findall(text)]
    database, schema, name = parts
    return ObjectName(database, schema, name)


class AccessWriter:
    """Turns lineage into JSON.

    :param views: the lineage of every view, by which accesses are followed down to base tables.
    :param object_id: looks up an object's number.
    """

    def __init__(self, views: Iterable[Lineage], object_id: Callable[[ObjectName], int | None]) -> None:
        self._views = {parse_name(str(view.target)): view for view in views}
        self._object_id = object_id

    def row(self, lineage: Lineage, query_type: str) -> dict[str, str | None]:
        """Return the JSON columns of one row of ACCESS_HISTORY."""
        direct = list(_read(lineage))
        base = [column for read in direct for column in self._base(read)]
        return {
            "DIRECT_OBJECTS_ACCESSED": json.dumps(self._objects(direct), ensure_ascii=False),
            "BASE_OBJECTS_ACCESSED": json.dumps(self._objects(base), ensure_ascii=False),
            "OBJECTS_MODIFIED": json.dumps(self._modified(lineage, query_type), ensure_ascii=False),
            "OBJECT_MODIFIED_BY_DDL": self._ddl(lineage, query_type),
        }

    def dependencies(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of OBJECT_DEPENDENCIES: each view and what it names."""
        for view, lineage in self._views.items():
            for source in dict.fromkeys(parse_name(text) for text in lineage.sources.values()):
                yield {
                    **_columns_of("REFERENCED", source, self._object_id(source), self._domain(source)),
                    **_columns_of("REFERENCING", view, self._object_id(view), self._domain(view)),
                    "DEPENDENCY_TYPE": "BY_NAME",
                }

    def base_tables(self, lineage: Lineage) -> set[ObjectName]:
        """Return the tables that are read in the end."""
        return {name for read in _read(lineage) for name, _ in self._base(read)}

    def _base(self, column: Column) -> Iterator[Column]:
        """Follow one column of a view to the tables; a table's column is its own base."""
        name, field = column
        view = self._views.get(name)
        if view is None:
            yield column
            return
        for source in _resolve(view, view.columns.get(field, ())):
            yield from self._base(source)

    def _domain(self, name: ObjectName) -> str:
        return "VIEW" if name in self._views else "TABLE"

    def _object(self, name: ObjectName) -> dict[str, Any]:
        return {
            "objectDomain": self._domain(name).capitalize(),
            "objectId": self._object_id(name),
            "objectName": display(*name),
        }

    def _objects(self, columns: Iterable[Column]) -> list[dict[str, Any]]:
        grouped: dict[ObjectName, dict[str, None]] = {}
        for name, field in columns:
            grouped.setdefault(name, {})[field] = None
        return [
            {**self._object(name), "columns": [self._column(name, field) for field in fields]}
            for name, fields in grouped.items()
        ]

    def _column(self, name: ObjectName, field: str) -> dict[str, Any]:
        return {"columnId": _column_id(name, field), "columnName": field}

    def _modified(self, lineage: Lineage, query_type: str) -> list[dict[str, Any]]:
        if lineage.target is None or query_type == "CREATE_VIEW":
            return []
        name = parse_name(lineage.target)
        columns = [
            {
                **self._column(name, field),
                "directSources": self._sources(_resolve(lineage, sources)),
                "baseSources": self._sources(
                    base for source in _resolve(lineage, sources) for base in self._base(source)
                ),
            }
            for field, sources in lineage.columns.items()
        ]
        return [{**self._object(name), "columns": columns}]

    def _sources(self, columns: Iterable[Column]) -> list[dict[str, Any]]:
        return [{**self._object(name), "columnName": field} for name, field in dict.fromkeys(columns)]

    def _ddl(self, lineage: Lineage, query_type: str) -> str | None:
        if lineage.target is None or not query_type.startswith("CREATE"):
            return None
        made: Mapping[str, Any] = {
            **self._object(parse_name(lineage.target)),
            "operationType": "REPLACE",
            "properties": {"columns": {field: {"subOperationType": "ADD"} for field in lineage.columns}},
        }
        return json.dumps(made, ensure_ascii=False)


def _read(lineage: Lineage) -> Iterator[Column]:
    for sources in lineage.columns.values():
        yield from _resolve(lineage, sources)
    yield from _resolve(lineage, lineage.also)


def _resolve(lineage: Lineage, references: Iterable[str]) -> Iterator[Column]:
    for reference in references:
        alias, _, field = reference.partition(".")
        yield parse_name(lineage.sources[alias]), field


def _columns_of(prefix: str, name: ObjectName, object_id: int | None, domain: str) -> dict[str, Any]:
    return {
        f"{prefix}_DATABASE": name.database,
        f"{prefix}_SCHEMA": name.schema,
        f"{prefix}_OBJECT_NAME": name.name,
        f"{prefix}_OBJECT_ID": object_id,
        f"{prefix}_OBJECT_DOMAIN": domain,
    }


def _column_id(name: ObjectName, field: str) -> int:
    return 100_000 + zlib.crc32("\0".join((*name, field)).encode()) % 900_000
