"""Bytes of a file to its lines, whatever its size: unpacked, in one encoding, none longer than a limit."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from airflow_provider_montecarlo_push.collectors.text_files.problems import FileError

CHUNK = 1 << 18
_SNIFFED = 8192
_GZIP = b"\x1f\x8b"
_OTHERS = {
    b"PAR1": "Parquet",
    b"ORC": "ORC",
    b"Obj\x01": "Avro",
    b"SEQ": "a Hadoop sequence file",
    b"PK\x03\x04": "a zip archive",
    b"BZh": "compressed with bzip2",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"\xfd7zXZ\x00": "compressed with xz",
    b"\xff\x06\x00\x00sNaPpY": "compressed with snappy",
    b"\x04\x22\x4d\x18": "compressed with lz4",
    b"%PDF": "a PDF",
}
_BOMS = {
    # The mark of UTF-32 begins with that of UTF-16.
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_MARKING = "montecarlo_push_marking"
codecs.register_error(_MARKING, lambda error: ("\udcff", getattr(error, "end", 0)))


class Line(NamedTuple):
    """A line of a file.

    :param number: counted from 1.
    :param data: without the line feed; ``None`` when it was longer than the limit.
    :param ended: whether a line feed stood at its end, which the last line may lack.
    """

    number: int
    data: bytes | None
    ended: bool = True


class Text(NamedTuple):
    """The lines of a file and the encoding they are in."""

    lines: Iterator[Line]
    encoding: str


def read_text(chunks: Iterable[bytes], encoding: str | None, limit: int) -> Text:
    """Return the lines of a file.

    :param chunks: its bytes as they are stored, gzip or plain.
    :param encoding: of its text; ``None`` means UTF-8, or what its byte order mark says.
    :param limit: how many bytes a line may have.
    :raises FileError: when it is not text, or is damaged; while the lines are read as well.
    """
    source = iter(chunks)
    head, source = _head(source)
    if head.startswith(_GZIP):
        head, source = _head(_unzipped(source))
    _check_kind(head)
    found = encoding or next((name for bom, name in _BOMS.items() if head.startswith(bom)), "utf-8")
    found = codecs.lookup(found).name.removesuffix("-sig")
    if "\n".encode(found) != b"\n":
        source = _transcoded(source, found)
        head, source = _head(source)
        found = "utf-8"
    if head.startswith(codecs.BOM_UTF8):
        source = chain([next(source)[len(codecs.BOM_UTF8) :]], source)
    if b"\0" in head[:_SNIFFED].lstrip(b"\0"):
        raise FileError("file_binary", "it is no text: it holds NUL bytes")
    return Text(_lines(source, limit), found)


def _head(source: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes, and everything, those included."""
    first = b""
    for chunk in source:
        first += chunk
        if len(first) >= _SNIFFED:
            break
    return first, chain([first], source)


def _check_kind(head: bytes) -> None:
    kind = next((kind for magic, kind in _OTHERS.items() if head.startswith(magic)), None)
    # The magic of some is plain text, which a line of text may begin with as well.
    start = head[:_SNIFFED]
    if kind is not None and (b"\0" in start or not start.isascii()):
        raise FileError("file_binary", f"it is {kind}; only plain and gzip text can be read")


def _unzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what is packed in one or several gzip members, a bounded piece at a time."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for data in chunks:
            while data:
                if unpacker.eof:
                    data = data.lstrip(b"\0")  # some writers pad
                    if not data:
                        break
                    unpacker = zlib.decompressobj(wbits=31)
                piece = unpacker.decompress(data, CHUNK)
                while piece:
                    yield piece
                    piece = unpacker.decompress(unpacker.unconsumed_tail, CHUNK) if not unpacker.eof else b""
                data = unpacker.unused_data
    except zlib.error as error:
        raise FileError("file_damaged", f"its gzip data is damaged ({error})", incomplete=True) from error
    if not unpacker.eof:
        raise FileError("file_truncated", "its gzip data ends in the middle", incomplete=True)


def _transcoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield UTF-8 for an encoding in which a line feed is more than one byte; what is broken stays no UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)(errors=_MARKING)
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode("utf-8", "surrogateescape")
    except UnicodeError as error:
        raise FileError("file_encoding", f"it is no {encoding} ({error})") from error


def _lines(chunks: Iterable[bytes], limit: int) -> Iterator[Line]:
    number = 0
    pending = bytearray()
    over = False
    for chunk in chunks:
        *whole, rest = chunk.split(b"\n")
        for piece in whole:
            number += 1
            # A file that is emptied while its writer keeps its place begins with a hole of NUL bytes.
            data = (bytes(pending) + piece if pending else piece).lstrip(b"\0")
            yield Line(number, None if over or len(data) > limit else data)
            pending.clear()
            over = False
        pending += rest if pending else rest.lstrip(b"\0")
        if len(pending) > limit:
            over = True
            pending.clear()
    if pending or over:
        yield Line(number + 1, None if over else bytes(pending), ended=False)
