"""A folder on any file system that fsspec reaches: whole files in, whole files out, each write atomic."""

from __future__ import annotations

import hashlib
import posixpath
import re
import uuid
from typing import Any, Protocol

_UNSAFE = re.compile(r"[^A-Za-z0-9._=-]")
_LONGEST_NAME = 100


class StoragePath(Protocol):
    """What a folder is made of: a ``upath.UPath``, or Airflow's ``ObjectStoragePath``, which brings credentials."""

    @property
    def fs(self) -> Any: ...

    @property
    def path(self) -> str: ...


class Folder:
    """A folder that holds small and middle-sized files.

    Files are read and written whole, so that a reader on an object store never sees half of one.

    :param path: where it is; it need not exist yet.
    """

    def __init__(self, path: StoragePath) -> None:
        self._path = path
        self._fs = path.fs
        self.uri = str(path).rstrip("/")

    def __repr__(self) -> str:
        return f"Folder({self.uri!r})"

    def child(self, *names: str) -> Folder:
        """Return a folder below this one; ``names`` are made safe for every store."""
        path: Any = self._path
        for name in names:
            path = path / safe_name(name)
        return Folder(path)

    def uri_of(self, name: str) -> str:
        """Return the URI of the file ``name``."""
        return f"{self.uri}/{name}"

    def read(self, name: str) -> bytes:
        """Return the content of ``name``.

        :raises FileNotFoundError: when there is no such file.
        """
        return bytes(self._fs.cat_file(self._full(name)))

    def write(self, name: str, content: bytes) -> None:
        """Write ``name`` so that readers see either the old content or all of the new."""
        target = self._full(name)
        if not self._is_local():
            self._fs.pipe_file(target, content)
            return
        self._fs.makedirs(posixpath.dirname(target), exist_ok=True)
        # A rename within one folder is atomic on POSIX; a plain write is not.
        temporary = f"{target}.{uuid.uuid4().hex[:8]}.tmp"
        try:
            self._fs.pipe_file(temporary, content)
            self._fs.mv(temporary, target)
        except BaseException:
            if self._fs.exists(temporary):
                self._fs.rm_file(temporary)
            raise

    def exists(self, name: str) -> bool:
        """Tell whether ``name`` is there now, whatever an earlier listing said."""
        self._fs.invalidate_cache()
        return bool(self._fs.exists(self._full(name)))

    def names(self) -> list[str]:
        """Return the names of the files in this folder, sorted; none when the folder does not exist."""
        self._fs.invalidate_cache()
        try:
            listing = self._fs.ls(self._path.path, detail=True)
        except FileNotFoundError:
            return []
        return sorted(posixpath.basename(entry["name"]) for entry in listing if entry["type"] == "file")

    def delete(self, name: str) -> None:
        """Delete ``name`` if it is there."""
        if self.exists(name):
            self._fs.rm_file(self._full(name))

    def _full(self, name: str) -> str:
        return posixpath.join(self._path.path, name)

    def _is_local(self) -> bool:
        protocol = self._fs.protocol
        return "file" in ((protocol,) if isinstance(protocol, str) else protocol)


def safe_name(name: str) -> str:
    """Return ``name`` with only characters that every store and shell takes, at most 109 characters long.

    A name that had to be changed carries a digest of the original, so that two names never meet.
    """
    if name and not _UNSAFE.search(name) and len(name) <= _LONGEST_NAME and name.strip("."):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{_UNSAFE.sub('-', name)[:_LONGEST_NAME].strip('.')}-{digest}"
