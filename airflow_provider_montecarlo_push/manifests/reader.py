"""A manifest in, its lines out: one part in memory at a time, checked against its sha256 before the first line."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator

from airflow_provider_montecarlo_push.exceptions import ManifestCorruptedError, ManifestNotFoundError
from airflow_provider_montecarlo_push.manifests.model import MANIFEST_NAME, Manifest, Part, decode_manifest
from airflow_provider_montecarlo_push.manifests.storage import Folder

_CHUNK_BYTES = 64 * 1024
_GZIP = 31


class ManifestReader:
    """Reads the manifest in ``folder``.

    :raises ManifestNotFoundError: when there is none.
    :raises ManifestFormatError: when it cannot be read, or is newer than this package.
    """

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.uri = folder.uri_of(MANIFEST_NAME)
        try:
            content = folder.read(MANIFEST_NAME)
        except FileNotFoundError:
            raise ManifestNotFoundError(
                f"No manifest at {self.uri}. Either the collect task has not finished, or this worker does not share "
                "storage with the one that collected: set [montecarlo_push] manifest_root (or manifest_root on the "
                "collect operator) to a place that every worker reaches, such as s3://conn_id@bucket/montecarlo."
            ) from None
        self.manifest: Manifest = decode_manifest(content, self.uri)

    def lines(self, part: Part) -> Iterator[bytes]:
        """Yield the lines of ``part``, each the JSON of one event, without the line end.

        :raises ManifestCorruptedError: before the first line, when the part is missing or not the one that the
            manifest was written with.
        """
        compressed = self._verified(part)
        unzip = zlib.decompressobj(wbits=_GZIP)
        rest = b""
        count = 0
        for start in range(0, len(compressed), _CHUNK_BYTES):
            lines = (rest + unzip.decompress(compressed[start : start + _CHUNK_BYTES])).split(b"\n")
            rest = lines.pop()
            count += len(lines)
            yield from lines
        if rest or count != part.events:
            raise ManifestCorruptedError(
                f"{self.folder.uri_of(part.name)} holds {count} lines, {MANIFEST_NAME} says {part.events}. "
                "Run the collect task again."
            )

    def _verified(self, part: Part) -> bytes:
        uri = self.folder.uri_of(part.name)
        try:
            content = self.folder.read(part.name)
        except FileNotFoundError:
            raise ManifestCorruptedError(
                f"{uri} is missing though {MANIFEST_NAME} names it: deleted by a lifecycle rule, or the collect task "
                "is running again. Run the collect task again, or wait for it."
            ) from None
        if hashlib.sha256(content).hexdigest() != part.sha256:
            raise ManifestCorruptedError(
                f"{uri} does not have the sha256 that {MANIFEST_NAME} names: it was changed or damaged after it was "
                "written. Nothing of it was sent. Run the collect task again."
            )
        return content
