"""What the listener costs a task: ``python -m benchmarks.listener``.

Each sample is a process of its own, forked as Airflow forks its tasks, with Airflow's own listener manager, plugins and
hook lineage collector. Measured is what the hooks of the listener take; by then Airflow has reported the task's state.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_LIMIT_MS = 20.0
_SQL = "INSERT INTO ANALYTICS.PUBLIC.TARGET_{number} SELECT " + ", ".join(f"S.COLUMN_{c}" for c in range(20))
_SQL += " FROM RAW.SHOP.ORDERS AS S JOIN RAW.SHOP.CUSTOMERS AS C ON S.ID = C.ID WHERE S.AT > '2024-03-01'"
_LOADING = """
import time
import airflow.sdk.execution_time.task_runner
from airflow.sdk.listener import get_listener_manager
from airflow_provider_montecarlo_push.plugins import lineage
get_listener_manager()
started = time.perf_counter()
import airflow_provider_montecarlo_push.listeners.lineage
print((time.perf_counter() - started) * 1e3)
"""


def main() -> int:
    """Print the table; return 1 when a task with nothing or one statement is held up for longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=40)
    parser.add_argument("--s3", action="store_true", help="measure a local S3 as well")
    options = parser.parse_args()
    os.environ |= {
        "AIRFLOW_HOME": tempfile.mkdtemp(prefix="montecarlo-listener-"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__MONTECARLO_PUSH__LISTENER_ENABLED": "True",
    }
    loading = [_loading_ms() for _ in range(5)]
    print(f"loading the listener, once in a process that was not forked: {statistics.median(loading):.1f} ms\n")
    _prepare()
    print(f"{'spool':<8}{'task':<18}{'median':>10}{'95 %':>10}")
    late = False
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AIRFLOW__MONTECARLO_PUSH__MANIFEST_ROOT"] = Path(folder).as_uri()
        for statements in (0, 1, 100):
            median = _measure("disk", statements, options.samples)
            late = late or (statements < 2 and median > _LIMIT_MS)
    if options.s3:
        with _s3() as root:
            os.environ["AIRFLOW__MONTECARLO_PUSH__MANIFEST_ROOT"] = root
            for statements in (1, 100):
                _measure("S3", statements, max(options.samples // 4, 3))
    if late:
        print(f"\nMore than {_LIMIT_MS:.0f} ms.")
    return int(late)


def _loading_ms() -> float:
    environment = os.environ | {"AIRFLOW__MONTECARLO_PUSH__LISTENER_ENABLED": "False"}
    output = subprocess.run([sys.executable, "-c", _LOADING], env=environment, capture_output=True, check=True)
    return float(output.stdout.split()[-1])


def _prepare() -> None:
    """Load what the process that Airflow forks tasks from has, and what a task with SQL has loaded itself."""
    from airflow.sdk.listener import get_listener_manager

    get_listener_manager()


def _measure(store: str, statements: int, samples: int) -> float:
    times = sorted(_in_fork(statements) for _ in range(samples))
    median = statistics.median(times)
    what = {0: "nothing to do", 1: "one statement"}.get(statements, f"{statements} statements")
    print(f"{store:<8}{what:<18}{median:>7.2f} ms{times[int(len(times) * 0.95)]:>7.2f} ms", flush=True)
    return median


def _in_fork(statements: int) -> float:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, json.dumps(_sample(statements)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        content = answer.read()
    os.waitpid(child, 0)
    return float(json.loads(content))


def _sample(statements: int) -> float:
    """Return what the listener took for one task, in milliseconds."""
    from airflow.providers.common.sql.hooks.lineage import send_sql_hook_lineage
    from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook
    from airflow.sdk.execution_time.context import OutletEventAccessors
    from airflow.sdk.listener import get_listener_manager

    instance = _task_instance({"outlet_events": OutletEventAccessors()})
    hooks: Any = get_listener_manager().hook
    started = time.perf_counter()
    hooks.on_task_instance_running(previous_state=None, task_instance=instance)
    took = time.perf_counter() - started
    for number in range(statements):
        send_sql_hook_lineage(context=SnowflakeHook(database="DB"), sql=_SQL.format(number=number))
    started = time.perf_counter()
    hooks.on_task_instance_success(previous_state=None, task_instance=instance)
    return (took + time.perf_counter() - started) * 1e3


def _task_instance(context: dict[str, Any]) -> Any:
    return SimpleNamespace(
        dag_id="etl",
        run_id="scheduled__2024-03-01T00:00:00+00:00",
        task_id="load",
        map_index=-1,
        end_date=datetime.now(UTC),
        task=SimpleNamespace(task_id="load", inlets=[], outlets=[]),
        get_template_context=lambda: context,
    )


@contextmanager
def _s3() -> Iterator[str]:
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            assert server.stdout is not None
            url = next(line.split()[-1] for line in server.stdout if "Running on http" in line)
            connection = {"conn_type": "aws", "login": "key", "password": "secret", "extra": {"endpoint_url": url}}
            os.environ["AIRFLOW_CONN_SPOOL_S3"] = json.dumps(connection)
            # In a process of its own: one that has talked to S3 cannot be forked safely.
            make = "from airflow.sdk import ObjectStoragePath as P; P('s3://spool_s3@bucket').fs.mkdir('bucket')"
            subprocess.run([sys.executable, "-c", make], check=True, capture_output=True)
            yield "s3://spool_s3@bucket/root"
        finally:
            server.terminate()


if __name__ == "__main__":
    raise SystemExit(main())
