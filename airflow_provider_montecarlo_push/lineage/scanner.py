"""Cuts a text into statements and tells their shapes, without parsing them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from hashlib import blake2b

from airflow_provider_montecarlo_push.lineage.lexer import kind_of, landmarks
from airflow_provider_montecarlo_push.lineage.profiles import Fold, Profile

_WORD = re.compile(r"#{0,2}[^\W\d][\w$#]*+")
_BLANKS = re.compile(r"\s+")
_NEEDLESS = re.compile(r" (?=[^\w\s$#@:.\ue000\ue001])|(?<=[^\w\s$#@:.\ue000\ue001]) ")
# Not what is part of a name: after a dot, or with letters behind it.
_NUMBER = re.compile(r"(?<![\w$#.@:])\d++(?:\.\d*+)?(?:[eE][+-]?\d++)?(?![\w.$#])")
_NAMING_WORDS = frozenset({"PIVOT", "UNPIVOT"})
_NAMES_IN_STRINGS = (["EXEC"], ["EXECUTE"], ["SP_RENAME"])
_BEFORE_NAME = re.compile(r"\b(?:AS|ILIKE|(?:IDENTIFIER|TABLE)\s*\()\s*$", re.IGNORECASE)
_LONGEST_BEFORE = 24
_LITERAL = "\ue000"
_KEPT = "\ue001"
_LIST = re.compile(rf"(?<=IN\()(?:{_LITERAL},)+(?={_LITERAL}\))", re.IGNORECASE)


class Statement:
    """One statement of a text.

    :param text: as written, without the semicolon.
    :param code: the same with a blank for each comment: a comment inside ``GROUP BY`` would puzzle the parser.
    :param words: its words outside of literals and quoted names, in upper case.
    :param head: the first six of them, in order.
    :param shaped: gives what tells the statement from others: all but white space, comments and such literals as
        cannot matter for lineage.
    """

    def __init__(
        self, text: str, code: str, words: frozenset[str], head: tuple[str, ...], shaped: Callable[[], str]
    ) -> None:
        self.text = text
        self.code = code
        self.words = words
        self.head = head
        self.variables: frozenset[str] = frozenset()
        """Names, in upper case, that may stand for a value where a column could be meant."""
        self._shaped = shaped

    @cached_property
    def shape(self) -> bytes:
        """A digest by which statements of the same shape are known."""
        return blake2b(self._shaped().encode("utf-8", "surrogatepass"), digest_size=16).digest()


class _Building:
    """A statement while its pieces are passed."""

    def __init__(self, start: int, *, folded: bool, exact: bool) -> None:
        self.start = start
        self.words: list[str] = []
        self._folded = folded
        self._exact = exact
        self._code: list[str] = []
        self._shape: list[str] = []
        self._raw: list[str] = []

    def plain(self, text: str) -> None:
        """Take code outside of literals, quoted names and comments."""
        self._code.append(text)
        self.words += _WORD.findall(text.upper())
        self._shape.append(text)
        self._raw.append(text)

    def comment(self) -> None:
        """Take a comment."""
        self._code.append(" ")
        self._shape.append(" ")
        self._raw.append(" ")

    def quoted(self, text: str, *, is_name: bool) -> None:
        """Take a literal or a quoted name."""
        self._code.append(text)
        matters = (
            is_name
            or text[0] == '"'
            or self._exact
            or _BEFORE_NAME.search("".join(self._shape[-3:])[-_LONGEST_BEFORE:]) is not None
        )
        # What matters is kept as it is: nothing that is done to code is done to it.
        self._shape.append(f"{_KEPT}x{text.encode('utf-8', 'surrogatepass').hex()}{_KEPT}" if matters else _LITERAL)
        self._raw.append(text)

    def finish(self, text: str, end: int) -> Iterator[Statement]:
        """Yield the statement that ends before ``end``, if there is one."""
        code = "".join(self._code).strip()
        if code:
            yield Statement(
                text=text[self.start : end].strip(),
                code=code,
                words=frozenset(self.words),
                head=tuple(self.words[:6]),
                shaped=self._shaped,
            )

    def _shaped(self) -> str:
        if self._exact or self.words[:1] in _NAMES_IN_STRINGS or not _NAMING_WORDS.isdisjoint(self.words):
            return "".join(self._raw)
        shape = "".join(self._shape)
        shape = _NUMBER.sub(_LITERAL, shape.upper() if self._folded else shape)
        return _LIST.sub("", _NEEDLESS.sub("", _BLANKS.sub(" ", shape)).strip())


def scan(text: str, profile: Profile, *, exact: bool = False) -> Iterator[Statement]:
    """Yield what stands between the semicolons of ``text``, in order; what is empty is left out.

    :param text: SQL of any length. A piece of text that lacks its closing quote reaches to the end.
    :param profile: the dialect.
    :param exact: literals are part of the shape.
    """
    folded = profile.tables is not Fold.KEEP and profile.columns is not Fold.KEEP
    building = _Building(0, folded=folded, exact=exact)
    for match in landmarks(profile).finditer(text):
        kind = kind_of(match)
        if kind == "end":
            yield from building.finish(text, match.start())
            building = _Building(match.end(), folded=folded, exact=exact)
        elif kind == "comment":
            building.comment()
        elif kind in ("string", "name"):
            building.quoted(match.group(), is_name=kind == "name")
        else:
            building.plain(match.group())
    yield from building.finish(text, len(text))
