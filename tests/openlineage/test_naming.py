"""Every namespace of the specification's naming page becomes a table, or is none for a reason."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from openlineage.client.naming import dataset as naming

from airflow_provider_montecarlo_push.assets.model import Dataset
from airflow_provider_montecarlo_push.assets.names import table_of
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.openlineage.observations import EventReader
from tests.openlineage.events import event, table_out

NAMED = [
    (naming.Athena("eu-west-1", "AwsDataCatalog", "Shop", "Orders"), TableName("awsdatacatalog", "shop", "orders")),
    (naming.AWSGlue("eu-west-1", "123456789012", "shop", "orders"), TableName("shop", "shop", "orders")),
    (naming.AzureSynapse("host", "1433", "dbo", "Orders"), None),  # names no database
    (naming.BigQuery("project-1", "shop", "Orders"), TableName("project-1", "shop", "Orders")),
    (naming.MySQL("host", "3306", "shop", "orders"), TableName("shop", "shop", "orders")),
    (naming.DB2("host", "50000", "db", "shop", "orders"), TableName("DB", "SHOP", "ORDERS")),
    (naming.Oracle("host", "1521", "orcl", "shop", "orders"), TableName("ORCL", "SHOP", "ORDERS")),
    (naming.Postgres("host", "5432", "db", "public", "orders"), TableName("db", "public", "orders")),
    (naming.Teradata("host", "1025", "shop", "orders"), TableName("shop", "shop", "orders")),
    (naming.Redshift("cluster", "eu-west-1", "5439", "dev", "public", "Orders"), TableName("dev", "public", "orders")),
    (naming.Snowflake("org", "account", "db", "s", "t"), TableName("DB", "S", "T")),
    (naming.Trino("host", "8080", "hive", "shop", "orders"), TableName("hive", "shop", "orders")),
    (naming.Hive("host", "10000", "shop", "orders"), TableName("shop", "shop", "orders")),
    (naming.ABFSS("lake", "account", "raw"), TableName("abfss", "lake@account.dfs.core.windows.net", "raw")),
    (naming.DBFS("workspace", "/raw/orders"), TableName("dbfs", "workspace", "raw/orders")),
    (naming.GCS("bucket", "raw/orders"), TableName("gs", "bucket", "raw/orders")),
    (naming.HDFS("namenode", "8020", "/raw/orders"), TableName("hdfs", "namenode:8020", "raw/orders")),
    (naming.LocalFileSystem("/raw/orders"), TableName("file", "localhost", "raw/orders")),
    (naming.RemoteFileSystem("host", "/raw/orders"), TableName("file", "host", "raw/orders")),
    (naming.S3("bucket", "raw/orders"), TableName("s3", "bucket", "raw/orders")),
    (
        naming.WASBS("lake", "account", "raw/orders"),
        TableName("wasbs", "lake@account.dfs.core.windows.net", "raw/orders"),
    ),
    # Nothing that Monte Carlo has tables of.
    (naming.AzureCosmosDB("host", "db", "orders"), None),
    (naming.AzureDataExplorer("cluster", "db", "orders"), None),
    (naming.Cassandra("host", "9042", "shop", "orders"), None),
    (naming.CrateDB("host", "5432", "db", "shop", "orders"), None),
    (naming.OceanBase("host", "2881", "shop", "orders"), None),
    (naming.Kafka("host", "9092", "orders"), None),
    (naming.PubSubNaming(naming.PubSubResourceType.TOPIC, "project-1", "orders"), None),
]  # fmt: skip


@pytest.mark.parametrize(("named", "expected"), NAMED, ids=lambda one: type(one).__name__)
def test_naming(named: Any, expected: TableName | None) -> None:
    output = table_out(named.get_name(), named.get_namespace())
    found = EventReader().observe(event(outputs=(output,)))

    assert found is not None
    assert [edge.destination for edge in found.edges] == [Dataset(named.get_namespace(), named.get_name())]
    assert table_of(found.edges[0].destination) == expected


def test_no_naming_is_missing() -> None:
    known = {one for one in vars(naming).values() if inspect.isclass(one) and naming.DatasetNaming in one.__bases__}

    assert {type(named) for named, _ in NAMED} == known
