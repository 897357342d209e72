"""Which columns are field mappings."""

from __future__ import annotations

from collections import Counter

import pytest

from airflow_provider_montecarlo_push.openlineage.columns import ColumnReader, ColumnRules
from tests.openlineage.events import column_lineage, table_out


@pytest.mark.parametrize(
    ("kinds", "is_mapping"),
    [
        ((), True),
        (("DIRECT/IDENTITY",), True),
        (("DIRECT/TRANSFORMATION",), True),
        (("DIRECT/AGGREGATION",), True),
        (("direct",), True),
        (("INDIRECT/FILTER", "DIRECT/IDENTITY"), True),
        (("INDIRECT/CONDITIONAL",), True),
        (("INDIRECT/WINDOW",), True),
        (("INDIRECT/FILTER",), False),
        (("INDIRECT/JOIN",), False),
        (("INDIRECT/GROUP_BY",), False),
        (("INDIRECT/SORT",), False),
        (("INDIRECT",), False),
        (("INDIRECT/JOIN", "INDIRECT/FILTER"), False),
    ],
)
def test_values_that_flow_are_mappings(kinds: tuple[str, ...], is_mapping: bool) -> None:
    """The source is one in any case."""
    dataset = table_out("DB.S.T", columnLineage=column_lineage(("X", "DB.S.A", "Y", *kinds)))
    left_out: Counter[str] = Counter()
    stated = ColumnReader(ColumnRules(), left_out).of_dataset(dataset)

    assert stated is not None
    assert [source.name for source in stated.sources] == ["DB.S.A"]
    assert bool(stated.columns) is is_mapping
    assert left_out == ({} if is_mapping else {"indirect_columns": 1})
    every = ColumnReader(ColumnRules(indirect=True), Counter()).of_dataset(dataset)
    assert every is not None
    assert list(every.columns) == ["X"]
