"""How many rows a query gave, by the counters of its operators.

A job counts the rows that each of its file sinks wrote: ``RECORDS_OUT_1_shop.orders:3``, where 0 is the result of a
query or a step in between. A query without a job counts those that its last operator passed on:
``RECORDS_OUT_OPERATOR_LIST_SINK_3:27``.
"""

from __future__ import annotations

import re

_COUNTER = re.compile(r"\bRECORDS_OUT_(?:OPERATOR_([A-Z_]+?)_(\d+)|(\d+)(?:_([^\s:=,]+))?)\s*[:=]\s*(\d+)")
_LAST_OPERATORS = ("FS", "LIST_SINK", "SEL")
_RESULT = 0
_MOST = 1_000


class Rows:
    """The counters of one query."""

    def __init__(self) -> None:
        self._sinks: dict[tuple[int, str], int] = {}
        self._operators: dict[tuple[str, int], int] = {}

    def add(self, text: str) -> None:
        """Take the counters in a text. Of one that comes again, the highest counts: jobs say theirs repeatedly."""
        for kind, number, sink, table, rows in _COUNTER.findall(text):
            if len(self._sinks) + len(self._operators) >= _MOST:
                return
            if sink:
                self._sinks[int(sink), table] = max(int(rows), self._sinks.get((int(sink), table), 0))
            else:
                self._operators[kind, int(number)] = max(int(rows), self._operators.get((kind, int(number)), 0))

    def total(self) -> int | None:
        """Return how many rows were written or given; ``None`` when no counter says it."""
        written = [rows for (sink, _), rows in self._sinks.items() if sink != _RESULT]
        if written:
            return sum(written)
        if self._sinks:
            return max(self._sinks.values())
        for kind in _LAST_OPERATORS:
            found = [(number, rows) for (operator, number), rows in self._operators.items() if operator == kind]
            if found:
                return max(found)[1]
        return None
