"""Reads a statement word by word."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage.lexer import Token, unquoted
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.profiles import Profile


class Phrase:
    """The tokens of a statement, and how far they have been read."""

    def __init__(self, pieces: Sequence[Token], profile: Profile) -> None:
        self._pieces = pieces
        self._profile = profile
        self._at = 0

    def peek(self, ahead: int = 0) -> str:
        """Return the next word or mark in upper case, ``""`` for a quoted name and at the end."""
        position = self._at + ahead
        if position >= len(self._pieces) or self._pieces[position].kind == "name":
            return ""
        return self._pieces[position].upper

    @property
    def next(self) -> Token | None:
        """The next token, ``None`` at the end."""
        return self._pieces[self._at] if self._at < len(self._pieces) else None

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
        while self._at < len(self._pieces):
            word = self.word()
            depth += (word == "(") - (word == ")")
            if depth <= 0 and word in words:
                return True
        return False

    def bracketed(self) -> list[Token]:
        """Read what stands in brackets, if anything does, and return it without them."""
        if self.peek() != "(":
            return []
        start, depth = self._at + 1, 0
        while self._at < len(self._pieces):
            word = self.word()
            depth += (word == "(") - (word == ")")
            if depth == 0:
                break
        return list(self._pieces[start : self._at - 1])

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
        if piece.kind == "name":
            return exp.to_identifier(unquoted(piece, self._profile), quoted=True)
        return exp.to_identifier(piece.text, quoted=False)

    def table(self) -> exp.Table:
        """Read the name of a table, of one part or more.

        :raises StatementError: when none comes next.
        """
        parts: list[exp.Identifier] = [*self._dotted(self.identifier())]
        while self.peek() == ".":
            self._at += 1
            if self.peek() == ".":  # database..table
                parts.append(exp.to_identifier(self._profile.default_schema or "", quoted=True))
                continue
            parts += self._dotted(self.identifier())
        named = dict(zip(("this", "db", "catalog"), reversed(parts[-3:]), strict=False))
        return exp.Table(**named)

    def _dotted(self, identifier: exp.Identifier) -> list[exp.Identifier]:
        """Return the parts of a name that is quoted as a whole, which BigQuery allows."""
        if self._profile.grammar != "bigquery" or "." not in identifier.name:
            return [identifier]
        return [exp.to_identifier(part, quoted=True) for part in identifier.name.split(".")]
