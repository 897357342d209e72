"""Which tables a query reads, told from its words alone.

This is for queries whose grammar is not understood, for warehouses add syntax faster than parsers learn it, and for
those who need no columns, because it is several times as fast. The places where tables stand are the same everywhere:
behind FROM, JOIN and USING, and behind the commas of a FROM list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage.lexer import kind_of, landmarks
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.phrases import Phrase
from airflow_provider_montecarlo_push.lineage.profiles import Profile

_ENDS_LIST = (
    *("WHERE", "GROUP", "ORDER", "HAVING", "QUALIFY", "WINDOW", "LIMIT", "UNION", "EXCEPT", "INTERSECT", "MINUS"),
    *("SET", "ON", "CONNECT", "START", "WHEN", "RETURNING", "OPTION", "FETCH", "LATERAL", "CLUSTER", "DISTRIBUTE"),
    *("SORT", "PREWHERE", "SETTINGS", "FOR", "VALUES"),
)
_POINT = re.compile(rf"([(),])|\b(SELECT|SEL|FROM|JOIN|USING|{'|'.join(_ENDS_LIST)})\b", re.IGNORECASE | re.ASCII)
_NAME = r"(?:\"[^\"]+\"|`[^`]+`|\[[^\]]+\]|[\w$]+)"
_CTE = re.compile(
    rf"(?:\bWITH|\bRECURSIVE|,|\))\s*({_NAME})\s*(?:\([^()]*\)\s*)?\bAS\s*(?:(?:NOT\s+)?MATERIALIZED\s*)?\(",
    re.IGNORECASE,
)
_NOT_TABLES = frozenset({"LATERAL", "UNNEST", "TABLE", "FLATTEN", "VALUES", "JSON_TABLE", "XMLTABLE", "OPENJSON"})
_QUERIES = frozenset({"SELECT", "SEL", "WITH", "FROM", "VALUES", "("})
_PASSED = frozenset({"ONLY", "STREAM"})
_LONGEST_NAME = 600


def tables_of(text: str, profile: Profile, *, after_using: bool = False) -> list[exp.Table]:
    """Return the tables that are read, CTEs left out.

    :param text: the statement, without comments.
    :param profile: its dialect.
    :param after_using: a table stands behind USING, too, as in MERGE.
    :raises StatementError: when the text is no statement at all: a bracket stays open, or a table is missing.
    """
    ctes = {_bare(name).upper() for name in _CTE.findall(text)}
    found = _Sketch(text, profile, after_using=after_using).tables()
    return [table for table in found if table.args.get("db") is not None or table.name.upper() not in ctes]


def _bare(name: str) -> str:
    return name[1:-1] if name[0] in '"`[' else name


@dataclass(slots=True)
class _Level:
    """What is open between two brackets.

    :param selects: a SELECT has begun, so that FROM is followed by tables; it is not in ``EXTRACT(YEAR FROM x)``.
    :param in_list: a comma is followed by another table.
    """

    selects: bool = False
    in_list: bool = False


class _Sketch:
    def __init__(self, text: str, profile: Profile, *, after_using: bool) -> None:
        self._text = text
        self._profile = profile
        self._after_using = after_using
        self._levels = [_Level(selects=True)]
        self._opens_list = False
        self._found: list[exp.Table] = []

    def tables(self) -> list[exp.Table]:
        for match in landmarks(self._profile).finditer(self._text):
            if kind_of(match) in ("plain", "other"):
                self._code(match.group(), match.start())
        if len(self._levels) != 1:
            raise StatementError(Reason.SYNTAX, "a bracket is not closed")
        return self._found

    def _code(self, text: str, start: int) -> None:
        """Go through a piece of code, from one bracket, comma or word that matters to the next."""
        for point in _POINT.finditer(text):
            mark = point[1]
            if mark == "(":
                self._levels.append(_Level(in_list=self._opens_list))
                if self._opens_list:
                    self._expect(start + point.end())
                continue
            self._opens_list = False
            if mark == ")":
                self._close()
            elif mark is None:
                self._word(point[2].upper(), start + point.end(), self._levels[-1])
            elif self._levels[-1].in_list:
                self._expect(start + point.end())

    def _close(self) -> None:
        if len(self._levels) == 1:
            raise StatementError(Reason.SYNTAX, "a bracket is not opened")
        self._levels.pop()

    def _word(self, word: str, end: int, level: _Level) -> None:
        if word in ("SELECT", "SEL"):
            level.selects, level.in_list = True, False
        elif word == "FROM":
            if level.selects and not self._text[max(end - 20, 0) : end - 4].rstrip().upper().endswith("DISTINCT"):
                level.in_list = True
                self._expect(end)
        elif word == "JOIN" or (word == "USING" and self._after_using):
            level.in_list = True
            self._expect(end)
        elif word != "USING":
            level.in_list = False

    def _expect(self, position: int) -> None:
        """Take the table that stands at ``position``, or note that a bracket there opens a list of them."""
        phrase = Phrase(self._text[position : position + _LONGEST_NAME], self._profile)
        while phrase.take(*_PASSED):
            pass
        piece = phrase.next
        self._opens_list = phrase.peek() == "("
        if piece is None or phrase.peek() in (")", ","):
            raise StatementError(Reason.SYNTAX, "the name of a table is missing")
        if phrase.peek() in _QUERIES or phrase.peek() in _NOT_TABLES:
            return
        if piece.kind in ("word", "name") or piece.text.startswith("@"):
            table = phrase.table()
            if phrase.peek() != "(" or phrase.peek(1) in _PASSED:
                self._found.append(table)
        elif piece.kind not in ("string", "parameter", "other"):
            raise StatementError(Reason.SYNTAX, "the name of a table is missing")
