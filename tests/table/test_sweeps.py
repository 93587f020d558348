"""`tick`, `reap` and `drain`: freeing from outside what its owners do not."""

from __future__ import annotations

import math
import weakref
from typing import Any

import pytest

from quitclaim import HandleTable, StaleHandle


class Value:
    """Something that can be watched."""


def counts(table: HandleTable[Any], older_than: float) -> tuple[int, int]:
    """Reaps, and gives what was freed and what was in a step."""
    reaped = table.reap(older_than)
    return reaped.freed, reaped.in_step


def test_reap_frees_what_is_old_enough(handle_table: HandleTable[Any]) -> None:
    handle_table.tick(0.0)
    owner = handle_table.owner()
    owner.acquire("a value")
    handle_table.tick(60.0)
    assert counts(handle_table, older_than=60.0) == (1, 0)


def test_reap_leaves_what_is_younger(handle_table: HandleTable[Any]) -> None:
    handle_table.tick(0.0)
    with handle_table.owner() as owner:
        owner.acquire("a value")
        handle_table.tick(59.5)
        assert counts(handle_table, older_than=60.0) == (0, 0)


def test_age_is_reckoned_from_the_acquire(handle_table: HandleTable[Any]) -> None:
    handle_table.tick(0.0)
    with handle_table.owner() as owner:
        owner.acquire("old")
        handle_table.tick(100.0)
        young = owner.acquire("young")
        handle_table.reap(older_than=50.0)
        assert (young in owner, len(owner)) == (True, 1)


def test_a_step_makes_nothing_younger(handle_table: HandleTable[Any]) -> None:
    handle_table.tick(0.0)
    owner = handle_table.owner()
    handle = owner.acquire("a value")
    handle_table.tick(60.0)
    owner.step(handle, str.upper)
    assert counts(handle_table, older_than=60.0) == (1, 0)


def test_reap_skips_and_counts_what_is_in_a_step(handle_table: HandleTable[Any]) -> None:
    handle_table.tick(0.0)
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        handle_table.tick(60.0)
        with owner.step(handle):
            assert counts(handle_table, older_than=1.0) == (0, 1)


def test_a_reaped_handle_is_stale_to_its_owner(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    handle = owner.acquire("a value")
    handle_table.reap(0.0)
    with pytest.raises(StaleHandle):
        owner.step(handle, str.upper)


def test_a_reaped_value_is_dropped_before_reap_returns(handle_table: HandleTable[Any]) -> None:
    owner, value = handle_table.owner(), Value()
    watch = weakref.ref(value)
    owner.acquire(value)
    del value
    handle_table.reap(0.0)
    assert watch() is None


def test_reaped_handles_are_counted(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    owner.acquire("a value")
    handle_table.reap(0.0)
    assert handle_table.stats().freed["reaped"] == 1


def test_drain_frees_at_any_age(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    owner.acquire("a value")
    assert handle_table.drain().freed == 1


def test_drain_skips_and_counts_what_is_in_a_step(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        with owner.step(handle):
            drained = handle_table.drain()
        assert (drained.freed, drained.in_step) == (0, 1)


def test_drained_handles_are_counted(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    owner.acquire("a value")
    handle_table.drain()
    assert handle_table.stats().freed["drained"] == 1


def test_an_owner_goes_on_after_a_drain(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        owner.acquire("a value")
        handle_table.drain()
        assert owner.acquire("the next one") in owner


def test_a_closed_owner_frees_no_reaped_handle_again(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        owner.acquire("a value")
        handle_table.drain()
    assert sum(handle_table.stats().freed.values()) == 1


def test_the_clock_never_goes_back(handle_table: HandleTable[Any]) -> None:
    handle_table.tick(100.0)
    with handle_table.owner() as owner:
        owner.acquire("a value")
        handle_table.tick(50.0)
        handle_table.tick(110.0)
        [entry] = handle_table.census()
        assert entry.age == pytest.approx(10.0)


def test_the_first_tick_starts_the_clock(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        owner.acquire("a value")
        handle_table.tick(1e6)
        assert counts(handle_table, older_than=60.0) == (0, 0)
        handle_table.tick(1e6 + 60)
        assert counts(handle_table, older_than=60.0) == (1, 0)


def test_without_ticks_nothing_ages(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        owner.acquire("a value")
        assert [entry.age for entry in handle_table.census()] == [0.0]


def test_reap_of_an_age_before_the_clock_began_frees_nothing(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        owner.acquire("a value")
        assert counts(handle_table, older_than=1e9) == (0, 0)


NO_TIMES = [math.nan, math.inf, -math.inf, -1.0, 1e20, 10**400]


@pytest.mark.parametrize("seconds", NO_TIMES)
def test_tick_refuses_what_is_no_time(handle_table: HandleTable[Any], seconds: float) -> None:
    with pytest.raises(ValueError, match="now is in seconds"):
        handle_table.tick(seconds)


@pytest.mark.parametrize("seconds", NO_TIMES)
def test_reap_refuses_what_is_no_time(handle_table: HandleTable[Any], seconds: float) -> None:
    with pytest.raises(ValueError, match="older_than is in seconds"):
        handle_table.reap(seconds)
