"""Files that were found."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple


class FileEntry(NamedTuple):
    """A file that was found.

    :param name: as the file system calls it.
    :param identity: the same for the same content under another name, where the file system can tell.
    :param size: in bytes, ``None`` where the listing does not say.
    :param modified: when it was last written, in UTC, ``None`` where the listing does not say.
    """

    name: str
    identity: tuple[Any, ...]
    size: int | None
    modified: datetime | None
