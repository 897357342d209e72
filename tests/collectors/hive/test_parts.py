"""Texts, numbers and options, without a server."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.hive.collector import HiveCollector
from airflow_provider_montecarlo_push.collectors.hive.column_types import spark_columns, type_name
from airflow_provider_montecarlo_push.collectors.hive.describe import described_table, shown_table
from airflow_provider_montecarlo_push.collectors.hive.errors import TableGoneError, UnknownMethodError, translate
from airflow_provider_montecarlo_push.collectors.hive.metastore import BATCH, Metastore
from airflow_provider_montecarlo_push.collectors.hive.scope import hive_pattern
from airflow_provider_montecarlo_push.collectors.hive.statistics import statistics_of
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    SourceError,
    SourceUnavailableError,
)
from tests.collectors.hive.conftest import report

ACCURATE = {"COLUMN_STATS_ACCURATE": '{"BASIC_STATS":"true","COLUMN_STATS":{"id":"true"}}'}
LARGE = {"numRows": "7", "totalSize": "70"}


@pytest.mark.parametrize(
    ("parameters", "rows", "size"),
    [
        (ACCURATE | LARGE, 7, 70),
        (ACCURATE | {"numRows": "0", "totalSize": "0"}, 0, 0),
        (ACCURATE | {"numRows": "-1", "totalSize": "-1"}, None, None),
        ({"COLUMN_STATS_ACCURATE": "true"} | LARGE, 7, 70),
        ({"COLUMN_STATS_ACCURATE": "TRUE"} | LARGE, 7, 70),
        ({"COLUMN_STATS_ACCURATE": '{"BASIC_STATS":true}'} | LARGE, 7, 70),
        ({"COLUMN_STATS_ACCURATE": "false"} | LARGE, None, 70),
        ({"COLUMN_STATS_ACCURATE": '{"COLUMN_STATS":{"id":"true"}}'} | LARGE, None, 70),
        ({"COLUMN_STATS_ACCURATE": '{"BASIC_STATS":'} | LARGE, None, 70),
        (LARGE, None, 70),
        ({"numRows": "0", "totalSize": "0"}, None, None),
        ({"numRows": "many", "totalSize": ""}, None, None),
        (LARGE | {"impala.lastComputeStatsTime": "1"}, 7, 70),
        (LARGE | {"spark.sql.statistics.numRows": "8", "spark.sql.statistics.totalSize": "80"}, 8, 80),
        (LARGE | {"spark.sql.statistics.totalSize": "80"}, None, 80),
        (ACCURATE | LARGE | {"spark.sql.statistics.numRows": "8", "spark.sql.statistics.totalSize": "80"}, 7, 70),
        (LARGE | {"table_type": "iceberg"}, 7, 70),
        ({}, None, None),
    ],
)
def test_volume(parameters: dict[str, str], rows: int | None, size: int | None) -> None:
    found = statistics_of(parameters)
    assert (found.rows, found.size) == (rows, size)


@pytest.mark.parametrize(
    ("parameters", "changed"),
    [
        ({"transient_lastDdlTime": "100"}, 100),
        ({"transient_lastDdlTime": "100", "last_modified_time": "90"}, 100),
        ({"transient_lastDdlTime": "100", "last_modified_time": "100"}, None),
        ({"transient_lastDdlTime": "0"}, None),
        ({"transient_lastDdlTime": "100", "spark.sql.sources.provider": "parquet"}, None),
        ({"transient_lastDdlTime": "100", "spark.sql.sources.provider": "hive"}, 100),
        ({"transient_lastDdlTime": "100", "table_type": "ICEBERG", "current-snapshot-timestamp-ms": "5999"}, 5),
        ({"transient_lastDdlTime": "100", "table_type": "ICEBERG"}, None),
        ({}, None),
    ],
)
def test_freshness(parameters: dict[str, str], changed: int | None) -> None:
    assert statistics_of(parameters).changed == changed


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("int", "INT"),
        ("decimal(10,2)", "DECIMAL(10,2)"),
        ("array<struct<Id:bigint,Na_me:varchar(3)>>", "ARRAY<STRUCT<Id:BIGINT,Na_me:VARCHAR(3)>>"),
        ("struct<`a b`:int,c:map<string,int>>", "STRUCT<`a b`:INT,c:MAP<STRING,INT>>"),
        ("struct<a: int>", "STRUCT<a: INT>"),
        ("uniontype<int,struct<x:date>>", "UNIONTYPE<INT,STRUCT<x:DATE>>"),
        ("timestamp with local time zone", "TIMESTAMP WITH LOCAL TIME ZONE"),
    ],
)
def test_types(written: str, sent: str) -> None:
    assert type_name(written) == sent


def spark_schema(*fields: dict[str, Any]) -> str:
    return json.dumps({"type": "struct", "fields": fields})


def test_columns_that_spark_keeps() -> None:
    nested = {"type": "map", "keyType": "byte", "valueType": {"type": "udt", "sqlType": "short"}}
    schema = spark_schema(
        {"name": "A", "type": "long", "metadata": {"comment": "key"}},
        {"name": "b", "type": "string", "metadata": {"__CHAR_VARCHAR_TYPE_STRING": "char(2)"}},
        {"name": "c", "type": {"type": "array", "elementType": nested}, "metadata": {}},
    )
    expected = [("A", "bigint", "key"), ("b", "char(2)", None), ("c", "array<map<tinyint,smallint>>", None)]
    assert spark_columns({"spark.sql.sources.schema": schema}) == expected
    pieces = {f"spark.sql.sources.schema.part.{n}": schema[n * 50 : n * 50 + 50] for n in range(len(schema) // 50 + 1)}
    assert spark_columns(pieces | {"spark.sql.sources.schema.numParts": str(len(pieces))}) == expected


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"spark.sql.sources.schema": "{"},
        {"spark.sql.sources.schema": "[]"},
        {"spark.sql.sources.schema": spark_schema({"name": "a", "type": {"type": "new"}})},
        {"spark.sql.sources.schema.numParts": "2", "spark.sql.sources.schema.part.0": "{}"},
    ],
)
def test_columns_that_spark_does_not_keep(parameters: dict[str, str]) -> None:
    assert spark_columns(parameters) is None


@pytest.mark.parametrize(
    ("include", "pattern"),
    [
        (["*"], "*"),
        (["shop"], "*"),
        (["shop.*.orders_*", "SHOP.*.Events"], "events|orders_*"),
        (["shop.*.a", "other.*.b"], "a"),
        (["*.*.a", "sh*.*.b"], "a|b"),
        (["shop.*.a?"], "*"),
        (["shop.*.[ab]"], "*"),
        (["shop.*.o'brien"], "*"),
        (["shop.*.a|b"], "*"),
        ([f"shop.*.t{number}" for number in range(21)], "*"),
    ],
)
def test_patterns_are_pushed_down(include: list[str], pattern: str) -> None:
    assert hive_pattern(TableFilter(include), "shop") == pattern


class FailedError(Exception):
    """As PyHive raises it."""

    def __init__(self, message: str) -> None:
        super().__init__(SimpleNamespace(status=SimpleNamespace(errorMessage=message)))


def named(name: str, *args: object, **facts: object) -> Exception:
    error = type(name, (Exception,), {})(*args)
    for fact, value in facts.items():
        setattr(error, fact, value)
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (FailedError("Error while processing statement: FAILED: SemanticException [Error 10001]: Table not found a.b"),
         TableGoneError),
        (FailedError("Error running query: [TABLE_OR_VIEW_NOT_FOUND] The table or view `a`.`b` cannot be found."),
         TableGoneError),
        (FailedError("FAILED: HiveAccessControlException Permission denied: user [x] does not have [SELECT] privilege "
                "on [shop/orders]"), AccessDeniedError),
        (FailedError("FAILED: ParseException line 1:0 cannot recognize input"), SourceError),
        (FailedError("Invalid SessionHandle: SessionHandle [0b6]"), SourceUnavailableError),
        (FailedError("FAILED: SemanticException Unable to instantiate org.apache.hadoop.hive.ql.metadata."
                "SessionHiveMetaStoreClient"), SourceUnavailableError),
        (named("MetaException", message="java.security.AccessControlException: Permission denied: user=x"),
         AccessDeniedError),
        (named("MetaException", message="Could not connect to meta store using any of the URIs"),
         SourceUnavailableError),
        (named("NoSuchObjectException", message="shop.gone table not found"), TableGoneError),
        (named("TApplicationException", "Invalid method name: 'get_table_meta'", type=1), UnknownMethodError),
        (named("TApplicationException", "Internal error processing get_tables", type=6), SourceUnavailableError),
        (named("TTransportException", "TSocket read 0 bytes", type=4), SourceUnavailableError),
        (named("TTransportException", "Bad status: 3 (b'Error validating the login')", type=1), SourceError),
        (named("TTransportException", "Could not start SASL: no mechanism", type=1), SourceError),
        (ConnectionResetError("reset by peer"), SourceUnavailableError),
        (ModuleNotFoundError("No module named 'thrift_sasl'"), ConfigurationError),
    ],
)  # fmt: skip
def test_errors(error: Exception, expected: type[Exception]) -> None:
    found = translate(error, "Reading table shop.orders", "hive_conn")
    assert type(found) is expected or (expected is ConfigurationError and isinstance(found, ConfigurationError))
    assert "Reading table shop.orders over connection 'hive_conn' failed" in str(found)


class OldClient:
    """A metastore of before Hive 2.3, whose tables are names."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def get_table_objects_by_name_req(self, request: Any) -> None:
        raise named("TApplicationException", "Invalid method name", type=1)

    def get_table_meta(self, *arguments: Any) -> None:
        raise named("TApplicationException", "Invalid method name", type=1)

    def get_tables(self, database: str, pattern: str) -> list[str]:
        return ["v", "t"]

    def get_table_objects_by_name(self, database: str, names: list[str]) -> list[Any]:
        self.asked.append(len(names))
        return [table_object(database, name) for name in reversed(names)]


