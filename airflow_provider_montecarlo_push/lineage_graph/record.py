"""What was done to the lineage graph at Monte Carlo and what was refused: kept on storage as it goes on.

A record is a folder: ``graph.json`` sums up, ``done-00000.jsonl`` and so on hold what was done, in order, and
``refused.jsonl`` what the last attempt could not do, with Monte Carlo's words.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import msgspec
from msgspec import Struct

from airflow_provider_montecarlo_push.exceptions import ManifestFormatError, ManifestNotFoundError
from airflow_provider_montecarlo_push.manifests.model import FORMAT, RunReference
from airflow_provider_montecarlo_push.manifests.storage import Folder

GRAPH_NAME = "graph.json"
_REFUSED_NAME = "refused.jsonl"
_DONE = "done-"
_FLUSH_ITEMS = 200
_FLUSH_SECONDS = 5.0

Status = Literal["running", "incomplete", "done"]


class DoneItem(Struct, omit_defaults=True):
    """A node or edge that was dealt with.

    :param position: its place among those that were asked for, from 0.
    :param item: what it was called there.
    :param mcon: of a node; ``source`` and ``destination`` of an edge.
    :param absent: there was nothing to delete.
    :param edges: how many edges went with a deleted node.
    """

    position: int
    item: str
    mcon: str | None = None
    source: str | None = None
    destination: str | None = None
    expire_at: str | None = None
    absent: bool = False
    edges: int = 0


class RefusedItem(Struct):
    """A node or edge that was refused, and why."""

    position: int
    item: str
    message: str


class GraphSummary(Struct, kw_only=True, omit_defaults=True):
    """``graph.json``.

    :param verb: what is done: ``nodes``, ``edges`` or ``delete``.
    :param asked: how many were asked for; ``done`` and ``refused`` how many were.
    :param absent: how many of those done were not there to be deleted.
    :param error: what ended the last attempt.
    """

    format: int = FORMAT
    status: Status = "running"
    verb: str
    run: RunReference | None = None
    started_at: datetime
    updated_at: datetime
    asked: int
    done: int = 0
    absent: int = 0
    refused: int = 0
    error: str | None = None


class GraphRecord:
    """The record in ``folder``: that of an attempt that did not come to its end, or else a new one.

    :param summary: what a new one begins with.
    :param clock: seconds, monotonic.
    :raises ManifestFormatError: when there is one that cannot be read.
    """

    def __init__(self, folder: Folder, summary: GraphSummary, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.folder = folder
        self.done: dict[int, DoneItem] = {}
        self._clock = clock
        self._flushed = clock()
        self._pending: list[DoneItem] = []
        self._refused: list[RefusedItem] = []
        names = [name for name in folder.names() if name.startswith(_DONE)]
        earlier = self._earlier()
        if earlier is None or earlier.status == "done":
            # A task that is run again does all of it again: something may have been taken out since.
            self.summary = summary
            for name in names:
                folder.delete(name)
            self._segments = 0
        else:
            self.summary = msgspec.structs.replace(summary, started_at=earlier.started_at)
            self.done = {item.position: item for name in names for item in self._read(name)}
            self._segments = 1 + max((int(name.removeprefix(_DONE).partition(".")[0]) for name in names), default=-1)
        self.resumed = len(self.done)
        folder.delete(_REFUSED_NAME)
        self._write_summary("running", None)

    @property
    def uri(self) -> str:
        """URI of ``graph.json``."""
        return self.folder.uri_of(GRAPH_NAME)

    @property
    def refused(self) -> list[RefusedItem]:
        """What this attempt could not do."""
        return self._refused

    def add(self, item: DoneItem) -> None:
        """Record what was done; it is on storage a few seconds later, or when the record is closed."""
        self.done[item.position] = item
        self._pending.append(item)
        if len(self._pending) >= _FLUSH_ITEMS or self._clock() - self._flushed >= _FLUSH_SECONDS:
            self._flush()
            self._write_summary("running", None)

    def refuse(self, item: RefusedItem) -> None:
        """Record what was refused."""
        self._refused.append(item)

    def close(self, status: Status, error: str | None = None) -> None:
        """Put everything on storage, with the state of things."""
        self._flush()
        if self._refused:
            self.folder.write(_REFUSED_NAME, b"".join(msgspec.json.encode(item) + b"\n" for item in self._refused))
        self._write_summary(status, error)

    def in_order(self) -> list[DoneItem]:
        """Return what was done, by this attempt and those before it, in the order that it was asked for."""
        return [self.done[position] for position in sorted(self.done)]

    def _flush(self) -> None:
        if self._pending:
            content = b"".join(msgspec.json.encode(item) + b"\n" for item in self._pending)
            self.folder.write(f"{_DONE}{self._segments:05d}.jsonl", content)
            self._segments += 1
            self._pending = []
        self._flushed = self._clock()

    def _write_summary(self, status: Status, error: str | None) -> None:
        summary = self.summary
        summary.status, summary.error, summary.updated_at = status, error, datetime.now(UTC)
        summary.done, summary.refused = len(self.done), len(self._refused)
        summary.absent = sum(item.absent for item in self.done.values())
        content = msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n"
        self.folder.write(GRAPH_NAME, content)

    def _read(self, name: str) -> list[DoneItem]:
        return _decoded(self.folder, name)

    def _earlier(self) -> GraphSummary | None:
        try:
            return msgspec.json.decode(self.folder.read(GRAPH_NAME), type=GraphSummary)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise ManifestFormatError(
                f"{self.uri} cannot be read: {error}. It says what was done already; to do all of it again, delete the "
                f"folder {self.folder.uri}."
            ) from error


def recorded_nodes(folder: Folder) -> list[str]:
    """Return the MCONs of the nodes in a record, in order.

    :raises ManifestNotFoundError: when there is no record.
    :raises ManifestFormatError: when it is one of edges.
    """
    names = folder.names()
    if GRAPH_NAME not in names:
        raise ManifestNotFoundError(
            f"No {GRAPH_NAME} at {folder.uri}. When the tasks run on several machines, set [montecarlo_push] "
            "manifest_root to a place that all of them share."
        )
    done = [name for name in names if name.startswith(_DONE)]
    items = sorted((item for name in done for item in _decoded(folder, name)), key=lambda item: item.position)
    mcons = [item.mcon for item in items if item.mcon]
    if len(mcons) != len(items):
        raise ManifestFormatError(f"{folder.uri} is a record of edges, not of nodes.")
    return mcons


def _decoded(folder: Folder, name: str) -> list[DoneItem]:
    decoder = msgspec.json.Decoder(DoneItem)
    try:
        return [decoder.decode(line) for line in folder.read(name).splitlines()]
    except msgspec.MsgspecError as error:
        raise ManifestFormatError(f"{folder.uri_of(name)} cannot be read: {error}.") from error
