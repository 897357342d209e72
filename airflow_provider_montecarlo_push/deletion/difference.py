"""Which tables an older metadata manifest holds and a newer one of the same scope does not: dropped tables."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from msgspec import Struct

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import NotComparableError
from airflow_provider_montecarlo_push.manifests.comparison import Comparison, Entry, compare
from airflow_provider_montecarlo_push.manifests.entries import entries
from airflow_provider_montecarlo_push.manifests.model import Manifest
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.progress import Progress

log = logging.getLogger(__name__)

# What does not change which tables a manifest holds.
_NOT_SCOPE = frozenset({"redact_literals", "keep_asset_types"})
_PATTERNS = frozenset({"include", "exclude"})
# Left out on purpose, or a detail of a table that is there all the same.
_HARMLESS = frozenset(
    {
        "filtered",
        "duplicates",
        "temporary",
        "hidden_text",
        "view_without_text",
        "metric_view",
        "size_locked",
        "freshness_unknown",
        "freshness_not_granted",
        "details_over_limit",
        "details_denied",
        "details_failed",
    }
)


class Difference:
    """What :func:`difference` found; to be used within its context.

    :ivar older: number of tables in the older manifest.
    :ivar newer: number of tables in the newer one.
    :ivar dropped: number of tables that are in the older one only.
    :ivar databases_gone: databases of which the newer one holds no table at all: dropped, or no longer granted.
    """

    def __init__(self, found: Comparison, databases_gone: list[str]) -> None:
        self._found = found
        self.older = found.older
        self.newer = found.newer
        self.dropped = found.removed
        self.databases_gone = databases_gone

    def tables(self) -> Iterator[TableName]:
        """Yield the dropped tables in alphabetical order."""
        return (TableName(*name) for name in self._found.names("removed"))


@contextmanager
def difference(older: ManifestReader, newer: ManifestReader) -> Iterator[Difference]:
    """Compare two manifests, which :func:`require_comparable` has let through.

    Names are compared without regard to case, so that a table of which only the case changed is never taken for a
    dropped one.

    :raises ManifestCorruptedError: when a part is missing or was changed.
    :raises ManifestFormatError: when a line names no table.
    """
    progress = Progress(log, "Compared", "tables", total=older.manifest.events + newer.manifest.events)
    gone: dict[str, str] = {}

    def before() -> Iterator[Entry]:
        for entry in entries(older, _tables, progress):
            gone.setdefault(entry.name[0].casefold(), entry.name[0])
            yield entry

    def now() -> Iterator[Entry]:
        for entry in entries(newer, _tables, progress):
            gone.pop(entry.name[0].casefold(), None)
            yield entry

    with compare(before(), now()) as found:
        yield Difference(found, sorted(gone.values()))


def require_comparable(older: ManifestReader, newer: ManifestReader) -> None:
    """Check that a table which only ``older`` holds was dropped, and not left out of ``newer`` for another reason.

    :raises NotComparableError: when that cannot be told, with the reason.
    """
    for reader in (older, newer):
        require_whole(reader)
    problem = _order_problem(older.manifest, newer.manifest)
    if problem:
        raise NotComparableError(f"{problem} ({older.uri}, {newer.uri}).")
    differences = scope_differences(older.manifest, newer.manifest)
    if differences:
        raise NotComparableError(
            f"{older.uri} and {newer.uri} are not of the same scope: {'; '.join(differences)}. A table that is in one "
            "only need not be dropped. Give two manifests that were collected with the same filters and options."
        )
    left_out = _newly_left_out(older.manifest, newer.manifest)
    if left_out:
        raise NotComparableError(
            f"{newer.uri} leaves out more than {older.uri} does: {', '.join(left_out)}. What is left out cannot be "
            "told from what was dropped. Mend what the collect task's log names, and collect again."
        )


def scope_differences(one: Manifest, other: Manifest) -> list[str]:
    """Return in what the scopes of two manifests differ, in words; nothing when they are the same."""
    facts, others = _scope(one), _scope(other)
    return [
        f"{key} is {facts.get(key)!r} and {others.get(key)!r}"
        for key in {**facts, **others}
        if facts.get(key) != others.get(key)
    ]


def scope_digest(manifest: Manifest) -> str:
    """Return a name for the scope of a manifest: the same for those that can be compared with it."""
    return hashlib.sha256(msgspec.json.encode(_scope(manifest), order="sorted")).hexdigest()[:16]


def _scope(manifest: Manifest) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "collector": manifest.collector,
        "source_conn_id": manifest.source_conn_id,
        "resource_type": manifest.resource_type,
    }
    for key, value in manifest.scope.items():
        if key not in _NOT_SCOPE:
            facts[key] = sorted(str(pattern).casefold() for pattern in value) if key in _PATTERNS else value
    return facts


def require_whole(reader: ManifestReader) -> None:
    """Check that a manifest holds every table of its scope.

    :raises NotComparableError: when it does not.
    """
    manifest, problem = reader.manifest, None
    if manifest.flow is not Flow.METADATA:
        problem = f"holds {manifest.flow.value} events; dropped tables are found in metadata manifests"
    elif not manifest.complete:
        notes = " ".join(manifest.notes) or "see its collect task's log"
        problem = f"is not complete: {notes}. A table that could not be read is not a dropped one; mend that first"
    elif manifest.scope.get("only_freshness_and_volume"):
        problem = (
            "holds freshness and volume only, which leaves out tables that are there; compare full collections "
            "(only_freshness_and_volume=False)"
        )
    elif not manifest.events:
        problem = "holds no table"
    if problem:
        raise NotComparableError(f"{reader.uri} {problem}.")


def _order_problem(older: Manifest, newer: Manifest) -> str | None:
    if older.id == newer.id:
        return "A manifest was given to be compared with itself"
    if older.collected_at >= newer.collected_at:
        return (
            f"previous was collected at {older.collected_at.isoformat()}, which is not before manifest, "
            f"{newer.collected_at.isoformat()}; exchange them"
        )
    return None


def _newly_left_out(older: Manifest, newer: Manifest) -> list[str]:
    return [
        f"{count:,} {reason} instead of {older.left_out.get(reason, 0):,}"
        for reason, count in newer.left_out.items()
        if reason not in _HARMLESS and count > older.left_out.get(reason, 0)
    ]


class _Metadata(Struct):
    database: str
    schema: str
    name: str


class _NamedAsset(Struct):
    metadata: _Metadata


class _Line(Struct):
    relational_asset: _NamedAsset


_DECODER = msgspec.json.Decoder(_Line)


def _tables(line: bytes) -> Iterator[Entry]:
    names = _DECODER.decode(line).relational_asset.metadata
    yield Entry((names.database, names.schema, names.name))
