from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.collectors.snowflake.column_types import column_type


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (("NUMBER", None, 10, 2, None), "NUMBER(10,2)"),
        (("NUMBER", None, 38, 0, None), "NUMBER(38,0)"),
        (("NUMBER", None, 38, None, None), "NUMBER(38,0)"),
        (("NUMBER", None, None, None, None), "NUMBER"),
        (("TEXT", 255, None, None, None), "VARCHAR(255)"),
        (("TEXT", 16_777_216, None, None, None), "VARCHAR(16777216)"),
        (("TEXT", None, None, None, None), "VARCHAR"),
        (("BINARY", 8_388_608, None, None, None), "BINARY(8388608)"),
        (("TIMESTAMP_NTZ", None, None, None, 9), "TIMESTAMP_NTZ(9)"),
        (("TIMESTAMP_LTZ", None, None, None, 0), "TIMESTAMP_LTZ(0)"),
        (("TIMESTAMP_TZ", None, None, None, None), "TIMESTAMP_TZ"),
        (("TIME", None, None, None, 3), "TIME(3)"),
        (("FLOAT", None, None, None, None), "FLOAT"),
        (("DATE", None, None, None, None), "DATE"),
        (("variant", None, None, None, None), "VARIANT"),
        (("VECTOR(FLOAT, 256)", None, None, None, None), "VECTOR(FLOAT, 256)"),
        (("GEOGRAPHY", None, None, None, None), "GEOGRAPHY"),
        ((None, None, None, None, None), "UNKNOWN"),
    ],
)
def test_column_type(facts: tuple[str | None, int | None, int | None, int | None, int | None], expected: str) -> None:
    assert column_type(*facts) == expected
