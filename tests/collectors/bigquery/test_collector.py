from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.bigquery.collector import BigQueryCollector
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.registry import make_collector
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.events.vocabulary import check_log_type, check_resource_type
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, UnknownValueError
from tests.collectors.bigquery.conftest import PROJECT, make, point_to, report
from tests.collectors.bigquery.wire import Refusal, Wire
from tests.operators.airflow_runs import run_example


def test_what_it_is() -> None:
    options = {"projects": "a-1", "regions": ["region-EU", "eu", "us"], "iceberg_only": "True"}
    made = make_collector(BigQueryCollector, "c", report(), keep_asset_types=True, options=options)
    assert isinstance(made, BigQueryCollector)
    assert (made.options.projects, made.options.regions, made.options.iceberg_only) == (("a-1",), ("eu", "us"), True)
    assert made.options.keep_asset_types
    assert check_resource_type(made.resource_type) == check_log_type(made.log_type) == "bigquery"
    assert made.latency == {Flow.QUERY_LOGS: timedelta(minutes=10), Flow.LINEAGE: timedelta(minutes=10)}


@pytest.mark.parametrize("nothing", [None, "", []])
def test_options_of_templates_that_are_empty(nothing: Any) -> None:
    made = BigQueryCollector("c", report(), projects=nothing, regions=nothing, iceberg_only="")
    assert (made.options.projects, made.options.regions, made.options.iceberg_only) == ((), (), False)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"jobs_scope": "folder"}, UnknownValueError, "Unknown jobs_scope 'folder'"),
        ({"iceberg_only": "perhaps"}, ConfigurationError, "iceberg_only"),
        ({"projects": "a`b"}, ConfigurationError, "projects"),
        ({"projects": [7]}, ConfigurationError, "projects"),
        ({"projects": {"a": 1}}, ConfigurationError, "projects"),
        ({"regions": "us east"}, ConfigurationError, "regions"),
        ({"regions": ["us", ""]}, ConfigurationError, "regions"),
        ({"region": "us"}, ConfigurationError, "collector_kwargs do not fit BigQueryCollector"),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make_collector(BigQueryCollector, "c", report(), keep_asset_types=False, options=options)


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = ("airflow", "google.auth", "google.cloud.bigquery", "sqlglot", "fsspec", "pandas")
    code = (
        "import sys, airflow_provider_montecarlo_push.collectors.bigquery.collector\n"
        f"print([module for module in {heavy!r} if module in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.integration
class TestAccess:
    def test_everything(self, wire: Wire) -> None:
        checks = list(make().access(TableFilter()))
        views = ("TABLES", "TABLE_STORAGE", "SCHEMATA_LINKS", "JOBS")
        assert [check.name for check in checks] == [f"{PROJECT}.region-us.{view}" for view in views]
        assert all(check.readable and not check.grants for check in checks)

    def test_what_is_missing(self, wire: Wire) -> None:
        wire.answer("JOBS_BY_ORGANIZATION", Refusal(403, "accessDenied", "No"))
        wire.answer("TABLE_STORAGE", Refusal(403, "accessDenied", "No"))
        collector = make(jobs_scope="organization", projects=["a-1", "b-2"], regions="eu")
        checks = {check.name: check for check in collector.access(TableFilter("a-1.*"))}
        missing = {name: check.grants for name, check in checks.items() if not check.readable}
        account = '--member="serviceAccount:<account of the connection>"'
        of_organization = (
            (
                f"gcloud organizations add-iam-policy-binding <organization id> {account} "
                '--role="roles/bigquery.resourceViewer"'
            ),
        )
        assert missing == {
            "a-1.region-eu.TABLE_STORAGE": (
                f'gcloud projects add-iam-policy-binding a-1 {account} --role="roles/bigquery.metadataViewer"',
            ),
            "a-1.region-eu.JOBS_BY_ORGANIZATION": of_organization,
            "b-2.region-eu.JOBS_BY_ORGANIZATION": of_organization,
        }
        assert "b-2.region-eu.TABLES" not in checks


@pytest.mark.integration
def test_the_region_and_account_of_the_connection(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    point_to(monkeypatch, wire.url, location="europe-west1")
    list(make().access(TableFilter()))
    assert {statement.location for statement in wire.statements} == {"europe-west1"}


@pytest.mark.integration
@pytest.mark.xdist_group("bigquery")
@pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")
def test_the_example_dag(bigquery: str, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The DAG as it is, from the server to the sandbox."""
    connection = {"conn_type": "google_cloud_platform", "extra": {"is_anonymous": True, "project": PROJECT}}
    monkeypatch.setenv("AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT", json.dumps(connection))
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", bigquery)
    run = run_example("montecarlo_bigquery_hourly", run_conf={"include": [f"{PROJECT}.raw"], "regions": ["us"]})
    assert set(run.states().values()) == {"success"}, run.states()
    names = {event["relational_asset"]["metadata"]["name"] for event in sandbox.events("metadata")}
    assert {"orders", "events_*"} <= names
