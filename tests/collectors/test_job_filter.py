from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.collectors.job_filter import JobFilter
from airflow_provider_montecarlo_push.exceptions import ConfigurationError


@pytest.mark.parametrize(
    ("include", "exclude", "job", "expected"),
    [
        (None, None, "anything", True),
        ("shop_*", None, "shop_load", True),
        ("shop_*", None, "Shop_load", False),
        (["shop_*", "crm"], "*_test", "crm", True),
        (["shop_*", "crm"], "*_test", "shop_test", False),
        (["shop_?"], None, "shop_10", False),
        ([], ["a"], "b", True),
    ],
)
def test_patterns(include: object, exclude: object, job: str, expected: bool) -> None:
    assert JobFilter(include, exclude).matches(job) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize("pattern", ["", " ", ["a", ""], "['a', 'b']", [3]])
def test_what_is_no_pattern(pattern: object) -> None:
    with pytest.raises(ConfigurationError):
        JobFilter(pattern)  # type: ignore[arg-type]
