"""Cuts a text into words, names, literals and marks, as each dialect writes them.

One regular expression per dialect is enough to see which semicolons end a statement, which words stand outside of
literals, and where a literal begins and ends. It never fails: a piece that lacks its closing quote reaches to the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from airflow_provider_montecarlo_push.lineage.profiles import Profile

_CLOSING = {"[": "]"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_RAW = re.compile(r"(?i:r|rb|br)(?=['\"])")
_ODD_QUOTES = {
    "": re.compile("`"),
    "bigquery": re.compile(r"\b(?i:r|rb|br)(?=['\"])"),
    "oracle": re.compile(r"\b[nN]?[qQ]'"),
}
_VERSIONED = re.compile(r"^/\*!\d*")
_PREFIXED = re.compile(r"[A-Za-z]{0,2}(?=['\"])")


class Token(NamedTuple):
    """A piece of a text.

    :param kind: ``word``, ``name`` (quoted), ``string``, ``number``, ``parameter`` (``$1``, ``:x``, ``@x``), ``end``
        (a semicolon), ``comment`` or ``other``.
    :param upper: the text in upper case if it is a word, else the text.
    """

    kind: str
    text: str
    upper: str
    start: int
    end: int


def tokens(text: str, profile: Profile) -> Iterator[Token]:
    """Yield the pieces of ``text`` in order, white space left out."""
    for match in pattern(profile).finditer(text):
        kind = kind_of(match)
        if kind != "space":
            token = match.group()
            yield Token(kind, token, token.upper() if kind == "word" else token, *match.span())


def code(text: str, profile: Profile) -> list[Token]:
    """Return the pieces of ``text`` without its comments."""
    return [token for token in tokens(text, profile) if token.kind != "comment"]


def kind_of(match: re.Match[str]) -> str:
    """Return the kind of what :func:`pattern` has found."""
    kind = match.lastgroup or "other"
    return "string" if kind == "tag" else kind


@lru_cache(maxsize=64)
def pattern(profile: Profile) -> re.Pattern[str]:
    """Return the regular expression that finds one piece of a text of this dialect."""
    word = r"[^\W\d][\w$#]*+" if profile.hashes_in_names else r"[^\W\d][\w$]*+"
    if profile.hashes_in_names:
        word = rf"#{{1,2}}\w[\w$#]*+|{word}"
    word += r"(?:-\w++)*+" if profile.dashes_in_names else ""
    return re.compile(
        rf"(?P<space>\s++)|(?P<comment>{_comments(profile)})|(?P<string>{_strings(profile, _IN_FRONT)})"
        rf"|(?P<word>{word})|(?P<name>{_names(profile)})|(?P<number>(?:\d[\w.]*+|\.\d\w*+)(?:(?<=[eE])[+-]\d++)?+)"
        r"|(?P<parameter>[$@:]\w++)|(?P<end>;)|(?P<other>.)",
        re.DOTALL,
    )


@lru_cache(maxsize=64)
def landmarks(profile: Profile) -> re.Pattern[str]:
    """Return the regular expression that tells literals, quoted names, comments and semicolons from all else.

    The rest, ``plain``, is found in pieces as long as can be, without the prefixes of strings taken off.
    """
    special = {
        ";",
        "/",
        "{",
        *profile.string_quotes,
        *profile.name_quotes,
        *(mark[0] for mark in profile.line_comments),
    }
    if profile.dollar_quotes:
        special.add("$")
    plain = "".join(re.escape(mark) for mark in sorted(special))
    return re.compile(
        rf"(?P<plain>[^{plain}]++)|(?P<comment>{_comments(profile)})|(?P<string>{_strings(profile, _BEHIND)})"
        rf"|(?P<name>{_names(profile)})|(?P<end>;)|(?P<other>.)",
        re.DOTALL,
    )


def _comments(profile: Profile) -> str:
    comments = [r"\{#(?:[^#]++|#(?!\}))*+#\}"]  # dbt's, where it was not rendered
    comments += [re.escape(mark) + r"[^\n]*+" for mark in profile.line_comments]
    inner = r"|/\*(?:[^*]++|\*(?!/))*+\*/" if profile.nested_comments else ""
    comments.append(rf"/\*(?:[^*/]++|\*(?!/){inner}|/)*+(?:\*/|\Z)")
    return "|".join(comments)


def _names(profile: Profile) -> str:
    return "|".join(_quoted(quote, backslash=False) for quote in profile.name_quotes)


# Prefixes of strings: as a part of what is found, and as what stands before it.
_IN_FRONT = {"raw": "(?i:r|rb|br)", "bytes": "(?i:br?|rb?)?", "q": "(?i:n?q)", "e": "(?i:e)", "n": "(?i:n)"}
_BEHIND = {
    "raw": r"(?:(?<=\b[rR])|(?<=\b[rR][bB])|(?<=\b[bB][rR]))",
    "bytes": "",
    "q": r"(?:(?<=\b[qQ])|(?<=\b[nN][qQ]))",
    "e": r"(?<=\b[eE])",
    "n": r"(?<=\b[nN])",
}


def _strings(profile: Profile, prefix: dict[str, str]) -> str:
    """Return a pattern for string literals; those that must be tried first stand in front."""
    strings = []
    if profile.grammar == "bigquery":
        strings += [rf"{prefix['bytes']}{q * 3}(?:[^{q}\\]++|\\.|{q}(?!{q}{q}))*+(?:{q * 3}|\Z)" for q in "'\""]
    if profile.raw_prefix:
        strings += [rf"{prefix['raw']}{q}[^{q}]*+(?:{q}|\Z)" for q in profile.string_quotes]
    if profile.grammar == "oracle":
        for opening, closing in ("[]", "{}", "()", "<>"):
            strings.append(rf"{prefix['q']}'\{opening}(?:[^\{closing}]++|\{closing}(?!'))*+(?:\{closing}'|\Z)")
        strings.append(rf"{prefix['q']}'(?P<tag>[^\s\[{{(<])(?:(?!(?P=tag)').)*+(?:(?P=tag)'|\Z)")
    if profile.dollar_quotes:
        tag = r"\$(?P<tag>\w*)\$" if profile.dollar_quotes == "tagged" else r"\$(?P<tag>)\$"
        strings.append(tag + r"(?:(?!\$(?P=tag)\$).)*+(?:\$(?P=tag)\$|\Z)")
    if profile.escape_prefix:
        strings.append(prefix["e"] + _quoted("'", backslash=True))
    if profile.national_prefix:
        strings.append(prefix["n"] + _quoted("'", backslash=profile.backslash))
    strings += [_quoted(quote, backslash=profile.backslash) for quote in profile.string_quotes]
    return "|".join(strings)


def _quoted(quote: str, *, backslash: bool) -> str:
    """Return a pattern for a quoted piece that doubles its quote to escape it; it may lack its end."""
    closing = _CLOSING.get(quote, quote)
    opening, closing = re.escape(quote), re.escape(closing)
    escape = r"|\\." if backslash else ""
    plain = rf"[^{closing}\\]" if backslash else rf"[^{closing}]"
    return rf"{opening}(?:{plain}++|{closing}{closing}{escape})*+(?:{closing}|\\?\Z)"


def unquoted(token: Token, profile: Profile) -> str:
    """Return what stands inside a string or a quoted name."""
    text = token.text
    if token.kind == "name":
        closing = _CLOSING.get(text[0], text[0])
        return text[1:-1].replace(closing * 2, closing)
    if text.startswith("$"):
        opening = text[: text.index("$", 1) + 1]
        return text[len(opening) : -len(opening)]
    if text[0] in "nNqQ" and profile.grammar == "oracle" and text[text.index("'") - 1] in "qQ":
        return text[text.index("'") + 2 : -2]
    prefix = _PREFIXED.match(text)
    text = text[prefix.end() :] if prefix is not None else text
    quotes = 3 if len(text) >= 6 and text[:3] == text[0] * 3 and profile.grammar == "bigquery" else 1
    inner = text[quotes:-quotes]
    if quotes == 1:
        inner = inner.replace(text[0] * 2, text[0])
    if not profile.backslash and token.text[0] not in "eE":
        return inner
    return _ESCAPED.sub(lambda match: {"n": "\n", "t": "\t", "r": "\r"}.get(match[1], match[1]), inner)


def plainly_quoted(text: str, profile: Profile) -> str:
    """Return ``text`` with the quotes of strings and names that sqlglot does not know in this dialect replaced."""
    odd = _ODD_QUOTES.get(profile.grammar)
    if odd is None or odd.search(text) is None:
        return text
    pieces = []
    for match in pattern(profile).finditer(text):
        piece, kind = match.group(), kind_of(match)
        if kind == "string" and profile.grammar == "bigquery" and _RAW.match(piece):
            piece = "''"  # what is in it may end in a backslash, and says nothing of lineage
        elif kind == "string" and piece[0] not in "'\"":
            inner = unquoted(Token(kind, piece, piece, *match.span()), profile)
            piece = "'" + inner.replace("'", "''") + "'"
        elif kind == "name" and piece[0] == "`":
            piece = '"' + piece[1:-1].replace('"', '""') + '"'
        pieces.append(piece)
    return "".join(pieces)


def with_versioned_comments(text: str, profile: Profile) -> str:
    """Return ``text`` with ``/*!50001 … */`` opened, which MySQL runs."""
    if profile.grammar != "mysql" or "/*!" not in text:
        return text
    pieces = []
    for match in pattern(profile).finditer(text):
        piece = match.group()
        if piece.startswith("/*!"):
            piece = f" {_VERSIONED.sub('', piece).removesuffix('*/')} "
        pieces.append(piece)
    return "".join(pieces)
