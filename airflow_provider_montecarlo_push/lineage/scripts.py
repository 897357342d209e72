"""Scripts and routines: the plain statements that stand in them.

A script is not run here. Its procedural words are taken off (BEGIN, IF … THEN, LOOP, EXCEPTION WHEN … THEN), its
declarations are passed over, and the bodies of procedures, tasks and anonymous blocks are opened. What remains are
plain statements, in the order in which they are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_provider_montecarlo_push.lineage.lexer import Token, code, unquoted
from airflow_provider_montecarlo_push.lineage.model import Reason, Unparsed
from airflow_provider_montecarlo_push.lineage.profiles import Profile
from airflow_provider_montecarlo_push.lineage.scanner import Statement, scan
from airflow_provider_montecarlo_push.lineage.sequences import ROUTINES, first_start, routine, statement_end

_CONDITIONS = frozenset({"IF", "ELSEIF", "ELSIF", "WHILE", "UNTIL", "WHEN", "FOR", "CASE"})
_BEHIND_CONDITION = frozenset({"THEN", "DO", "LOOP"})
_OPENERS = frozenset({"LOOP", "REPEAT", "ELSE", "THEN", "EXCEPTION", "GO", "TRY"})
_CLOSED = frozenset({"IF", "LOOP", "WHILE", "FOR", "CASE", "REPEAT", "TRY", "CATCH"})
_TRANSACTION = frozenset({"TRANSACTION", "WORK", "TRAN", "NAME", "DISTRIBUTED", "ISOLATION", "READ", "DEFERRED"})
_LABELLED = frozenset({"BEGIN", "LOOP", "WHILE", "FOR", "REPEAT"})
_DEFINES = frozenset({"CREATE", "ALTER", "REPLACE"})
_EXECUTES = frozenset({"EXECUTE", "EXEC"})
_PROCEDURAL = frozenset(
    {*_CONDITIONS, *_OPENERS, *_EXECUTES, "BEGIN", "DECLARE", "END", "DO", "PROCEDURE", "FUNCTION", "IMMEDIATE"}
)
_PLAIN = frozenset(
    {
        *(
            "ALTER",
            "ATTACH",
            "CACHE",
            "COPY",
            "CREATE",
            "DELETE",
            "DROP",
            "EXCHANGE",
            "EXPORT",
            "FROM",
            "INS",
            "INSERT",
            "LOAD",
        ),
        *("MERGE", "RENAME", "REPLACE", "SELECT", "TRUNCATE", "UNLOAD", "UPD", "UPDATE", "UPSERT", "USE", "WITH"),
    }
)
_VERBS = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE"})
_SQL_LANGUAGES = frozenset({"SQL", "PLPGSQL", "PLSQL", "TSQL"})
_DIRECTIONS = ("IN", "OUT", "INOUT", "VARIADIC")
_MAX_DEPTH = 5


class Script:
    """The plain statements of one text.

    :param profile: the dialect.
    :param body: the text is the body of a routine or block.
    :param depth: how many bodies it stands in.
    """

    def __init__(self, profile: Profile, *, body: bool = False, depth: int = 0) -> None:
        self._profile = profile
        self._body = body
        self._depth = depth
        self._inside = body
        self._declaring = False
        self._in_trigger = False
        self._variables: set[str] = set()

    def plain(self, statement: Statement) -> Iterator[Statement | Unparsed]:
        """Yield the plain statements of what stands between two semicolons, and what cannot be read of it."""
        for plain in self._plain(statement):
            if self._variables and isinstance(plain, Statement):
                plain.variables = plain.variables.union(self._variables)
            yield plain

    def _plain(self, statement: Statement) -> Iterator[Statement | Unparsed]:
        if not self._is_procedural(statement):
            yield statement
            return
        pieces = code(statement.code, self._profile)
        start: int | None = 0
        while start is not None and start < len(pieces):
            start = self._strip(pieces, start)
            if start is None or start >= len(pieces):
                return
            end = statement_end(pieces, start) if self._profile.bare_statements else len(pieces)
            yield from self._open(statement, pieces, start, end)
            start = end

    def _is_procedural(self, statement: Statement) -> bool:
        if self._inside or self._declaring or self._in_trigger or self._profile.bare_statements:
            return True
        head = statement.head
        if not head:
            return statement.code.startswith("<<")
        return head[0] in _PROCEDURAL or (head[0] in _DEFINES and not ROUTINES.isdisjoint(head))

    # Procedural words ------------------------------------------------------------------------------

    def _strip(self, pieces: Sequence[Token], start: int) -> int | None:
        """Return where the next plain statement begins, ``None`` if none does."""
        position: int | None = start
        while position is not None and position < len(pieces):
            behind = self._behind(pieces, position)
            if behind == position:
                return position
            position = behind
        return None

    def _behind(self, pieces: Sequence[Token], at: int) -> int | None:
        """Return the index behind the procedural words at ``at``; ``at`` itself if there are none."""
        word = pieces[at].upper
        if self._in_trigger:
            self._in_trigger = not (word == "END" and _upper(pieces, at + 1) not in _CLOSED)
            return None
        if self._declaring:
            self._declare(pieces, at)
            begin = _find(pieces, at, {"BEGIN"})
            self._declaring = begin is None
            if begin != at:
                return begin
        if word == "BEGIN":
            return self._behind_begin(pieces, at)
        if word == "END":
            return self._behind_end(pieces, at)
        if word in _CONDITIONS:
            return self._behind_condition(pieces, at)
        if word == "FORALL":
            return _find(pieces, at, _VERBS)
        if word == "DO":
            return at if _string_after(pieces, at) is not None else at + 1
        if word in _OPENERS:
            return at + 1
        return self._behind_other(pieces, at)

    def _behind_other(self, pieces: Sequence[Token], at: int) -> int | None:
        word = pieces[at].upper
        if word == "DECLARE":
            self._declare(pieces[at + 1 :] or pieces, 0)
        if word == "DECLARE" and (self._profile.declare_opens_block or self._body):
            self._declaring = self._inside = True
            return at + 1
        if word in ("PROCEDURE", "FUNCTION") and self._inside:  # a part of a package
            self._declaring = True
            return at + 1
        if word == "/" and self._profile.grammar == "oracle":
            return at + 1
        if word == "<" and _upper(pieces, at + 1) == "<":
            return at + 5
        if _upper(pieces, at + 1) == ":" and _upper(pieces, at + 2) in _LABELLED:
            return at + 2
        return at

    def _behind_begin(self, pieces: Sequence[Token], at: int) -> int | None:
        following = _upper(pieces, at + 1)
        if following in _TRANSACTION:
            return statement_end(pieces, at + 1) if self._profile.bare_statements else None
        self._inside = self._inside or following != ""
        return at + {"TRY": 2, "CATCH": 2, "ATOMIC": 2, "NOT": 3}.get(following, 1)

    def _behind_end(self, pieces: Sequence[Token], at: int) -> int | None:
        if not self._profile.bare_statements:
            return None
        return at + (2 if _upper(pieces, at + 1) in ("TRY", "CATCH", "CONVERSATION") else 1)

    def _behind_condition(self, pieces: Sequence[Token], at: int) -> int | None:
        if self._profile.bare_statements:
            return first_start(pieces, at + 1)
        found = _find(pieces, at + 1, _BEHIND_CONDITION)
        self._inside = self._inside or found is not None
        return None if found is None else found + 1

    def _declare(self, pieces: Sequence[Token], at: int) -> None:
        """Note the variable that is declared."""
        if pieces[at].kind == "word" and pieces[at].upper not in ("BEGIN", "CURSOR", "TYPE", "PROCEDURE", "FUNCTION"):
            self._variables.add(pieces[at].upper)

    def _parameters(self, pieces: Sequence[Token]) -> None:
        """Note the parameters of a routine: what begins each item of the first brackets."""
        opening = next((at for at, piece in enumerate(pieces) if piece.upper == "("), len(pieces))
        depth = 0
        for at in range(opening, len(pieces)):
            word = pieces[at].upper
            if depth == 1 and pieces[at - 1].upper in ("(", ",", *_DIRECTIONS) and pieces[at].kind == "word":
                self._variables.add(word)
            depth += (word == "(") - (word == ")")
            if depth == 0:
                return

    # Bodies ----------------------------------------------------------------------------------------

    def _open(
        self, statement: Statement, pieces: Sequence[Token], start: int, end: int
    ) -> Iterator[Statement | Unparsed]:
        """Yield the plain statements of one statement, which may be the definition of a routine."""
        word = pieces[start].upper
        text = statement.code[pieces[start].start : pieces[end - 1].end]
        if word in _EXECUTES:
            yield from self._executed(pieces[start:end])
        elif word == "DO":
            yield from self._text(_string_after(pieces, start))
        elif (kind := routine(pieces[start:end])) is not None:
            yield from self._routine(text, kind)
        elif self._is_plain(pieces[start:end]):
            yield from scan(text, self._profile)

    def _is_plain(self, pieces: Sequence[Token]) -> bool:
        """Whether a statement is one of SQL; in the body of a routine, INTO has a SELECT fill variables."""
        word = pieces[0].upper
        if self._body and word in ("SELECT", "WITH") and not self._profile.bare_statements:
            return any(piece.upper in _VERBS for piece in pieces)
        return not self._inside or word in _PLAIN or word == "("

    def _executed(self, pieces: Sequence[Token]) -> Iterator[Statement | Unparsed]:
        """Open the text of EXECUTE IMMEDIATE '…', EXECUTE '…', EXEC ('…') and EXEC sp_executesql N'…'.

        What is put together at run time cannot be read. What calls a routine by its name is a plain statement.
        """
        words = [piece.upper for piece in pieces]
        at = 1
        if "SP_EXECUTESQL" in words[:5]:
            at = words.index("SP_EXECUTESQL") + 1
            at += 2 if words[at : at + 1] in (["@STMT"], ["@STATEMENT"]) else 0
        elif words[1:2] in (["IMMEDIATE"], ["("]):
            at = 2
        is_text = at < len(pieces) and pieces[at].kind == "string"
        if is_text and not {"|", "+"} & set(words[at + 1 : at + 2]):
            yield from self._text(pieces[at])
        elif is_text or at > 1 or (self._body and not self._profile.bare_statements):
            yield _unparsed(pieces, "SQL that is put together at run time")
        else:
            yield from scan(" ".join(piece.text for piece in pieces), self._profile)

    def _text(self, token: Token | None) -> Iterator[Statement | Unparsed]:
        if token is None or self._depth >= _MAX_DEPTH:
            yield Unparsed("", Reason.SCRIPT, "bodies nested too deeply")
            return
        inner = Script(self._profile, body=True, depth=self._depth + 1)
        inner._variables |= self._variables
        for statement in scan(unquoted(token, self._profile), self._profile):
            yield from inner.plain(statement)

    def _routine(self, text: str, kind: str) -> Iterator[Statement | Unparsed]:
        """Yield what stands in the definition of a procedure, function, package or task."""
        pieces = code(text, self._profile)
        if kind == "TRIGGER":  # its rows come from its own table, one by one
            self._in_trigger = _find(pieces, 0, {"BEGIN"}) is not None
            yield from scan(text, self._profile)
            return
        language = next(
            (pieces[at + 1].upper for at in range(len(pieces) - 1) if pieces[at].upper == "LANGUAGE"), "SQL"
        )
        if language.strip("'") not in _SQL_LANGUAGES:
            yield _unparsed(pieces, f"a body in {language}")
            return
        if kind not in ("TASK", "ALERT"):
            self._parameters(pieces)
        start = self._body_start(pieces, kind)
        if start is None or start >= len(pieces):
            yield from scan(text, self._profile)
        elif pieces[start].kind == "string":
            yield from self._text(pieces[start])
        else:
            self._inside = True
            body = text[pieces[start].start :]
            for statement in scan(body, self._profile):
                yield from self.plain(statement)

    def _body_start(self, pieces: Sequence[Token], kind: str) -> int | None:
        """Return the index of the first token of a routine's body."""
        if kind == "ALERT":
            then = _find(pieces, 0, {"THEN"})
            return None if then is None else then + 1
        begin = _find(pieces, 0, {"BEGIN"})
        as_ = _find(pieces, 0, {"AS", "IS"})
        while as_ is not None and pieces[as_ - 1].upper == "EXECUTE":
            as_ = _find(pieces, as_ + 1, {"AS", "IS"})
        if as_ is not None and (begin is None or as_ < begin):
            return self._behind_as(pieces, as_, begin, kind)
        if begin is not None:
            return begin
        return _find(pieces, 3, _PLAIN - {"REPLACE", "COPY"}) if kind in ("PROCEDURE", "EVENT") else None

    def _behind_as(self, pieces: Sequence[Token], as_: int, begin: int | None, kind: str) -> int | None:
        if self._profile.grammar == "oracle":
            self._declaring = self._inside = True
            return as_ + 1
        is_text = as_ + 1 < len(pieces) and pieces[as_ + 1].kind == "string"
        return as_ + 1 if kind != "FUNCTION" or is_text or begin is not None else None


def _upper(pieces: Sequence[Token], position: int) -> str:
    return pieces[position].upper if position < len(pieces) else ""


def _find(pieces: Sequence[Token], start: int, words: frozenset[str] | set[str]) -> int | None:
    """Return where one of ``words`` stands outside of brackets and CASE expressions."""
    brackets = cases = 0
    for position in range(start, len(pieces)):
        word = pieces[position].upper
        brackets += (word == "(") - (word == ")")
        if pieces[position].kind != "word":
            continue
        cases += word == "CASE"
        if word == "END" and cases:
            cases -= 1
        elif brackets <= 0 and cases == 0 and word in words:
            return position
    return None


def _string_after(pieces: Sequence[Token], at: int) -> Token | None:
    """Return the string literal of ``DO $$ … $$`` and ``DO LANGUAGE plpgsql $$ … $$``."""
    return next((piece for piece in pieces[at + 1 : at + 4] if piece.kind == "string"), None)


def _unparsed(pieces: Sequence[Token], detail: str) -> Unparsed:
    """Return the note of a statement, without its literals."""
    words = (piece.text for piece in pieces[:20] if piece.kind not in ("string", "number"))
    return Unparsed(" ".join(words), Reason.SCRIPT, detail)
