"""The five rules: tables visit values, owners their table, guards what they have in a step."""

from __future__ import annotations

import gc
import sys
import weakref
from typing import Any

import pytest

from quitclaim import HandleTable, Owner, Step


class Value:
    """Something that can be watched, and can refer to anything."""

    def __init__(self, *refers_to: object) -> None:
        """Refers to these."""
        self.refers_to = refers_to


def alive(kind: type) -> int:
    """Counts the instances of a class.

    A weak reference would not do: the collector clears those to all garbage, whether it can free that or not.
    """
    gc.collect()
    return sum(type(one) is kind for one in gc.get_objects())


def test_a_cycle_through_a_table_is_collected() -> None:
    before = alive(Value)
    keeper: list[Any] = [HandleTable[Any]().owner()]
    keeper[0].acquire(Value(keeper[0].table))
    keeper.append(keeper)  # keeps the owner, until it is garbage itself
    del keeper
    assert alive(Value) == before


def test_a_cycle_through_an_owner_is_collected() -> None:
    before = alive(Value)
    owner = HandleTable[Any]().owner()
    owner.acquire(Value(owner))
    del owner
    assert alive(Value) == before


def test_a_cycle_through_an_owner_is_collected_with_owner_and_table() -> None:
    before = alive(Owner), alive(HandleTable)
    owner = HandleTable[Any]().owner()
    owner.acquire(Value(owner))
    del owner
    assert (alive(Owner), alive(HandleTable)) == before


def test_a_cycle_that_only_the_table_can_break_is_collected() -> None:
    before = alive(Owner)
    owner = HandleTable[Any]().owner()
    owner.acquire((owner,))  # neither a tuple nor an owner can be cleared
    del owner
    assert alive(Owner) == before


def test_a_cycle_of_two_tables_is_collected() -> None:
    before = alive(Value)
    first, second = HandleTable[Any]().owner(), HandleTable[Any]().owner()
    first.acquire(Value(second))
    second.acquire(Value(first))
    del first, second
    assert alive(Value) == before


def entered_in_a_cycle(owner: Owner[Any]) -> None:
    """Leaves a value that refers to the guard that has it."""
    value = Value()
    step = owner.step(owner.acquire(value))
    step.__enter__()
    value.refers_to = (step, owner)


def test_a_cycle_through_a_guard_is_collected(handle_table: HandleTable[Any]) -> None:
    before, owner = alive(Value), handle_table.owner()
    entered_in_a_cycle(owner)
    assert alive(Value) == before
    del owner


def test_a_collected_guard_frees_its_handle(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    entered_in_a_cycle(owner)
    gc.collect()
    assert handle_table.stats().freed["cancelled"] == 1
    del owner


def test_a_cycle_through_a_guard_is_collected_with_its_owner() -> None:
    before = alive(Owner), alive(Step), alive(HandleTable)
    entered_in_a_cycle(HandleTable[Any]().owner())
    assert (alive(Owner), alive(Step), alive(HandleTable)) == before


def test_a_cycle_through_a_guards_owner_is_collected() -> None:
    before = alive(Owner), alive(Step)
    owner = HandleTable[Any]().owner()
    step = owner.step(owner.acquire("in the guard"))
    step.__enter__()
    owner.acquire((step,))
    del owner, step
    assert (alive(Owner), alive(Step)) == before


def test_a_live_value_is_not_collected(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire(Value(owner, handle_table))
        gc.collect()
        assert handle_table[handle].refers_to == (owner, handle_table)


def test_a_live_value_in_a_guard_is_not_collected(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner, owner.step(owner.acquire(Value(owner))) as value:
        watch = weakref.ref(value)
        del value
        gc.collect()
        assert watch() is not None


def test_a_value_in_a_step_is_not_collected(handle_table: HandleTable[Any]) -> None:
    def collect(value: Value) -> weakref.ref[Value]:
        watch = weakref.ref(value)
        del value
        gc.collect()
        assert watch() is not None
        return watch

    with handle_table.owner() as owner:
        handle = owner.acquire(Value(owner))
        watch = owner.step(handle, collect)
        assert watch() is handle_table[handle]


def test_a_value_in_a_step_of_a_garbage_owner_is_put_back() -> None:
    def collect(_value: Value) -> int:
        gc.collect()
        return 1

    owner = HandleTable[Any]().owner()
    owner.acquire(Value(owner))
    handle = owner.acquire(Value(owner))
    assert (owner.step(handle, collect), len(owner)) == (1, 2)


def test_a_collection_changes_no_reference_count(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        value = Value()
        owner.acquire(value)
        before = sys.getrefcount(value)
        gc.collect()
        assert sys.getrefcount(value) == before


def test_a_collection_refuses_nobody(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        gc.collect()
        assert owner.step(handle, str.upper) == "A VALUE"


def test_only_the_table_shows_its_values(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        value = Value()
        owner.acquire(value)
        assert [holder for holder in gc.get_referrers(value) if holder is handle_table] == [handle_table]
        assert [holder for holder in gc.get_referrers(value) if holder is owner] == []


def test_a_value_in_a_step_is_shown_by_its_guard_alone(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        step = owner.step(owner.acquire(Value()))
        with step as value:
            holders = gc.get_referrers(value)
            assert any(holder is step for holder in holders)
            assert not any(holder is handle_table or holder is owner for holder in holders)


def test_an_owner_shows_its_table(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    assert any(referent is handle_table for referent in gc.get_referents(owner))


@pytest.mark.parametrize("acquired", [0, 1, 1_000])
def test_a_dropped_table_needs_no_collector(acquired: int) -> None:
    gc.disable()
    try:
        table = HandleTable[Any]()
        owner, watch = table.owner(), weakref.ref(table)
        for number in range(acquired):
            owner.acquire(number)
        del table
        del owner
        assert watch() is None
    finally:
        gc.enable()
