"""`table[handle]` and its kin: looking, from anywhere, beside the owner."""

from __future__ import annotations

import weakref
from typing import Any

import pytest

from quitclaim import HandleInStep, HandleTable, StaleHandle


class Value:
    """Something that can be watched."""


def test_a_look_up_gives_the_value(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        value = Value()
        assert handle_table[owner.acquire(value)] is value


def test_a_looked_up_value_outlives_its_handle(handle_table: HandleTable[Any]) -> None:
    owner, value = handle_table.owner(), Value()
    watch, handle = weakref.ref(value), owner.acquire(value)
    del value
    kept = handle_table[handle]
    owner.free(handle)
    assert watch() is kept


def test_a_looked_up_value_does_not_keep_its_owner_from_a_step(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        kept = handle_table[handle]
        assert owner.step(handle, str.upper) == kept.upper()


def test_a_look_up_of_a_freed_handle_is_refused(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    handle = owner.acquire("a value")
    owner.free(handle)
    with pytest.raises(StaleHandle, match="acquire a new one"):
        handle_table[handle]


def test_a_look_up_of_another_tables_handle_is_refused(handle_table: HandleTable[Any]) -> None:
    other = HandleTable[str]()
    foreign = other.owner()
    handle = foreign.acquire("the other's")
    with handle_table.owner() as owner:
        owner.acquire("in the same slot")
        with pytest.raises(StaleHandle):
            handle_table[handle]


def test_a_look_up_of_a_value_in_a_step_is_refused(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        with owner.step(handle), pytest.raises(HandleInStep):
            handle_table[handle]


def test_a_look_up_by_anything_else_is_a_type_error(handle_table: HandleTable[Any]) -> None:
    with pytest.raises(TypeError):
        handle_table["a handle"]  # type: ignore[index]


def test_a_stale_handle_is_a_failed_look_up() -> None:
    assert issubclass(StaleHandle, LookupError)


def test_a_live_handle_is_in_the_table(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        assert owner.acquire("a value") in handle_table


def test_a_handle_in_a_step_is_in_the_table(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        with owner.step(handle):
            assert handle in handle_table


def test_a_freed_handle_is_not_in_the_table(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    handle = owner.acquire("a value")
    owner.free(handle)
    assert handle not in handle_table


def test_what_is_no_handle_is_not_in_the_table(handle_table: HandleTable[Any]) -> None:
    assert "a handle" not in handle_table


def test_a_table_counts_its_live_handles(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as first, handle_table.owner() as second:
        first.acquire(1)
        second.acquire(2)
        second.free(second.acquire(3))
        assert len(handle_table) == 2


def test_a_table_is_no_iterable(handle_table: HandleTable[Any]) -> None:
    with pytest.raises(TypeError, match="not iterable"):
        iter(handle_table)  # type: ignore[call-overload]


def test_a_table_tells_its_limits() -> None:
    table = HandleTable[str](10, quota=3)
    assert (table.capacity, table.quota) == (10, 3)


def test_a_table_has_no_quota_unless_told() -> None:
    assert HandleTable[str]().quota is None


def test_a_table_has_room_for_65536_unless_told() -> None:
    assert HandleTable[str]().capacity == 65_536
