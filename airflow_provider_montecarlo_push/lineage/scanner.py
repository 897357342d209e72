"""Cuts a text into statements and tells their shapes, without parsing them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from airflow_provider_montecarlo_push.lineage.lexer import kind_of, pattern
from airflow_provider_montecarlo_push.lineage.profiles import Fold, Profile

_NAMING_WORDS = frozenset({"PIVOT", "UNPIVOT"})
_NAMES_IN_STRINGS = (["EXEC"], ["EXECUTE"], ["SP_RENAME"])
_LITERAL = "?"
_NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a text.

    :param text: as written, without the semicolon.
    :param code: the same with a blank for each comment: a comment inside ``GROUP BY`` would puzzle the parser.
    :param words: its words outside of literals and quoted names, in upper case.
    :param head: the first six of them, in order.
    :param shape: digest of everything but white space, comments and such literals as cannot matter for lineage.
    :param variables: names, in upper case, that may stand for a value where a column could be meant.
    """

    text: str
    code: str
    words: frozenset[str]
    head: tuple[str, ...]
    shape: bytes
    variables: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Building:
    start: int
    comments: list[tuple[int, int]] = field(default_factory=list)
    shape: list[str] = field(default_factory=list)
    exact: bool = False
    words: list[str] = field(default_factory=list)


def scan(text: str, profile: Profile, *, exact: bool = False) -> Iterator[Statement]:
    """Yield what stands between the semicolons of ``text``, in order; what is empty is left out.

    :param text: SQL of any length. A piece of text that lacks its closing quote reaches to the end.
    :param profile: the dialect.
    :param exact: literals are part of the shape.
    """
    folded = profile.tables is not Fold.KEEP and profile.columns is not Fold.KEEP
    building = _Building(0)
    for match in pattern(profile).finditer(text):
        kind = kind_of(match)
        if kind == "space":
            continue
        if kind == "comment":
            building.comments.append(match.span())
            continue
        if kind == "end":
            yield from _finish(building, text, match.start())
            building = _Building(match.end())
            continue
        token = match.group()
        if kind == "word":
            upper = token.upper()
            building.words.append(upper)
            token = upper if folded else token
            building.exact = building.exact or upper in _NAMING_WORDS
        if kind in ("string", "number") and not exact and not _matters(building, token):
            _add_literal(building.shape)
        else:
            building.shape.append(token)
    yield from _finish(building, text, len(text))


def _matters(building: _Building, literal: str) -> bool:
    """Whether a literal can be part of a name: ``IDENTIFIER('t')``, ``AS 'x'``, PIVOT's values, ``"x"``."""
    if building.exact or literal.startswith('"') or building.words[:1] in _NAMES_IN_STRINGS:
        return True
    if not literal.startswith("$") and literal[-1] != "'" and not _NUMBER.fullmatch(literal):
        return True  # a name that starts with a digit, or the part of one behind a dot
    before = building.shape[-1].upper() if building.shape else ""
    if before == "(":
        return len(building.shape) > 1 and building.shape[-2].upper() in ("IDENTIFIER", "TABLE")
    return before in ("AS", "ILIKE")


def _add_literal(shape: list[str]) -> None:
    """Append a literal to a shape; a list of literals behind IN counts as one, whatever its length."""
    if shape[-3:] == ["(", _LITERAL, ","] and len(shape) > 3 and shape[-4].upper() == "IN":
        shape.pop()
    else:
        shape.append(_LITERAL)


def _finish(building: _Building, text: str, end: int) -> Iterator[Statement]:
    if not building.shape:
        return
    yield Statement(
        text=text[building.start : end].strip(),
        code=_without_comments(building, text, end),
        words=frozenset(building.words),
        head=tuple(building.words[:6]),
        shape=_digest(building.shape),
    )


def _without_comments(building: _Building, text: str, end: int) -> str:
    pieces = []
    start = building.start
    for comment_start, comment_end in building.comments:
        pieces.append(text[start:comment_start])
        start = comment_end
    return " ".join([*pieces, text[start:end]]).strip()


def _digest(tokens: list[str]) -> bytes:
    return blake2b("\x1f".join(tokens).encode("utf-8", "surrogatepass"), digest_size=16).digest()
