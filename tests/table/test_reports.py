"""`stats` and `census`: what the table tells about itself."""

from __future__ import annotations

from typing import Any

import pytest

from quitclaim import HandleInStep, HandleTable, OverQuota, StaleHandle, TableFull


class DeniedError(Exception):
    """What a mechanism refuses with."""


def deny(_value: object) -> None:
    """Fails a step."""
    raise DeniedError


def test_stats_count_what_is_live(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        owner.acquire(1)
        owner.acquire(2)
        assert handle_table.stats().live == 2


def test_stats_count_what_was_acquired(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    for number in range(10):
        owner.free(owner.acquire(number))
    assert handle_table.stats().acquired == 10


def test_stats_tell_the_capacity() -> None:
    assert HandleTable[str](7).stats().capacity == 7


def test_stats_tell_the_most_slots_in_use(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        for number in range(5):
            owner.acquire(number)
    assert handle_table.stats().high_water == 5


def test_stats_count_each_cause(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        owner.free(owner.acquire("done"))
        with pytest.raises(DeniedError):
            owner.step(owner.acquire("failed"), deny)
        owner.step(owner.acquire("cancelled")).__enter__()
        owner.acquire("reaped")
        handle_table.reap(0.0)
        owner.acquire("drained")
        handle_table.drain()
        owner.acquire("owner")
    assert set(handle_table.stats().freed.values()) == {1}


def test_stats_count_stale_calls(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    handle = owner.acquire("a value")
    owner.free(handle)
    with pytest.raises(StaleHandle):
        owner.free(handle)
    with pytest.raises(StaleHandle):
        owner.step(handle, deny)
    with pytest.raises(StaleHandle):
        handle_table[handle]
    assert handle_table.stats().refused["stale"] == 3


def test_stats_count_calls_during_a_step(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        with owner.step(handle), pytest.raises(HandleInStep):
            handle_table[handle]
        assert handle_table.stats().refused["in_step"] == 1


def test_stats_count_refusals_of_a_full_table() -> None:
    table = HandleTable[int](1)
    owner = table.owner()
    owner.acquire(1)
    with pytest.raises(TableFull):
        owner.acquire(2)
    assert table.stats().refused["full"] == 1


def test_stats_count_refusals_over_quota() -> None:
    table = HandleTable[int](quota=1)
    owner = table.owner()
    owner.acquire(1)
    with pytest.raises(OverQuota):
        owner.acquire(2)
    assert table.stats().refused["quota"] == 1


def test_no_slot_of_a_young_table_is_retired(handle_table: HandleTable[Any]) -> None:
    assert handle_table.stats().retired == 0


def test_stats_do_not_change_afterwards(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        before = handle_table.stats()
        owner.acquire("a value")
        assert before.live == 0


def test_an_empty_table_has_an_empty_census(handle_table: HandleTable[Any]) -> None:
    assert handle_table.census() == []


def test_a_census_has_an_entry_for_each_handle(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handles = {owner.acquire(number) for number in range(100)}
        assert {entry.handle for entry in handle_table.census()} == handles


def test_a_census_names_the_owner(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner("192.0.2.7:4711") as owner:
        owner.acquire("a value")
        assert [entry.owner for entry in handle_table.census()] == ["192.0.2.7:4711"]


def test_a_census_cuts_a_long_label_at_a_character(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner("x" + "ü" * 40) as owner:
        owner.acquire("a value")
        assert [entry.owner for entry in handle_table.census()] == ["x" + "ü" * 23]


def test_a_census_tells_the_age(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle_table.tick(0.0)
        owner.acquire("a value")
        handle_table.tick(2.5)
        assert [entry.age for entry in handle_table.census()] == [2.5]


def test_a_census_tells_what_is_idle(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        owner.acquire("a value")
        assert [entry.state for entry in handle_table.census()] == ["idle"]


def test_a_census_tells_what_is_in_a_step(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner, owner.step(owner.acquire("a value")):
        assert [entry.state for entry in handle_table.census()] == ["step"]
