"""Churn and storm through the Python table, beside a bare dict and a locked, capped class.

Each measured call does 1,000 operations, so what the tables give in µs is nanoseconds an operation.
"""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

import pytest

from quitclaim import HandleTable

if TYPE_CHECKING:
    from collections.abc import Callable

OPERATIONS = 1_000
CAPACITY = 10_000

CHURN = pytest.mark.benchmark(group="churn: acquire, look up, look up, free")
CHURN_BY_STEPS = pytest.mark.benchmark(
    group="churn by steps: acquire, call with value, call with value, free"
)
STORM = pytest.mark.benchmark(group="storm: acquire, call with value, a call that raises, freed")


@CHURN
def test_churn_quitclaim(benchmark: Benchmark) -> None:
    measure(benchmark, churn_in_quitclaim())


@CHURN
def test_churn_dict(benchmark: Benchmark) -> None:
    measure(benchmark, churn_in_dict())


@CHURN
def test_churn_locked_class(benchmark: Benchmark) -> None:
    measure(benchmark, churn_in_locked_class())


@CHURN_BY_STEPS
def test_churn_by_steps_quitclaim(benchmark: Benchmark) -> None:
    measure(benchmark, churn_by_steps_in_quitclaim())


@CHURN_BY_STEPS
def test_churn_by_steps_dict(benchmark: Benchmark) -> None:
    measure(benchmark, churn_by_steps_in_dict())


@CHURN_BY_STEPS
def test_churn_by_steps_locked_class(benchmark: Benchmark) -> None:
    measure(benchmark, churn_by_steps_in_locked_class())


@STORM
def test_storm_quitclaim(benchmark: Benchmark) -> None:
    measure(benchmark, storm_in_quitclaim())


@STORM
def test_storm_dict(benchmark: Benchmark) -> None:
    measure(benchmark, storm_in_dict())


@STORM
def test_storm_locked_class(benchmark: Benchmark) -> None:
    measure(benchmark, storm_in_locked_class())


class Benchmark(Protocol):
    """pytest-benchmark's fixture, as used here."""

    def __call__(self, run: Callable[[], None], /) -> None:
        """Measures it."""


class Contender(NamedTuple):
    """1,000 operations, and how many values are left."""

    run: Callable[[], None]
    live: Callable[[], int]


def measure(benchmark: Benchmark, contender: Contender) -> None:
    """Measures a contender that must leave nothing behind."""
    benchmark(contender.run)
    assert contender.live() == 0


class DeniedError(Exception):
    """What the last step of a failed login raises."""


def challenge(_value: object, response: bytes) -> bytes:
    """Stands for a step that succeeds."""
    return response


def authenticate(_value: object, _response: bytes) -> bytes:
    """Stands for a step that fails."""
    raise DeniedError


# --- quitclaim


def churn_in_quitclaim() -> Contender:
    """Looks up by `table[handle]`."""
    table = HandleTable[object](CAPACITY)
    owner = table.owner("bench")
    value = object()

    def run() -> None:
        for _ in range(OPERATIONS):
            handle = owner.acquire(value)
            table[handle]
            table[handle]
            owner.free(handle)

    return Contender(run, table.__len__)


def churn_by_steps_in_quitclaim() -> Contender:
    """Lends the value to `id`, the cheapest call there is."""
    table = HandleTable[object](CAPACITY)
    owner = table.owner("bench")
    value = object()

    def run() -> None:
        for _ in range(OPERATIONS):
            handle = owner.acquire(value)
            owner.step(handle, id)
            owner.step(handle, id)
            owner.free(handle)

    return Contender(run, table.__len__)


def storm_in_quitclaim() -> Contender:
    """Frees nothing: the step that raises does."""
    table = HandleTable[object](CAPACITY)
    owner = table.owner("bench")
    value = object()

    def run() -> None:
        for _ in range(OPERATIONS):
            handle = owner.acquire(value)
            try:
                owner.step(handle, challenge, b"NEGOTIATE")
                owner.step(handle, authenticate, b"AUTHENTICATE")
            except DeniedError:
                pass

    return Contender(run, table.__len__)


# --- a dict and a count, by hand: no lock, no capacity, no owner. The baseline.


def churn_in_dict() -> Contender:
    """Looks up by `values[key]`."""
    values: dict[int, object] = {}
    keys = itertools.count()
    value = object()

    def run() -> None:
        for _ in range(OPERATIONS):
            key = next(keys)
            values[key] = value
            values[key]
            values[key]
            del values[key]

    return Contender(run, values.__len__)


def churn_by_steps_in_dict() -> Contender:
    """Looks up and calls."""
    values: dict[int, object] = {}
    keys = itertools.count()
    value = object()

    def run() -> None:
        for _ in range(OPERATIONS):
            key = next(keys)
            values[key] = value
            id(values[key])
            id(values[key])
            del values[key]

    return Contender(run, values.__len__)


def storm_in_dict() -> Contender:
    """Frees where it is not forgotten."""
    values: dict[int, object] = {}
    keys = itertools.count()
    value = object()

    def run() -> None:
        for _ in range(OPERATIONS):
            key = next(keys)
            values[key] = value
            try:
                challenge(values[key], b"NEGOTIATE")
                authenticate(values[key], b"AUTHENTICATE")
            except DeniedError:
                del values[key]

    return Contender(run, values.__len__)


# --- a class with a lock and a capacity


def churn_in_locked_class() -> Contender:
    """Looks up by `table[key]`."""
    table = LockedTable[object](CAPACITY)
    value = object()

    def run() -> None:
        for _ in range(OPERATIONS):
            key = table.acquire(value)
            table[key]
            table[key]
            table.free(key)

    return Contender(run, table.__len__)


def churn_by_steps_in_locked_class() -> Contender:
    """Lends the value to `id`."""
    table = LockedTable[object](CAPACITY)
    value = object()

    def run() -> None:
        for _ in range(OPERATIONS):
            key = table.acquire(value)
            table.step(key, id)
            table.step(key, id)
            table.free(key)

    return Contender(run, table.__len__)


def storm_in_locked_class() -> Contender:
    """Frees nothing: the step that raises does."""
    table = LockedTable[object](CAPACITY)
    value = object()

    def run() -> None:
        for _ in range(OPERATIONS):
            key = table.acquire(value)
            try:
                table.step(key, challenge, b"NEGOTIATE")
                table.step(key, authenticate, b"AUTHENTICATE")
            except DeniedError:
                pass

    return Contender(run, table.__len__)


T = TypeVar("T")


class LockedTable(Generic[T]):
    """What one writes in Python alone: the same calls, and steps that have the value to themselves."""

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
