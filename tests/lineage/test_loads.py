"""Stages, buckets and files: ends of edges only when they are asked for."""

from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.lineage import extract_lineage
from tests.lineage.corpus import found

STAGE, BUCKET, FILE = ("DB", "SC", "ST"), ("s3", "b", "k/p"), ("file", "localhost", "/d/x.csv")


@pytest.mark.parametrize(
    ("dialect", "sql", "destination", "sources"),
    [
        ("snowflake", "copy into t from @st/2024/ file_format = (type = csv)", "T", [STAGE]),
        ("snowflake", "copy into t (a) from (select $1 from @db.sc.st)", "T", [STAGE]),
        ("snowflake", "copy into t from 's3://b/k/p/' credentials = (aws_key_id = 'x')", "T", [BUCKET]),
        ("snowflake", "copy into @st/out from s", STAGE, ["S"]),
        ("snowflake", "copy into @st from (select a from s join u on s.i = u.i)", STAGE, ["S", "U"]),
        ("snowflake", "copy into 's3://b/k/p' from s", BUCKET, ["S"]),
        ("snowflake", "create table t as select $1 as a from @st", "T", [STAGE]),
        ("snowflake", "insert into t select s.a from s join @st x on s.a = x.$1", "T", ["S", STAGE]),
        ("redshift", "copy t from 's3://b/k/p' iam_role default csv", "t", [BUCKET]),
        ("redshift", "unload ('select a from s where b = ''x''') to 's3://b/k/p' iam_role default", BUCKET, ["s"]),
        ("postgres", "copy t (a, b) from '/d/x.csv' with (format csv)", "t", [FILE]),
        ("postgres", "copy s to '/d/x.csv'", FILE, ["s"]),
        ("postgres", "copy (select a from s) to '/d/x.csv'", FILE, ["s"]),
        ("hive", "load data local inpath '/d/x.csv' overwrite into table t partition (d = '1')", "t", [FILE]),
        ("hive", "insert overwrite local directory '/d/x.csv' select a from s", FILE, ["s"]),
        ("hive", "export table s to 's3://b/k/p'", BUCKET, ["s"]),
        ("hive", "import table t from 's3://b/k/p'", "t", [BUCKET]),
        ("hive", "create external table t (a int) stored as orc location 's3://b/k/p/'", "t", [BUCKET]),
        ("mysql", "load data infile '/d/x.csv' into table t fields terminated by ','", "t", [FILE]),
        ("mysql", "select a into outfile '/d/x.csv' from s", FILE, ["s"]),
        ("bigquery", "load data into t from files (format = 'CSV', uris = ['s3://b/k/p'])", "t", [BUCKET]),
        ("bigquery", "export data options (uri = 's3://b/k/p', format = 'CSV') as select a from s", BUCKET, ["s"]),
        ("databricks", "copy into t from 's3://b/k/p' fileformat = parquet", "t", [BUCKET]),
        ("databricks", "create table t as select * from read_files('s3://b/k/p', format => 'csv')", "t", [BUCKET]),
        ("databricks", "insert into delta.`s3://b/k/p` select a from s", BUCKET, ["s"]),
        ("duckdb", "create table t as from '/d/x.csv'", "t", [FILE]),
        ("clickhouse", "insert into function s3('s3://b/k/p', 'CSV') select a from s", BUCKET, ["s"]),
        ("tsql", "bulk insert t from '/d/x.csv' with (tablock)", "t", [FILE]),
        ("athena", "unload (select a from s) to 's3://b/k/p' with (format = 'PARQUET')", BUCKET, ["s"]),
    ],
)  # fmt: skip
def test_ends_outside_the_warehouse(
    dialect: str, sql: str, destination: str | tuple[str, ...], sources: list[str | tuple[str, ...]]
) -> None:
    def full(name: str | tuple[str, ...]) -> tuple[str, ...]:
        return name if isinstance(name, tuple) else ("DB", "SC", name)

    defaults = {"dialect": dialect, "default_database": "DB", "default_schema": "SC"}
    result = extract_lineage(sql, external=True, **defaults)
    (edge,) = found(result)
    assert edge.destination == full(destination)
    assert edge.sources == {full(source) for source in sources}
    for event in result.edges:
        for asset in (event.destination, *event.sources):
            outside = (asset.database, asset.schema, asset.name) in (STAGE, BUCKET, FILE)
            assert asset.type == ("EXTERNAL" if outside else "TABLE")
    for edge in found(extract_lineage(sql, **defaults)):
        assert not {STAGE, BUCKET, FILE} & {edge.destination, *edge.sources}


@pytest.mark.parametrize("sql", ["copy t from stdin", "copy t from program 'cat x'", "copy s to stdout"])
def test_streams_of_the_client_are_counted(sql: str) -> None:
    result = extract_lineage(sql, dialect="postgres", default_database="db", default_schema="sc", external=True)
    assert result.edges == []
    assert result.counts["external"] == 1
    assert result.unparsed == []
