"""Bytes to rows: packing, encodings, limits, CSV."""

from __future__ import annotations

import codecs
import gzip
import logging
import random
import zlib
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.files.records import RowReader
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.text_files import lines as lines_module
from airflow_provider_montecarlo_push.collectors.text_files.lines import read_text
from airflow_provider_montecarlo_push.collectors.text_files.problems import FileError, Problems

LIMIT = 1000
TEXT = '{"a": "é"}\n\n{"a": "2"}\r\n{"a": "last"}'
JSON = [(1, "é"), (3, "2"), (4, "last")]
CSV = 'a,b\n1,x\n"2\n""q""",y\n\n3,\n'
ROWS = [(2, {"a": "1", "b": "x"}), (3, {"a": '2\n"q"', "b": "y"}), (6, {"a": "3", "b": None})]


def pieces(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


def read(
    content: bytes, file_format: str = "jsonl", *, encoding: str | None = None, size: int = 7, **csv_options: Any
) -> tuple[list[tuple[int, Any]], CollectionReport]:
    report = CollectionReport(logging.getLogger("tests.collectors.files"))
    problems = Problems(report)
    reader = RowReader(problems, LIMIT, csv_options)
    rows = []
    try:
        text = read_text(pieces(content, size), encoding, LIMIT)
        rows.extend((row.line, row.values) for row in reader.read(text, "file", file_format))
    except FileError as error:
        problems.file("file", error)
    return rows, report


def packed(*members: str, padding: bytes = b"") -> bytes:
    return b"".join(gzip.compress(member.encode(), mtime=0) for member in members) + padding


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), None),
        (codecs.BOM_UTF8 + TEXT.encode(), None),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8-sig"),
        (TEXT.encode("utf-16"), None),
        (TEXT.encode("utf-32"), None),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("latin-1"), "latin-1"),
        (TEXT.encode("cp1252"), "cp1252"),
        (packed(TEXT), None),
        (packed(TEXT[:20], TEXT[20:]), None),
        (packed(TEXT[:12], "", TEXT[12:], padding=b"\0" * 40), None),
        (b"\0" * 5000 + TEXT.encode(), None),
    ],
)
def test_json_lines(content: bytes, encoding: str | None, size: int) -> None:
    rows, report = read(content, encoding=encoding, size=size)
    assert [(line, values["a"]) for line, values in rows] == JSON
    assert not report.left_out


@pytest.mark.parametrize(
    ("content", "reason", "rows"),
    [
        (packed(TEXT)[:-12], "file_truncated", None),
        (packed(TEXT)[:5], "file_truncated", 0),
        (packed(TEXT) + b"rubbish", "file_damaged", None),
        (packed(TEXT)[:15] + b"\xff\xff" + packed(TEXT)[17:], "file_damaged", None),
        (bytes(range(256)) * 100, "file_binary", 0),
        (b"PAR1\x15\x04\x15\x80" + b"\xee" * 50, "file_binary", 0),
        (b"BZh91AY&SY" + b"\xee" * 50, "file_binary", 0),
    ],
)
def test_what_is_no_text(content: bytes, reason: str, rows: int | None) -> None:
    found, report = read(content)
    assert report.left_out[reason] == 1
    assert rows is None or len(found) == rows
    assert report.complete is (reason == "file_binary")


def test_lines_before_the_damage_are_kept() -> None:
    many = "".join(f'{{"a": "{random.Random(number).random()}"}}\n' for number in range(3000))
    rows, report = read(packed(many)[:-3000], size=1000)
    assert 1000 < len(rows) < 3000
    assert [line for line, _ in rows] == list(range(1, len(rows) + 1))
    assert report.left_out["file_truncated"] == 1


@pytest.mark.parametrize(
    ("content", "encoding", "left_out", "kept"),
    [
        (b'{"a": 1}\n{"a": 2', None, {"truncated": 1}, [1]),
        (b'{"a": 1}\n{"a": "caf\xc3', None, {"truncated": 1}, [1]),
        (b'{"a": 1}\n{"a": "' + b"x" * 2000 + b'"}\n{"a": 3}\n', None, {"too_long": 1}, [1, 3]),
        (b'{"a": 1}\n{"a": "' + b"x" * 2000, None, {"too_long": 1}, [1]),
        (b'{"a": 1}\n{"a": "\xe9"}\n{"a": 3}\n', None, {"encoding": 1}, [1, 3]),
        (b'{"a": 1}\n{"a": "\x81"}\n{"a": 3}\n', "cp1252", {"encoding": 1}, [1, 3]),
        ('{"a": 1}\n'.encode("utf-16-le") + b'\x00\xd8"\x00\n\x00' + '{"a": 3}\n'.encode("utf-16-le"), "utf-16-le",
         {"encoding": 1}, [1, 3]),
        (b"\n\n  \n", None, {}, []),
        (b"", None, {}, []),
    ],
)  # fmt: skip
def test_bad_lines_cost_only_themselves(
    content: bytes, encoding: str | None, left_out: dict[str, int], kept: list[int]
) -> None:
    for size in (1, 64, 10_000):
        rows, report = read(content, encoding=encoding, size=size)
        assert [values["a"] for _, values in rows] == kept
        assert report.left_out == left_out


