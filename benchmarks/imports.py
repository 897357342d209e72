"""What the example DAGs cost the DAG processor, above what importing Airflow's own base classes costs.

``python -m benchmarks.imports`` runs each in a process of its own, several times, and prints the medians.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

_RUNS = 5
_MEASURE = """
import json, resource, runpy, sys, time, warnings
warnings.simplefilter("ignore")
from airflow.sdk import DAG, BaseOperator, CronDataIntervalTimetable, Param, task
from airflow.providers.common.compat.sdk import BaseHook, BaseOperatorLink, ObjectStoragePath, TaskGroup, XCom, conf
DAG, BaseOperator, CronDataIntervalTimetable, Param, task, BaseHook
before_memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = time.process_time(), time.perf_counter()
runpy.run_path(sys.argv[1])
print(json.dumps({
    "mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_memory) / 1024,
    "cpu": time.process_time() - before[0],
    "seconds": time.perf_counter() - before[1],
}))
"""


def measure(path: Path) -> dict[str, float]:
    """Return the medians of memory (MB), CPU seconds and seconds that importing a DAG file costs."""
    runs = []
    for _ in range(_RUNS):
        done = subprocess.run(
            [sys.executable, "-c", _MEASURE, str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        )
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def main() -> None:
    print(f"{'DAG file':40}{'MB':>8}{'CPU s':>8}{'seconds':>9}   above Airflow's base classes")
    for path in sorted((Path(__file__).parents[1] / "dags").glob("*.py")):
        figures = measure(path)
        print(f"{path.stem:40}{figures['mb']:>8.1f}{figures['cpu']:>8.3f}{figures['seconds']:>9.3f}")


if __name__ == "__main__":
    main()
