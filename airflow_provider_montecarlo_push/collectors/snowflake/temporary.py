"""Temporary tables, which live for a session: never an end of an edge, but what they hold goes on into others."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field

SessionKey = tuple[object, str | None, str | None]
"""Session id, and the database and schema that unqualified names mean: texts that share it can be read as one."""

MOST_CHARACTERS = 4_000_000
_MOST_STATEMENTS = 50
_SEPARATOR = "\n;\n"
_CREATES = re.compile(
    r"""(?:\s|--[^\n]*\n|/\*.*?\*/)*
    create\s+(?:or\s+replace\s+)?(?:(?:local|global)\s+)?(?:temp|temporary|volatile)\s+table\s+
    (?:if\s+not\s+exists\s+)?((?:"(?:[^"]|"")+"|[\w$])(?:\.|"(?:[^"]|"")+"|[\w$])*)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)


@dataclass
class _Session:
    names: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    size: int = 0


class TemporaryTables:
    """Remembers, for each session, the statements that made and filled its temporary tables.

    :param most_characters: how much text is kept; sessions that were not heard of for longest are forgotten first.
    """

    def __init__(self, *, most_characters: int = MOST_CHARACTERS) -> None:
        self._most_characters = most_characters
        self._sessions: OrderedDict[SessionKey, _Session] = OrderedDict()
        self._size = 0

    def before(self, key: SessionKey, text: str) -> list[str]:
        """Return the statements that say what the temporary tables in ``text`` hold; none when it mentions none."""
        session = self._sessions.get(key)
        if session is None:
            return []
        self._sessions.move_to_end(key)
        upper = text.upper()
        return session.texts if any(name in upper for name in session.names) else []

    def created_by(self, text: str) -> str | None:
        """Return the name of the temporary table that ``text`` creates, as far as later statements must mention it."""
        found = _CREATES.match(text)
        return found[1].rpartition(".")[2].strip('"').upper() if found else None

    def remember(self, key: SessionKey, text: str, created: str | None) -> bool:
        """Keep a statement that made or filled a temporary table.

        :param created: the table that it made.
        :return: whether it is kept: beyond fifty in one session they are not.
        """
        session = self._sessions.setdefault(key, _Session())
        if len(session.texts) >= _MOST_STATEMENTS:
            return False
        if created is not None:
            session.names.add(created)
        session.texts.append(text)
        session.size += len(text)
        self._size += len(text)
        while self._size > self._most_characters and self._sessions:
            self._size -= self._sessions.popitem(last=False)[1].size
        return True


def as_one_text(before: list[str], text: str) -> str:
    """Return ``text`` after the statements ``before`` it."""
    return _SEPARATOR.join([*before, text])
