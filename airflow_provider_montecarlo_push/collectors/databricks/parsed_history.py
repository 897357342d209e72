"""Lineage from the text of statements, where the tables of lineage are not granted."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from airflow_provider_montecarlo_push.collectors.databricks.grants import QUERY_HISTORY
from airflow_provider_montecarlo_push.collectors.databricks.session import Session
from airflow_provider_montecarlo_push.collectors.databricks.system_tables import bounds, read_table, select
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.statement_lineage import StatementLineage
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage import LineageParser

# Statements that can move rows from one table to another, or tables to other names; scripts are OTHER.
_FOLLOWED = ("ALTER", "COPY", "CREATE", "DROP", "INSERT", "MERGE", "OTHER", "REPLACE", "TRUNCATE", "UPDATE", "USE")
_USE = re.compile(
    r"\s*USE\s+(?P<what>CATALOG\s+|SCHEMA\s+|DATABASE\s+)?(?P<first>`(?:[^`]|``)+`|\w+)(?:\s*\.\s*(?P<second>`(?:[^`]|``)+`|\w+))?",
    re.IGNORECASE,
)
_MOST_SESSIONS = 10_000


class _Namespaces:
    """In which catalog and schema each session is, as far as USE told."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[str | None, str | None]] = OrderedDict()

    def of(self, session: str | None) -> tuple[str | None, str | None]:
        return self._known.get(session, (None, None)) if session else (None, None)

    def follow(self, session: str | None, text: str) -> bool:
        """Take a statement; return whether it is a USE."""
        found = _USE.match(text)
        if found is None:
            return False
        if session:
            self._known[session] = _after(found, self.of(session)[0])
            self._known.move_to_end(session)
            if len(self._known) > _MOST_SESSIONS:
                self._known.popitem(last=False)
        return True


def _after(use: re.Match[str], catalog: str | None) -> tuple[str | None, str | None]:
    first, second = _plain(use["first"]), use["second"] and _plain(use["second"])
    if (use["what"] or "").strip().upper() == "CATALOG":
        return first, "default"
    return (first, second) if second else (catalog, first)


def _plain(part: str) -> str:
    """Return a part of a name as Unity Catalog stores it: in lower case."""
    return (part[1:-1].replace("``", "`") if part.startswith("`") else part).lower()


class ParsedHistoryReader:
    """Parses the statements of ``system.query.history`` that write.

    It does not tell in which catalog and schema a statement ran: names that are not complete in the text are completed
    by what the session said with USE in the same window.

    :param parser: for Databricks' SQL.
    """

    def __init__(self, session: Session, report: CollectionReport, parser: LineageParser) -> None:
        self._session = session
        self._report = report
        self._parser = parser

    def read(self, window: TimeWindow) -> Iterator[LineageEvent]:
        """Yield the edges of the statements that ended in ``window``, followed in that order.

        :raises AccessDeniedError: when ``system.query.history`` is not granted.
        """
        sql = select(
            ["statement_id", "statement_text", "session_id"],
            QUERY_HISTORY.full_name,
            ["end_time >= ?", "end_time < ?", "execution_status = 'FINISHED'", f"statement_type IN {_FOLLOWED!r}"],
            order_by=["end_time", "statement_id"],
        )
        statements = StatementLineage(self._parser, self._report)
        namespaces = _Namespaces()
        for statement_id, text, session_id in read_table(self._session, QUERY_HISTORY, sql, bounds(window)):
            if not text:
                self._report.leave_out("without_text", f"query {statement_id}")
                continue
            owner = str(session_id) if session_id else None
            if namespaces.follow(owner, text):
                continue
            catalog, schema = namespaces.of(owner)
            yield from statements.follow(text, query=statement_id, database=catalog, schema=schema, owner=owner)
        yield from statements.close()
