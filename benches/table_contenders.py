"""Who is measured in Python: each does the same work, in a loop that nothing else is in.

A contender's `seat` gives a thread its own way in: a function that does so many operations.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakValueDictionary

from benches.table_by_hand import LeasedTable, LockedTable

from quitclaim import HandleTable

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    Run = Callable[[int], None]

__all__ = (
    "Contender",
    "DeniedError",
    "churn_by_steps_in_dict",
    "churn_by_steps_in_locked_class",
    "churn_by_steps_in_quitclaim",
    "churn_in_dict",
    "churn_in_leased_class",
    "churn_in_locked_class",
    "churn_in_quitclaim",
    "churn_in_weak_dict",
    "storm_in_dict",
    "storm_in_leased_class",
    "storm_in_locked_class",
    "storm_in_quitclaim",
    "storm_in_weak_dict",
)

CAPACITY = 10_000


class Contender(NamedTuple):
    """A table: a way in for a thread, and how many values are left."""

    seat: Callable[[], Run]
    live: Callable[[], int]


class DeniedError(Exception):
    """What the last step of a failed login raises."""


class Value:
    """What a handle names; weak references to an `object()` cannot be had."""

    __slots__ = ("__weakref__",)


def challenge(_value: object, response: bytes) -> bytes:
    """Stands for a step that succeeds."""
    return response


def authenticate(_value: object, _response: bytes) -> bytes:
    """Stands for a step that fails."""
    raise DeniedError


# --- quitclaim


def churn_in_quitclaim() -> Contender:
    """Looks up by `table[handle]`."""
    table = HandleTable[Value](CAPACITY)

    def seat() -> Run:
        owner = table.owner("bench")
        value = Value()

        def run(operations: int) -> None:
            for _ in range(operations):
                handle = owner.acquire(value)
                table[handle]
                table[handle]
                owner.free(handle)

        return run

    return Contender(seat, table.__len__)


def churn_by_steps_in_quitclaim() -> Contender:
    """Lends the value to `id`, the cheapest call there is."""
    table = HandleTable[Value](CAPACITY)

    def seat() -> Run:
        owner = table.owner("bench")
        value = Value()

        def run(operations: int) -> None:
            for _ in range(operations):
                handle = owner.acquire(value)
                owner.step(handle, id)
                owner.step(handle, id)
                owner.free(handle)

        return run

    return Contender(seat, table.__len__)


def storm_in_quitclaim() -> Contender:
    """Frees nothing: the step that raises does."""
    table = HandleTable[Value](CAPACITY)

    def seat() -> Run:
        owner = table.owner("bench")
        value = Value()

        def run(operations: int) -> None:
            for _ in range(operations):
                handle = owner.acquire(value)
                try:
                    owner.step(handle, challenge, b"NEGOTIATE")
                    owner.step(handle, authenticate, b"AUTHENTICATE")
                except DeniedError:
                    pass

        return run

    return Contender(seat, table.__len__)


# --- a mapping and a count, by hand: no lock, no capacity, no owner


def churn_in_dict() -> Contender:
    """The baseline."""
    return churn_by_hand({})


def churn_in_weak_dict() -> Contender:
    """Values live as long as whoever holds them, which is the loop."""
    return churn_by_hand(WeakValueDictionary())


def storm_in_dict() -> Contender:
    """The baseline."""
    return storm_by_hand({})


def storm_in_weak_dict() -> Contender:
    """Values live as long as whoever holds them, which is the loop."""
    return storm_by_hand(WeakValueDictionary())


def churn_by_hand(values: MutableMapping[int, Value]) -> Contender:
    """Looks up by `values[key]`."""
    keys = itertools.count()

    def seat() -> Run:
        value = Value()

        def run(operations: int) -> None:
            for _ in range(operations):
                key = next(keys)
                values[key] = value
                values[key]
                values[key]
                del values[key]

        return run

    return Contender(seat, values.__len__)


def churn_by_steps_in_dict() -> Contender:
    """Looks up and calls."""
    values: dict[int, Value] = {}
    keys = itertools.count()

    def seat() -> Run:
        value = Value()

        def run(operations: int) -> None:
            for _ in range(operations):
                key = next(keys)
                values[key] = value
                id(values[key])
                id(values[key])
                del values[key]

        return run

    return Contender(seat, values.__len__)


def storm_by_hand(values: MutableMapping[int, Value]) -> Contender:
    """Frees where it is not forgotten."""
    keys = itertools.count()

    def seat() -> Run:
        value = Value()

        def run(operations: int) -> None:
            for _ in range(operations):
                key = next(keys)
                values[key] = value
                try:
                    challenge(values[key], b"NEGOTIATE")
                    authenticate(values[key], b"AUTHENTICATE")
                except DeniedError:
                    del values[key]

        return run

    return Contender(seat, values.__len__)


# --- a class with a lock and a capacity


def churn_in_locked_class() -> Contender:
    """Looks up by `table[key]`."""
    table = LockedTable[Value](CAPACITY)

    def seat() -> Run:
        value = Value()

        def run(operations: int) -> None:
            for _ in range(operations):
                key = table.acquire(value)
                table[key]
                table[key]
                table.free(key)

        return run

    return Contender(seat, table.__len__)


def churn_by_steps_in_locked_class() -> Contender:
    """Lends the value to `id`."""
    table = LockedTable[Value](CAPACITY)

    def seat() -> Run:
        value = Value()

        def run(operations: int) -> None:
            for _ in range(operations):
                key = table.acquire(value)
                table.step(key, id)
                table.step(key, id)
                table.free(key)

        return run

    return Contender(seat, table.__len__)


def storm_in_locked_class() -> Contender:
    """Frees nothing: the step that raises does."""
    table = LockedTable[Value](CAPACITY)

    def seat() -> Run:
        value = Value()

        def run(operations: int) -> None:
            for _ in range(operations):
                key = table.acquire(value)
                try:
                    table.step(key, challenge, b"NEGOTIATE")
                    table.step(key, authenticate, b"AUTHENTICATE")
                except DeniedError:
                    pass

        return run

    return Contender(seat, table.__len__)


# --- a class with a lock, a capacity and leases


def churn_in_leased_class() -> Contender:
    """Looks up by `with table.lease(key)`."""
    table = LeasedTable[Value](CAPACITY)

    def seat() -> Run:
        value = Value()

        def run(operations: int) -> None:
            for _ in range(operations):
                key = table.acquire(value)
                with table.lease(key):
                    pass
                with table.lease(key):
                    pass
                table.free(key)

        return run

    return Contender(seat, table.__len__)


def storm_in_leased_class() -> Contender:
    """Frees where it is not forgotten."""
    table = LeasedTable[Value](CAPACITY)

    def seat() -> Run:
        value = Value()

        def run(operations: int) -> None:
            for _ in range(operations):
                key = table.acquire(value)
                try:
                    with table.lease(key) as leased:
                        challenge(leased, b"NEGOTIATE")
                    with table.lease(key) as leased:
                        authenticate(leased, b"AUTHENTICATE")
                except DeniedError:
                    table.free(key)

        return run

    return Contender(seat, table.__len__)
