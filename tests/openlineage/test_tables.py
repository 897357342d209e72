"""The tables behind paths, by symlinks."""

from __future__ import annotations

from collections import Counter

import pytest
from openlineage.client.facet_v2 import symlinks_dataset

from airflow_provider_montecarlo_push.assets.model import Dataset
from airflow_provider_montecarlo_push.openlineage.observations import EventReader
from airflow_provider_montecarlo_push.openlineage.tables import table_behind
from tests.openlineage.events import column_lineage, event, shown, table_in, table_out

PATH = ("s3://lake", "warehouse/shop.db/orders")
HIVE = ("hive://metastore:9083", "shop.orders", "TABLE")


def symlinks(*identifiers: tuple[str, str, str]) -> symlinks_dataset.SymlinksDatasetFacet:
    return symlinks_dataset.SymlinksDatasetFacet([symlinks_dataset.Identifier(*one) for one in identifiers])


@pytest.mark.parametrize(
    ("dataset", "identifiers", "expected"),
    [
        (PATH, [HIVE], HIVE[:2]),
        (PATH, [("arn:aws:glue:eu-west-1:123", "table/shop/orders", "TABLE")], None),
        (("file", "/lake/orders"), [HIVE], HIVE[:2]),
        (("hdfs://namenode:8020", "/lake/orders"), [HIVE], HIVE[:2]),
        (("abfss://lake@account.dfs.core.windows.net", "orders"), [HIVE], HIVE[:2]),
        (("dbfs", "/lake/orders"), [("databricks://adb-1.azuredatabricks.net", "main.shop.orders", "TABLE")], None),
        (PATH, [("s3://lake", "other/place", "LOCATION"), HIVE], HIVE[:2]),
        (PATH, [HIVE, ("hive://metastore:9083", "shop.old", "TABLE")], HIVE[:2]),
    ],
)
def test_a_path_is_the_table_of_its_metastore(
    dataset: tuple[str, str], identifiers: list[tuple[str, str, str]], expected: tuple[str, str] | None
) -> None:
    given = table_in(dataset[1], dataset[0], symlinks=symlinks(*identifiers))

    assert table_behind(given, Dataset(*dataset), Counter()) == Dataset(*(expected or identifiers[0][:2]))


@pytest.mark.parametrize(
    ("dataset", "identifiers"),
    [
        (PATH, []),
        (PATH, [("s3://lake", "other/place", "LOCATION")]),
        (PATH, [("s3://lake/warehouse", "shop.orders", "TABLE")]),
        (PATH, [("file:/tmp/spark-warehouse", "shop.orders", "TABLE")]),
        (PATH, [("", "shop.orders", "TABLE")]),
        (("awsathena://athena.eu-west-1.amazonaws.com", "c.d.t"), [("arn:aws:glue:eu:1", "table/d/t", "TABLE")]),
        (("snowflake://org-account", "DB.S.T"), [HIVE]),
    ],
)
def test_everything_else_stays_what_it_is(dataset: tuple[str, str], identifiers: list[tuple[str, str, str]]) -> None:
    given = table_in(dataset[1], dataset[0], symlinks=symlinks(*identifiers))

    assert table_behind(given, Dataset(*dataset), Counter()) == Dataset(*dataset)


def test_columns_follow() -> None:
    """Spark names the path in the column lineage, and the symlink at the input."""
    facet = column_lineage(("TOTAL", PATH[1], "amount", "DIRECT/AGGREGATION"))
    facet.fields["TOTAL"].inputFields[0].namespace = PATH[0]
    inputs = (table_in(PATH[1], PATH[0], symlinks=symlinks(HIVE)),)
    found = EventReader().observe(event(inputs=inputs, outputs=(table_out("DB.S.T", columnLineage=facet),)))

    assert found is not None
    assert shown(found.edges[0]) == ("DB.S.T", ["shop.orders"], {"TOTAL": ["shop.orders.amount"]})


def test_two_paths_of_one_table_are_one_output() -> None:
    outputs = [table_out(f"t/{day}", "s3://lake", symlinks=symlinks(HIVE)) for day in ("a", "b")]
    found = EventReader().observe(event(inputs=("DB.S.A", "DB.S.B"), outputs=tuple(outputs)))

    assert found is not None
    assert [shown(edge) for edge in found.edges] == [("shop.orders", ["DB.S.A", "DB.S.B"], {})]
    assert found.updated == [Dataset(*HIVE[:2])]
