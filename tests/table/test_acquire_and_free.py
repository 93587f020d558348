"""Into the table and out of it, through an owner."""

from __future__ import annotations

import weakref
from typing import Any

import pytest

from quitclaim import Handle, HandleTable, OverQuota, StaleHandle, TableFull


class Value:
    """Something that can be watched."""


def test_acquire_names_a_value(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        assert isinstance(owner.acquire("a value"), Handle)


def test_each_acquire_gives_another_handle(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handles = {owner.acquire("the same value") for _ in range(100)}
        assert len(handles) == 100


def test_a_slot_used_again_has_another_handle(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    handles = set()
    for _ in range(100):
        handle = owner.acquire("a value")
        owner.free(handle)
        handles.add(handle)
    assert len(handles) == 100


def test_free_gives_the_value_back(handle_table: HandleTable[Any]) -> None:
    owner, value = handle_table.owner(), Value()
    assert owner.free(owner.acquire(value)) is value


def test_free_drops_a_value_nobody_takes(handle_table: HandleTable[Any]) -> None:
    owner, value = handle_table.owner(), Value()
    watch = weakref.ref(value)
    handle = owner.acquire(value)
    del value
    owner.free(handle)
    assert watch() is None


def test_the_table_keeps_its_value_alive(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        value = Value()
        watch = weakref.ref(value)
        owner.acquire(value)
        del value
        assert watch() is not None


def test_a_second_free_finds_the_handle_stale(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    handle = owner.acquire("a value")
    owner.free(handle)
    with pytest.raises(StaleHandle, match="acquire a new one"):
        owner.free(handle)


def test_an_owner_cannot_free_anothers_handle(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as rightful:
        handle = rightful.acquire("a value")
        with pytest.raises(StaleHandle):
            handle_table.owner().free(handle)
        assert handle in rightful


def test_an_owner_cannot_free_another_tables_handle(handle_table: HandleTable[Any]) -> None:
    owner, other = handle_table.owner(), HandleTable[Any]().owner()
    handle = owner.acquire("a value")
    other.acquire("a value in the same slot")
    with pytest.raises(StaleHandle):
        other.free(handle)
    owner.close()


def test_none_is_a_value(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        assert handle_table[owner.acquire(None)] is None


def test_a_full_table_refuses() -> None:
    owner = HandleTable[str](1).owner()
    owner.acquire("the one value")
    with pytest.raises(TableFull, match="larger capacity"):
        owner.acquire("one too many")


def test_a_full_table_takes_another_value_after_a_free() -> None:
    owner = HandleTable[str](1).owner()
    owner.free(owner.acquire("the one value"))
    assert owner.acquire("the next one") in owner


def test_a_small_table_is_full_at_its_capacity() -> None:
    table = HandleTable[int](100)
    owner = table.owner()
    for number in range(100):
        owner.acquire(number)
    with pytest.raises(TableFull):
        owner.acquire(100)


def test_a_full_table_leaves_the_value_to_the_caller() -> None:
    owner, value = HandleTable[Any](1).owner(), Value()
    owner.acquire("the one value")
    watch = weakref.ref(value)
    with pytest.raises(TableFull):
        owner.acquire(value)
    assert watch() is value


def test_an_owner_over_its_quota_is_refused() -> None:
    table = HandleTable[str](quota=1)
    owner = table.owner()
    owner.acquire("the one value")
    with pytest.raises(OverQuota, match="free one"):
        owner.acquire("one too many")


def test_a_quota_is_each_owners_own() -> None:
    table = HandleTable[str](quota=1)
    first, second = table.owner(), table.owner()
    first.acquire("the first's")
    assert second.acquire("the second's") in second


def test_a_reaped_handle_does_not_count_against_the_quota() -> None:
    table = HandleTable[str](quota=1)
    owner = table.owner()
    owner.acquire("reaped")
    table.drain()
    assert owner.acquire("the next one") in owner


def test_an_owner_over_its_quota_leaves_the_value_to_the_caller() -> None:
    owner, value = HandleTable[Any](quota=1).owner(), Value()
    owner.acquire("the one value")
    watch = weakref.ref(value)
    with pytest.raises(OverQuota):
        owner.acquire(value)
    assert watch() is value


def test_a_refused_value_gains_no_reference() -> None:
    owner, value = HandleTable[Any](1).owner(), Value()
    owner.acquire("the one value")
    watch = weakref.ref(value)
    with pytest.raises(TableFull):
        owner.acquire(value)
    del value
    assert watch() is None


@pytest.mark.parametrize("count", [0, -1, 2**31 - 1, 2**40, 2**70, -(2**70)])
def test_a_capacity_out_of_range_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="capacity is at least 1"):
        HandleTable(count)


@pytest.mark.parametrize("count", [0, -1, 2**31 - 1, 2**40, 2**70, -(2**70)])
def test_a_quota_out_of_range_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="quota is at least 1"):
        HandleTable(quota=count)


def test_free_wants_a_handle(handle_table: HandleTable[Any]) -> None:
    with pytest.raises(TypeError):
        handle_table.owner().free("a handle")  # type: ignore[arg-type]
