"""Push the same events to a gateway with 150 ms latency: from a manifest with this package, and with pycarlo.

``python -m benchmarks.push`` runs every flow both ways, each in a process of its own, and prints a table.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.samples import GENERATORS

RESOURCE = "11111111-1111-1111-1111-111111111111"
BATCH = 500


def write(flow: str, count: int, directory: str, _url: str, _concurrency: int) -> dict[str, Any]:
    """Write a manifest of ``count`` events."""
    from upath import UPath

    from airflow_provider_montecarlo_push import events
    from airflow_provider_montecarlo_push.manifests.model import FORMAT, Manifest
    from airflow_provider_montecarlo_push.manifests.storage import Folder
    from airflow_provider_montecarlo_push.manifests.writer import ManifestWriter

    header = Manifest(
        format=FORMAT, id="", flow=events.Flow(flow), collector="benchmark", collected_at=datetime.now(UTC)
    )
    with ManifestWriter(Folder(UPath(directory)), header) as writer:
        writer.write_all(GENERATORS[flow](events, count))
    return {"events": count}


def ours(flow: str, count: int, directory: str, url: str, concurrency: int) -> dict[str, Any]:
    """Push a manifest with this package."""
    from upath import UPath

    from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
    from airflow_provider_montecarlo_push.manifests.receipts import Destination
    from airflow_provider_montecarlo_push.manifests.storage import Folder
    from airflow_provider_montecarlo_push.push.gateway import Gateway
    from airflow_provider_montecarlo_push.push.session import ManifestPush

    with Gateway("id", "secret", endpoint=url, connections=concurrency) as gateway:
        destination = Destination(url, RESOURCE, resource_type="snowflake", log_type="snowflake")
        push = ManifestPush(ManifestReader(Folder(UPath(directory))), gateway, destination, concurrency=concurrency)
        result = push.run()
    if result.events != count:
        raise SystemExit(f"pushed {result.events} of {count}")
    return {"events": result.events, "batches": result.batches}


def pycarlo(flow: str, count: int, _directory: str, url: str, concurrency: int) -> dict[str, Any]:
    """Push with ``IngestionService`` in batches of 500 from ``concurrency`` threads, batches made as they are sent."""
    from pycarlo.core import Client, Session
    from pycarlo.features.ingestion import IngestionService, models

    session = Session(mcd_id="id", mcd_token="secret", endpoint=url, scope="Ingestion")
    service = IngestionService(mc_client=Client(session=session))
    send = {
        "metadata": lambda batch: service.send_metadata(RESOURCE, "snowflake", batch),
        "lineage": lambda batch: service.send_lineage(RESOURCE, "snowflake", batch),
        "query_logs": lambda batch: service.send_query_logs(RESOURCE, "snowflake", batch),
    }[flow]
    source = GENERATORS[flow](models, count)
    batches = iter(lambda: list(itertools.islice(source, BATCH)), [])
    with ThreadPoolExecutor(concurrency) as pool:
        pending: list[Any] = []
        for batch in batches:
            pending.append(pool.submit(send, batch))
            if len(pending) > concurrency:
                pending.pop(0).result()
        for future in pending:
            future.result()
    return {"events": count}


ROLES = {"write": write, "ours": ours, "pycarlo": pycarlo}


@contextmanager
def gateway(latency: float) -> Iterator[str]:
    """Run the gateway and give its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.gateway", "--latency", str(latency)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()


def child(role: str, flow: str, count: int, directory: str, url: str, concurrency: int) -> dict[str, Any]:
    """Run one role in a process of its own and return its figures: seconds, CPU seconds, MB above the interpreter."""
    command = [sys.executable, "-m", "benchmarks.push", "--role", role, "--flow", flow, "--count", str(count)]
    command += ["--directory", directory, "--url", url, "--concurrency", str(concurrency)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def bare_interpreter() -> float:
    """Return the peak memory of an interpreter that does nothing, in MB."""
    code = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    return (
        int(subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True).stdout) / 1024
    )


def compare(flow: str, count: int, pycarlo_count: int, latency: float, concurrency: int) -> None:
    """Measure one flow both ways and print a table."""
    bare = bare_interpreter()
    print(f"\n{flow}: {count:,} events, {latency * 1000:.0f} ms latency")
    print(f"{'':28}{'events':>10}{'events/s':>12}{'CPU s':>9}{'CPU ms/1000':>13}{'MB above bare':>15}")
    rows = {}
    with gateway(latency) as url, tempfile.TemporaryDirectory() as directory:
        folder = (Path(directory) / "manifest").as_uri()
        child("write", flow, count, folder, url, 0)
        large = (Path(directory) / "large").as_uri()
        child("write", flow, count * 10 if flow == "metadata" else count, large, url, 0)
        runs = [
            ("pycarlo, 4 threads", "pycarlo", pycarlo_count, folder, 4),
            ("ours, 4 in flight", "ours", count, folder, 4),
        ]
        if concurrency != 4:
            again = (Path(directory) / "again").as_uri()
            child("write", flow, count, again, url, 0)
            runs.append((f"ours, {concurrency} in flight", "ours", count, again, concurrency))
        if flow == "metadata":
            runs.append(("ours, 10 times the data", "ours", count * 10, large, 4))
        for label, role, number, where, width in runs:
            figures = rows[label] = child(role, flow, number, where, url, width)
            print(
                f"{label:28}{number:>10,}{number / figures['seconds']:>12,.0f}{figures['cpu']:>9.2f}"
                f"{figures['cpu'] / number * 1e6:>13.1f}{figures['mb'] - bare:>15.1f}"
            )
    base = rows.pop("pycarlo, 4 threads")
    for label, figures in rows.items():
        cpu = (base["cpu"] / base["events"]) / (figures["cpu"] / figures["events"])
        rate = (figures["events"] / figures["seconds"]) / (base["events"] / base["seconds"])
        print(f"{label}: {cpu:.1f} times less CPU per event, {rate:.1f} times the events per second")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--role", choices=sorted(ROLES), help=argparse.SUPPRESS)
    parser.add_argument("--flow", choices=sorted(GENERATORS), action="append")
    parser.add_argument("--count", type=int, help="events of each")
    parser.add_argument("--directory", default="", help=argparse.SUPPRESS)
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--latency", type=float, default=0.15)
    options = parser.parse_args()
    if options.role:
        logging.disable(logging.INFO)
        started = time.perf_counter()
        figures = ROLES[options.role](
            options.flow[0], options.count, options.directory, options.url, options.concurrency
        )
        usage = resource.getrusage(resource.RUSAGE_SELF)
        figures |= {
            "seconds": time.perf_counter() - started,
            "cpu": usage.ru_utime + usage.ru_stime,
            "mb": usage.ru_maxrss / 1024,
        }
        print(json.dumps(figures))
        return
    counts = {"metadata": 100_000, "query_logs": 200_000, "lineage": 20_000}
    for flow in options.flow or counts:
        count = options.count or counts[flow]
        compare(flow, count, count, options.latency, options.concurrency)


if __name__ == "__main__":
    main()
