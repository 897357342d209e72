"""Phrases of the dialects that sqlglot does not parse, put into words that it does, or left out.

This works on tokens, so that strings, comments and quoted names are never touched. What is written and what stands for
it mean the same for lineage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot.tokenizer_core import Token, TokenType

_Word = tuple[str, TokenType]
_Rule = Callable[[Sequence[Token], int], tuple[int, list[Token]] | None]
"""Given tokens and a position: how many of them are replaced there, and by what; ``None`` where it does not apply."""

_NAMES = frozenset({TokenType.IDENTIFIER, TokenType.STRING})
_STRINGS = frozenset({TokenType.STRING, TokenType.NATIONAL_STRING})
_SET: _Word = ("SET", TokenType.SET)
_STAR: _Word = ("*", TokenType.STAR)
_WHEN: _Word = ("WHEN", TokenType.WHEN)
_THEN: _Word = ("THEN", TokenType.THEN)
_MATCHED: _Word = ("MATCHED", TokenType.VAR)
_LOCKS = frozenset({"ACCESS", "READ", "WRITE", "EXCLUSIVE", "SHARE", "CHECKSUM"})
_VERSIONS = frozenset({"VERSION", "TIMESTAMP", "SYSTEM_VERSION", "SYSTEM_TIME"})
_TYPES = frozenset(
    {"BIGINT", "BYTEINT", "CHAR", "DATE", "DECIMAL", "FLOAT", "INT", "INTEGER", "SMALLINT", "TIMESTAMP", "VARCHAR"}
)
_ATTRIBUTES = _TYPES | {"FORMAT", "NAMED", "TITLE"}


def rewritten(tokens: list[Token], grammar: str, text: str) -> list[Token]:
    """Return ``tokens`` with the phrases replaced that sqlglot does not know in this dialect.

    :param text: what they were cut from.
    """
    text = text.upper()
    known = (*_EVERYWHERE, *_RULES.get(grammar, ()))
    # Between the words of one token there may be any blanks.
    rules = {word: rule for words, rule in known for word in words if word.partition(" ")[0] in text}
    if not rules:
        return tokens
    result: list[Token] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        rule = rules.get(token.text.upper()) if token.token_type not in _NAMES else None
        replaced = rule(tokens, position) if rule is not None else None
        if replaced is None:
            result.append(token)
            position += 1
        else:
            number, instead = replaced
            result += instead
            position += number
    return result


def _text(tokens: Sequence[Token], position: int) -> str:
    """Return the word or mark at ``position``, ``""`` for quoted ones and outside."""
    if not 0 <= position < len(tokens) or tokens[position].token_type in _NAMES:
        return ""
    return tokens[position].text.upper()


def _like(token: Token, text: str, kind: TokenType) -> Token:
    return Token(kind, text, line=token.line, col=token.col, start=token.start, end=token.end)


def _group(tokens: Sequence[Token], position: int) -> int:
    """Return how many tokens the brackets at ``position`` and what is in them take; 0 if there are none."""
    depth = 0
    for ahead in range(position, len(tokens)):
        text = _text(tokens, ahead)
        depth += (text == "(") - (text == ")")
        if depth <= 0:
            return ahead - position + 1 if ahead > position else 0
    return len(tokens) - position


def _phrase(written: str, *meant: _Word) -> tuple[tuple[str, ...], _Rule]:
    """Return the rule that puts the words ``meant`` for the words ``written``."""
    words = written.split()

    def rule(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
        if any(_text(tokens, position + ahead) != word for ahead, word in enumerate(words)):
            return None
        return len(words), [_like(tokens[position], text, kind) for text, kind in meant]

    return (words[0],), rule


def _table_as_query(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """``TABLE t`` in the place of a query is ``SELECT * FROM t``."""
    before, following = _text(tokens, position - 1), _text(tokens, position + 1)
    is_name = position + 1 < len(tokens) and tokens[position + 1].token_type is TokenType.IDENTIFIER
    if not is_name and following in ("(", ""):
        return None
    if before not in ("(", "UNION", "ALL", "EXCEPT", "INTERSECT", "AS") and position > 0:
        return None
    words = (("SELECT", TokenType.SELECT), _STAR, ("FROM", TokenType.FROM))
    return 1, [_like(tokens[position], text, kind) for text, kind in words]


def _until_when(tokens: Sequence[Token], position: int) -> int:
    """Return how many tokens stand before the next WHEN outside of brackets and CASE expressions."""
    depth = cases = 0
    for ahead in range(position, len(tokens)):
        text = _text(tokens, ahead)
        depth += (text == "(") - (text == ")")
        cases += (text == "CASE") - (text == "END" and cases > 0)
        if depth <= 0 and cases == 0 and (text == "WHEN" or (text == "DELETE" and ahead > position)):
            return ahead - position
    return len(tokens) - position


def _until(tokens: Sequence[Token], position: int, words: tuple[str, ...]) -> int:
    """Return how many tokens stand before the next of ``words`` outside of brackets."""
    depth = 0
    for ahead in range(position, len(tokens)):
        text = _text(tokens, ahead)
        depth += (text == "(") - (text == ")")
        if depth <= 0 and text in words:
            return ahead - position
    return len(tokens) - position


def _condition_in_merge(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """Oracle's ``UPDATE SET … WHERE … DELETE WHERE …`` in a MERGE: which rows, not what is in them."""
    if _text(tokens, 0) != "MERGE" or _depth(tokens, position) > 0:
        return None
    if _text(tokens, position) == "DELETE" and _text(tokens, position + 1) != "WHERE":
        return None
    return _until_when(tokens, position), []


