"""A connection to Snowflake that answers from rows, for what no test server can show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

Answer = Iterable[tuple[Any, ...]] | Exception | Callable[[Sequence[Any]], Iterable[tuple[Any, ...]]]


class Wire:
    """Answers each statement with the rows of the first pattern found in it, and keeps what was asked.

    :param answers: regular expressions to rows, to an error that is raised, or to a function of the bound values.
    """

    def __init__(self, answers: dict[str, Answer] | None = None) -> None:
        self.answers = {r"SHOW DATABASES": [("SHOP", "")], r"CURRENT_ROLE": [("MC_ROLE",)], **(answers or {})}
        self.statements: list[tuple[str, tuple[Any, ...]]] = []
        self.open_cursors = 0
        self.most_fetched = 0
        self.closed = False

    def connect(self) -> Wire:
        return self

    def cursor(self) -> WireCursor:
        self.open_cursors += 1
        return WireCursor(self)

    def close(self) -> None:
        self.closed = True

    def asked(self, pattern: str) -> list[tuple[str, tuple[Any, ...]]]:
        """Return the statements in which ``pattern`` is found."""
        return [statement for statement in self.statements if re.search(pattern, statement[0])]


class WireCursor:
    description = (("name",), ("origin",))

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._rows: Any = iter(())

    def execute(self, command: str, params: Sequence[Any] | None = None) -> None:
        if params is not None:
            _ = command % tuple(params)  # as the connector does; fails when they do not fit
        self._wire.statements.append((command, tuple(params or ())))
        for pattern, answer in self._wire.answers.items():
            if re.search(pattern, command):
                if isinstance(answer, Exception):
                    raise answer
                self._rows = iter(answer(params or ()) if callable(answer) else answer)
                return

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        rows = []
        for row in islice(self._rows, size):
            if isinstance(row, Exception):
                raise row
            rows.append(row)
        self._wire.most_fetched = max(self._wire.most_fetched, len(rows))
        return rows

    def close(self) -> None:
        self._wire.open_cursors -= 1
