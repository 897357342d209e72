"""Reads a statement word by word."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage.lexer import Token, tokens, unquoted
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.profiles import Profile

_QUERY = frozenset({"SELECT", "SEL", "WITH", "FROM", "VALUES", "TABLE", "LOCKING", "PIVOT", "UNPIVOT", "MAP", "REDUCE"})


class Phrase:
    """The tokens of a statement, and how far they have been read. They are cut off only as they are asked for.

    :param text: the statement, without comments.
    :param words: all its words, where they are known.
    """

    def __init__(self, text: str, profile: Profile, words: frozenset[str] | None = None) -> None:
        self.text = text
        self._profile = profile
        self._words = words
        self._more = (token for token in tokens(text, profile) if token.kind != "comment")
        self._cut: list[Token] = []
        self._at = 0

    @property
    def _pieces(self) -> list[Token]:
        """All tokens."""
        self._cut.extend(self._more)
        return self._cut

    def _piece(self, at: int) -> Token | None:
        """Return the token number ``at``, ``None`` behind the last."""
        while len(self._cut) <= at:
            more = next(self._more, None)
            if more is None:
                return None
            self._cut.append(more)
        return self._cut[at] if at >= 0 else None

    def may_hold(self, *words: str) -> bool:
        """Whether one of ``words`` may stand somewhere in the statement."""
        return self._words is None or not self._words.isdisjoint(words)

    @property
    def at(self) -> int:
        """How many tokens have been read."""
        return self._at

    def seek(self, at: int) -> None:
        """Go on from the token number ``at``."""
        self._at = at

    def rest(self, end: int | None = None) -> str:
        """Return the text from the next token on, up to the token number ``end``."""
        if self.next is None:
            return ""
        return self.text[self.next.start : None if end is None else self._cut[end - 1].end]

    def outside(self, *words: str, start: int | None = None) -> int | None:
        """Return the number of the first token from ``start`` on that is one of ``words``, outside of brackets."""
        depth = 0
        at = self._at if start is None else start
        while (piece := self._piece(at)) is not None:
            depth += (piece.upper == "(") - (piece.upper == ")")
            if depth <= 0 and piece.upper in words and piece.kind != "name":
                return at
            at += 1
        return None

    def begins_query(self) -> bool:
        """Whether a query comes next, perhaps in brackets."""
        ahead = 0
        while self.peek(ahead) == "(":
            ahead += 1
        if self.peek(ahead) == "TABLE":
            return self.peek(ahead + 1) != "("
        if self.peek(ahead) == "WITH" and self._profile.bare_statements and self.peek(ahead + 1) == "(":
            return False  # hints for the table
        return self.peek(ahead) in _QUERY

    def peek(self, ahead: int = 0) -> str:
        """Return the next word or mark in upper case, ``""`` for a quoted name and at the end."""
        piece = self._piece(self._at + ahead)
        return "" if piece is None or piece.kind == "name" else piece.upper

    def between(self, start: int, end: int) -> Sequence[Token]:
        """Return the tokens from number ``start`` to before number ``end``."""
        return self._pieces[start:end]

    def ahead(self, at: int) -> str:
        """Return the word or mark of the token number ``at``."""
        return self.peek(at - self._at)

    @property
    def next(self) -> Token | None:
        """The next token, ``None`` at the end."""
        return self._piece(self._at)

    def word(self) -> str:
        """Read one word or mark."""
        word = self.peek()
        self._at += 1
        return word

    def take(self, *words: str) -> bool:
        """Read one of ``words`` if it comes next."""
        if self.peek() not in words:
            return False
        self._at += 1
        return True

    def phrase(self, *words: str) -> bool:
        """Read all of ``words`` if they come next."""
        if any(self.peek(ahead) != word for ahead, word in enumerate(words)):
            return False
        self._at += len(words)
        return True

    def contains(self, word: str) -> bool:
        """Whether ``word`` is still to come."""
        return any(piece.kind == "word" and piece.upper == word for piece in self._pieces[self._at :])

    def skip_to(self, *words: str) -> bool:
        """Read up to and including the first of ``words`` outside of brackets."""
        depth = 0
        while self.next is not None:
            word = self.word()
            depth += (word == "(") - (word == ")")
            if depth <= 0 and word in words:
                return True
        return False

    def skip_to_inside(self, word: str) -> bool:
        """Read up to and including ``word``, be it in brackets."""
        while self.next is not None:
            if self.word() == word:
                return True
        return False

    def strings_in_list(self) -> list[str]:
        """Return the strings of ``= ['a', 'b']``."""
        end = next((at for at in range(self._at, len(self._pieces)) if self._pieces[at].text == "]"), len(self._pieces))
        pieces = self._pieces[self._at : end]
        return [unquoted(piece, self._profile) for piece in pieces if piece.kind == "string"]

    def past(self, more: str, end: str) -> bool:
        """Read past the rest of an item of a list; return whether another one follows."""
        depth = 0
        while self.next is not None:
            word = self.word()
            if depth == 0 and word in (more, end):
                return word == more
            depth += (word == "(") - (word == ")")
        return False

    def has(self, *words: str) -> bool:
        """Whether ``words`` are still to come, one behind the other."""
        rest = [piece.upper for piece in self._pieces[self._at :]]
        return any(tuple(rest[at : at + len(words)]) == words for at in range(len(rest)))

    def bracketed(self) -> list[Token]:
        """Read what stands in brackets, if anything does, and return it without them.

        :raises StatementError: when the bracket is not closed.
        """
        if self.peek() != "(":
            return []
        start, depth = self._at + 1, 0
        while self.next is not None:
            word = self.word()
            depth += (word == "(") - (word == ")")
            if depth == 0:
                break
        else:
            raise StatementError(Reason.SYNTAX, "a bracket is not closed")
        return self._cut[start : self._at - 1]

    def until(self, end: int | None) -> Phrase:
        """Return what is left up to the token number ``end`` as a phrase of its own."""
        return Phrase(self.rest(end), self._profile)

    def remaining(self) -> list[Token]:
        """Return the tokens that are still to come."""
        return self._pieces[self._at :]

    @staticmethod
    def items(pieces: Sequence[Token]) -> list[list[Token]]:
        """Return the items of a list, split at the commas outside of brackets."""
        found: list[list[Token]] = [[]]
        depth = 0
        for piece in pieces:
            depth += (piece.upper == "(") - (piece.upper == ")")
            if piece.upper == "," and depth == 0:
                found.append([])
            else:
                found[-1].append(piece)
        return [item for item in found if item]

    def identifiers(self, pieces: Sequence[Token]) -> list[exp.Identifier]:
        """Return the last part of each name in a list, as in ``(a, t.b)``."""
        return [self._identifier(item[-1]) for item in self.items(pieces)]

    def text_in_brackets(self) -> str:
        """Read what stands in brackets, and return its text."""
        pieces = self.bracketed()
        return self.text[pieces[0].start : pieces[-1].end] if pieces else ""

    def on_cluster(self) -> None:
        """Read ``ON CLUSTER name``."""
        if self.phrase("ON", "CLUSTER"):
            self._at += 1

    def strings(self) -> list[str]:
        """Return what stands in the string literals that are still to come."""
        return [unquoted(piece, self._profile) for piece in self._pieces[self._at :] if piece.kind == "string"]

    def identifier(self) -> exp.Identifier:
        """Read one identifier.

        :raises StatementError: when none comes next.
        """
        piece = self.next
        if piece is None or piece.kind not in ("word", "name", "number"):
            raise StatementError(Reason.SYNTAX, "a name is missing")
        self._at += 1
        return self._identifier(piece)

    def name_of(self, piece: Token) -> str:
        """Return the name that a word or quoted name stands for."""
        return self._identifier(piece).name

    def _identifier(self, piece: Token) -> exp.Identifier:
        if piece.kind == "name":
            return exp.to_identifier(unquoted(piece, self._profile), quoted=True)
        return exp.to_identifier(piece.text, quoted=False)

    def table(self) -> exp.Table:
        """Read the name of a table, of one part or more.

        :raises StatementError: when none comes next, or it is known only at run time.
        """
        piece = self.next
        if piece is not None and piece.kind == "parameter" and piece.text.startswith("@"):
            self._at += 1
            return exp.Table(this=exp.Parameter(this=exp.Var(this=piece.text[1:])))
        if self.peek() in ("IDENTIFIER", "TABLE") and self.peek(1) == "(":
            return self._computed()
        parts: list[exp.Identifier] = [*self._dotted(self.identifier())]
        while self.next is not None and self.next.text.startswith("."):
            parts += self._part()
        named = dict(zip(("this", "db", "catalog"), reversed(parts[-3:]), strict=False))
        return exp.Table(**named)

    def _part(self) -> list[exp.Identifier]:
        """Read what follows in a name: a dot and a part, or the dot of ``database..table`` alone."""
        text = self.next.text if self.next is not None else ""
        self._at += 1
        if text != ".":  # a part that begins with a digit
            return [exp.to_identifier(text[1:], quoted=False)]
        if self.peek() == ".":
            return [exp.to_identifier(self._profile.default_schema or "", quoted=True)]
        return self._dotted(self.identifier())

    def _computed(self) -> exp.Table:
        """Read ``IDENTIFIER('…')``."""
        self._at += 1
        inner = self.bracketed()
        if len(inner) != 1 or inner[0].kind != "string":
            raise StatementError(Reason.UNRESOLVED_NAME, "the name of a table is known only at run time")
        literal = exp.Literal.string(unquoted(inner[0], self._profile))
        return exp.Table(this=exp.DynamicIdentifier(this=literal))

    def _dotted(self, identifier: exp.Identifier) -> list[exp.Identifier]:
        """Return the parts of a name that is quoted as a whole, which BigQuery allows."""
        if self._profile.grammar != "bigquery" or "." not in identifier.name:
            return [identifier]
        return [exp.to_identifier(part, quoted=True) for part in identifier.name.split(".")]
