"""Takes the values out of SQL, for those who may not ship them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from airflow_provider_montecarlo_push.lineage.lexer import Token, tokens, unquoted, with_versioned_comments
from airflow_provider_montecarlo_push.lineage.profiles import Profile, profile_of

_NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?")
_DIGITS = re.compile(r"\d+")
_SIZED = frozenset(
    {
        *(
            "BINARY",
            "BIT",
            "CHAR",
            "CHARACTER",
            "DATETIME",
            "DECIMAL",
            "FLOAT",
            "NCHAR",
            "NUMBER",
            "NUMERIC",
            "NVARCHAR",
        ),
        *("STRING", "TEXT", "TIME", "TIMESTAMP", "TIMESTAMP_LTZ", "TIMESTAMP_NTZ", "TIMESTAMP_TZ", "VARBINARY"),
        *("VARCHAR", "VARCHAR2", "INT", "INTEGER", "BIGINT", "DECIMAL32", "DECIMAL64", "DECIMAL128", "DATETIME64"),
    }
)
_NAMING = frozenset({"IDENTIFIER", "TABLE"})
_BODIES = frozenset({"AS", "DO", "EXEC", "EXECUTE", "IMMEDIATE", "SP_EXECUTESQL"})
_MAX_DEPTH = 5
_LOOKED_AT = 20


def redact_literals(sql: str, dialect: str | None) -> str:
    """Return ``sql`` without values: strings become ``'?'``, numbers ``0``, and comments a blank.

    What is left parses as before. Names stay, also those in strings (``IDENTIFIER('t')``, ``AS 'x'``), and so do sizes
    of types, positions in GROUP BY and ORDER BY, ``$1`` and hints. The bodies of routines are gone through likewise.

    :param sql: a text of one or many statements.
    :param dialect: as for :func:`extract_lineage`.
    :raises UnknownValueError: for an unknown dialect.
    """
    profile = profile_of(dialect)
    return _redacted(with_versioned_comments(sql, profile), profile, 0)


def _redacted(sql: str, profile: Profile, depth: int) -> str:
    pieces: list[str] = []
    before: list[Token] = []
    position = 0
    for token in tokens(sql, profile):
        pieces.append(sql[position : token.start])
        pieces.append(_piece(token, before, profile, depth))
        position = token.end
        if token.kind != "comment":
            before = [*before[-_LOOKED_AT:], token]
    pieces.append(sql[position:])
    return "".join(pieces)


def _piece(token: Token, before: Sequence[Token], profile: Profile, depth: int) -> str:
    if token.kind == "comment":
        return token.text if token.text.startswith("/*+") else " "
    if token.kind == "string":
        return _string(token, before, profile, depth)
    if token.kind == "number" and _NUMBER.fullmatch(token.text) and not _is_structure(before):
        return "0"
    return token.text


def _string(token: Token, before: Sequence[Token], profile: Profile, depth: int) -> str:
    word = before[-1].upper if before else ""
    if word == "(" and len(before) > 1:
        called = before[-2].upper
        if called in _NAMING:
            return token.text
        word = called if called in ("EXEC", "EXECUTE") else ""
    if word in _BODIES and depth < _MAX_DEPTH and " " in unquoted(token, profile).strip():
        return _quoted_like(token, _redacted(unquoted(token, profile), profile, depth + 1))
    if word == "AS":
        return token.text
    if word == "INTERVAL":
        return _DIGITS.sub("0", token.text)
    return _quoted_like(token, "?")


def _quoted_like(token: Token, inner: str) -> str:
    """Return ``inner`` as a string that is quoted as ``token`` is."""
    text = token.text
    if text.startswith("$"):
        tag = text[: text.index("$", 1) + 1]
        return f"{tag}{inner}{tag}"
    quote = next((mark for mark in text if mark in "'\""), "'")
    return quote + inner.replace(quote, quote * 2) + quote


def _is_structure(before: Sequence[Token]) -> bool:
    """Whether a number says something of the statement and not of the data: a size of a type, or a position."""
    for piece in reversed(before):
        if piece.kind == "number" or piece.upper == ",":
            continue
        if piece.upper == "(":
            opening = before.index(piece)
            return opening > 0 and before[opening - 1].text.upper().lstrip(":") in _SIZED
        return piece.upper == "BY"
    return False
