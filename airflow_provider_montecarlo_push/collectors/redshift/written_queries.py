"""The queries of a window that can have written, with the database and the schema that they ran in."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from airflow_provider_montecarlo_push.collectors.redshift.history import History
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

DEFAULT_SCHEMA = "public"

# Everything but queries that only read. SELECT INTO and SET search_path must come through.
WRITERS = (
    " AND h.status = 'success' AND h.user_id > 1"
    " AND (h.query_type NOT IN ('SELECT', 'UNLOAD') OR LOWER(h.query_text) LIKE '%%into%%')"
)
_MOST_SESSIONS = 10_000
_SEARCH_PATH = re.compile(
    r"""\s*set\s+(?:session\s+|local\s+)?search_path\s*(?:to|=)\s*(.+?)\s*;?\s*""", re.IGNORECASE | re.DOTALL
)
_NAME = re.compile(r"""\s*(?:"((?:[^"]|"")+)"|'([^']*)'|([^\s,"']+))\s*(?:,|$)""")


@dataclass(frozen=True)
class WrittenQuery:
    """A query that succeeded.

    :param schema: of names that give none, as far as its session said.
    :param session: which session ran it.
    """

    ended: datetime
    query_id: int
    text: str
    database: str
    schema: str
    session: str

    @property
    def key(self) -> tuple[datetime, int]:
        """What the rows of other views are merged on."""
        return self.ended, self.query_id


class SearchPaths:
    """Follows SET search_path, which the SYS views do not tell; it holds for the rest of a session."""

    def __init__(self) -> None:
        self._schemas: OrderedDict[str, str] = OrderedDict()

    def note(self, session: str, text: str) -> None:
        """Take a query of a session."""
        found = _SEARCH_PATH.fullmatch(text)
        if found is None:
            return
        self._schemas[session] = first_schema(found[1])
        self._schemas.move_to_end(session)
        if len(self._schemas) > _MOST_SESSIONS:
            self._schemas.popitem(last=False)

    def of(self, session: str) -> str:
        """Return the schema of names that give none."""
        return self._schemas.get(session, DEFAULT_SCHEMA)


def first_schema(path: str) -> str:
    """Return the first schema of a search path, for which the user's own is passed by; ``public`` where none is."""
    for quoted, literal, plain in _NAME.findall(path):
        name = quoted.replace('""', '"') or literal or plain.lower()
        if name not in ("$user", "default"):
            return str(name)
    return DEFAULT_SCHEMA


def written_queries(history: History, window: TimeWindow) -> Iterator[WrittenQuery]:
    """Yield the queries that ended in ``window``, succeeded and can have written, in the order in which they ended.

    :raises AccessDeniedError: when SYS_QUERY_HISTORY is not granted.
    """
    paths = SearchPaths()
    for row, text in history.read(window, ("database_name", "session_id"), WRITERS):
        ended, query_id, database, session = row[:4]
        paths.note(str(session), text)
        yield WrittenQuery(ended, query_id, text, (database or "").strip(), paths.of(str(session)), str(session))
