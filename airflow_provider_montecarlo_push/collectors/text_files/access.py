"""Whether files can be found and read, before anything is collected."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.text_files.entries import FileEntry
from airflow_provider_montecarlo_push.collectors.text_files.storage import Storage
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, SourceError

_NEEDED = "every collection lists the files of its window and reads them"
# The newest files stand for all.
_TRIED = 5


def check_files(
    path: str,
    storage: Storage,
    places: Iterable[str],
    flows: Iterable[Flow],
    is_wanted: Callable[[FileEntry], bool] = lambda _: True,
) -> Iterator[AccessCheck]:
    """Yield whether ``path`` can be listed, with its folders, and whether its newest files can be read.

    :param path: what users call it.
    :param places: where its files are: files, folders or globs of ``storage``, without scheme.
    :param flows: which flows read them.
    :param is_wanted: tells whether a file would be read.
    :raises SourceUnavailableError: when the storage does not answer.
    """
    flows = frozenset(flows)
    denied: list[str] = []
    try:
        found = (entry for place in places for entry in storage.find(place, denied.append) if is_wanted(entry))
        problem = _problem(storage, heapq.nlargest(_TRIED, found, key=_modified))
    except (AccessDeniedError, SourceError) as error:
        problem = str(error)
    yield AccessCheck(path, flows, readable=not problem, needed=_NEEDED, problem=problem)
    for folder in denied:
        yield AccessCheck(storage.uri(folder), flows, readable=False, needed=_NEEDED, problem="may not be listed")


def _modified(entry: FileEntry) -> datetime:
    return entry.modified or datetime.min.replace(tzinfo=UTC)


def _problem(storage: Storage, entries: list[FileEntry]) -> str:
    for entry in entries:
        try:
            stream = storage.open(entry)
            if stream is not None:
                with stream:
                    storage.read(stream, 1, entry.name)
        except PermissionError as error:
            return f"{storage.uri(entry.name)} may not be read ({error})"
        except FileNotFoundError:
            continue
    return "" if entries else "there is no file"
