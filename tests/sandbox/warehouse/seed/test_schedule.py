from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow_provider_montecarlo_push.sandbox.warehouse.seed import loads
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.schedule import HOURS, PipeLoad, Run, history, next_hour

NOW = datetime(2024, 3, 10, 12, 34, 56, tzinfo=UTC)


def test_the_history_ends_now_and_is_in_order() -> None:
    times = [run.at for run in history(NOW)]

    assert times == sorted(times)
    assert NOW - timedelta(hours=HOURS) <= times[0]
    assert times[-1] < NOW


def test_every_hour_has_an_application_models_reports_and_a_file() -> None:
    runs = history(NOW)

    for hour in range(HOURS):
        steps = [run.step for run in runs if isinstance(run, Run) and run.hour == hour]
        assert set(loads.APPLICATION + loads.HOURLY_MODELS) <= set(steps)
        assert sum(step.lineage is not None and step.lineage.target is None for step in steps) >= 3
    assert [run.batch for run in runs if isinstance(run, PipeLoad)] == list(range(HOURS))


def test_every_load_and_report_is_run() -> None:
    from airflow_provider_montecarlo_push.sandbox.warehouse.seed import traffic

    run = {run.step for run in history(NOW) if isinstance(run, Run)}

    assert {step for _, step in traffic.REPORTS} | set(traffic.HOUSEKEEPING) <= run
    assert {step for value in vars(loads).values() if isinstance(value, tuple) for step in value} <= run


def test_the_next_hour_follows_the_history() -> None:
    following = next_hour(NOW, HOURS)

    assert following[0].at >= NOW
    assert following[-1].at < NOW + timedelta(hours=1)
