"""What the collector is, what it can be told, and what it may read."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.redshift.collector import RedshiftCollector
from airflow_provider_montecarlo_push.collectors.registry import make_collector
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.events.vocabulary import check_log_type, check_resource_type
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from tests.collectors.redshift.conftest import MakeCollector, report
from tests.collectors.redshift.warehouse import Warehouse


def test_what_it_is() -> None:
    made = make_collector(RedshiftCollector, "c", report(), keep_asset_types=True, options={"freshness": "none"})

    assert isinstance(made, RedshiftCollector)
    assert (made.options.freshness, made.options.keep_asset_types) == ("none", True)
    assert check_resource_type(made.resource_type) == "redshift"
    assert check_log_type(made.log_type) == "redshift"
    assert made.latency == {Flow.QUERY_LOGS: timedelta(minutes=15), Flow.LINEAGE: timedelta(minutes=15)}


def test_options_that_do_not_exist() -> None:
    with pytest.raises(ConfigurationError, match="collector_kwargs do not fit RedshiftCollector"):
        make_collector(RedshiftCollector, "c", report(), keep_asset_types=False, options={"fresh": 1})


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, airflow_provider_montecarlo_push.collectors.redshift.collector\n"
        "print([m for m in ('airflow', 'redshift_connector', 'boto3', 'sqlglot', 'pandas') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"


@pytest.mark.integration
@pytest.mark.xdist_group("redshift")
class TestAccess:
    def test_of_a_user_who_sees_everything(self, on_warehouse: MakeCollector) -> None:
        checks = {check.name: check.readable for check in on_warehouse().access(TableFilter())}

        assert checks == {
            "svv_redshift_databases": True,
            "svv_all_tables": True,
            "svv_all_columns": True,
            "svv_table_info": True,
            "sys_query_history": True,
            "sys_query_text": True,
            "sys_query_detail": True,
            "queries of other users": True,
            "database closed": False,
            "database dev": True,
            "database sales": True,
        }

    def test_of_a_user_who_sees_own_queries(self, on_warehouse: MakeCollector) -> None:
        checks = {check.name: check for check in on_warehouse("reader").access(TableFilter("dev"))}

        others = checks.pop("queries of other users")
        assert not others.readable
        assert others.grants[0] == 'GRANT ROLE sys:monitor TO "reader";'
        assert all(check.readable for check in checks.values())

    def test_of_a_user_who_sees_nothing(self, on_warehouse: MakeCollector) -> None:
        checks = {check.name: check for check in on_warehouse("nobody").access(TableFilter())}

        assert not any(check.readable for check in checks.values() if check.name != "queries of other users")
        assert checks["svv_table_info"].grants == ('GRANT SELECT ON pg_catalog.svv_table_info TO "nobody";',)
        assert "does not exist" in checks["svv_table_info"].problem

    def test_names_the_grant_of_one_view(self, warehouse: Warehouse, on_warehouse: MakeCollector) -> None:
        warehouse.execute("REVOKE SELECT ON rs.svv_table_info FROM PUBLIC")
        try:
            checks = [check for check in on_warehouse().access(TableFilter("dev")) if not check.readable]
        finally:
            warehouse.execute("GRANT SELECT ON rs.svv_table_info TO PUBLIC")

        (check,) = checks
        assert (check.name, check.flows) == ("svv_table_info", frozenset({Flow.METADATA}))
        assert "permission denied" in check.problem
