"""Values whose `__del__` uses the very owner and table they were in.

Each path drops the value with nothing borrowed and no table half-changed: what the `__del__` does works, or
is refused as it would be anywhere else. An exception that escaped would fail the test: warnings are errors.
"""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from quitclaim import Handle, HandleTable, Owner, OwnerClosed, QuitclaimError, StaleHandle

if TYPE_CHECKING:
    from collections.abc import Callable


class DeniedError(Exception):
    """What a mechanism refuses with."""


class Hostile:
    """A value that does something when it is dropped."""

    def __init__(self, act: Callable[[], None]) -> None:
        """Keeps what it does."""
        self.act = act

    def __del__(self) -> None:
        """Does it."""
        self.act()


def outcome(use: Callable[[], object]) -> object:
    """What the use gave, or was refused with."""
    try:
        return use()
    except QuitclaimError as refusal:
        return type(refusal)


def deny(value: object) -> None:
    """Fails a step, and keeps no value in the traceback."""
    del value
    raise DeniedError


# --- the ways a value leaves while its owner lives


def by_free(owner: Owner[Any], handle: Handle) -> None:
    owner.free(handle)


def by_a_failed_step(owner: Owner[Any], handle: Handle) -> None:
    with pytest.raises(DeniedError):
        owner.step(handle, deny)


def by_a_failed_guard(owner: Owner[Any], handle: Handle) -> None:
    with pytest.raises(DeniedError), owner.step(handle):
        raise DeniedError


def by_a_dropped_guard(owner: Owner[Any], handle: Handle) -> None:
    owner.step(handle).__enter__()


def by_a_step_that_freed_it(owner: Owner[Any], handle: Handle) -> None:
    owner.step(handle, lambda _value: owner.free(handle))


def by_a_guard_that_freed_it(owner: Owner[Any], handle: Handle) -> None:
    with owner.step(handle):
        owner.free(handle)


def by_reap(owner: Owner[Any], _handle: Handle) -> None:
    owner.table.tick(60.0)
    owner.table.reap(30.0)


WHILE_THE_OWNER_LIVES = [
    by_free,
    by_a_failed_step,
    by_a_failed_guard,
    by_a_dropped_guard,
    by_a_step_that_freed_it,
    by_a_guard_that_freed_it,
    by_reap,
]


# --- what a __del__ does with its owner, and with another handle of that owner


def acquire(owner: Owner[Any], _other: Handle) -> object:
    return owner.table[owner.acquire("late")]


def free(owner: Owner[Any], other: Handle) -> object:
    return owner.free(other)


def step(owner: Owner[Any], other: Handle) -> object:
    return owner.step(other, str.upper)


def guard(owner: Owner[Any], other: Handle) -> object:
    with owner.step(other) as value:
        return value


def fail(owner: Owner[Any], other: Handle) -> object:
    with pytest.raises(DeniedError):
        owner.step(other, deny)
    return other in owner


def close(owner: Owner[Any], other: Handle) -> object:
    owner.close()
    return other in owner


def count(owner: Owner[Any], _other: Handle) -> object:
    return len(owner)


def drain(owner: Owner[Any], _other: Handle) -> object:
    return owner.table.drain().freed


USES = [
    (acquire, "late"),
    (free, "other"),
    (step, "OTHER"),
    (guard, "other"),
    (fail, False),
    (close, False),
    (count, 1),
    (drain, 1),
]


@pytest.mark.parametrize(("use", "expected"), USES)
@pytest.mark.parametrize("path", WHILE_THE_OWNER_LIVES)
def test_a_del_may_use_its_living_owner(
    path: Callable[[Owner[Any], Handle], None], use: Callable[[Owner[Any], Handle], object], expected: object
) -> None:
    owner, outcomes = HandleTable[Any]().owner(), list[object]()
    owner.table.tick(0.0)
    handle = owner.acquire(Hostile(lambda: outcomes.append(outcome(lambda: use(owner, other)))))
    owner.table.tick(59.0)  # so that reap() finds one of them old enough
    other = owner.acquire("other")
    path(owner, handle)
    assert outcomes == [expected]


# drain(), reap() and close() free `other` too, before either is dropped.
AFTER_A_SWEEP = [
    (acquire, "late"),
    (free, StaleHandle),
    (step, StaleHandle),
    (guard, StaleHandle),
    (close, False),
    (count, 0),
    (drain, 0),
]
AFTER_A_CLOSE = [(acquire, OwnerClosed), *AFTER_A_SWEEP[1:]]