def table_object(database: str, name: str, **facts: Any) -> SimpleNamespace:
    known = {
        "dbName": database,
        "tableName": name,
        "tableType": "MANAGED_TABLE",
        "createTime": 0,
        "parameters": None,
        "partitionKeys": None,
        "viewExpandedText": None,
        "viewOriginalText": None,
        "sd": SimpleNamespace(cols=None),
    }
    return SimpleNamespace(**(known | facts))


def test_an_old_metastore() -> None:
    client = OldClient()
    metastore = Metastore(client, "old")
    names = [f"t{number:04d}" for number in range(2 * BATCH + 1)]
    assert [table.name for table in metastore.tables("shop", names)] == names
    assert client.asked == [BATCH, BATCH, 1]
    assert metastore.names("shop", "*", only_views=True) == ["v", "t"]


@pytest.mark.parametrize(
    ("original", "text"),
    [
        (f"/* Presto View: {base64.b64encode(json.dumps({'originalSql': 'SELECT 1'}).encode()).decode()} */",
         "SELECT 1"),
        ("/* Presto View: not base64 */", None),
        ("/* Presto View: bm8ganNvbg== */", None),
        ("select 1", "/* Presto View */"),
    ],
)  # fmt: skip
def test_views_of_trino(original: str, text: str | None) -> None:
    client = OldClient()
    client.get_table_objects_by_name = lambda database, names: [  # type: ignore[method-assign]  # one call
        table_object(database, "v", viewOriginalText=original, viewExpandedText="/* Presto View */")
    ]
    (view,) = Metastore(client, "old").tables("shop", ["v"])
    assert view.text == text


