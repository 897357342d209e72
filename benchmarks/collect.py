"""What collectors cost by themselves: a generator of rows in the place of the warehouse, a manifest on disk.

``python -m benchmarks.collect [collector …] [--queries 1000000]``. Memory and speed are of 100,000 tables of 30 columns
and of a million queries; statements of 10 databases of 20 schemas of 500 tables, in the hourly mode, against those for
a tenth of the tables. Each measurement runs in a process of its own; memory is the peak above that of a bare
interpreter.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import pkgutil
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from benchmarks import wires
from benchmarks.wires import DAY, Size

COLLECTORS = sorted(module.name for module in pkgutil.iter_modules(wires.__path__) if not module.name.startswith("_"))
LARGE = Size()
MANY = Size(databases=10, schemas=20, tables=500, columns=1, queries=0)


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(name: str, flow_name: str, size: Size, *, hourly: bool) -> None:
    from upath import UPath

    from airflow_provider_montecarlo_push.collectors.filters import TableFilter
    from airflow_provider_montecarlo_push.collectors.report import CollectionReport
    from airflow_provider_montecarlo_push.collectors.run import collect
    from airflow_provider_montecarlo_push.collectors.windows import explicit_window
    from airflow_provider_montecarlo_push.events import Flow
    from airflow_provider_montecarlo_push.manifests.model import FORMAT, Manifest
    from airflow_provider_montecarlo_push.manifests.storage import Folder

    flow = Flow(flow_name)
    wire = importlib.import_module(f"{wires.__name__}.{name}").Wire(size)
    collector = wire.collector(CollectionReport(logging.getLogger("bench")))
    imported = peak_megabytes()
    with tempfile.TemporaryDirectory() as directory:
        manifest = Manifest(
            format=FORMAT,
            id="",
            flow=flow,
            collector=collector.name,
            resource_type=collector.resource_type,
            window=explicit_window(DAY, DAY + timedelta(days=1)),
            collected_at=DAY,
        )
        started = time.perf_counter()
        folder = Folder(UPath(f"file://{directory}"))
        manifest = collect(collector, manifest, folder, tables=TableFilter(), only_freshness_and_volume=hourly)
        seconds = time.perf_counter() - started
    airflow = any(module == "airflow" or module.startswith("airflow.") for module in sys.modules)
    result = {
        "events": manifest.events,
        "counts": manifest.counts,
        "left_out": manifest.left_out,
        "notes": manifest.notes,
        "statements": wire.statements,
        "seconds": seconds,
        "imported": imported,
        "peak": peak_megabytes(),
        "airflow": airflow,
    }
    print(json.dumps(result))


def child(*arguments: str) -> str:
    answer = subprocess.run([sys.executable, *arguments], stdout=subprocess.PIPE, check=True, text=True)
    return answer.stdout


def measured(name: str, flow: str, size: Size, *, hourly: bool = False) -> dict[str, Any]:
    """Measure in a process of its own; fail unless all is there that was generated."""
    job = json.dumps({"name": name, "flow_name": flow, "size": asdict(size), "hourly": hourly})
    answer = child("-m", "benchmarks.collect", "--measure", job)
    result: dict[str, Any] = json.loads(answer.splitlines()[-1])  # Airflow logs to stdout
    expected = size.queries if flow == "query_logs" else size.all_tables
    fields = size.all_tables * size.columns if flow == "metadata" and not hourly else 0
    if (result["events"], result["counts"].get("fields", 0)) != (expected, fields) or result["left_out"]:
        raise SystemExit(f"{name} {flow}: expected {expected:,} events with {fields:,} fields, got {result}")
    return result


def report(name: str, bare: float, queries: int) -> None:
    """Print the figures of one collector, as far as it gives the flows."""
    # Not imported here: a child's peak begins with the memory of its parent.
    flows = json.loads(child("-c", f"import json, {wires.__name__}.{name} as wire; print(json.dumps(wire.FLOWS))"))
    for flow in flows:
        size = replace(LARGE, queries=queries)
        result = measured(name, flow, size)
        rows = size.queries if flow == "query_logs" else size.all_tables * (size.columns + 1)
        peak, imported, seconds = result["peak"] - bare, result["imported"] - bare, result["seconds"]
        print(
            f"{name} {flow}: {rows:,} rows in {seconds:.1f} s ({rows / seconds:,.0f} rows/s); peak {peak:.0f} MB above "
            f"the bare interpreter, {imported:.0f} MB of it imports"
            + (", Airflow's among them" if result["airflow"] else "")
        )
    if "metadata" in flows:
        fewer = replace(MANY, tables=MANY.tables // 10)
        sent = [measured(name, "metadata", size, hourly=True)["statements"] for size in (fewer, MANY)]
        print(
            f"{name} hourly: {sent[1]:,} statements for {MANY.databases} databases x {MANY.schemas} schemas x "
            f"{MANY.tables} tables, {sent[0]:,} for a tenth of the tables"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("collectors", nargs="*", metavar="collector", help=", ".join(COLLECTORS))
    parser.add_argument("--queries", type=int, default=LARGE.queries)
    parser.add_argument("--measure", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        job = options.measure
        measure(job["name"], job["flow_name"], Size(**job["size"]), hourly=job["hourly"])
        return
    unknown = set(options.collectors) - set(COLLECTORS)
    if unknown:
        parser.error(f"no such collector: {', '.join(unknown)}; there are {', '.join(COLLECTORS)}")
    bare = float(child("-c", "import resource as r; print(r.getrusage(r.RUSAGE_SELF).ru_maxrss / 1024)"))
    print(f"A bare interpreter takes {bare:.0f} MB.")
    for name in options.collectors or COLLECTORS:
        report(name, bare, options.queries)


if __name__ == "__main__":
    main()
