"""A bounded memory of what statements gave, by their shape."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

_V = TypeVar("_V")


class RecentlyUsed(Generic[_V]):
    """A mapping that forgets what was used longest ago.

    :param size: how many entries it keeps; 0 keeps none.
    :param weight: how much they may weigh together.
    """

    def __init__(self, size: int, weight: int) -> None:
        self._size = size
        self._free = weight
        self._entries: OrderedDict[Hashable, tuple[_V, int]] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> _V | None:
        """Return the entry of ``key``, ``None`` when there is none."""
        entry = self._entries.get(key)
        if entry is None:
            self.misses += 1
            return None
        self.hits += 1
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Hashable, entry: _V, weight: int = 1) -> None:
        """Remember an entry, and forget others until there is room for it."""
        _, before = self._entries.pop(key, (None, 0))
        self._entries[key] = (entry, weight)
        self._free += before - weight
        while self._entries and (len(self._entries) > self._size or self._free < 0):
            _, (_, forgotten) = self._entries.popitem(last=False)
            self._free += forgotten
