"""Who ran a session, and in which database it is."""

from __future__ import annotations

import re

from airflow_provider_montecarlo_push.collectors.hive.logs.recent import Recent
from airflow_provider_montecarlo_push.collectors.hive.logs.records import Kind, Record

_MOST = 20_000
_FOLDER = re.compile(
    r"Created HDFS directory: \S*/([^/\s]+)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:/_tmp_space\.db)?\s*$"
)
_OPERATION = re.compile(r"queryId=([^,]+), .*?sessionId=([^,]*), .*?userName=([^,]*),")
_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_USE = re.compile(r"USE\s+`?([^`;\s]+)`?\s*;?", re.IGNORECASE)
_NOTHING = "null"


class Sessions:
    """What the log says about sessions; of very many the ones that were used last.

    A session is known by its id. Where threads do not say for which session they work, as before Hive 2.1, one thread
    serves one session, until another is opened in it.
    """

    def __init__(self) -> None:
        self._users: Recent[str, str] = Recent(_MOST)
        self._databases: Recent[str, str] = Recent(_MOST)
        self._of_thread: Recent[tuple[str, str], str] = Recent(_MOST)
        self._of_query: Recent[str, str] = Recent(_MOST)

    def learn(self, record: Record) -> None:
        """Take a record about a session, or about an operation of one (Hive 4)."""
        if record.kind is Kind.SESSION:
            folder = _FOLDER.match(record.text)
            if folder is not None:
                user, session = folder.groups()
                self._users.set(session, user)
                self._of_thread.set((record.source, record.thread), session)
            return
        operation = _OPERATION.search(record.text)
        if operation is not None:
            query_id, session, user = operation.groups()
            self._of_query.set(query_id, session)
            if user and user != _NOTHING:
                self._users.set(session, user)

    def of(self, record: Record) -> str | None:
        """Return the id of the session that a query belongs to, given the first record about it."""
        return (
            record.session or self._of_query.pop(record.query_id) or self._of_thread.get((record.source, record.thread))
        )

    def user(self, session: str | None) -> str | None:
        """Return who opened a session."""
        return None if session is None else self._users.get(session)

    def database(self, owner: str) -> str | None:
        """Return the database in which a session is."""
        return self._databases.get(owner)

    def is_in(self, owner: str, database: str) -> None:
        """Take note that a session is in a database."""
        self._databases.set(owner, database.lower())


def database_of_use(text: str) -> str | None:
    """Return the database that a statement changes to, ``None`` when it is no USE."""
    if len(text) > 10_000:
        return None
    match = _USE.fullmatch(_COMMENT.sub(" ", text).strip())
    return None if match is None else match[1]