def _depth(tokens: Sequence[Token], position: int) -> int:
    return sum((_text(tokens, at) == "(") - (_text(tokens, at) == ")") for at in range(position))


def _output(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """What SQL Server reports of the rows that were changed."""
    if _text(tokens, 0) not in ("MERGE", "WITH", "UPDATE") or _depth(tokens, position) > 0:
        return None
    if _text(tokens, 0) == "UPDATE":
        return _until(tokens, position, ("FROM", "WHERE", "OPTION")), []
    return (len(tokens) - position, []) if any(_text(tokens, at) == "MERGE" for at in range(position)) else None


def _drop(*following: str) -> _Rule:
    """Return the rule that leaves a word and the brackets behind it out, with the words ``following`` between them."""

    def rule(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
        number = 1
        for word in following:
            number += _text(tokens, position + number) == word
        group = _group(tokens, position + number)
        return (number + group, []) if group else None

    return rule


def _top(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """``UPDATE TOP (5) t``."""
    group = _group(tokens, position + 1)
    return (1 + group, []) if group and _text(tokens, position - 1) in ("UPDATE", "DELETE", "MERGE") else None


def _compound(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """``SET a += b``: what was there before is no source."""
    if _text(tokens, position + 1) != "=" or tokens[position + 1].start != tokens[position].end + 1:
        return None
    return 1, []


def _culture(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """``PARSE(x AS money USING 'de-DE')``."""
    is_text = position + 1 < len(tokens) and tokens[position + 1].token_type in _STRINGS
    return (2, []) if is_text and _text(tokens, position + 2) == ")" else None


def _graph_match(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """``MATCH(a-(b)->c)`` of graph tables is a condition."""
    group = _group(tokens, position + 1)
    words = (("1", TokenType.NUMBER), ("=", TokenType.EQ), ("1", TokenType.NUMBER))
    return (1 + group, [_like(tokens[position], *word) for word in words]) if group else None


def _filegroup(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """``INTO t ON filegroup FROM …``."""
    at = position + 2
    while _text(tokens, at) == ".":
        at += 2
    if _text(tokens, at) != "ON" or _text(tokens, at + 2) != "FROM":
        return None
    return at + 2 - position, list(tokens[position:at])


def _join_hint(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """``INNER HASH JOIN``."""
    is_hint = _text(tokens, position + 1) == "JOIN" and _text(tokens, position - 1) in (
        "INNER",
        "LEFT",
        "RIGHT",
        "FULL",
        "OUTER",
    )
    return (1, []) if is_hint else None


def _partition(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """``FROM t PARTITION (p)``, ``PARTITION FOR (x)``."""
    if _text(tokens, position + 1) == "BY":  # a comment stands between the words
        return _partitioned_join(tokens, position, 2)
    number = 1 + (_text(tokens, position + 1) == "FOR")
    group = _group(tokens, position + number)
    return (number + group, []) if group else None


def _partitioned_join(tokens: Sequence[Token], position: int, words: int = 1) -> tuple[int, list[Token]] | None:
    """``FROM t PARTITION BY (x) RIGHT JOIN …``."""
    group = _group(tokens, position + words)
    return (words + group, []) if group and _joins(tokens, position + words + group) else None


def _returning(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """``JSON_VALUE(x, '$.y' RETURNING CHAR NULL ON EMPTY)``."""
    depth = 0
    for ahead in range(position + 1, len(tokens)):
        depth += (_text(tokens, ahead) == "(") - (_text(tokens, ahead) == ")")
        if depth < 0:
            return ahead - position, []
    return None


def _joins(tokens: Sequence[Token], position: int) -> bool:
    return _text(tokens, position) in ("LEFT", "RIGHT", "FULL", "JOIN")


def _locking(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """``LOCKING TABLE t FOR ACCESS``."""
    for ahead in range(position + 1, min(position + 12, len(tokens))):
        if _text(tokens, ahead) in _LOCKS:
            number = ahead - position + 1
            number += _text(tokens, position + number) == "MODE"
            number += _text(tokens, position + number) == "NOWAIT"
            return number, []
    return None


def _attribute(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """Teradata's ``x (NAMED y)``, ``x (FORMAT '…')`` and ``t.x (DECIMAL(18,2))``."""
    word = _text(tokens, position + 1)
    if word not in _ATTRIBUTES:
        return None
    group = _group(tokens, position)
    if word == "NAMED" and group == 4:
        return group, [_like(tokens[position], "AS", TokenType.ALIAS), tokens[position + 2]]
    if word in ("FORMAT", "TITLE") and group == 4:
        return group, []
    behind_value = _text(tokens, position - 2) == "." or _text(tokens, position - 1) == ")"
    if word in _TYPES and behind_value and _text(tokens, position + group) in (",", "AS", "FROM"):
        return group, []
    return None


def _as_of(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """Oracle's ``AS OF TIMESTAMP x``."""
    if _text(tokens, position + 1) != "OF" or _text(tokens, position + 2) not in ("TIMESTAMP", "SCN"):
        return None
    return 3 + _expression(tokens, position + 3), []


def _version(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """Spark's ``[FOR] VERSION AS OF x`` and ``[FOR] TIMESTAMP AS OF x``."""
    at = position + (_text(tokens, position) == "FOR")
    if _text(tokens, at) not in _VERSIONS or _text(tokens, at + 1) != "AS" or _text(tokens, at + 2) != "OF":
        return None
    return at + 3 - position + _expression(tokens, at + 3), []


def _expression(tokens: Sequence[Token], position: int) -> int:
    """Return how many tokens a literal, a name, a call, or a sum of such takes."""
    number = 0
    while position + number < len(tokens):
        group = _group(tokens, position + number)
        number += group or 1
        if not group:
            number += _group(tokens, position + number)
        following = _text(tokens, position + number)
        if following == "INTERVAL" or following in ("+", "-"):
            number += 1
        elif _text(tokens, position + number - 2) == "INTERVAL" and following:  # its unit
            return number + 1
        elif _text(tokens, position + number - 1) not in ("TIMESTAMP", "DATE", "INTERVAL"):
            return number
    return number


def _first_argument(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """``JSON_TABLE(document, path COLUMNS (…))``: all columns come from the document."""
    group = _group(tokens, position + 1)
    for ahead in range(position + 2, position + group):
        inner = tokens[position + 2 : ahead]
        if _text(tokens, ahead) == "," and _depth(inner, len(inner)) == 0:
            return 1 + group, [*tokens[position:ahead], tokens[position + group]]
    return None


def _script(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """Hive's ``MAP a, b USING …`` and ``REDUCE a, b USING …`` are ``SELECT TRANSFORM (a, b) USING …``."""
    if _text(tokens, position + 1) == "(" or _text(tokens, position - 1) in (".", "AS", ","):
        return None
    for ahead in range(position + 1, len(tokens)):
        if _text(tokens, ahead) in ("(", ")"):
            return None
        if _text(tokens, ahead) == "USING":
            head = tokens[position]
            opening = [
                _like(head, "SELECT", TokenType.SELECT),
                _like(head, "TRANSFORM", TokenType.VAR),
                _like(head, "(", TokenType.L_PAREN),
            ]
            closing = _like(head, ")", TokenType.R_PAREN)
            return ahead - position, [*opening, *tokens[position + 1 : ahead], closing]
    return None


def _script_columns(tokens: Sequence[Token], position: int) -> tuple[int, list[Token]] | None:
    """``TRANSFORM (…) USING '…' AS a, b``: the columns in brackets."""
    if position + 2 >= len(tokens) or tokens[position + 1].token_type is not TokenType.STRING:
        return None
    if _text(tokens, position + 2) != "AS" or _text(tokens, position + 3) in ("(", ""):
        return None
    end = position + 4
    while _text(tokens, end) == ",":
        end += 2
    opening = _like(tokens[position], "(", TokenType.L_PAREN)
    closing = _like(tokens[position], ")", TokenType.R_PAREN)
    return end - position, [*tokens[position : position + 3], opening, *tokens[position + 3 : end], closing]


_EVERYWHERE = ((("TABLE",), _table_as_query),)
_SCRIPTS = ((("MAP", "REDUCE"), _script), (("USING",), _script_columns))
_SPARK = (*_SCRIPTS, (("FOR", *_VERSIONS), _version), _phrase("WITH SCHEMA EVOLUTION"))
_Rules = tuple[tuple[tuple[str, ...], _Rule], ...]
_RULES: dict[str, _Rules] = {
    "databricks": _SPARK,
    "hive": _SCRIPTS,
    "mysql": ((("PARTITION",), _partition), (("JSON_TABLE",), _first_argument), (("RETURNING",), _returning)),
    "oracle": (
        (("WHERE", "DELETE"), _condition_in_merge),
        (("PARTITION", "SUBPARTITION"), _partition),
        (("PARTITION BY",), _partitioned_join),
        (("SAMPLE",), _drop("BLOCK")),
        (("SEED",), _drop()),
        (("AS",), _as_of),
    ),
    "postgres": ((("JSON_TABLE",), _first_argument),),
    "redshift": (
        _phrase(
            "REMOVE DUPLICATES",
            *(_WHEN, _MATCHED, _THEN, ("UPDATE", TokenType.UPDATE), _SET, _STAR),
            *(_WHEN, ("NOT", TokenType.NOT), _MATCHED, _THEN, ("INSERT", TokenType.INSERT), _STAR),
        ),
    ),
    "snowflake": (
        _phrase("UPDATE ALL BY NAME", ("UPDATE", TokenType.UPDATE), _SET, _STAR),
        _phrase("INSERT ALL BY NAME", ("INSERT", TokenType.INSERT), _STAR),
        _phrase("OVERWRITE ALL", ("ALL", TokenType.ALL)),
        _phrase("OVERWRITE FIRST", ("FIRST", TokenType.FIRST)),
    ),
    "spark": _SPARK,
    "trino": ((("RETURNING",), _returning),),
    "teradata": ((("LOCKING",), _locking), (("(",), _attribute)),
    "tsql": (
        (("OUTPUT",), _output),
        (("TOP",), _top),
        (("+", "-", "*", "/", "%"), _compound),
        (("USING",), _culture),
        (("MATCH",), _graph_match),
        (("INTO",), _filegroup),
        (("HASH", "LOOP", "MERGE", "REMOTE"), _join_hint),
    ),
}
