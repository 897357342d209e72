"""The files that wait in a spool: which are the oldest, and what is in them."""

from __future__ import annotations

import heapq
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice

import msgspec
from msgspec import Struct, field

from airflow_provider_montecarlo_push.assets.model import Observation
from airflow_provider_montecarlo_push.exceptions import SpoolError
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.spool.layout import (
    INCOMING,
    MAX_OBSERVATION_BYTES,
    SUFFIX,
    UNREADABLE,
    shards,
    time_of,
)

_READERS = 8
_WRITING = timedelta(hours=1)
_UNFINISHED_AT_ONCE = 1_000
_READ_AHEAD = 64
_GZIP = 31
# Anything larger is not ours, and would not fit into memory either.
_MAX_READ_BYTES = 4 * MAX_OBSERVATION_BYTES


class Waiting(Struct):
    """What waits: the oldest files, and how much there is in all.

    :ivar files: ``shard/name`` of each, the oldest first.
    :ivar unfinished: files that somebody was writing an hour ago, and never finished.
    """

    files: list[str] = field(default_factory=list)
    count: int = 0
    bytes: int = 0
    unfinished: list[str] = field(default_factory=list)


def oldest(spool: Folder, limit: int, max_bytes: int, taken: frozenset[str] = frozenset()) -> Waiting:
    """Return the oldest files that are not ``taken``; only their names are kept in memory.

    :param limit: most files.
    :param max_bytes: most bytes of them together; the first one is returned in any case.
    :param taken: files that belong to batches already.
    """
    found = Waiting()
    size = 0
    for _, path, file_size in heapq.nsmallest(limit, _entries(spool, found, taken)):
        size += file_size
        if found.files and size > max_bytes:
            break
        found.files.append(path)
    return found


def survey(spool: Folder) -> Waiting:
    """Return how much waits, files of open batches included, without the files' names."""
    found = Waiting()
    for _ in _entries(spool, found, frozenset()):
        pass
    return found


def _entries(spool: Folder, found: Waiting, taken: frozenset[str]) -> Iterator[tuple[str, str, int]]:
    """Yield name, path and size of each file that is not ``taken``, and count it in ``found``."""
    given_up = datetime.now(UTC) - _WRITING
    for shard in shards():
        for file in spool.child(INCOMING, shard).files():
            path = f"{shard}/{file.name}"
            if file.name.endswith(SUFFIX) and path not in taken:
                found.count += 1
                found.bytes += file.size
                yield file.name, path, file.size
            elif file.name.endswith(".tmp") and len(found.unfinished) < _UNFINISHED_AT_ONCE:
                at = time_of(file.name)
                if at is not None and at < given_up:
                    found.unfinished.append(path)


def read_all(spool: Folder, files: Sequence[str]) -> Iterator[tuple[str, Observation | None]]:
    """Yield each file that is still there with its observation, in order; ``None`` when it cannot be read.

    A file that is gone was delivered by somebody else since.
    """
    incoming = spool.child(INCOMING)
    rest = iter(files)
    with ThreadPoolExecutor(_READERS, thread_name_prefix="montecarlo-spool") as pool:
        while chunk := list(islice(rest, _READ_AHEAD)):
            for path, content in zip(chunk, pool.map(lambda path: _content(incoming, path), chunk), strict=True):
                if content is not None:
                    yield path, _decoded(content)


def _content(incoming: Folder, path: str) -> bytes | None:
    try:
        return incoming.read(path)
    except FileNotFoundError:
        return None


def _decoded(content: bytes) -> Observation | None:
    try:
        unzip = zlib.decompressobj(wbits=_GZIP)
        raw = unzip.decompress(content, _MAX_READ_BYTES)
        if not unzip.eof:
            return None
        return msgspec.json.decode(raw, type=Observation)
    except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def move_aside(spool: Folder, path: str) -> str:
    """Keep a file that cannot be read where nobody reads it again; return its URI."""
    folder = spool.child(UNREADABLE)
    name = path.rpartition("/")[2]
    try:
        content = spool.child(INCOMING).read(path)
    except FileNotFoundError:
        return folder.uri_of(name)
    folder.write(name, content)
    spool.child(INCOMING).delete_all([path])
    return folder.uri_of(name)


def delete(spool: Folder, files: Iterable[str]) -> None:
    """Delete files, and look whether they are gone: what stays would be pushed again.

    :raises SpoolError: when some cannot be deleted.
    """
    by_shard: defaultdict[str, set[str]] = defaultdict(set)
    for path in files:
        shard, _, name = path.rpartition("/")
        by_shard[shard].add(name)
    spool.child(INCOMING).delete_all([f"{shard}/{name}" for shard, names in by_shard.items() for name in sorted(names)])
    for shard, names in by_shard.items():
        folder = spool.child(INCOMING, shard)
        left = names.intersection(folder.names())
        if left:
            raise SpoolError(
                f"{len(left)} delivered files are still in {folder.uri}, such as {min(left)}: the store did not delete "
                "them. Allow this worker to delete there (s3:DeleteObject, storage.objects.delete); the next run goes "
                "on from here, and sends nothing twice."
            )
