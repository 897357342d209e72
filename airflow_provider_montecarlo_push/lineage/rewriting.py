"""Phrases of the dialects that sqlglot does not parse, put into words that it does.

This works on tokens, so that strings, comments and quoted names are never touched.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot.tokenizer_core import Token, TokenType

_Word = tuple[str, TokenType]
_SET: _Word = ("SET", TokenType.SET)
_STAR: _Word = ("*", TokenType.STAR)

# What is written, and what stands for it. Neither has a meaning for lineage that the other lacks.
_RULES: dict[str, tuple[tuple[tuple[str, ...], tuple[_Word, ...]], ...]] = {
    "snowflake": (
        (("HYBRID", "TABLE"), (("TABLE", TokenType.TABLE),)),
        (("RECURSIVE", "VIEW"), (("VIEW", TokenType.VIEW),)),
        (("UPDATE", "ALL", "BY", "NAME"), (("UPDATE", TokenType.UPDATE), _SET, _STAR)),
        (("INSERT", "ALL", "BY", "NAME"), (("INSERT", TokenType.INSERT), _STAR)),
    ),
    "bigquery": ((("SNAPSHOT", "TABLE"), (("TABLE", TokenType.TABLE),)),),
    "databricks": ((("DEEP", "CLONE"), (("CLONE", TokenType.VAR),)),),
    "mysql": ((("REPLACE", "INTO"), (("INSERT", TokenType.INSERT), ("INTO", TokenType.INTO))),),
}
_HEADS = frozenset({"CREATE", "MERGE", "REPLACE", "WITH"})
_NAMES = frozenset({TokenType.IDENTIFIER, TokenType.STRING})


def rewritten(tokens: list[Token], grammar: str) -> list[Token]:
    """Return ``tokens`` with the phrases replaced that sqlglot does not know in this dialect."""
    rules = _RULES.get(grammar)
    if not rules or not tokens or tokens[0].text.upper() not in _HEADS:
        return tokens
    starts = {written[0] for written, _ in rules}
    result: list[Token] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        match = _match(tokens, position, rules) if token.text.upper() in starts else None
        if match is None:
            result.append(token)
            position += 1
            continue
        written, meant = match
        result += [_like(token, text, kind) for text, kind in meant]
        position += len(written)
    return result


def _match(
    tokens: list[Token], position: int, rules: Sequence[tuple[tuple[str, ...], tuple[_Word, ...]]]
) -> tuple[tuple[str, ...], tuple[_Word, ...]] | None:
    for written, meant in rules:
        found = tokens[position : position + len(written)]
        if all(token.token_type not in _NAMES for token in found) and [t.text.upper() for t in found] == list(written):
            return written, meant
    return None


def _like(token: Token, text: str, kind: TokenType) -> Token:
    return Token(kind, text, line=token.line, col=token.col, start=token.start, end=token.end)
