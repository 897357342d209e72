"""What became of a task, beyond its state."""

from __future__ import annotations

from tests.operators.airflow_runs import AirflowRun

# Airflow's own default is five minutes, which a real run would wait for.
NO_DELAY = "default_args={'retry_delay': timedelta(0)}"


def failed_at_once(outcome: AirflowRun, task_id: str) -> bool:
    """Tell whether a task failed without a retry; it has to have some left for that."""
    (task,) = (task for task in outcome._run.get_task_instances() if task.task_id == task_id)
    return task.state == "failed" and task.try_number == 1 and task.max_tries > 0
