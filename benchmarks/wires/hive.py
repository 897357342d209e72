"""Tables as a metastore gives them, some hundred with each call; every tenth has partitions. A log for the queries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hmsclient.genthrift.hive_metastore.ttypes import (
    FieldSchema,
    GetTablesRequest,
    GetTablesResult,
    Partition,
    StorageDescriptor,
    Table,
)

from airflow_provider_montecarlo_push.collectors.hive.collector import HiveCollector
from airflow_provider_montecarlo_push.collectors.hive.logs.options import LogOptions
from airflow_provider_montecarlo_push.collectors.hive.logs.reader import HiveLogs
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import QueryLogEntry
from airflow_provider_montecarlo_push.manifests.model import TimeWindow
from benchmarks.hive_logs import GeneratedLogs, lines
from benchmarks.wires import DAY, Size

FLOWS = ("metadata", "query_logs")
TYPES = ("bigint", "string", "varchar(255)", "decimal(12,2)", "timestamp", "struct<a:int,b:array<string>>")
PARTITIONED = 10
PARTITIONS = 365
_WRITTEN = str(int(DAY.timestamp()))


class LoggedHive(HiveCollector):
    """The collector over a log that is written while it is read."""

    def __init__(self, *arguments: Any, size: Size, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._size = size

    def query_logs(self, window: TimeWindow) -> Iterator[QueryLogEntry]:
        storage = GeneratedLogs(lambda: lines(self._size))
        yield from HiveLogs(LogOptions(log_path="/hive"), self.report, window, storage=storage).query_logs()


class Wire:
    """A metastore, as far as its client has methods that the collector calls."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.statements = 0

    def collector(self, report: CollectionReport) -> HiveCollector:
        return LoggedHive("bench", report, connect=lambda: self, size=self.size)

    def get_all_databases(self) -> list[str]:
        self.statements += 1
        return [f"database_{number:05d}" for number in range(self.size.databases * self.size.schemas)]

    def get_tables(self, database: str, pattern: str) -> list[str]:
        self.statements += 1
        return [f"table_{number:06d}" for number in range(self.size.tables)]

    def get_table_objects_by_name_req(self, request: GetTablesRequest) -> GetTablesResult:
        self.statements += 1
        return GetTablesResult([self._table(request.dbName, name) for name in request.tblNames])

    def get_partition_names(self, database: str, table: str, most: int) -> list[str]:
        self.statements += 1
        return [f"day={number}" for number in range(PARTITIONS)]

    def get_partitions_by_names(self, database: str, table: str, names: Sequence[str]) -> list[Any]:
        self.statements += 1
        storage = self._storage(self.size.columns - 1)
        return [Partition([name], database, table, parameters=_parameters(7), sd=storage) for name in names]

    def close(self) -> None:
        pass

    def _table(self, database: str, name: str) -> Table:
        number = int(name[-6:])
        partitioned = number % PARTITIONED == 0
        return Table(
            tableName=name,
            dbName=database,
            createTime=int(DAY.timestamp()),
            sd=self._storage(self.size.columns - partitioned),
            partitionKeys=[FieldSchema("day", "string", None)] if partitioned else [],
            parameters={"transient_lastDdlTime": _WRITTEN} if partitioned else _parameters(number),
            tableType="MANAGED_TABLE",
        )

    def _storage(self, columns: int) -> StorageDescriptor:
        return StorageDescriptor(
            cols=[
                FieldSchema(f"column_{number:03d}", TYPES[number % len(TYPES)], None if number % 5 else "What it holds")
                for number in range(columns)
            ],
            location="hdfs://namenode/warehouse",
            parameters={},
        )


def _parameters(number: int) -> dict[str, str]:
    return {
        "COLUMN_STATS_ACCURATE": '{"BASIC_STATS":"true"}',
        "numRows": str(number),
        "totalSize": str(number * 4096),
        "transient_lastDdlTime": _WRITTEN,
        "comment": "Loaded by the nightly job",
    }
