"""Where things are in a spool, and how much of them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from airflow_provider_montecarlo_push.manifests.storage import Folder

SPOOL = "spool"
INCOMING = "incoming"
DROPPED = "dropped"
BATCHES = "batches"
UNREADABLE = "unreadable"
SUFFIX = ".json.gz"

# Waiting files are spread over this many folders, so that one listing of one page says how full the spool is.
SHARDS = 64
MAX_FILES_PER_SHARD = 1_000
MAX_BYTES_PER_SHARD = 16 * 1024 * 1024
# Of one observation, before compression.
MAX_OBSERVATION_BYTES = 512 * 1024

_TIME = "%Y%m%dT%H%M%S.%fZ"


def spool_of(root: Folder) -> Folder:
    """Return the spool under a manifest root."""
    return root.child(SPOOL)


def shard_of(unique: UUID) -> str:
    """Return the folder of a waiting file."""
    return f"{unique.int % SHARDS:02d}"


def shards() -> list[str]:
    """Return all folders that files wait in."""
    return [f"{number:02d}" for number in range(SHARDS)]


def file_name(at: datetime, unique: UUID) -> str:
    """Return the name of a waiting file; names sort by time."""
    return f"{at.astimezone(UTC):{_TIME}}-{unique.hex}{SUFFIX}"


def time_of(name: str) -> datetime | None:
    """Return when a waiting file was written, by its name; ``None`` when it is not one of ours."""
    try:
        return datetime.strptime(name.partition("-")[0], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
