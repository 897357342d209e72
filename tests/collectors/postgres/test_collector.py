from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.postgres.collector import PostgresCollector
from airflow_provider_montecarlo_push.collectors.registry import make_collector
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.events.vocabulary import check_log_type, check_resource_type
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, UnknownValueError
from tests.collectors.postgres.conftest import MakeCollector, report
from tests.collectors.postgres.records import line


def test_what_it_is() -> None:
    made = make_collector(PostgresCollector, "c", report(), keep_asset_types=True, options={"databases": "shop"})
    assert isinstance(made, PostgresCollector)
    assert (made.options.database_names, made.options.keep_asset_types) == (["shop"], True)
    assert check_resource_type(made.resource_type) == "transactional-db"
    assert check_log_type(made.log_type) == "s3"
    assert made.latency == {Flow.QUERY_LOGS: timedelta(minutes=15), Flow.LINEAGE: timedelta(minutes=15)}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"freshness": "now"}, UnknownValueError, "Unknown freshness 'now'"),
        ({"databases": 7}, ConfigurationError, "databases in collector_kwargs is 7"),
        ({"databases": ["a", ""]}, ConfigurationError, "databases in collector_kwargs"),
        ({"default_schema": ""}, ConfigurationError, "default_schema"),
        ({"fresh": 1}, ConfigurationError, "collector_kwargs do not fit PostgresCollector"),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make_collector(PostgresCollector, "c", report(), keep_asset_types=False, options=options)


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, airflow_provider_montecarlo_push.collectors.postgres.collector\n"
        "print([m for m in ('airflow', 'psycopg', 'psycopg2', 'sqlglot', 'fsspec', 'pandas') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.integration
@pytest.mark.xdist_group("postgres")
class TestAccess:
    def test_everything(self, on_server: MakeCollector, tmp_path: Path) -> None:
        (tmp_path / "postgresql.csv").write_text(line("statement: SELECT 1"))
        collector = on_server(log_path=str(tmp_path), freshness="commit_timestamp", databases=["shop", "other"])
        checks = list(collector.access(TableFilter()))
        assert [check.name for check in checks] == [
            "shop",
            "shop: commit times",
            "other",
            "other: commit times",
            str(tmp_path),
        ]
        assert all(check.readable for check in checks)
        assert checks[-1].flows == {Flow.QUERY_LOGS, Flow.LINEAGE}

    def test_what_is_missing(self, on_server: MakeCollector, tmp_path: Path) -> None:
        collector = on_server(
            user="reader", log_path=str(tmp_path), freshness="commit_timestamp", databases=["shop", "closed"]
        )
        checks = {check.name: check for check in collector.access(TableFilter())}
        assert checks["shop"].readable
        assert checks["shop: commit times"].grants == ('GRANT pg_read_all_data TO "reader";',)
        assert checks["closed"].grants == ('GRANT CONNECT ON DATABASE "closed" TO "reader";',)
        assert "there is no file" in checks[str(tmp_path)].problem
        assert [name for name, check in checks.items() if check.readable] == ["shop"]
