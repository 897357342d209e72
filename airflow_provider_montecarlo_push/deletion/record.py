"""What was to be deleted at Monte Carlo, what was, and what not and why: kept on storage as it goes on.

A record is a folder: ``deletion.json`` sums up, ``planned-00000.jsonl`` and so on hold the tables to delete, up to a
thousand each, and ``deleted-00000.jsonl`` those of the same number that were deleted, written after each call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec
from msgspec import Struct

from airflow_provider_montecarlo_push.exceptions import ManifestFormatError
from airflow_provider_montecarlo_push.manifests.model import FORMAT, RunReference
from airflow_provider_montecarlo_push.manifests.storage import Folder

DELETION_NAME = "deletion.json"
SEGMENT_TABLES = 1_000
_PLANNED, _DELETED = "planned-", "deleted-"
_EXAMPLES = 20

Status = Literal["planning", "refused", "reported", "deleting", "deleted"]


class PlannedTable(Struct):
    """A table to delete; ``table`` is ``database:schema.name``."""

    mcon: str
    table: str
    last_observed: datetime | None = None


class DeletedTable(Struct):
    """A table that was deleted."""

    mcon: str
    table: str
    deleted_at: datetime


class DeletionSummary(Struct, kw_only=True, omit_defaults=True):
    """``deletion.json``.

    :param manifest: URI of the newer manifest, where tables are deleted that it lacks; ``previous`` the older one's.
    :param older: number of tables in the older manifest, ``newer`` in the newer one.
    :param databases_gone: databases of which the newer one holds no table.
    :param asked: number of tables that were named, or are dropped.
    :param planned: how many of them Monte Carlo may delete.
    :param left_alone: how many it may not, or need not, by reason, with some of their names in ``examples``.
    """

    format: int = FORMAT
    status: Status = "planning"
    manifest: str | None = None
    previous: str | None = None
    resource_uuid: str | None = None
    run: RunReference | None = None
    started_at: datetime
    updated_at: datetime
    older: int | None = None
    newer: int | None = None
    databases_gone: list[str] = []
    asked: int = 0
    planned: int = 0
    deleted: int = 0
    left_alone: dict[str, int] = {}
    examples: dict[str, list[str]] = {}
    error: str | None = None


class DeletionRecord:
    """The record in ``folder``, where there is one already, or a new one that begins with ``summary``.

    :raises ManifestFormatError: when there is one that cannot be read.
    """

    def __init__(self, folder: Folder, summary: DeletionSummary) -> None:
        self.folder = folder
        self._fresh = summary
        self.summary = self._earlier() or msgspec.structs.replace(summary)
        if self.has_begun:  # The last call may have been recorded when the worker was killed, and not yet counted.
            self.summary.deleted = sum(len(folder.read(name).splitlines()) for name in self._names(_DELETED))
        self._segment: list[PlannedTable] = []
        self._segments = 0

    @property
    def uri(self) -> str:
        """URI of ``deletion.json``."""
        return self.folder.uri_of(DELETION_NAME)

    @property
    def is_planned(self) -> bool:
        """Whether a whole plan is on storage."""
        return self.summary.status in ("reported", "deleting", "deleted")

    @property
    def has_begun(self) -> bool:
        """Whether tables have been deleted by this plan, or all that it holds."""
        return self.summary.status in ("deleting", "deleted")

    def begin_plan(self) -> None:
        """Start a plan, and forget an earlier one."""
        self.summary = msgspec.structs.replace(self._fresh, left_alone={}, examples={}, databases_gone=[])
        self.close("planning")
        for name in self.folder.names():
            if name.startswith((_PLANNED, _DELETED)):
                self.folder.delete(name)
        self._segment, self._segments = [], 0

    def plan(self, table: PlannedTable) -> None:
        """Add a table to the plan."""
        self.summary.planned += 1
        self._segment.append(table)
        if len(self._segment) == SEGMENT_TABLES:
            self._write_segment()

    def leave_alone(self, reason: str, table: str) -> None:
        """Count a table that is not deleted."""
        left_alone, examples = self.summary.left_alone, self.summary.examples
        left_alone[reason] = left_alone.get(reason, 0) + 1
        if left_alone[reason] <= _EXAMPLES:
            examples.setdefault(reason, []).append(table)

    def end_plan(self) -> None:
        """Put the plan on storage."""
        if self._segment:
            self._write_segment()
        self.close("reported")

    def planned(self, limit: int | None = None) -> Iterator[PlannedTable]:
        """Yield the plan's tables, up to ``limit``."""
        number = 0
        for name in self._names(_PLANNED):
            for table in self._read(name):
                if limit is not None and number >= limit:
                    return
                yield table
                number += 1

    def pending(self) -> Iterator[tuple[str, list[PlannedTable]]]:
        """Yield the segments of the plan that are not deleted yet, with their numbers."""
        done = {name.removeprefix(_DELETED) for name in self._names(_DELETED)}
        for name in self._names(_PLANNED):
            number = name.removeprefix(_PLANNED)
            if number not in done:
                yield number, list(self._read(name))

    def acknowledge(self, number: str, deleted: Sequence[PlannedTable]) -> None:
        """Record a segment: which of its tables were deleted."""
        now = datetime.now(UTC)
        lines = [msgspec.json.encode(DeletedTable(table.mcon, table.table, now)) + b"\n" for table in deleted]
        self.folder.write(f"{_DELETED}{number}", b"".join(lines))
        self.summary.deleted += len(deleted)
        self.close("deleting")

    def close(self, status: Status, error: str | None = None) -> None:
        """Write the summary with the state of things."""
        self.summary.status = status
        self.summary.error = error
        self.summary.updated_at = datetime.now(UTC)
        content = msgspec.json.format(msgspec.json.encode(self.summary), indent=2) + b"\n"
        self.folder.write(DELETION_NAME, content)

    def _write_segment(self) -> None:
        content = b"".join(msgspec.json.encode(table) + b"\n" for table in self._segment)
        self.folder.write(f"{_PLANNED}{self._segments:05d}.jsonl", content)
        self._segments += 1
        self._segment = []

    def _read(self, name: str) -> Iterator[PlannedTable]:
        decoder = msgspec.json.Decoder(PlannedTable)
        for line in self.folder.read(name).splitlines():
            yield decoder.decode(line)

    def _names(self, prefix: str) -> list[str]:
        return [name for name in self.folder.names() if name.startswith(prefix)]

    def _earlier(self) -> DeletionSummary | None:
        try:
            return msgspec.json.decode(self.folder.read(DELETION_NAME), type=DeletionSummary)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise ManifestFormatError(
                f"{self.uri} cannot be read: {error}. It says what was deleted already; to plan anew, delete the "
                f"folder {self.folder.uri}."
            ) from error
