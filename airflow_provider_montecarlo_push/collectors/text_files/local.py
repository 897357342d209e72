"""Files of a local disk. fsspec passes over folders that may not be listed, and says nothing; here they are told."""

from __future__ import annotations

import fnmatch
import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from airflow_provider_montecarlo_push.collectors.text_files.entries import FileEntry
from airflow_provider_montecarlo_push.collectors.text_files.naming import is_glob, is_hidden, is_hidden_in_glob

OnDenied = Callable[[str], None]


def find_local(place: str, on_denied: OnDenied) -> Iterator[FileEntry]:
    """Yield the files at ``place``: the file itself, those below a folder, those that a glob means.

    :param on_denied: is told of folders that may not be listed.
    :raises PermissionError: when ``place`` itself may not be looked at.
    """
    path = Path(place)
    if path.is_dir() and not _may_list(path):
        raise PermissionError(f"the folder {place} may not be listed")
    if path.exists() or not is_glob(place):
        yield from _files(path, on_denied)
        return
    for found in dict.fromkeys(_matches(Path("/"), [part for part in place.split("/") if part], on_denied)):
        if not is_hidden_in_glob(str(found), place):
            yield from _files(found, on_denied)


def _files(path: Path, on_denied: OnDenied) -> Iterator[FileEntry]:
    """Yield the file at ``path``, or those below it that are not hidden; folders behind links are not entered."""
    if not path.is_dir():
        entry = _entry(path) if os.path.lexists(path) else None
        if entry is not None:
            yield entry
        return
    for folder in _folders(path, on_denied):
        for child in _children(folder, on_denied):
            if not child.is_dir() and not is_hidden(str(child.relative_to(path))):
                entry = _entry(child)
                if entry is not None:
                    yield entry


def _folders(top: Path, on_denied: OnDenied) -> Iterator[Path]:
    """Yield ``top`` and the folders below it that are not hidden."""
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        yield folder
        waiting += [
            child
            for child in _children(folder, on_denied, tell=False)
            if child.is_dir() and not child.is_symlink() and not is_hidden(child.name)
        ]


def _matches(folder: Path, parts: list[str], on_denied: OnDenied) -> Iterator[Path]:
    if not parts:
        yield folder
        return
    first, *rest = parts
    if first == "**":
        for below in _folders(folder, on_denied):
            # Files are what it means when it stands last.
            yield from _matches(below, rest, on_denied) if rest else _children(below, on_denied)
    elif not is_glob(first):
        if os.path.lexists(folder / first):
            yield from _matches(folder / first, rest, on_denied)
    elif folder.is_dir():
        for child in _children(folder, on_denied):
            if fnmatch.fnmatchcase(child.name, first):
                yield from _matches(child, rest, on_denied)


def _children(folder: Path, on_denied: OnDenied, *, tell: bool = True) -> list[Path]:
    if not _may_list(folder):
        if tell:
            on_denied(str(folder))
        return []
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []  # gone since its name was read, and its files with it


def _may_list(folder: Path) -> bool:
    return not folder.exists() or os.access(folder, os.R_OK | os.X_OK)


def _entry(path: Path) -> FileEntry | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        # Gone since it was listed: opening it will tell.
        return FileEntry(str(path), (str(path),), None, None)
    if not stat.S_ISREG(status.st_mode):
        return None
    modified = datetime.fromtimestamp(status.st_mtime, UTC)
    return FileEntry(str(path), (status.st_dev, status.st_ino), status.st_size, modified)