@pytest.mark.parametrize(("use", "expected"), AFTER_A_SWEEP)
@pytest.mark.parametrize("sweep", [HandleTable.drain, lambda table: table.reap(0.0)], ids=["drain", "reap"])
def test_a_del_may_use_its_owner_while_the_table_is_swept(
    sweep: Callable[[HandleTable[Any]], object],
    use: Callable[[Owner[Any], Handle], object],
    expected: object,
) -> None:
    owner, outcomes = HandleTable[Any]().owner(), list[object]()
    owner.acquire(Hostile(lambda: outcomes.append(outcome(lambda: use(owner, other)))))
    other = owner.acquire("other")
    sweep(owner.table)
    assert outcomes == [expected]


@pytest.mark.parametrize(("use", "expected"), AFTER_A_CLOSE)
def test_a_del_may_use_its_owner_while_that_is_closed(
    use: Callable[[Owner[Any], Handle], object], expected: object
) -> None:
    owner, outcomes = HandleTable[Any]().owner(), list[object]()
    owner.acquire(Hostile(lambda: outcomes.append(outcome(lambda: use(owner, other)))))
    other = owner.acquire("other")
    owner.close()
    assert outcomes == [expected]


@pytest.mark.parametrize(("use", "expected"), AFTER_A_CLOSE)
def test_a_del_may_use_its_owner_at_the_end_of_a_with(
    use: Callable[[Owner[Any], Handle], object], expected: object
) -> None:
    outcomes = list[object]()
    with HandleTable[Any]().owner() as owner:
        owner.acquire(Hostile(lambda: outcomes.append(outcome(lambda: use(owner, other)))))
        other = owner.acquire("other")
    assert outcomes == [expected]


# --- the ways a value leaves with its owner


def test_a_del_finds_its_dropped_owner_gone() -> None:
    owner, outcomes = HandleTable[Any]().owner(), list[object]()
    watch = weakref.ref(owner)
    owner.acquire(Hostile(lambda: outcomes.append(watch())))
    del owner
    assert outcomes == [None]


def test_a_del_may_use_the_table_while_its_owner_is_dropped() -> None:
    table, outcomes = HandleTable[Any](), list[object]()
    owner = table.owner()

    def use() -> None:
        with table.owner() as another:
            outcomes.append((len(table), another.step(another.acquire("late"), str.upper)))

    for other in range(10):
        owner.acquire(other)
    owner.acquire(Hostile(use))
    for other in range(10):
        owner.acquire(other)
    del owner
    assert outcomes == [(0, "LATE")]


def test_a_del_may_drop_the_last_of_its_table() -> None:
    outcomes = list[object]()
    keep = [HandleTable[Any]()]
    owner = keep[0].owner()
    watch = weakref.ref(keep[0])

    def use() -> None:
        keep.clear()
        outcomes.append(watch() is None)

    owner.acquire(Hostile(use))
    del owner
    assert (outcomes, watch()) == ([False], None)


def test_a_del_finds_its_dropped_table_gone() -> None:
    table, outcomes = HandleTable[Any](), list[object]()
    owner, watch = table.owner(), weakref.ref(table)
    owner.acquire(Hostile(lambda: outcomes.append(watch() is None)))
    del table
    del owner
    gc.collect()
    assert (outcomes, watch()) == ([False], None)


@pytest.mark.parametrize(("use", "expected"), USES)
def test_a_del_may_use_its_owner_when_both_are_garbage(
    use: Callable[[Owner[Any], Handle], object], expected: object
) -> None:
    outcomes = list[object]()

    def make() -> None:
        owner = HandleTable[Any]().owner()
        other = owner.acquire("other")
        handle = owner.acquire(Hostile(lambda: outcomes.append(outcome(lambda: use(owner, other)))))
        owner.free(owner.acquire(handle))

    make()
    gc.collect()
    # Unlike on the other paths, the finalizer runs before the value is taken out: it still counts.
    assert outcomes == [2 if use in {count, drain} else expected]


def test_a_del_in_a_step_of_another_handle_may_use_its_owner() -> None:
    owner, outcomes = HandleTable[Any]().owner(), list[object]()
    victim = owner.acquire(Hostile(lambda: outcomes.append(len(owner))))
    owner.step(owner.acquire("outer"), lambda _value: owner.free(victim))
    assert outcomes == [1]


def test_a_chain_of_dels_frees_one_after_the_other() -> None:
    table = HandleTable[Any]()
    owner = table.owner()
    handle = owner.acquire("the last")
    for _ in range(100):
        handle = owner.acquire(Hostile(lambda handle=handle: owner.free(handle)))  # type: ignore[misc]
    owner.free(handle)
    assert len(table) == 0
