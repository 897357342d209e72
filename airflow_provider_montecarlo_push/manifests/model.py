"""``manifest.json``: what a manifest says about itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import ManifestFlowError, ManifestFormatError

FORMAT = 1
MANIFEST_NAME = "manifest.json"


class Part(Struct, omit_defaults=True):
    """One ``part-00000.jsonl.gz``.

    :param events: number of lines.
    :param bytes: size of the file.
    :param raw_bytes: size of its lines.
    :param sha256: digest of the file, hexadecimal.
    :param crosses_resources: whether its lineage events name their own resources, so that a request must not.
    """

    name: str
    events: int
    bytes: int
    raw_bytes: int
    sha256: str
    crosses_resources: bool = False


class TimeWindow(Struct, frozen=True):
    """A half-open window, ``start`` included and ``end`` not, both in UTC."""

    start: datetime
    end: datetime


class RunReference(Struct, omit_defaults=True):
    """The task instance that collected."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1


class Manifest(Struct, kw_only=True, omit_defaults=True):
    """A set of events on object storage.

    :param id: distinguishes this manifest from an earlier one at the same place.
    :param resource_uuid: the Monte Carlo resource that the events are about, where whoever made them knew it.
    :param scope: what was to be collected: filters and options, by which two manifests can be compared.
    :param root: URI of the manifest root that it was written under.
    :param counts: what was collected, by kind.
    :param left_out: what was not, by reason.
    :param notes: warnings of the collector.
    :param complete: whether everything in scope could be read.
    """

    format: int
    id: str
    flow: Flow
    collector: str
    resource_uuid: str | None = None
    resource_type: str | None = None
    log_type: str | None = None
    source_conn_id: str | None = None
    scope: dict[str, Any] = {}
    root: str | None = None
    window: TimeWindow | None = None
    run: RunReference | None = None
    collected_at: datetime
    parts: list[Part] = []
    events: int = 0
    counts: dict[str, int] = {}
    left_out: dict[str, int] = {}
    notes: list[str] = []
    complete: bool = True

    def require_flow(self, flow: Flow, uri: str) -> None:
        """Check that this manifest holds ``flow``.

        :raises ManifestFlowError: when it holds another one.
        """
        if self.flow != flow:
            raise ManifestFlowError(
                f"{uri} holds {self.flow.value} events, not {flow.value}. Give it to the push operator of its own "
                f"flow, or give this one the output of the {flow.value} collect task."
            )


class _Header(Struct):
    format: int


def encode_manifest(manifest: Manifest) -> bytes:
    """Return ``manifest`` as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def decode_manifest(content: bytes, uri: str) -> Manifest:
    """Return the manifest in ``content``.

    :param uri: where it came from, for the error.
    :raises ManifestFormatError: when it is unreadable, or newer than this package.
    """
    try:
        written = msgspec.json.decode(content, type=_Header).format
        if written > FORMAT:
            raise ManifestFormatError(
                f"{uri} has format {written}; this version of airflow-provider-montecarlo-push reads up to "
                f"{FORMAT}. Upgrade the package on the workers that push."
            )
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ManifestFormatError(
            f"{uri} is not a manifest: {error}. Run the collect task again, which writes a new one."
        ) from error
