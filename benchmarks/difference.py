"""What finding dropped tables costs: two manifests of a million tables of 30 columns on disk.

``python -m benchmarks.difference [--tables 1000000] [--columns 30]``. Each measurement runs in a process of its own;
memory is the peak above that of a bare interpreter, with the library's imports.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

DROP_EVERY = 50


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write(directory: str, tables: int, columns: int, *, drop: bool) -> None:
    from upath import UPath

    from airflow_provider_montecarlo_push.events import AssetField, AssetMetadata, Flow, RelationalAsset
    from airflow_provider_montecarlo_push.manifests.model import FORMAT, Manifest
    from airflow_provider_montecarlo_push.manifests.storage import Folder
    from airflow_provider_montecarlo_push.manifests.writer import ManifestWriter

    fields = [AssetField(f"COLUMN_{number}", "NUMBER(38,0)", f"Column {number}") for number in range(columns)]
    header = Manifest(format=FORMAT, id="", flow=Flow.METADATA, collector="bench", collected_at=datetime.now(UTC))
    with ManifestWriter(Folder(UPath(Path(directory).as_uri())), header) as writer:
        for number in range(tables):
            if drop and number % DROP_EVERY == 0:
                continue
            names = AssetMetadata(f"SOME_TABLE_{number}", f"DATABASE_{number % 20}", f"SCHEMA_{number % 400}")
            writer.write(RelationalAsset(type="TABLE", metadata=names, fields=fields))


def measure(older: str, newer: str) -> None:
    from upath import UPath

    from airflow_provider_montecarlo_push.deletion.difference import difference, require_comparable
    from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
    from airflow_provider_montecarlo_push.manifests.storage import Folder

    readers = [ManifestReader(Folder(UPath(Path(path).as_uri()))) for path in (older, newer)]
    imported = peak_megabytes()
    started = time.perf_counter()
    require_comparable(*readers)
    with difference(*readers) as found:
        dropped = sum(1 for _ in found.tables())
        facts = {"older": found.older, "newer": found.newer, "dropped": dropped}
    print(json.dumps(facts | {"s": time.perf_counter() - started, "imported": imported, "peak": peak_megabytes()}))


def child(*arguments: str) -> str:
    return subprocess.run([sys.executable, *arguments], stdout=subprocess.PIPE, check=True, text=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(*options.measure)
        return
    bare = float(child("-c", "import resource as r; print(r.getrusage(r.RUSAGE_SELF).ru_maxrss / 1024)"))
    for tables in (options.tables // 10, options.tables):
        with tempfile.TemporaryDirectory() as directory:
            places = [f"{directory}/older", f"{directory}/newer"]
            for place in places:
                write(place, tables, options.columns, drop=place.endswith("newer"))
            result = json.loads(child("-m", "benchmarks.difference", "--measure", *places))
        gone = -(-tables // DROP_EVERY)
        if (result["older"], result["newer"], result["dropped"]) != (tables, tables - gone, gone):
            raise SystemExit(f"expected {gone:,} of {tables:,} tables to be dropped, got {result}")
        print(
            f"{tables:,} tables of {options.columns} columns twice, {gone:,} dropped: {result['s']:.1f} s; peak "
            f"{result['peak'] - bare:.0f} MB above bare, {result['imported'] - bare:.0f} MB of it imports"
        )


if __name__ == "__main__":
    main()
