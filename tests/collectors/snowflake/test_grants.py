from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.collectors.snowflake.grants import (
    QUERY_HISTORY,
    REQUIREMENTS,
    database_grants,
    view_denied,
    view_grants,
)
from airflow_provider_montecarlo_push.events import Flow


def test_view_grants_name_the_role() -> None:
    assert view_grants(QUERY_HISTORY, "MONTE_CARLO") == (
        'GRANT IMPORTED PRIVILEGES ON DATABASE SNOWFLAKE TO ROLE "MONTE_CARLO";',
        'GRANT DATABASE ROLE SNOWFLAKE.GOVERNANCE_VIEWER TO ROLE "MONTE_CARLO";  -- enough by itself',
    )
    assert all("<role of the connection>" in statement for statement in view_grants(QUERY_HISTORY, None))


def test_database_grants_quote_odd_names() -> None:
    statements = database_grants('the "shop"', "my role")
    assert statements[0] == 'GRANT USAGE ON DATABASE "the ""shop""" TO ROLE "my role";'
    assert 'GRANT USAGE ON ALL SCHEMAS IN DATABASE "the ""shop""" TO ROLE "my role";' in statements
    assert 'GRANT REFERENCES ON ALL TABLES IN DATABASE "the ""shop""" TO ROLE "my role";' in statements
    assert 'GRANT REFERENCES ON ALL VIEWS IN DATABASE "the ""shop""" TO ROLE "my role";' in statements


def test_shares_take_another_grant() -> None:
    assert database_grants("WEATHER", "R", is_share=True) == (
        'GRANT IMPORTED PRIVILEGES ON DATABASE "WEATHER" TO ROLE "R";',
    )


def test_a_denied_view_says_what_it_is_for() -> None:
    error = view_denied(QUERY_HISTORY, "R", RuntimeError("cause"))
    assert str(error).startswith("cause\nAbout SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY: every collection")
    assert error.grants == view_grants(QUERY_HISTORY, "R")


@pytest.mark.parametrize("flow", [flow for flow in Flow if not flow.is_etl])
def test_every_flow_knows_what_it_reads(flow: Flow) -> None:
    assert [requirement.view for requirement in REQUIREMENTS if flow in requirement.flows]
