"""``manifest show`` and ``manifest diff``."""

from __future__ import annotations

import logging
from argparse import Namespace
from itertools import islice
from typing import Any

import msgspec

from airflow_provider_montecarlo_push.cli.bars import bars
from airflow_provider_montecarlo_push.cli.command import command
from airflow_provider_montecarlo_push.cli.output import show
from airflow_provider_montecarlo_push.deletion.difference import scope_differences
from airflow_provider_montecarlo_push.hooks.locations import manifest_folder
from airflow_provider_montecarlo_push.manifests.comparison import compare
from airflow_provider_montecarlo_push.manifests.entries import ENTRIES, NAMES, entries
from airflow_provider_montecarlo_push.manifests.model import Manifest
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.progress import Progress

log = logging.getLogger(__name__)

_KINDS = ("added", "removed", "changed")


@command
def show_manifest(arguments: Namespace) -> None:
    """Show what a manifest says of itself, or its first events as JSON lines."""
    reader = ManifestReader(manifest_folder(arguments.uri))
    if arguments.events:
        lines = (line for part in reader.manifest.parts for line in reader.lines(part))
        for line in islice(lines, arguments.events):
            print(line.decode())
        return
    if arguments.verify:
        _verify(reader)
    show(_summary(reader.manifest, reader.uri, verified=arguments.verify), arguments.output)


def _verify(reader: ManifestReader) -> None:
    progress = Progress(log, "Verified", total=reader.manifest.events)
    with bars():
        for part in reader.manifest.parts:
            progress.add(sum(1 for _ in reader.lines(part)))


def _summary(manifest: Manifest, uri: str, *, verified: bool) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.to_builtins(manifest)
    parts = facts.pop("parts", [])
    facts |= {
        "uri": uri,
        "events": manifest.events,
        "complete": manifest.complete,
        "parts": len(parts),
        "bytes": sum(part.bytes for part in manifest.parts),
    }
    return facts | ({"verified": True} if verified else {})


@command
def diff_manifests(arguments: Namespace) -> None:
    """Show which tables, edges or queries are in one of two manifests only, and which were altered."""
    older, newer = (ManifestReader(manifest_folder(uri)) for uri in (arguments.older, arguments.newer))
    flow = older.manifest.flow
    newer.manifest.require_flow(flow, newer.uri)
    what, joint = NAMES[flow]
    progress = Progress(log, "Compared", total=older.manifest.events + newer.manifest.events)
    sides = (entries(reader, ENTRIES[flow], progress) for reader in (older, newer))
    with bars(), compare(*sides) as found:
        names = {kind: [joint.join(name) for name in islice(found.names(kind), arguments.limit)] for kind in _KINDS}
        result: dict[str, Any] = {"older": found.older, "newer": found.newer}
        result |= {kind: getattr(found, kind) for kind in _KINDS}
    if arguments.output in ("table", "plain"):
        rows = [{"": kind, what: name} for kind in _KINDS for name in names[kind]]
        rows += [
            {"": kind, what: f"… {result[kind] - len(names[kind]):,} more (--limit)"}
            for kind in _KINDS
            if result[kind] > len(names[kind])
        ]
        show(result, arguments.output)
        if rows:
            show(rows, arguments.output)
    else:
        show(result | {f"{kind}_{what}": names[kind] for kind in _KINDS}, arguments.output)
    for problem in scope_differences(older.manifest, newer.manifest):
        log.warning("The scopes differ: %s.", problem)
