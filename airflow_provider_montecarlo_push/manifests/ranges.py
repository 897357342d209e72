"""Line numbers of a part that are done, kept as merged ranges."""

from __future__ import annotations

from bisect import bisect_right


class LineRanges:
    """A set of line numbers that stays small while it is filled in roughly in order."""

    def __init__(self) -> None:
        self._first: list[int] = []
        self._last: list[int] = []

    def add(self, first: int, last: int) -> None:
        """Add the lines ``first`` to ``last``, both included."""
        at = bisect_right(self._first, first)
        if at and self._last[at - 1] >= first - 1:
            at -= 1
            first = self._first[at]
        end = at
        while end < len(self._first) and self._first[end] <= last + 1:
            last = max(last, self._last[end])
            end += 1
        self._first[at:end] = [first]
        self._last[at:end] = [last]

    def __contains__(self, line: int) -> bool:
        at = bisect_right(self._first, line)
        return at > 0 and line <= self._last[at - 1]

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in zip(self._first, self._last, strict=True))
