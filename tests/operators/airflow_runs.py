"""Run a DAG in real Airflow, in this process: task by task, with XCom, templates, mapping and retries."""

from __future__ import annotations

import os
import shutil
import sys
import uuid
from pathlib import Path
from textwrap import dedent
from typing import Any

_EXAMPLES = Path(__file__).parents[2] / "dags"
_HEADER = """
from datetime import datetime, timedelta
from airflow.sdk import DAG, CronDataIntervalTimetable, Param, task
from airflow_provider_montecarlo_push.operators.access import MonteCarloCheckAccessOperator
from airflow_provider_montecarlo_push.operators.collect import (
    MonteCarloCollectLineageOperator, MonteCarloCollectMetadataOperator, MonteCarloCollectQueryLogsOperator)
from airflow_provider_montecarlo_push.operators.push import (
    MonteCarloPushLineageOperator, MonteCarloPushMetadataOperator, MonteCarloPushQueryLogsOperator)
from airflow_provider_montecarlo_push.operators.task_group import collect_and_push

SHOP = {"source_conn_id": "shop", "collector": "tests.operators.collectors.ShopCollector"}
"""


class AirflowRun:
    """What a DAG run left behind."""

    def __init__(self, dag_run: Any) -> None:
        self._run = dag_run
        self.state = str(dag_run.state)

    def states(self) -> dict[str, str]:
        """Return the state of each task instance; mapped ones as ``task[0]``."""
        return {_label(ti): str(ti.state) for ti in self._run.get_task_instances()}

    def xcom(self, task_id: str, key: str = "return_value", map_index: int = -1) -> Any:
        """Return an XCom value."""
        from airflow.models.xcom import XComModel
        from airflow.utils.session import create_session

        with create_session() as session:
            row = session.execute(
                XComModel.get_many(
                    run_id=self._run.run_id,
                    key=key,
                    task_ids=task_id,
                    dag_ids=self._run.dag_id,
                    map_indexes=map_index,
                )
            ).first()
            return XComModel.deserialize_value(row[0]) if row else None


def _label(ti: Any) -> str:
    return ti.task_id if ti.map_index < 0 else f"{ti.task_id}[{ti.map_index}]"


def run_dag(body: str, *, dag_options: str = "", **options: Any) -> AirflowRun:
    """Write a DAG file with ``body`` in ``with DAG(...)`` into the DAG folder and run it.

    :param dag_options: further arguments of the ``DAG``, as source.
    :param options: for ``dag.test()``: ``run_conf``, ``logical_date``, ``run_after``.
    """
    dag_id = f"test_{uuid.uuid4().hex[:8]}"
    text = f'{_HEADER}\nwith DAG("{dag_id}", start_date=datetime(2024, 1, 1), catchup=False, {dag_options}):\n'
    text += "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
    path = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / f"{dag_id}.py"
    path.write_text(text)
    try:
        return run_file(path, dag_id, **options)
    finally:
        path.unlink()


def run_file(path: Path, dag_id: str, **options: Any) -> AirflowRun:
    """Run a DAG of a file in the DAG folder."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(path))
    assert not bag.import_errors, bag.import_errors
    return AirflowRun(bag.dags[dag_id].test(**options))


def run_example(dag_id: str, **options: Any) -> AirflowRun:
    """Run one of the example DAGs as it is, with the DAG folder importable, as it is in workers."""
    folder = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    path = folder / f"{dag_id}.py"
    shutil.copy(_EXAMPLES / path.name, path)
    sys.path.insert(0, str(folder))
    try:
        return run_file(path, dag_id, **options)
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop(path.stem, None)
        path.unlink()