def test_partitions_that_nobody_counted() -> None:
    client = SimpleNamespace(
        get_partition_names=lambda *_: ["a", "b"],
        get_partitions_by_names=lambda *_: [
            SimpleNamespace(parameters=ACCURATE | LARGE | {"transient_lastDdlTime": "50"}),
            SimpleNamespace(parameters={"totalSize": "5", "transient_lastDdlTime": "40"}),
        ],
    )
    total = Metastore(client, "c").sum_partitions(described_table("shop", "t", []), 10)
    assert (total.count, total.incomplete) == (2, 1)
    assert (total.statistics.rows, total.statistics.size, total.statistics.changed) == (None, 75, 50)


def test_described_by_an_old_hive() -> None:
    rows = [
        ("# col_name            ", "data_type           ", "comment             "),
        ("", None, None),
        ("id                  ", "int                 ", 'a \\u00fc, a \\"q\\"      '),
        ("", None, None),
        ("# Detailed Table Information", None, None),
        ("CreateTime:         ", "Mon Jan 05 10:00:00 CET 2026", None),
        ("Table Type:         ", "EXTERNAL_TABLE      ", None),
        ("Table Parameters:", None, None),
        ("", "COLUMN_STATS_ACCURATE", "true                "),
        ("", "numRows             ", "4                   "),
        ("", None, None),
        ("# Storage Information", None, None),
        ("", "numRows             ", "99                  "),
    ]
    table = described_table("shop", "t", rows)
    assert [column[:2] for column in table.columns] == [("id", "int")]
    assert table.columns[0].comment == 'a ü, a "q"'
    assert (table.kind, table.statistics.rows, table.created) == ("EXTERNAL_TABLE", 4, None)


def test_shown_by_spark() -> None:
    text = (
        "Catalog: spark_catalog\nDatabase: shop\nTable: t\nType: EXTERNAL\nProvider: hive\nComment: Type: not this\n"
        "Table Properties: [a=b, last_modified_time=5, transient_lastDdlTime=9]\nStatistics: 70 bytes, 7 rows\n"
        "Partition Columns: [`a`, `b`]\nSchema: root\n |-- Type: string (nullable = true)\n"
    )
    table = shown_table("shop", "t", text)
    found = table.statistics
    assert (table.kind, table.partition_columns) == ("EXTERNAL_TABLE", 2)
    assert (found.rows, found.size, found.changed) == (7, 70, 9)


@pytest.mark.parametrize("wrong", [-1, "ten", "-1", 1.5, True, None])
def test_wrong_options(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="max_partitions"):
        HiveCollector("c", report(), max_partitions=wrong)


def test_options_of_the_log_are_checked_at_once() -> None:
    with pytest.raises(ConfigurationError, match="log_lookback_hours"):
        HiveCollector("c", report(), log_lookback_hours=-1)
    with pytest.raises(TypeError, match="no_such_option"):
        HiveCollector("c", report(), no_such_option=1)
