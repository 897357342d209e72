"""OpenLineage events in files into the spool.

Spark, Flink, dbt and others that no transport of ours runs in can write their events to files: a line each, as the file
transport of the OpenLineage clients does.
"""

from __future__ import annotations

import gzip
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import IO, Any

import msgspec

from airflow_provider_montecarlo_push.assets.model import Observation
from airflow_provider_montecarlo_push.manifests.storage import Folder, StoragePath
from airflow_provider_montecarlo_push.openlineage.columns import ColumnRules
from airflow_provider_montecarlo_push.openlineage.observations import EventReader
from airflow_provider_montecarlo_push.spool.writing import add

log = logging.getLogger(__name__)

MAX_LINE_BYTES = 64 * 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"


def spool_events(path: StoragePath, root: Folder, rules: ColumnRules | None = None) -> dict[str, int]:
    """Put the lineage of the events in a file into the spool.

    The same file twice does no harm: the same edge twice is one edge. Give files that are complete, or are only
    appended to.

    :param path: a file of JSON lines, plain or gzip.
    :param root: the manifest root.
    :return: how many ``events`` there were, how many ``observations`` came of them, and what was left out, by reason:
        ``malformed_lines``, ``lines_over_limit`` and ``spool_full``.
    :raises OSError: or whatever else the store raises.
    """
    counts: Counter[str] = Counter()
    with path.fs.open(path.path, "rb") as raw:
        for observation in observations_of(_lines(raw, counts), counts, rules):
            counts["observations" if add(root, observation) else "spool_full"] += 1
    log.info("%s: %s", path, ", ".join(f"{count:,} {kind}" for kind, count in counts.items()) or "no events")
    return dict(counts)


def observations_of(
    lines: Iterable[bytes], counts: Counter[str], rules: ColumnRules | None = None
) -> Iterator[Observation]:
    """Yield the observations of events, a line of JSON each; what is no event is counted as ``malformed_lines``."""
    reader = EventReader(rules)
    for line in lines:
        if not line.strip():
            continue
        try:
            observation = reader.observe(msgspec.json.decode(line))
        except ValueError as error:  # of msgspec as well
            counts["malformed_lines"] += 1
            log.log(logging.WARNING if counts["malformed_lines"] == 1 else logging.DEBUG, "No event: %s", error)
            continue
        counts["events"] += 1
        if observation is not None:
            yield observation


def _lines(raw: IO[bytes], counts: Counter[str]) -> Iterator[bytes]:
    is_gzip = raw.read(2) == _GZIP_MAGIC
    raw.seek(0)
    text: Any = gzip.open(raw) if is_gzip else raw  # noqa: SIM115 - the caller closes what is below it
    while line := text.readline(MAX_LINE_BYTES):
        if line.endswith(b"\n") or len(line) < MAX_LINE_BYTES:
            yield line
            continue
        counts["lines_over_limit"] += 1
        while line and not line.endswith(b"\n"):
            line = text.readline(MAX_LINE_BYTES)
