"""Failures that are forgotten one by one, of so many keys at most."""

from __future__ import annotations

import heapq
from math import ceil
from typing import Generic, TypeVar

__all__ = ("Failures",)

_K = TypeVar("_K", str, bytes)

_ROUNDING = 1e-6  # of a failure: what is that close to being forgotten is
_STEPS = 8  # for one that comes: most that comes needs one


class Failures(Generic[_K]):
    """How many failures of a key are not forgotten yet: one is after so many seconds, and then the next.

    Of a key there is one number: when its last failure will be forgotten. If there are too many keys, that
    one goes which would be forgotten first anyway: to push out a key with twenty failures takes twenty
    failures of each of the others.

    A key that is not there while there is room for no more may have been pushed out. It is held to have as
    many failures as the one that would go next (the space-saving algorithm of Metwally, Agrawal and El
    Abbadi, 2005), but no more than `inherited`.

    >>> failures = Failures(forgotten_after=900.0, most=65_536)
    >>> failures.add("anna", now=0.0), failures.add("anna", now=1.0)
    (None, None)
    >>> [failures.count("anna", now=now) for now in (2.0, 899.0, 901.0, 1_801.0)]
    [2, 2, 1, 0]
    """

    __slots__ = ("_forgotten", "_forgotten_after", "_heap", "_inherited", "_most")

    def __init__(self, *, forgotten_after: float, most: int, inherited: int = 0) -> None:
        self._forgotten_after = forgotten_after
        self._most = most
        self._inherited = inherited * forgotten_after
        self._forgotten: dict[_K, float] = {}  # when all failures of the key are
        # Each key once. Its time here may be too early: that is found out, and mended, when its turn comes.
        self._heap: list[tuple[float, _K]] = []

    def __len__(self) -> int:
        """Keys that something is remembered of."""
        return len(self._forgotten)

    def count(self, key: _K, /, *, now: float) -> int:
        """Failures of a key that are not forgotten."""
        forgotten = self._forgotten.get(key)
        if forgotten is None:
            forgotten = self._newcomers(now)
        return max(0, ceil((forgotten - now) / self._forgotten_after - _ROUNDING))

    def add(self, key: _K, /, *, now: float) -> None:
        """Takes note of one more."""
        before = self._forgotten.get(key)
        if before is None:
            before = self._newcomers(now)
            self._make_room(now)
            heapq.heappush(self._heap, (before + self._forgotten_after, key))
        self._forgotten[key] = max(before, now) + self._forgotten_after

    def take_back(self, key: _K, /) -> None:
        """Forgets one failure at once: it was none."""
        if key in self._forgotten:
            self._forgotten[key] -= self._forgotten_after

    def _newcomers(self, now: float) -> float:
        """When all is forgotten of a key that is not there."""
        if not self._inherited or len(self._heap) < self._most:
            return now
        heap, forgotten = self._heap, self._forgotten
        for _ in range(_STEPS):
            truly = forgotten[heap[0][1]]
            if truly <= heap[0][0]:
                break
            heapq.heapreplace(heap, (truly, heap[0][1]))
        return min(heap[0][0], now + self._inherited)

    def _make_room(self, now: float) -> None:
        """Drops what is forgotten, and what is next to be if there are too many; mends what is in the way.

        A little each time, so that nobody waits for 65,536 of them, which takes 0.2 s: there may be more than
        there is room for, by an eighth, until all that is in the way is mended.
        """
        heap, forgotten = self._heap, self._forgotten
        for _ in range(_STEPS):
            if not heap:
                return
            noted, key = heap[0]
            truly = forgotten[key]
            if truly > noted:
                heapq.heapreplace(heap, (truly, key))
            elif truly <= now or len(heap) >= self._most:
                heapq.heappop(heap)
                del forgotten[key]
            else:
                return
