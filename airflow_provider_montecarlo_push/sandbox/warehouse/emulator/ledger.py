"""What DuckDB does not remember of a table: when it was made and changed, by which text, how many rows it has.

The ledger is a set of tables beside fakesnow's own (:mod:`.catalog`) that the INFORMATION_SCHEMA views join. It is
written after each statement that changes something, and for a transaction when that commits.
"""

# ruff: noqa: S608 - only names of the emulator's own tables and quoted identifiers are put into SQL

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.catalog import LEDGER_TABLES
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import GLOBAL_SCHEMA, ObjectName

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Created:
    """A table or view was made or replaced. ``columns`` maps a column to its declared type and comment."""

    name: ObjectName
    table_type: str
    definition: str | None = None
    comment: str | None = None
    columns: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    is_transient: bool = False
    is_dynamic: bool = False
    is_iceberg: bool = False
    is_secure: bool = False
    only_if_absent: bool = False


@dataclass(frozen=True)
class Altered:
    """DDL on a table or view; ``comment`` where it set one, ``renamed_to`` where it has another name since."""

    name: ObjectName
    comment: str | None = None
    columns: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    renamed_to: ObjectName | None = None


@dataclass(frozen=True)
class Loaded:
    """Rows of a table were inserted, changed or deleted."""

    name: ObjectName


@dataclass(frozen=True)
class Dropped:
    """A table, view, schema or database is gone; a ``None`` stands for all."""

    database: str
    schema: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class DatabaseCreated:
    """A database was made. ``type`` and ``origin`` are those of ``SHOW DATABASES``."""

    name: str
    comment: str | None = None
    type: str = "STANDARD"
    origin: str = ""


@dataclass(frozen=True)
class SchemaCreated:
    """A schema was made."""

    database: str
    name: str
    comment: str | None = None


Change = Created | Altered | Loaded | Dropped | DatabaseCreated | SchemaCreated

_KEY = "database_name = ? and schema_name = ? and object_name = ?"
_EXT_KEY = "ext_table_catalog = ? and ext_table_schema = ? and ext_table_name = ?"
_VIEWS = ("VIEW", "EXTERNAL TABLE")


