from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.events.vocabulary import check_log_type, check_resource_type, check_resource_uuid
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, UnknownValueError


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Snowflake", "Did you mean 'snowflake'"),
        ("data_lake", "Did you mean 'data-lake'"),
        ("hive", "Monte Carlo accepts: bigquery"),
        (None, "Unknown resource_type None"),
    ],
)
def test_unknown_resource_types_are_refused_with_the_list(value: object, said: str) -> None:
    with pytest.raises(UnknownValueError, match=said):
        check_resource_type(value)


@pytest.mark.parametrize(("value", "said"), [("hive", "Did you mean 'hive-s3'"), ("data-lake", "athena")])
def test_unknown_log_types_are_refused_with_the_list(value: str, said: str) -> None:
    with pytest.raises(UnknownValueError, match=said):
        check_log_type(value)


def test_uuid_is_normalised() -> None:
    canonical = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
    assert check_resource_uuid("A1B2C3D4E5F67890ABCDEF1234567890") == canonical


@pytest.mark.parametrize("value", [None, "", "my-warehouse"])
def test_missing_or_malformed_uuid_says_where_to_find_it(value: str | None) -> None:
    with pytest.raises(ConfigurationError, match="Settings > Integrations"):
        check_resource_uuid(value)
