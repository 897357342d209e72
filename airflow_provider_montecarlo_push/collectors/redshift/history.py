"""Queries that ended in a window, with their whole texts.

SYS_QUERY_HISTORY holds the first 4,000 bytes of a text; SYS_QUERY_TEXT holds all of it, in pieces of that size. Both
are padded with blanks, and have a backslash and an n for each end of line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from airflow_provider_montecarlo_push.collectors.merging import Follower
from airflow_provider_montecarlo_push.collectors.redshift.grants import (
    HISTORY,
    TEXT,
    current_user,
    monitoring_grants,
    sees_all_queries,
    view_denied,
    view_grants,
)
from airflow_provider_montecarlo_push.collectors.redshift.session import Cluster, Row
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

PIECE_BYTES = 4000

_ESCAPED = re.compile(r"\\(\\|n|r)")
_UNESCAPED = {"n": "\n", "r": "\r"}
# Rows are ordered by these, which name a query to those that follow.
_KEY = "h.end_time, h.query_id"


def between(window: TimeWindow) -> list[datetime]:
    """Return start and end of ``window`` as the SYS views have times: in UTC, without a zone."""
    return [moment.astimezone(UTC).replace(tzinfo=None) for moment in (window.start, window.end)]


def whole_text(first: str, pieces: Sequence[str]) -> str:
    """Return the text of a query.

    :param first: its first 4,000 bytes, with or without the blanks at its end.
    :param pieces: those that come after, in order, likewise.
    """
    *inner, last = (first, *pieces)
    text = "".join(piece + " " * (PIECE_BYTES - len(piece.encode())) for piece in inner) + last.rstrip(" ")
    return _ESCAPED.sub(lambda found: _UNESCAPED.get(found[1], found[0]), text).rstrip(" ")


class History:
    """Reads SYS_QUERY_HISTORY and the longer texts of SYS_QUERY_TEXT."""

    def __init__(self, cluster: Cluster, report: CollectionReport) -> None:
        self._cluster = cluster
        self._report = report

    def columns(self) -> frozenset[str]:
        """Return the names of the columns of SYS_QUERY_HISTORY.

        :raises AccessDeniedError: when it is not granted.
        """
        try:
            return self._cluster.columns(HISTORY.view)
        except AccessDeniedError as error:
            raise view_denied(HISTORY, current_user(self._cluster), error) from error

    def note_rights(self) -> None:
        """Say so when the user sees its own queries only."""
        if sees_all_queries(self._cluster) is not False:
            return
        user = current_user(self._cluster)
        self._report.incomplete(
            f"User {user!r} sees its own queries only. To collect those of all users, run: "
            f"{' or '.join(monitoring_grants(user))}"
        )

    def read(self, window: TimeWindow, facts: Sequence[str], more: str = "") -> Iterator[tuple[Row, str]]:
        """Yield each query that ended in ``window`` with its text, in the order in which they ended.

        :param facts: which columns of SYS_QUERY_HISTORY; rows are end time, query id, these, and last the first
            piece of the text.
        :param more: a further condition, SQL that begins with ``AND``.
        :raises AccessDeniedError: when a view that is needed is not granted.
        """
        columns = "".join(f", h.{name}" for name in facts)
        sql = (
            f"SELECT {_KEY}{columns}, h.query_text FROM sys_query_history h\n"  # noqa: S608 - ours
            f"WHERE h.end_time >= %s AND h.end_time < %s{more}\nORDER BY {_KEY}"
        )
        try:
            rows = self._cluster.stream(sql, between(window), doing=f"Reading {HISTORY.view}")
        except AccessDeniedError as error:
            raise view_denied(HISTORY, current_user(self._cluster), error) from error
        pieces = self._pieces(window, more)
        for row in rows:
            first = row[-1] or ""
            found = pieces.take(row[0], row[1]) if pieces is not None else ()
            if pieces is None and len(first.rstrip(" ").encode()) >= PIECE_BYTES:
                self._report.count("texts_cut_by_redshift")
            yield row, whole_text(first, [piece[3] or "" for piece in found])

    def _pieces(self, window: TimeWindow, more: str) -> Follower | None:
        """Return the pieces that come after the first, which the longer texts alone have."""
        sql = (
            f"SELECT {_KEY}, t.sequence, t.text FROM sys_query_history h\n"  # noqa: S608 - ours
            "JOIN sys_query_text t ON t.query_id = h.query_id\n"
            f"WHERE h.end_time >= %s AND h.end_time < %s AND t.sequence > 0{more}\nORDER BY {_KEY}, t.sequence"
        )
        try:
            return Follower(self._cluster.stream(sql, between(window), doing=f"Reading {TEXT.view}"), "query texts")
        except AccessDeniedError as error:
            self._report.note(
                f"Texts of more than 4,000 characters are cut: {error} To have them whole, run: "
                f"{' or '.join(view_grants(TEXT, current_user(self._cluster)))}"
            )
            return None
