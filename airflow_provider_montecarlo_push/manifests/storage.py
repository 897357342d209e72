"""A folder on any file system that fsspec reaches: whole files in, whole files out, each write atomic."""

from __future__ import annotations

import hashlib
import posixpath
import re
import uuid
from collections.abc import Sequence
from contextlib import suppress
from glob import has_magic
from typing import Any, NamedTuple, Protocol

_UNSAFE = re.compile(r"[^A-Za-z0-9._=-]")
_LONGEST_NAME = 100
_DELETED_AT_ONCE = 1_000
# How S3 and Azure say that a file is there already.
_EXISTS = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "ResourceExistsError"})


class StoragePath(Protocol):
    """What a folder is made of: a ``upath.UPath``, or Airflow's ``ObjectStoragePath``, which brings credentials."""

    @property
    def fs(self) -> Any: ...

    @property
    def path(self) -> str: ...


class StoredFile(NamedTuple):
    """A file of a folder: its name, and its size in bytes."""

    name: str
    size: int


class Folder:
    """A folder that holds small and middle-sized files.

    Files are read and written whole, so that a reader on an object store never sees half of one.

    :param path: where it is; it need not exist yet.
    """

    def __init__(self, path: StoragePath) -> None:
        self._path = path
        self._fs = path.fs
        self.uri = str(path).rstrip("/")

    @property
    def name(self) -> str:
        """The last part of its path."""
        return posixpath.basename(self.uri)

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

    def create(self, name: str, content: bytes) -> bool:
        """Write ``name`` unless it is there already; of several that try at once, one succeeds.

        Local disks, S3 (s3fs from 2025.2 on) and Google Cloud Storage keep this promise; a store
        that knows no exclusive write only looks first.

        :return: whether it was written.
        """
        target = self._full(name)
        try:
            if self._is_local():
                self._create_locally(target, content)
            else:
                self._fs.pipe_file(target, content, mode="create")
        except FileExistsError:
            return False
        except Exception as error:
            if _says_it_exists(error):
                return False
            raise
        return True

    def exists(self, name: str) -> bool:
        """Tell whether ``name`` is there now, whatever an earlier listing said."""
        self._fs.invalidate_cache()
        return bool(self._fs.exists(self._full(name)))

    def names(self) -> list[str]:
        """Return the names of the files in this folder, sorted; none when the folder does not exist."""
        return [file.name for file in self.files()]

    def files(self) -> list[StoredFile]:
        """Return the files in this folder with their sizes, sorted; none when the folder does not exist."""
        return sorted(
            StoredFile(posixpath.basename(entry["name"]), entry["size"] or 0)
            for entry in self._listing()
            if entry["type"] == "file"
        )

    def folders(self) -> list[Folder]:
        """Return the folders in this folder, sorted by name; none when it does not exist."""
        path: Any = self._path
        names = {
            posixpath.basename(entry["name"].rstrip("/")) for entry in self._listing() if entry["type"] == "directory"
        }
        return [Folder(path / name) for name in sorted(names)]

    def delete(self, name: str) -> None:
        """Delete ``name`` if it is there."""
        if self.exists(name):
            self._fs.rm_file(self._full(name))

    def delete_all(self, names: Sequence[str]) -> None:
        """Delete those of ``names`` that are there, in as few requests as the store allows."""
        paths = [self._full(name) for name in names]
        if self._is_local() or has_magic(self._path.path):
            for path in paths:
                with suppress(FileNotFoundError):
                    self._fs.rm_file(path)
            return
        for start in range(0, len(paths), _DELETED_AT_ONCE):
            with suppress(FileNotFoundError):
                self._fs.rm(paths[start : start + _DELETED_AT_ONCE])

    def _listing(self) -> list[dict[str, Any]]:
        self._fs.invalidate_cache()
        try:
            return list(self._fs.ls(self._path.path, detail=True))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _create_locally(self, target: str, content: bytes) -> None:
        self._fs.makedirs(posixpath.dirname(target), exist_ok=True)
        # A link appears with all of its content, and only where nothing is.
        temporary = f"{target}.{uuid.uuid4().hex[:8]}.tmp"
        try:
            self._fs.pipe_file(temporary, content)
            self._fs.link(temporary, target)
        finally:
            with suppress(FileNotFoundError):
                self._fs.rm_file(temporary)

    def _full(self, name: str) -> str:
        return posixpath.join(self._path.path, name)

    def _is_local(self) -> bool:
        protocol = self._fs.protocol
        return "file" in ((protocol,) if isinstance(protocol, str) else protocol)


def _says_it_exists(error: Exception) -> bool:
    """Tell whether a store refused an exclusive write: older versions of s3fs keep S3's answer to themselves."""
    cause = error if error.__cause__ is None else error.__cause__
    code = getattr(cause, "response", {}).get("Error", {}).get("Code")
    return code in _EXISTS or type(error).__name__ in _EXISTS


def safe_name(name: str) -> str:
    """Return ``name`` with only characters that every store and shell takes, at most 109 characters long.

    A name that had to be changed carries a digest of the original, so that two names never meet.
    """
    if name and not _UNSAFE.search(name) and len(name) <= _LONGEST_NAME and name.strip("."):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{_UNSAFE.sub('-', name)[:_LONGEST_NAME].strip('.')}-{digest}"