class Ledger:
    """Writes changes through a DuckDB connection of its own, one at a time.

    :param duck_conn: a connection to the emulator's DuckDB; a cursor of it is taken.
    """

    def __init__(self, duck_conn: DuckDBPyConnection) -> None:
        self._duck = duck_conn.cursor()
        self._lock = threading.Lock()
        self._ids = count(1025)
        self._duck.execute(LEDGER_TABLES)
        # the names, for look-ups that every statement makes
        self._objects: dict[ObjectName, int] = {}
        self._schemas: set[tuple[str, str]] = set()
        self._databases: set[str] = set()

    def record(self, changes: Iterable[Change], *, when: datetime, owner: str) -> None:
        """Write ``changes``, made at ``when`` by the role ``owner``. They must be committed already."""
        with self._lock:
            for change in changes:
                self._apply(change, when, owner)

    def forget_lengths(self, name: ObjectName) -> None:
        """Drop the declared text lengths of a table that is about to be replaced; fakesnow writes the new ones."""
        with self._lock:
            self._duck.execute(f"delete from {GLOBAL_SCHEMA}._fs_columns_ext where {_EXT_KEY}", name)

    def object_id(self, name: ObjectName) -> int | None:
        """Snowflake's number of a table or view, ``None`` where there is none of that name, case included."""
        return self._objects.get(name)

    def has_schema(self, database: str, schema: str) -> bool:
        """Whether there is such a schema, case included."""
        return (database, schema) in self._schemas

    def has_database(self, database: str) -> bool:
        """Whether there is such a database, case included."""
        return database in self._databases

    def last_altered(self, name: ObjectName) -> datetime | None:
        """When a table or view changed last."""
        query = f"select last_altered from {GLOBAL_SCHEMA}._wh_objects where {_KEY}"
        with self._lock:
            found = self._duck.execute(query, name).fetchone()
        return found[0] if found else None

    def hide_databases(self, hides: Callable[[str], bool]) -> None:
        """Leave the databases for which ``hides`` is true out of ``SHOW DATABASES`` and its kin."""
        table = f"{GLOBAL_SCHEMA}._wh_databases"
        with self._lock:
            names = [row[0] for row in self._duck.execute(f"select database_name from {table}").fetchall()]
            for name in names:
                self._duck.execute(f"update {table} set visible = ? where database_name = ?", [not hides(name), name])

    def _apply(self, change: Change, when: datetime, owner: str) -> None:
        match change:
            case Created():
                self._created(change, when, owner)
            case Altered():
                self._altered(change, when)
            case Loaded():
                self._loaded(change.name, when)
            case Dropped():
                self._dropped(change)
            case DatabaseCreated():
                self._databases.add(change.name)
                self._duck.execute(
                    f"insert into {GLOBAL_SCHEMA}._wh_databases (database_name, created, comment, origin, type) "
                    "values (?, ?, ?, ?, ?) on conflict (database_name) do nothing",
                    [change.name, when, change.comment, change.origin, change.type],
                )
            case SchemaCreated():
                self._schemas.add((change.database, change.name))
                self._duck.execute(
                    f"insert into {GLOBAL_SCHEMA}._wh_schemas values (?, ?, ?, ?) on conflict do nothing",
                    [change.database, change.name, when, change.comment],
                )

    def _created(self, change: Created, when: datetime, owner: str) -> None:
        if change.only_if_absent and change.name in self._objects:
            return
        self._forget(change.name)
        self._objects[change.name] = next(self._ids)
        row: dict[str, Any] = {
            "database_name": change.name.database,
            "schema_name": change.name.schema,
            "object_name": change.name.name,
            "object_id": self._objects[change.name],
            "created": when,
            "last_altered": when,
            "last_ddl": when,
            "owner": owner,
            "row_count": None if change.table_type in _VIEWS else self._count(change.name),
            "definition": change.definition,
            "comment": change.comment,
            "table_type": change.table_type,
            "is_transient": _yes(change.is_transient),
            "is_dynamic": _yes(change.is_dynamic),
            "is_iceberg": _yes(change.is_iceberg),
            "is_secure": _yes(change.is_secure),
        }
        places = ", ".join("?" * len(row))
        self._duck.execute(
            f"insert into {GLOBAL_SCHEMA}._wh_objects ({', '.join(row)}) values ({places})", list(row.values())
        )
        self._describe(change.name, change.columns)

    def _altered(self, change: Altered, when: datetime) -> None:
        name = change.name
        if change.renamed_to:
            self._rename(name, change.renamed_to)
            name = change.renamed_to
        self._duck.execute(
            f"update {GLOBAL_SCHEMA}._wh_objects set last_altered = ?, last_ddl = ?, comment = coalesce(?, comment) "
            f"where {_KEY}",
            [when, when, change.comment, *name],
        )
        self._describe(name, change.columns)

    def _rename(self, old: ObjectName, new: ObjectName) -> None:
        if old in self._objects:
            self._objects[new] = self._objects.pop(old)
        for table in ("_wh_objects", "_wh_columns"):
            self._duck.execute(
                f"update {GLOBAL_SCHEMA}.{table} set database_name = ?, schema_name = ?, object_name = ? where {_KEY}",
                [*new, *old],
            )
        self._duck.execute(
            f"update {GLOBAL_SCHEMA}._fs_columns_ext set ext_table_catalog = ?, ext_table_schema = ?, "
            f"ext_table_name = ? where {_EXT_KEY}",
            [*new, *old],
        )

    def _loaded(self, name: ObjectName, when: datetime) -> None:
        self._duck.execute(
            f"update {GLOBAL_SCHEMA}._wh_objects set last_altered = ?, row_count = ? where {_KEY}",
            [when, self._count(name), *name],
        )

    def _dropped(self, change: Dropped) -> None:
        given_parts = [part for part in (change.database, change.schema, change.name) if part is not None]
        gone = [name for name in self._objects if list(name[: len(given_parts)]) == given_parts]
        for name in gone:
            del self._objects[name]
        if change.name is None:
            self._schemas = {key for key in self._schemas if list(key[: len(given_parts)]) != given_parts}
        if change.schema is None:
            self._databases.discard(change.database)
        wanted = [("database_name", change.database), ("schema_name", change.schema), ("object_name", change.name)]
        given = [(column, value) for column, value in wanted if value is not None]
        where = " and ".join(f"{column} = ?" for column, _ in given)
        tables = ["_wh_objects", "_wh_columns"]
        if change.name is None:
            tables.append("_wh_schemas")
        if change.schema is None:
            tables.append("_wh_databases")
        for table in tables:
            self._duck.execute(f"delete from {GLOBAL_SCHEMA}.{table} where {where}", [value for _, value in given])

    def _describe(self, name: ObjectName, columns: dict[str, tuple[str | None, str | None]]) -> None:
        if not columns:
            return
        declared, comments = zip(*columns.values(), strict=True)
        self._duck.execute(
            f"insert into {GLOBAL_SCHEMA}._wh_columns select ?, ?, ?, unnest(?::varchar[]), unnest(?::varchar[]), "
            "unnest(?::varchar[]) on conflict do update set "
            "declared_type = coalesce(excluded.declared_type, declared_type), comment = excluded.comment",
            [*name, list(columns), list(declared), list(comments)],
        )

    def _forget(self, name: ObjectName) -> None:
        for table in ("_wh_objects", "_wh_columns"):
            self._duck.execute(f"delete from {GLOBAL_SCHEMA}.{table} where {_KEY}", name)

    def _count(self, name: ObjectName) -> int:
        found = self._duck.execute(f"select count(*) from {name.sql}").fetchone()
        return int(found[0]) if found else 0


def _yes(value: bool) -> str:
    return "YES" if value else "NO"
