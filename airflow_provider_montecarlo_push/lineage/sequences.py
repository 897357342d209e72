"""Where one statement of T-SQL ends and the next begins: no semicolon is needed between them."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_montecarlo_push.lineage.lexer import Token

_STARTS = frozenset(
    {
        *(
            "ALTER",
            "BEGIN",
            "BREAK",
            "CLOSE",
            "COMMIT",
            "CONTINUE",
            "CREATE",
            "DEALLOCATE",
            "DECLARE",
            "DELETE",
            "DROP",
        ),
        *("ELSE", "END", "EXEC", "EXECUTE", "FETCH", "GO", "GOTO", "GRANT", "IF", "INSERT", "MERGE", "OPEN", "PRINT"),
        *("RAISERROR", "RENAME", "RETURN", "REVOKE", "ROLLBACK", "SELECT", "SET", "THROW", "TRUNCATE", "UPDATE", "USE"),
        *("WAITFOR", "WHILE", "WITH"),
    }
)
_VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"})
_ROWS = frozenset({"SELECT", "VALUES", "EXEC", "EXECUTE", "DEFAULT"})
_BEFORE_SELECT = frozenset({"UNION", "ALL", "EXCEPT", "INTERSECT", "AS", "FOR"})
ROUTINES = frozenset({"PROCEDURE", "PROC", "FUNCTION", "TASK", "PACKAGE", "EVENT", "TRIGGER", "FLOW", "ALERT"})
_OF_COLUMNS = frozenset({"COLUMN", "CONSTRAINT", "INDEX", "PERIOD"})


def statement_end(pieces: Sequence[Token], start: int) -> int:
    """Return the index behind the last token of the statement that begins at ``start``."""
    statement = _Statement(pieces, start)
    for position in range(start + 1, len(pieces)):
        if statement.ends_before(position):
            return position
    return len(pieces)


def first_start(pieces: Sequence[Token], start: int) -> int | None:
    """Return where the first statement behind a condition begins, as in ``IF EXISTS (…) INSERT …``."""
    depth = 0
    for position in range(start, len(pieces)):
        word = pieces[position].upper
        depth += (word == "(") - (word == ")")
        if depth == 0 and pieces[position].kind == "word" and word in _STARTS and word != "WITH":
            return position
    return None


class _Statement:
    """A statement while its tokens are passed.

    Its verb is what it does: that of ``WITH … INSERT`` is INSERT.
    """

    def __init__(self, pieces: Sequence[Token], start: int) -> None:
        self._pieces = pieces
        self._head = pieces[start].upper
        self._verb = self._head if self._head in _VERBS else ""
        self._seen = {self._head}
        self._before = ["", self._head]
        self._brackets = 1 if self._head == "(" else 0
        self._cases = 0
        self._in_ctes = self._head == "WITH"
        self._in_header = routine(pieces[start : start + 8]) is not None

    def ends_before(self, position: int) -> bool:
        """Whether the token at ``position`` belongs to the next statement; else it is taken into this one."""
        token = self._pieces[position]
        word = token.upper if token.kind != "name" else ""
        self._brackets += (word == "(") - (word == ")")
        if self._brackets > 0 or self._in_case(word):
            return False
        if self._in_header:
            if self._before[1] == "AS" and self._before[0] != "EXECUTE":
                return True
        elif token.kind == "word" and word in _STARTS and not self._continues(word, position):
            return True
        if word in _VERBS:
            self._verb = self._verb or word
            self._in_ctes = False
        following = self._pieces[position + 1].upper if position + 1 < len(self._pieces) else ""
        self._in_ctes = self._in_ctes or (word == "WITH" and following != "(")
        self._seen.add(word)
        self._before = [self._before[1], word]
        return False

    def _in_case(self, word: str) -> bool:
        if word == "CASE":
            self._cases += 1
        elif word == "END" and self._cases:
            self._cases -= 1
            return True
        return self._cases > 0

    def _continues(self, word: str, position: int) -> bool:
        following = self._pieces[position + 1].upper if position + 1 < len(self._pieces) else ""
        before = self._before[1]
        if word in _VERBS:
            return self._verb_continues(word, before, following)
        rule = {
            "IF": following in ("EXISTS", "NOT") and self._head in ("DROP", "ALTER", "CREATE"),
            "EXEC": self._awaits_rows(),
            "EXECUTE": self._awaits_rows() or before == "WITH",
            "ALTER": before == "OR" or following == "COLUMN",
            "DROP": self._head == "ALTER" and following in _OF_COLUMNS,
            "SET": self._takes_set(),
            "FETCH": before in ("ROW", "ROWS"),
            "WITH": not self._is_cte(position),
            "CREATE": before == "OR",
        }
        return rule.get(word, False)

    def _verb_continues(self, word: str, before: str, following: str) -> bool:
        if self._in_ctes or before == "BULK":
            return True
        if word == "SELECT":
            return before in _BEFORE_SELECT or self._awaits_rows()
        if word == "MERGE":
            return following == "JOIN"
        return before in ("THEN", "ON", "FOR")

    def _awaits_rows(self) -> bool:
        return self._verb == "INSERT" and not self._seen & _ROWS

    def _takes_set(self) -> bool:
        return self._head in ("ALTER", "CREATE") or self._verb == "MERGE" or self._awaits_set()

    def _awaits_set(self) -> bool:
        return self._verb == "UPDATE" and "SET" not in self._seen

    def _is_cte(self, position: int) -> bool:
        """Whether WITH begins a statement: ``WITH name AS (`` or ``WITH name (columns) AS (``."""
        if self._before[1] == "AS" or self._awaits_rows():
            return False
        name, *rest = self._pieces[position + 1 : position + 4] or [self._pieces[position]]
        words = [piece.upper for piece in rest]
        return name.kind in ("word", "name") and (words == ["AS", "("] or words[:1] == ["("])


def routine(pieces: Sequence[Token]) -> str | None:
    """Return what a CREATE, ALTER or REPLACE statement defines if it is a routine."""
    if pieces[0].upper not in ("CREATE", "ALTER", "REPLACE"):
        return None
    for piece in pieces[1:8]:
        if piece.upper in ROUTINES:
            return {"PROC": "PROCEDURE", "PACKAGE": "PROCEDURE", "FLOW": "TASK"}.get(piece.upper, piece.upper)
        if piece.upper in ("TABLE", "VIEW", "AS", "(", "SCHEMA", "DATABASE", "USER", "ROLE"):
            return None
    return None
