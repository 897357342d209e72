"""What a collection counts while it runs: what it found, what it left out and why, what somebody should know."""

from __future__ import annotations

import logging
from collections import Counter

_EXAMPLES = 3
# Left out because somebody said so, or because it is there already: counted, but no reason to warn.
_EXPECTED = frozenset({"filtered", "duplicates"})


class CollectionReport:
    """Filled in by a collector, kept in the manifest, printed at the end of the task.

    :ivar counts: what was found, by kind, where the events themselves do not say it.
    :ivar left_out: what was not collected, by reason.
    :ivar notes: warnings, in the order they came.
    :ivar complete: whether everything in scope could be read.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self.counts: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.notes: list[str] = []
        self.complete = True

    def count(self, kind: str, number: int = 1) -> None:
        """Count ``number`` more of ``kind``, for example ``edges_native``."""
        self.counts[kind] += number

    def leave_out(self, reason: str, example: str, number: int = 1) -> None:
        """Count something that is not collected; the first three of each reason are logged, unless it is expected.

        :param reason: one word or two, joined by underscores: it becomes a key in the manifest.
        :param example: which thing it is, and what is the matter with it.
        """
        seen = self.left_out[reason]
        self.left_out[reason] += number
        if seen < _EXAMPLES and reason not in _EXPECTED:
            self._log.warning("Left out (%s): %s", reason, example)

    def note(self, message: str) -> None:
        """Warn, in the log and in the manifest."""
        self._log.warning("%s", message)
        self.notes.append(message)

    def incomplete(self, message: str) -> None:
        """Warn that part of the scope could not be read: the manifest will not count as complete."""
        self.complete = False
        self.note(message)
