"""One small file for each task that succeeded; how many may wait is bounded."""

from __future__ import annotations

import hashlib
import zlib
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
from msgspec import Struct

from airflow_provider_montecarlo_push.assets.model import Observation
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.spool.layout import (
    DROPPED,
    INCOMING,
    MAX_BYTES_PER_SHARD,
    MAX_FILES_PER_SHARD,
    file_name,
    shard_of,
    spool_of,
)
from airflow_provider_montecarlo_push.spool.limits import within_limits

_GZIP = 31


class DroppedTask(Struct):
    """How often observations of a task found the spool full: at least ``count`` times."""

    dag_id: str
    task_id: str
    count: int
    first: datetime
    last: datetime


def add(root: Folder, observation: Observation) -> bool:
    """Put ``observation`` into the spool under the manifest root; it is there with all of its content, or not at all.

    An observation of more than half a megabyte loses its largest parts, which its ``left_out`` counts. When the spool
    is full (64,000 files or 1 GiB; by then no task has pushed it for long), the observation is dropped, which a record
    of its task counts for the push task.

    :param root: the manifest root, not the spool.
    :return: whether it was written; ``False`` when the spool is full.
    :raises OSError: or whatever else the store raises.
    """
    spool = spool_of(root)
    unique = uuid4()
    shard = spool.child(INCOMING, shard_of(unique))
    content = zlib.compress(msgspec.json.encode(within_limits(observation)), level=1, wbits=_GZIP)
    waiting = shard.files()
    size = sum(file.size for file in waiting) + len(content)
    if len(waiting) >= MAX_FILES_PER_SHARD or size > MAX_BYTES_PER_SHARD:
        _count_dropped(spool, observation)
        return False
    shard.write(file_name(datetime.now(UTC), unique), content)
    return True


def _count_dropped(spool: Folder, observation: Observation) -> None:
    """Count, in one record for each task: as many as there are tasks, however long the spool stays full."""
    run = observation.run
    folder = spool.child(DROPPED)
    name = hashlib.sha256(f"{run.dag_id}\n{run.task_id}".encode()).hexdigest()[:32] + ".json"
    try:
        record = msgspec.json.decode(folder.read(name), type=DroppedTask)
    except (FileNotFoundError, msgspec.MsgspecError):
        record = DroppedTask(run.dag_id, run.task_id, 0, observation.at, observation.at)
    record.count += 1
    record.last = observation.at
    folder.write(name, msgspec.json.encode(record))
