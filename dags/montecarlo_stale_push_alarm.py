"""An alarm when nothing has been delivered to Monte Carlo for more than two hours; looked at every half hour.

A failing push task can tell somebody itself. Nobody tells when there is no task that could fail: the DAG is paused, its
runs wait for a worker, its pushes are skipped. This DAG looks at when each scope was last delivered, fails when one is
stale, and its `on_failure_callback` sends a mail with the list: the last receipt of each, its age, its DAG. It reads a
few small files on the manifest root, and asks neither the warehouse nor Monte Carlo.

Mail goes through the connection `smtp_default`. Any other notifier of Airflow does as well; docs/alarms.md says how.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.sdk import DAG, Param

from airflow_provider_montecarlo_push.operators.last_push import MonteCarloCheckLastPushOperator

MAIL_TO = "data-platform@example.com"

with DAG(
    "montecarlo_stale_push_alarm",
    schedule="*/30 * * * *",
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    # A worker that cannot start or is lost is worth a retry; a stale push fails at once.
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    doc_md=__doc__,
    tags=["monte-carlo"],
    params={
        "flows": Param(
            ["metadata"],
            type="array",
            items={"enum": ["metadata", "lineage", "query_logs"]},
            description="What has to arrive; empty means whatever was pushed before.",
        ),
        "max_age": Param(7200, type="integer", minimum=60, description="Seconds since the last delivered push."),
    },
):
    MonteCarloCheckLastPushOperator(
        task_id="last_push",
        flows="{{ params.flows }}",
        source_conn_id="snowflake_default",
        max_age="{{ params.max_age }}",
        on_failure_callback=SmtpNotifier(
            to=MAIL_TO,
            from_email="airflow@example.com",
            subject="Monte Carlo: {{ ti.task_id }} in {{ ti.dag_id }} failed",
            html_content="<pre>{{ exception | e }}</pre><p><a href='{{ ti.log_url }}'>Log</a></p>",
        ),
    )
