"""Which tables a query reads, told from its words where its grammar is not understood.

Warehouses add syntax faster than parsers learn it. The places where tables stand stay the same: behind FROM, JOIN and
USING, and behind the commas of a FROM list. That gives the tables of an edge, though none of its columns.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.phrases import Phrase

_ENDS_LIST = frozenset(
    {
        *("WHERE", "GROUP", "ORDER", "HAVING", "QUALIFY", "WINDOW", "LIMIT", "UNION", "EXCEPT", "INTERSECT", "MINUS"),
        *("SELECT", "SEL", "SET", "ON", "CONNECT", "START", "WHEN", "USING", "RETURNING", "OPTION", "FETCH", "LATERAL"),
        *("CLUSTER", "DISTRIBUTE", "SORT", "PREWHERE", "SETTINGS", "FOR", "VALUES"),
    }
)
_BEFORE_TABLE = frozenset({"FROM", "JOIN"})
_NOT_TABLES = frozenset({"LATERAL", "UNNEST", "TABLE", "FLATTEN", "VALUES", "JSON_TABLE", "XMLTABLE", "OPENJSON"})
_PASSED = frozenset({"ONLY", "STREAM", "LOCAL"})


@dataclass(slots=True)
class _Level:
    """What is open between two brackets."""

    selects: bool = False
    in_list: bool = False
    expects: bool = False


def tables_of(phrase: Phrase, *, after_using: bool = False) -> list[exp.Table]:
    """Return the tables that are read, CTEs left out.

    :param after_using: a table stands behind USING, too, as in MERGE.
    :raises StatementError: when the text is no statement at all: a bracket stays open, or a table is missing.
    """
    ctes = _ctes(phrase)
    start = phrase.at
    found = _Sketch(phrase, _BEFORE_TABLE | {"USING"} if after_using else _BEFORE_TABLE).tables()
    phrase.seek(start)
    return [table for table in found if table.args.get("db") is not None or table.name.upper() not in ctes]


def _ctes(phrase: Phrase) -> set[str]:
    """Return the upper-cased names that are followed by ``AS (``, or by a column list and that."""
    start, names = phrase.at, set()
    while phrase.next is not None:
        before, piece = phrase.peek(-1), phrase.next
        phrase.word()
        if before not in ("WITH", "RECURSIVE", ",", "") or piece.kind not in ("word", "name"):
            continue
        at = phrase.at
        phrase.bracketed()
        is_cte = phrase.take("AS")
        phrase.take("NOT")
        phrase.take("MATERIALIZED")
        if is_cte and phrase.peek() == "(":
            names.add(phrase.name_of(piece).upper())
        phrase.seek(at)
    phrase.seek(start)
    return names


class _Sketch:
    def __init__(self, phrase: Phrase, before_table: frozenset[str]) -> None:
        self._phrase = phrase
        self._before_table = before_table
        self._levels = [_Level(selects=True)]
        self._found: list[exp.Table] = []

    def tables(self) -> list[exp.Table]:
        while self._phrase.next is not None:
            self._step()
        if len(self._levels) != 1 or self._levels[0].expects:
            raise StatementError(Reason.SYNTAX, "a bracket is not closed, or the name of a table is missing")
        return self._found

    def _step(self) -> None:
        phrase, level = self._phrase, self._levels[-1]
        word = phrase.peek()
        if word == "(":
            phrase.word()
            self._levels.append(_Level(expects=level.expects, in_list=level.expects))
            level.expects = False
        elif word == ")":
            phrase.word()
            if len(self._levels) == 1 or level.expects:
                raise StatementError(Reason.SYNTAX, "a bracket is not opened, or the name of a table is missing")
            self._levels.pop()
        elif level.expects:
            self._table(level, word)
        else:
            self._word(level, word)

    def _table(self, level: _Level, word: str) -> None:
        phrase = self._phrase
        level.expects = False
        if word in ("SELECT", "WITH", "SEL", "FROM"):
            level.in_list = False
        elif word in _PASSED:
            phrase.word()
            level.expects = True
        elif word in _NOT_TABLES:
            phrase.word()
        elif phrase.next is not None and phrase.next.kind in ("word", "name"):
            table = phrase.table()
            if phrase.peek() != "(":
                self._found.append(table)
        elif word in ("@", "$", "'") or (phrase.next is not None and phrase.next.kind in ("string", "parameter")):
            phrase.word()
        else:
            raise StatementError(Reason.SYNTAX, "the name of a table is missing")

    def _word(self, level: _Level, word: str) -> None:
        before = self._phrase.peek(-1)
        self._phrase.word()
        if word in ("SELECT", "SEL"):
            level.selects, level.in_list = True, False
        elif word in self._before_table:
            if (level.selects or word != "FROM") and before != "DISTINCT":
                level.expects = level.in_list = True
        elif word == "," and level.in_list:
            level.expects = True
        elif word in _ENDS_LIST:
            level.in_list = False
