"""Cuts a text into statements and tells their shapes, without parsing them.

One regular expression per dialect knows strings, quoted names, comments and words: enough to see which semicolons
end a statement, which words stand outside of literals, and whether two statements differ in literals only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

from airflow_provider_montecarlo_push.lineage.profiles import Fold, Profile

_BLOCK_OPENERS = frozenset({"BEGIN", "CASE"})
_NOT_CLOSED_BY_END = frozenset({"IF", "FOR", "WHILE", "LOOP", "REPEAT"})
_TRANSACTION = frozenset({"", "TRANSACTION", "WORK", "TRAN", "NAME"})
_ROUTINES = frozenset({"PROCEDURE", "FUNCTION", "TASK", "TRIGGER"})
_NAMING_WORDS = frozenset({"PIVOT", "UNPIVOT"})
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
    :param is_script: it holds a block of further statements.
    """

    text: str
    code: str
    words: frozenset[str]
    head: tuple[str, ...]
    shape: bytes
    is_script: bool


def _quoted(quote: str, *, backslash: bool) -> str:
    """Return a pattern for a quoted piece that doubles its quote to escape it; it may lack its end."""
    closing = {"[": "]"}.get(quote, quote)
    opening, closing = re.escape(quote), re.escape(closing)
    escape = r"|\\." if backslash else ""
    plain = rf"[^{closing}\\]" if backslash else rf"[^{closing}]"
    return rf"{opening}(?:{plain}++|{closing}{closing}{escape})*+(?:{closing}|\\?\Z)"


@lru_cache(maxsize=64)
def _pattern(profile: Profile) -> re.Pattern[str]:
    comments = [re.escape(mark) + r"[^\n]*+" for mark in profile.line_comments]
    inner = r"|/\*(?:[^*]++|\*(?!/))*+\*/" if profile.nested_comments else ""
    comments.append(rf"/\*(?:[^*/]++|\*(?!/){inner}|/)*+(?:\*/|\Z)")
    strings = []
    if profile.grammar == "bigquery":
        strings += [r"'''(?:[^'\\]++|\\.|'(?!''))*+(?:'''|\Z)", r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:"""|\Z)']
    if profile.dollar_quotes:
        tag = r"\$(?P<tag>\w*)\$" if profile.dollar_quotes == "tagged" else r"\$(?P<tag>)\$"
        strings.append(tag + r"(?:(?!\$(?P=tag)\$).)*+(?:\$(?P=tag)\$|\Z)")
    strings += [_quoted(quote, backslash=profile.backslash) for quote in profile.string_quotes]
    names = [_quoted(quote, backslash=False) for quote in profile.name_quotes]
    word = r"[^\W\d][\w$]*+" + (r"(?:-\w++)*+" if profile.dashes_in_names else "")
    return re.compile(
        rf"(?P<space>\s++)|(?P<comment>{'|'.join(comments)})|(?P<word>{word})|(?P<string>{'|'.join(strings)})"
        rf"|(?P<name>{'|'.join(names)})|(?P<number>(?:\d[\w.]*+|\.\d\w*+)(?:(?<=[eE])[+-]\d++)?+)"
        r"|(?P<parameter>[$@:]\w++)|(?P<end>;)|(?P<other>.)",
        re.DOTALL,
    )


@dataclass(slots=True)
class _Building:
    start: int
    declare_opens_block: bool
    comments: list[tuple[int, int]] = field(default_factory=list)
    shape: list[str] = field(default_factory=list)
    exact: bool = False
    words: list[str] = field(default_factory=list)
    depth: int = 0
    is_script: bool = False
    after_end: bool = False

    def word(self, word: str) -> None:
        """Note a word, and whether it opens or closes a block."""
        if self.words and self.words[-1] == "BEGIN" and self.depth == 0 and self._begins_block(word):
            self.depth, self.is_script = 1, True
        self.words.append(word)
        if self.declare_opens_block and self.words == ["DECLARE"]:
            self.is_script = True
        if self.depth == 0 and not self.after_end:
            return
        if self.after_end:
            self.depth += word in _NOT_CLOSED_BY_END  # END IF closes what was not counted
        elif word in _BLOCK_OPENERS:
            self.depth += 1
        self.after_end = word == "END"
        self.depth -= self.after_end

    def _begins_block(self, following: str) -> bool:
        """Whether the BEGIN before ``following`` starts a block, not a transaction."""
        if len(self.words) == 1 or (self.is_script and self.words[0] == "DECLARE"):
            return following not in _TRANSACTION
        return self.words[0] == "CREATE" and not _ROUTINES.isdisjoint(self.words[:6])

    def ends_here(self) -> bool:
        """Whether a semicolon now ends the statement."""
        self.after_end = False
        if self.is_script and self.words[0] == "DECLARE" and "BEGIN" not in self.words:
            return False
        return self.depth <= 0


def scan(text: str, profile: Profile) -> Iterator[Statement]:
    """Yield the statements of ``text`` in order; empty ones are left out.

    :param text: SQL of any length. A piece of text that lacks its closing quote reaches to the end.
    :param profile: the dialect.
    """
    folded = profile.tables is not Fold.KEEP and profile.columns is not Fold.KEEP
    building = _Building(0, profile.declare_opens_block)
    for match in _pattern(profile).finditer(text):
        kind = match.lastgroup
        if kind == "tag":
            kind = "string"
        if kind == "space":
            continue
        if kind == "comment":
            building.comments.append(match.span())
            continue
        token = match.group()
        if kind == "end" and building.ends_here():
            yield from _finish(building, text, match.start())
            building = _Building(match.end(), profile.declare_opens_block)
            continue
        if kind == "word":
            upper = token.upper()
            building.word(upper)
            token = upper if folded else token
            building.exact = building.exact or upper in _NAMING_WORDS
        if kind in ("string", "number") and not _matters(building, token):
            _add_literal(building.shape)
        else:
            building.shape.append(token)
    yield from _finish(building, text, len(text))


def _matters(building: _Building, literal: str) -> bool:
    """Whether a literal can be part of a name: ``IDENTIFIER('t')``, ``AS 'x'``, PIVOT's values, ``"x"``."""
    if building.exact or literal.startswith('"'):
        return True
    if not literal.startswith(("'", "$")) and not _NUMBER.fullmatch(literal):
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
        is_script=building.is_script,
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