def test_a_packed_file_is_unpacked_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a few bytes unpack to does not come all at once."""
    bomb = zlib.compress(b"\n" * 50_000_000, wbits=31)
    largest = 0
    original = lines_module._lines

    def watched(chunks: Any, limit: int) -> Any:
        def watch() -> Any:
            nonlocal largest
            for chunk in chunks:
                largest = max(largest, len(chunk))
                yield chunk

        return original(watch(), limit)

    monkeypatch.setattr(lines_module, "_lines", watched)
    assert sum(1 for _ in read_text([bomb], None, LIMIT).lines) == 50_000_000
    assert largest <= 2 * lines_module.CHUNK


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize(
    ("content", "options"),
    [
        (CSV.encode(), {}),
        (CSV.replace("\n", "\r\n").replace("2\r\n", "2\n").encode(), {}),
        (codecs.BOM_UTF8 + CSV.encode(), {}),
        (CSV.encode("utf-16"), {}),
        (packed(CSV), {}),
        (CSV.replace(",", ";").encode(), {"delimiter": ";"}),
        (CSV.replace('""q""', r"\"q\"").encode(), {"escapechar": "\\"}),
        (CSV.replace("\n\n", "\na,b\n").encode(), {}),
        (b"\n" + CSV[4:].encode(), {"header": ["a", "b"]}),
    ],
)
def test_csv(content: bytes, options: dict[str, Any], size: int) -> None:
    rows, report = read(content, "csv", size=size, **options)
    assert rows == ROWS
    assert not report.left_out


@pytest.mark.parametrize(
    ("content", "left_out", "kept"),
    [
        ("a,b\n1,x\n2\n3,y\n", {"wrong_csv": 1}, "13"),
        ("a,b\n1,x\n2,y,z\n3,y\n", {"wrong_csv": 1}, "13"),
        ("a,b\n1,x\n2", {"truncated": 1}, "1"),
        ('a,b\n1,x\n"2', {"truncated": 1}, "1"),
        ('a,b\n1,x\n"open,y\n3,y\n4,z\n', {"wrong_csv": 1}, "134"),
        ('a,b\n1,x\n"open,y\n' + "3,y\n" * 600, {"wrong_csv": 1}, "1" + "3" * 600),
        ('a,b\n1,x\n"ab"c,y\n3,y\n', {"wrong_csv": 1}, "13"),
        ("a,b\n1,x\n" + "y" * 2000 + ",y\n3,y\n", {"too_long": 1}, "13"),
        ("a,b\n1,x\n\udce9,y\n3,y\n", {"encoding": 1}, "13"),
        ("a,a\n1,x\n", {"file_wrong_header": 1}, ""),
        ("a,b\n", {}, ""),
        ("", {}, ""),
    ],
)
def test_bad_csv_costs_only_itself(content: str, left_out: dict[str, int], kept: str) -> None:
    for size in (1, 64, 10_000):
        rows, report = read(content.encode("utf-8", "surrogateescape"), "csv", size=size)
        assert "".join(values["a"] for _, values in rows) == kept
        assert report.left_out == left_out


def test_many_open_quotes_end(tmp_path: Path) -> None:
    """Each is read again up to the limit of a row, but not for ever."""
    content = "a,b\n" + '"x,y\n1,2\n' * 2000
    rows, report = read(content.encode(), "csv", size=10_000)
    assert len(rows) + report.left_out.total() > 50
    assert set(report.left_out) == {"wrong_csv"}


def test_a_cell_longer_than_pythons_own_limit() -> None:
    report = CollectionReport(logging.getLogger("tests.collectors.files"))
    content = b"a,b\n" + b"x" * 500_000 + b",y\n"
    reader = RowReader(Problems(report), 1_000_000, {})
    (row,) = reader.read(read_text([content], None, 1_000_000), "file", "csv")
    assert len(row.values["a"]) == 500_000
