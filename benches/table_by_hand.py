"""Tables that one writes in Python alone, beside which ours is measured."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Lease", "LeasedTable", "LockedTable")

T = TypeVar("T")


class LockedTable(Generic[T]):
    """A lock and a capacity: the same calls as ours, and steps that have the value to themselves."""

    __slots__ = ("_capacity", "_keys", "_lent", "_lock", "_values")

    def __init__(self, capacity: int) -> None:
        """Makes an empty table for so many values."""
        self._capacity = capacity
        self._keys = itertools.count()
        self._lent: set[int] = set()
        self._lock = threading.Lock()
        self._values: dict[int, T] = {}

    def acquire(self, value: T) -> int:
        """Puts a value in and names it."""
        with self._lock:
            if len(self._values) >= self._capacity:
                raise OverflowError
            key = next(self._keys)
            self._values[key] = value
            return key

    def __getitem__(self, key: int) -> T:
        """The value, unless it is in a step."""
        with self._lock:
            if key in self._lent:
                raise KeyError(key)
            return self._values[key]

    def step(self, key: int, function: Callable[..., object], *arguments: object) -> object:
        """Calls `function(value, *arguments)`; frees the key if that raises."""
        with self._lock:
            if key in self._lent:
                raise KeyError(key)
            value = self._values[key]
            self._lent.add(key)
        try:
            result = function(value, *arguments)
        except BaseException:
            with self._lock:
                self._lent.remove(key)
                del self._values[key]
            raise
        with self._lock:
            self._lent.remove(key)
        return result

    def free(self, key: int) -> T:
        """Ends the life of a key and gives its value back."""
        with self._lock:
            if key in self._lent:
                raise KeyError(key)
            return self._values.pop(key)

    def __len__(self) -> int:
        """Values in the table."""
        return len(self._values)


class LeasedTable(Generic[T]):
    """A lock, a capacity, and leases for `with`: whoever has one can rely on the value being there."""

    __slots__ = ("_capacity", "_keys", "_leases", "_lock", "_values")

    def __init__(self, capacity: int) -> None:
        """Makes an empty table for so many values."""
        self._capacity = capacity
        self._keys = itertools.count()
        self._leases: dict[int, int] = {}
        self._lock = threading.Lock()
        self._values: dict[int, T] = {}

    def acquire(self, value: T) -> int:
        """Puts a value in and names it."""
        with self._lock:
            if len(self._values) >= self._capacity:
                raise OverflowError
            key = next(self._keys)
            self._values[key] = value
            self._leases[key] = 0
            return key

    def lease(self, key: int) -> Lease[T]:
        """Pins the value for a `with`."""
        return Lease(self, key)

    def pin(self, key: int) -> T:
        """Counts a lease and gives the value."""
        with self._lock:
            self._leases[key] += 1
            return self._values[key]

    def unpin(self, key: int) -> None:
        """Counts a lease out."""
        with self._lock:
            self._leases[key] -= 1

    def free(self, key: int) -> T:
        """Ends the life of a key that is not leased."""
        with self._lock:
            if self._leases[key]:
                raise KeyError(key)
            del self._leases[key]
            return self._values.pop(key)

    def __len__(self) -> int:
        """Values in the table."""
        return len(self._values)


class Lease(Generic[T]):
    """What `LeasedTable.lease` gives."""

    __slots__ = ("_key", "_table")

    def __init__(self, table: LeasedTable[T], key: int) -> None:
        """Pins nothing yet."""
        self._key = key
        self._table = table

    def __enter__(self) -> T:
        return self._table.pin(self._key)

    def __exit__(self, *_exception: object) -> None:
        self._table.unpin(self._key)
