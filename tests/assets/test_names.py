"""Asset URIs and OpenLineage datasets to tables, named as the collectors name them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from airflow.sdk import Asset

from airflow_provider_montecarlo_push.assets.model import Dataset
from airflow_provider_montecarlo_push.assets.names import NotATableError, join_name, require_table, split_name, table_of
from airflow_provider_montecarlo_push.assets.uris import dataset_of_uri

AZURE = "c@acct.dfs.core.windows.net"
URIS = [
    ("snowflake://Org-Acct/shop/raw/orders", "snowflake://Org-Acct", "shop.raw.orders", ("SHOP", "RAW", "ORDERS")),
    ("snowflake://o-a/shop/raw/%22Orders%22", "snowflake://o-a", 'shop.raw."Orders"', ("SHOP", "RAW", "Orders")),
    ("snowflake://o-a/shop/raw/a.b", "snowflake://o-a", 'shop.raw."a.b"', ("SHOP", "RAW", "a.b")),
    ("snowflake://u:pw@o-a/s/r/t?role=x#f", "snowflake://o-a", "s.r.t", ("S", "R", "T")),
    ("bigquery://proj/ds/events_20240101", "bigquery", "proj.ds.events_20240101", ("proj", "ds", "events_*")),
    ("bigquery://proj/ds/t$20240101", "bigquery", "proj.ds.t$20240101", ("proj", "ds", "t")),
    ("bigquery://x.com:proj/ds/t", "bigquery", '"x.com:proj".ds.t', ("x.com:proj", "ds", "t")),
    ("databricks://dbc.cloud/Main/Sales/Orders", "databricks://dbc.cloud", "Main.Sales.Orders", "main.sales.orders"),
    ("redshift://c.eu:5439/dev/public/Orders", "redshift://c.eu:5439", "dev.public.Orders", "dev.public.orders"),
    ("redshift://c.eu/dev/public/t", "redshift://c.eu:5439", "dev.public.t", "dev.public.t"),
    ("postgresql://u:p@h/db/public/UserAccount", "postgres://h:5432", "db.public.UserAccount", "db.public.UserAccount"),
    ("mysql://h:3306/shop/orders", "mysql://h:3306", "shop.orders", ("shop", "shop", "orders")),
    ("mariadb://h/shop/orders", "mysql://h", "shop.orders", ("shop", "shop", "orders")),
    ("hive://h:10000/Shop/Orders", "hive://h:10000", "Shop.Orders", ("shop", "shop", "orders")),
    ("trino://h:8080/Hive/Shop/Orders", "trino://h:8080", "Hive.Shop.Orders", "hive.shop.orders"),
    ("athena://athena.eu/AwsDataCatalog/db/t", "awsathena://athena.eu", "AwsDataCatalog.db.t", "awsdatacatalog.db.t"),
    ("mssql://h/Shop/dbo/Orders", "mssql://h", "Shop.dbo.Orders", "Shop.dbo.Orders"),
    ("sqlserver://h:1433/Shop/dbo/Orders", "mssql://h:1433", "Shop.dbo.Orders", "Shop.dbo.Orders"),
    ("oracle://h:1521/orcl/hr/emp", "oracle://h:1521", "orcl.hr.emp", "ORCL.HR.EMP"),
    ("s3://bucket/a/b.parquet", "s3://bucket", "a/b.parquet", ("s3", "bucket", "a/b.parquet")),
    ("s3a://aws_conn@bucket/a/dt=1/x", "s3://bucket", "a/dt=1/x", ("s3", "bucket", "a")),
    ("s3://bucket", "s3://bucket", "/", ("s3", "bucket", "/")),
    ("gs://bucket/a/", "gs://bucket", "a", ("gs", "bucket", "a")),
    (f"abfss://{AZURE}/a/b", f"abfss://{AZURE}", "a/b", ("abfss", AZURE, "a/b")),
    ("abfs://conn@c/a", "abfss://c", "a", ("abfss", "c", "a")),
    ("wasb://c@a.blob.core.windows.net/x", "wasbs://c@a.blob.core.windows.net", "x", None),
    ("file:///data/x", "file", "/data/x", ("file", "localhost", "data/x")),
]


@pytest.mark.parametrize(("uri", "namespace", "name", "table"), URIS, ids=[uri for uri, *_ in URIS])
def test_a_uri_is_a_dataset_and_a_table(uri: str, namespace: str, name: str, table: object) -> None:
    dataset = dataset_of_uri(uri)
    assert dataset == Dataset(namespace, name)
    if table is not None:
        assert tuple(require_table(dataset)) == (tuple(table.split(".")) if isinstance(table, str) else table)


MALFORMED = [
    "snowflake://o-a/shop/raw",
    "snowflake://o-a/shop/raw/orders/more",
    "snowflake:///shop/raw/orders",
    "snowflake://o-a:port/shop/raw/orders",
    "postgres://h/db//t",
    "bigquery://proj/ds",
    "mysql://h/a/b/c",
    "s3:///key",
    "file://",
    "s3://[x/y",
]


@pytest.mark.parametrize("uri", MALFORMED)
def test_a_malformed_uri_says_how_it_should_be(uri: str) -> None:
    with pytest.raises(NotATableError) as caught:
        dataset_of_uri(uri)
    assert caught.value.reason == "malformed_uris"
    assert uri in str(caught.value)


@pytest.mark.parametrize("uri", ["orders", "", "http://x/y", "kafka://h/topic", "x-own://a/b", "snowflake:a"])
def test_what_is_no_table_is_none(uri: str) -> None:
    with pytest.raises(NotATableError) as caught:
        dataset_of_uri(uri)
    assert caught.value.reason == "not_tables"


def test_a_password_in_a_malformed_uri_is_not_shown() -> None:
    with pytest.raises(NotATableError) as caught:
        dataset_of_uri("snowflake://me:secret@o-a/shop")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("uri", [row[0] for row in URIS if "u:p" not in row[0]])
def test_what_airflow_makes_of_a_uri_is_the_same_table(uri: str) -> None:
    """Airflow's providers normalise the URIs of assets: ports, schemes, slashes."""
    assert table_of(dataset_of_uri(Asset(uri=uri).uri)) == table_of(dataset_of_uri(uri))


