"""The metastore, through its thrift API: tables in bulk, with columns, views' SQL and statistics.

Source: ``hive_metastore.thrift`` of Apache Hive.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import msgspec

from airflow_provider_montecarlo_push.collectors.errors import missing_provider
from airflow_provider_montecarlo_push.collectors.hive.column_types import is_placeholder, spark_columns
from airflow_provider_montecarlo_push.collectors.hive.errors import UnknownMethodError, translate
from airflow_provider_montecarlo_push.collectors.hive.statistics import statistics_of
from airflow_provider_montecarlo_push.collectors.hive.tables import VIEW_KINDS, Column, PartitionSum, Statistics, Table
from airflow_provider_montecarlo_push.collectors.schema_cache import SchemaTables

log = logging.getLogger(__name__)

# What hive.metastore.batch.retrieve.max lets a client ask for at once by default.
BATCH = 300
# max_parts is a 16-bit number; -1 means all.
_MOST_ASKED_FOR = 32_767
_ALL = -1
# ClientCapability.INSERT_ONLY_TABLES: without it Hive 3 refuses a batch that holds such a table.
_CAPABILITIES = [2]
# Trino and Presto keep a JSON in the place of SQL, and their catalog in every name.
_TRINO = "/* Presto View: "

Connect = Callable[[], Any]


def connect_with_hook(conn_id: str) -> Any:
    """Connect with the HiveMetastoreHook, and return its client.

    :raises MissingDependencyError: when the Hive provider is not installed.
    """
    try:
        from airflow.providers.apache.hive.hooks.hive import HiveMetastoreHook
    except ImportError as error:
        raise missing_provider(conn_id, "Hive provider", "hive", error) from error
    return HiveMetastoreHook(conn_id).get_conn().open()


class Metastore:
    """A :class:`~.tables.Catalog`.

    :param client: of hmsclient, connected.
    :param conn_id: the Airflow connection, for errors.
    """

    def __init__(self, client: Any, conn_id: str) -> None:
        self._client = client
        self._conn_id = conn_id
        self._has_requests = True

    @classmethod
    @contextmanager
    def open(cls, connect: Connect, conn_id: str) -> Iterator[Metastore]:
        """Connect, and close the connection at the end.

        :raises SourceUnavailableError: when the metastore cannot be reached.
        """
        try:
            client = connect()
        except Exception as error:
            raise translate(error, "Connecting to the metastore", conn_id) from error
        try:
            yield cls(client, conn_id)
        finally:
            try:
                client.close()
            except Exception as error:  # noqa: BLE001  # everything was read
                log.warning("Closing the connection to the metastore failed: %s", error)

    def databases(self) -> list[str]:
        """Return the names of all databases."""
        return list(self._call("Listing databases", "get_all_databases"))

    def names(self, database: str, pattern: str, *, only_views: bool = False) -> list[str]:
        """Return the names of tables and views; see :class:`~.tables.Catalog`."""
        doing = f"Listing the tables of {database}"
        if only_views:
            try:
                found = self._call(doing, "get_table_meta", database, pattern, list(VIEW_KINDS))
                return [table.tableName for table in found if table.dbName.lower() == database.lower()]
            except UnknownMethodError:
                log.info("This metastore lists views and tables together.")
        return list(self._call(doing, "get_tables", database, pattern))

    def tables(self, database: str, names: Sequence[str]) -> Iterator[Table]:
        """Yield the tables, some hundred of them with a call."""
        left = iter(names)
        while batch := list(islice(left, BATCH)):
            for found in sorted(self._objects(database, batch), key=lambda found: str(found.tableName)):
                yield _table(found)

    lean_tables = tables

    def sum_partitions(self, table: Table, most: int) -> PartitionSum:
        """Sum up the partitions of a table: one call for their names, and one for some hundred of them."""
        place = (table.database, table.name)
        doing = f"Reading the partitions of {table.database}.{table.name}"
        asked = most + 1 if most < _MOST_ASKED_FOR else _ALL
        names = self._call(doing, "get_partition_names", *place, asked)
        if len(names) > most:
            return PartitionSum(count=len(names), too_many=True)
        found = PartitionSum(statistics=Statistics(0, 0, None))
        for start in range(0, len(names), BATCH):
            partitions = self._call(doing, "get_partitions_by_names", *place, names[start : start + BATCH])
            for partition in partitions:
                _add(found, statistics_of(partition.parameters or {}))
        if not found.count:
            found.statistics.changed = table.statistics.changed
        return found

    def read_schema(self, database: str, found: SchemaTables) -> None:
        """Read columns and kinds of all tables of a database; no further than is kept."""

        def columns() -> Iterator[tuple[str, str]]:
            for table in self.tables(database, self.names(database, "*")):
                found.types[table.name] = "VIEW" if table.is_view else "TABLE"
                yield from ((table.name, column.name) for column in table.columns)

        found.add_columns(columns())

    def _objects(self, database: str, names: Sequence[str]) -> list[Any]:
        doing = f"Reading tables of {database}, from {names[0]} to {names[-1]},"
        if self._has_requests:
            try:
                from hmsclient.genthrift.hive_metastore.ttypes import ClientCapabilities, GetTablesRequest

                request = GetTablesRequest(database, list(names), ClientCapabilities(_CAPABILITIES))
                return list(self._call(doing, "get_table_objects_by_name_req", request).tables)
            except UnknownMethodError:
                self._has_requests = False  # older than Hive 2.3
        return list(self._call(doing, "get_table_objects_by_name", database, list(names)))

    def _call(self, doing: str, method: str, *arguments: Any) -> Any:
        try:
            return getattr(self._client, method)(*arguments)
        except Exception as error:
            raise translate(error, doing, self._conn_id) from error


def _add(total: PartitionSum, one: Statistics) -> None:
    """Add a partition: an unknown number makes the sum unknown, an unknown time leaves the latest as it is."""
    total.count += 1
    total.incomplete += one.rows is None or one.size is None
    known = total.statistics
    known.rows = None if known.rows is None or one.rows is None else known.rows + one.rows
    known.size = None if known.size is None or one.size is None else known.size + one.size
    if one.changed is not None:
        known.changed = max(known.changed or 0, one.changed)


def _table(found: Any) -> Table:
    parameters = found.parameters or {}
    keys = found.partitionKeys or ()
    columns: Sequence[Column] = [Column(c.name, c.type, c.comment) for c in (*(found.sd.cols or ()), *keys)]
    if is_placeholder(columns[: len(columns) - len(keys)]):
        columns = spark_columns(parameters) or columns[len(columns) - len(keys) :]
    return Table(
        database=found.dbName,
        name=found.tableName,
        kind=found.tableType or "MANAGED_TABLE",
        columns=columns,
        comment=parameters.get("comment"),
        created=found.createTime or None,
        statistics=statistics_of(parameters),
        parameters=parameters,
        text=_view_text(found.viewExpandedText, found.viewOriginalText),
        text_database=_view_database(parameters),
        partition_columns=len(keys),
    )


def _view_text(expanded: str | None, original: str | None) -> str | None:
    """Return the SQL of a view: with full names by Hive, as it was written by Spark, out of its JSON by Trino."""
    if original and original.startswith(_TRINO):
        try:
            details = msgspec.json.decode(base64.b64decode(original[len(_TRINO) :].partition(" ")[0], validate=True))
            return str(details["originalSql"])
        except (binascii.Error, msgspec.MsgspecError, KeyError, TypeError):
            return None
    return expanded or original or None


def _view_database(parameters: dict[str, str]) -> str | None:
    """Return the database in which Spark resolves the names in a view: the last part of a catalog and a database."""
    try:
        last = int(parameters["view.catalogAndNamespace.numParts"]) - 1
        return parameters.get(f"view.catalogAndNamespace.part.{last}")
    except (KeyError, ValueError):
        return None
