"""Temporary tables: for LineageLogger they are tables where they are written, and nothing where they are read."""

from __future__ import annotations

import re

from airflow_provider_montecarlo_push.collectors.hive.logs.native import first_words
from airflow_provider_montecarlo_push.collectors.hive.logs.recent import Recent

_MOST_SESSIONS = 5_000
_MOST_NAMES = 1_000
_CREATE = re.compile(
    r"CREATE\s+TEMPORARY\s+(?:EXTERNAL\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:`?\w+`?\s*\.\s*)?`?(\w+)`?",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")


class TemporaryTables:
    """The names of the temporary tables that sessions made."""

    def __init__(self) -> None:
        self._names: Recent[str, set[str]] = Recent(_MOST_SESSIONS)

    def follow(self, owner: str, text: str) -> bool:
        """Take a statement that succeeded; return whether it has to do with a temporary table.

        :param owner: the session that ran it.
        """
        made = name_of_temporary_table(text)
        names = self._names.get(owner)
        if made is not None:
            names = names if names is not None else set()
            if len(names) < _MOST_NAMES:
                names.add(made)
            self._names.set(owner, names)
            return True
        return names is not None and not names.isdisjoint(_WORD.findall(text.lower()))


def name_of_temporary_table(text: str) -> str | None:
    """Return the temporary table that a statement makes, in lower case; ``None`` when it makes none."""
    match = _CREATE.match(first_words(text))
    return None if match is None else match[1].lower()