DATASETS = [
    (Dataset("snowflake://o-a", 'db."Sch".t'), None, ("DB", "Sch", "T")),
    (Dataset("awsathena://h", "AwsDataCatalog.db.T"), None, ("awsdatacatalog", "db", "t")),
    (Dataset("arn:aws:glue:eu-west-1:123", "table/Db/T"), None, ("db", "db", "t")),
    (Dataset("hive://h:10000", "spark_catalog.db.t"), None, ("db", "db", "t")),
    (Dataset("bigquery", "x.com:p.ds.t"), None, ("x.com:p", "ds", "t")),
    (Dataset("mssql://h", "[My Db].dbo.[a.b]"), None, ("My Db", "dbo", "a.b")),
    (Dataset("mysql://h", "`a.b`.t"), None, ("a.b", "a.b", "t")),
    (Dataset("snow_conn", "db.s.t"), "snowflake", ("DB", "S", "T")),
    (Dataset("mysql_conn", "db.t"), "transactional-db", ("db", "db", "t")),
    (Dataset("pg_conn", "db.s.T"), "transactional-db", ("db", "s", "T")),
    (Dataset("snow_conn", "db.s.t"), None, "not_tables"),
    (Dataset("kafka://h", "topic"), None, "not_tables"),
    (Dataset("snowflake://o-a", "s.t"), None, "incomplete_names"),
    (Dataset("snowflake://o-a", 'a.b."c'), None, "incomplete_names"),
    (Dataset("snowflake://o-a", "a..c"), None, "incomplete_names"),
    (Dataset("bigquery", "ds.t"), None, "incomplete_names"),
    (Dataset("mssql://h", "dbo.t"), None, "incomplete_names"),
    (Dataset("arn:aws:glue:eu-west-1:123", "database/x"), None, "incomplete_names"),
]


@pytest.mark.parametrize(("dataset", "resource_type", "expected"), DATASETS, ids=str)
def test_a_dataset_of_openlineage_is_a_table_or_says_why_not(
    dataset: Dataset, resource_type: str | None, expected: object
) -> None:
    if isinstance(expected, str):
        with pytest.raises(NotATableError) as caught:
            require_table(dataset, resource_type)
        assert caught.value.reason == expected
        assert table_of(dataset, resource_type) is None
    else:
        assert tuple(require_table(dataset, resource_type)) == expected


@pytest.mark.parametrize("parts", [["a", "b"], ["a.b", 'c"d'], ["`x`y", "[z]w"], ["ä b", "c"]])
def test_names_survive_joining_and_splitting(parts: list[str]) -> None:
    assert [name for name, _ in split_name(join_name(parts))] == parts


def test_the_resolver_loads_neither_airflow_nor_a_parser() -> None:
    """Tasks of users and the OpenLineage transport import it."""
    code = (
        "import sys; import airflow_provider_montecarlo_push.assets.uris, "
        "airflow_provider_montecarlo_push.assets.resources, airflow_provider_montecarlo_push.assets.producers; "
        "print([m for m in sys.modules if m.partition('.')[0] in ('airflow', 'sqlglot', 'pycarlo')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
