"""What an older and a newer manifest have in common: which entries are in one only, and which are not the same.

Memory does not grow with the manifests. The entries of either are spread over 256 files by a digest of their names, so
that equal names meet in the same pair of files; one pair is in memory at a time. On disk that takes a line with name
and digest for each entry.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, NamedTuple

import msgspec

_PARTITIONS = 256
_BUFFER_BYTES = 8 * 1024

Name = tuple[str, ...]


class Entry(NamedTuple):
    """Something that a line of a manifest is about, such as a table.

    :param content: what is compared beside the name.
    """

    name: Name
    content: bytes = b""


class Comparison:
    """What :func:`compare` found; to be used within its context.

    :ivar older: number of entries in the older manifest.
    :ivar newer: number of those in the newer one.
    :ivar added: number of those in the newer one only; ``removed`` and ``changed`` likewise.
    """

    def __init__(self, directory: Path, counts: Counter[str]) -> None:
        self._directory = directory
        self.older = counts["older"]
        self.newer = counts["newer"]
        self.added = counts["added"]
        self.removed = counts["removed"]
        self.changed = counts["changed"]

    def names(self, kind: str) -> Iterator[Name]:
        """Yield names in alphabetical order.

        :param kind: ``added``, ``removed`` or ``changed``.
        """
        with ExitStack() as stack:
            runs = [
                _names_in(stack.enter_context((self._directory / f"{kind}-{number}").open("rb")))
                for number in range(_PARTITIONS)
            ]
            yield from heapq.merge(*runs)


@contextmanager
def compare(older: Iterable[Entry], newer: Iterable[Entry]) -> Iterator[Comparison]:
    """Compare the entries of two manifests.

    Names are compared without regard to case. Entries of one name on one side count once; their contents are compared
    together, in any order.

    :param older: read to its end before ``newer`` is.
    """
    with TemporaryDirectory(prefix="montecarlo-comparison-") as directory:
        here = Path(directory)
        for side, entries in (("older", older), ("newer", newer)):
            with ExitStack() as stack:
                files = _open(stack, here, side)
                for name, content in entries:
                    files[_partition(name)].write(msgspec.json.encode((name, _number(content))) + b"\n")
        counts: Counter[str] = Counter()
        for number in range(_PARTITIONS):
            counts.update(_compare(here, number))
        yield Comparison(here, counts)


def _open(stack: ExitStack, here: Path, side: str) -> list[BinaryIO]:
    return [
        stack.enter_context((here / f"{side}-{number}").open("wb", buffering=_BUFFER_BYTES))
        for number in range(_PARTITIONS)
    ]


def _partition(name: Name) -> int:
    text = "\0".join(name).casefold().encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=1).digest()[0] % _PARTITIONS


def _number(content: bytes) -> int:
    """Return a digest that can be added up, and fits JSON."""
    return int.from_bytes(blake2b(content, digest_size=7).digest()) if content else 0


def _compare(here: Path, number: int) -> dict[str, int]:
    """Write what differs in one partition, sorted; count the older's entries, the newer's, and each kind."""
    older, newer = (_load(here / f"{side}-{number}") for side in ("older", "newer"))
    kinds = {
        "added": [name for key, (name, _) in newer.items() if key not in older],
        "removed": [name for key, (name, _) in older.items() if key not in newer],
        "changed": [name for key, (name, content) in newer.items() if key in older and older[key][1] != content],
    }
    for kind, names in kinds.items():
        with (here / f"{kind}-{number}").open("wb") as file:
            file.writelines(msgspec.json.encode(name) + b"\n" for name in sorted(names))
    return {"older": len(older), "newer": len(newer)} | {kind: len(names) for kind, names in kinds.items()}


def _load(path: Path) -> dict[Name, tuple[Name, int]]:
    decoder = msgspec.json.Decoder(tuple[Name, int])
    found: dict[Name, tuple[Name, int]] = {}
    with path.open("rb") as lines:
        for line in lines:
            name, content = decoder.decode(line)
            key = tuple(part.casefold() for part in name)
            before = found.get(key)
            found[key] = (before[0], before[1] + content) if before else (name, content)
    path.unlink()
    return found


def _names_in(lines: BinaryIO) -> Iterator[Name]:
    decoder = msgspec.json.Decoder(Name)
    for line in lines:
        yield decoder.decode(line)
