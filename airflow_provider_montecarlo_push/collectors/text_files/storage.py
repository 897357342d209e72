"""Files on any file system that Airflow reaches: found, told apart, opened."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from airflow_provider_montecarlo_push.collectors.text_files.entries import FileEntry
from airflow_provider_montecarlo_push.collectors.text_files.local import find_local
from airflow_provider_montecarlo_push.collectors.text_files.naming import is_glob, is_hidden, is_hidden_in_glob
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    MonteCarloPushError,
    SourceError,
    SourceUnavailableError,
)

__all__ = ["FileEntry", "Storage", "split_path", "translate"]

# Object stores fetch blocks of this size; their own defaults go up to 50 MB for each open file.
_BLOCK = 1 << 20
_MODIFIED_KEYS = ("LastModified", "last_modified", "mtime", "updated", "modified", "timeModified")
_CREDENTIAL_WORDS = ("credential", "unauthorized", "authentication", "invalidaccesskey", "signaturedoesnotmatch")
_WRONG_NAMES = (errno.EINVAL, errno.ENAMETOOLONG, errno.ELOOP)
_PASSING_WORDS = ("timeout", "connection", "unavailable", "throttl", "toomanyrequests", "temporar")


class Storage:
    """The file system of a path.

    :param path: a URI such as ``s3://bucket/key`` or ``s3://conn_id@bucket/key``, or an absolute local path.
    :param conn_id: Airflow connection of the storage; none for local files. One in the path goes before it.
    :raises ConfigurationError: when there is no such file system or connection.
    """

    def __init__(self, path: str, conn_id: str | None) -> None:
        self._scheme, conn_in_path, rest = split_path(path)
        self.is_local = self._scheme == "file"
        self._conn_id = None if self.is_local else conn_in_path or conn_id or None
        self._fs: Any = None if self.is_local else self._connect(rest)
        self.root = rest if self.is_local else self._strip(rest)

    def uri(self, name: str) -> str:
        """Return what people call a file."""
        return name if self.is_local else str(self._fs.unstrip_protocol(name))

    def find(self, place: str, on_denied: Callable[[str], None]) -> Iterator[FileEntry]:
        """Yield the files at ``place``: the file itself, those below a folder, those that a glob means.

        Files below a folder are left out when they are hidden (``.crc``, ``_SUCCESS``).

        :param place: a path of this storage, without scheme; see :attr:`root`.
        :param on_denied: is told of folders that may not be listed.
        :raises AccessDeniedError: when ``place`` itself may not be listed.
        :raises SourceUnavailableError: when the storage does not answer.
        """
        yield from self._call("Listing", place, lambda: self._list(place, on_denied))

    def _list(self, place: str, on_denied: Callable[[str], None]) -> Iterable[FileEntry]:
        if self.is_local:
            return list(find_local(place, on_denied))
        return [_entry(name, info) for name, info in self._objects(place).items() if not name.endswith("/")]

    def _objects(self, place: str) -> dict[str, dict[str, Any]]:
        self._fs.invalidate_cache()  # what was listed before may be of the round before
        try:
            info = self._fs.info(place)
        except FileNotFoundError:
            return self._glob(place) if is_glob(place) else {}
        return self._below(place) if info["type"] == "directory" else {place: info}

    def _glob(self, pattern: str) -> dict[str, dict[str, Any]]:
        found = {}
        for name, info in self._fs.glob(pattern, detail=True).items():
            if is_hidden_in_glob(name, pattern):
                continue
            if info["type"] != "directory":
                found[name] = info
            elif "**" not in pattern:  # which names the folders above what it names as well
                found.update(self._below(name))
        return found

    def _below(self, folder: str) -> dict[str, dict[str, Any]]:
        depth = len(folder.rstrip("/")) + 1
        listing: dict[str, dict[str, Any]] = self._fs.find(folder, detail=True)
        return {name: info for name, info in listing.items() if not is_hidden(name[depth:])}

    def open(self, entry: FileEntry) -> BinaryIO | None:
        """Return the file for reading; ``None`` when it is gone, or another one has its name by now.

        :raises PermissionError: when it may not be read.
        :raises SourceUnavailableError: when the storage does not answer.
        """
        try:
            stream: BinaryIO = self._call("Opening", entry.name, lambda: self._open(entry.name), file=True)
        except FileNotFoundError:
            return None
        if self.is_local:
            status = os.fstat(stream.fileno())
            if (status.st_dev, status.st_ino) != entry.identity:
                stream.close()
                return None
        return stream

    def read(self, stream: BinaryIO, size: int, name: str) -> bytes:
        """Return the next at most ``size`` bytes of an open file.

        :raises FileNotFoundError: when it is gone by now.
        :raises PermissionError: when it may not be read.
        :raises SourceUnavailableError: when the storage does not answer, or the file was replaced meanwhile.
        """
        content: bytes = self._call("Reading", name, lambda: stream.read(size), file=True)
        return content

    def _open(self, name: str) -> Any:
        if self.is_local:
            return Path(name).open("rb")
        return self._fs.open(name, "rb", block_size=_BLOCK)

    def _call(self, doing: str, name: str, do: Callable[[], Any], *, file: bool = False) -> Any:
        try:
            return do()
        except Exception as error:
            if file and isinstance(error, FileNotFoundError | PermissionError):
                raise
            raise translate(error, f"{doing} {self._scheme}://{name}", self._conn_id) from error

    def _strip(self, rest: str) -> str:
        # fsspec has no public name for what every one of its file systems does with a URI.
        return str(self._fs._strip_protocol(f"{self._scheme}://{rest}"))  # noqa: SLF001

    def _connect(self, rest: str) -> Any:
        from airflow.providers.common.compat.sdk import BaseHook, ObjectStoragePath

        if self._conn_id is not None:
            # Some stores go on without credentials when the connection is not there.
            self._call("Connecting", rest, lambda: BaseHook.get_connection(str(self._conn_id)))
        try:
            # Only the host: what stands behind it may be a glob.
            return ObjectStoragePath(f"{self._scheme}://{rest.split('/', 1)[0]}/", conn_id=self._conn_id).fs
        except (ValueError, ImportError) as error:
            raise ConfigurationError(
                f"No file system for {self._scheme}:// : {error}. Install the Airflow provider of that store on the "
                "workers, such as apache-airflow-providers-amazon[s3fs]."
            ) from error
        except Exception as error:
            raise translate(error, f"Connecting to {self._scheme}://", self._conn_id) from error


def split_path(path: str) -> tuple[str, str | None, str]:
    """Return the scheme of a path, the connection that it names, and what the file system calls it.

    :raises ConfigurationError: when it is neither a URI nor an absolute path.
    """
    if "://" not in path:
        if not path.startswith("/"):
            raise ConfigurationError(
                f"path {path!r} in collector_kwargs is neither a URI nor an absolute path; write s3://bucket/key, "
                "s3://conn_id@bucket/key or file:///path."
            )
        return "file", None, path
    scheme = urlsplit(path).scheme
    rest = path.split("://", 1)[1]
    host, slash, key = rest.partition("/")
    conn_id, _, host = host.rpartition("@")
    if scheme in ("file", "local"):
        return "file", None, f"/{key}"
    return scheme, conn_id or None, f"{host}{slash}{key}"


def translate(error: Exception, doing: str, conn_id: str | None) -> MonteCarloPushError:
    """Return the error of this package that ``error`` amounts to. Stores are told by names, and not imported."""
    if isinstance(error, MonteCarloPushError):
        return error
    over = f" over connection {conn_id!r}" if conn_id else ""
    text = f"{doing}{over} failed: {type(error).__name__}: {' '.join(str(error).split())[:600]}"
    kind = type(error).__name__.lower()
    if isinstance(error, PermissionError):
        return AccessDeniedError(
            f"{text}. Allow it to list the folder and to read its files (on S3: s3:ListBucket and s3:GetObject)."
        )
    if "notfound" in kind and "connection" in str(error).lower():
        return ConfigurationError(f"{text}. Create the connection, or name another one with source_conn_id.")
    if any(word in kind for word in _CREDENTIAL_WORDS) or "credential" in str(error).lower():
        return SourceError(f"{text}. Correct the connection's credentials.")
    if getattr(error, "errno", None) in _WRONG_NAMES:
        return SourceError(f"{text}. Correct the path.")
    if isinstance(error, OSError) or any(word in kind for word in _PASSING_WORDS):
        return SourceUnavailableError(text)
    return SourceError(text)


def _entry(name: str, info: dict[str, Any]) -> FileEntry:
    return FileEntry(name, (name,), info.get("size"), _modified(info))


def _modified(info: dict[str, Any]) -> datetime | None:
    for key in _MODIFIED_KEYS:
        value = info.get(key)
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                continue
        if isinstance(value, datetime):
            return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    return None
