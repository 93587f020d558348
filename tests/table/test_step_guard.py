"""`with owner.step(handle) as value`: a step whose function is the body of a `with`."""

from __future__ import annotations

import asyncio
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from quitclaim import HandleInStep, HandleTable, StaleHandle, Step

if TYPE_CHECKING:
    from collections.abc import Iterator


class DeniedError(Exception):
    """What a mechanism refuses with."""


class Value:
    """Something that can be watched."""


def test_a_guard_gives_the_value(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        value = Value()
        with owner.step(owner.acquire(value)) as given:
            assert given is value


def test_a_guard_that_ends_well_puts_the_value_back(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        with owner.step(handle):
            pass
        assert handle_table[handle] == "a value"


def test_a_value_is_out_of_the_table_while_its_guard_is_entered(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        with owner.step(handle), pytest.raises(HandleInStep):
            handle_table[handle]


@pytest.mark.parametrize("error", [DeniedError, asyncio.CancelledError, GeneratorExit, KeyboardInterrupt])
def test_an_exception_in_a_guard_frees_the_handle(
    handle_table: HandleTable[Any], error: type[BaseException]
) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        with pytest.raises(error), owner.step(handle):
            raise error
        assert handle not in owner


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (DeniedError, "failed"),
        (asyncio.CancelledError, "cancelled"),
        (GeneratorExit, "cancelled"),
        (KeyboardInterrupt, "cancelled"),
    ],
)
def test_an_exception_in_a_guard_is_counted(
    handle_table: HandleTable[Any], error: type[BaseException], cause: str
) -> None:
    owner = handle_table.owner()
    with pytest.raises(error), owner.step(owner.acquire("a value")):
        raise error
    assert {freed for freed, count in handle_table.stats().freed.items() if count} == {cause}


def test_a_guard_swallows_no_exception(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    step = owner.step(owner.acquire("a value"))
    step.__enter__()
    assert step.__exit__(DeniedError, DeniedError(), None) is False


def test_a_failed_guard_drops_the_value(handle_table: HandleTable[Any]) -> None:
    owner, value = handle_table.owner(), Value()
    watch, handle = weakref.ref(value), owner.acquire(value)
    del value
    with pytest.raises(DeniedError), owner.step(handle):
        raise DeniedError
    assert watch() is None


def test_a_return_inside_a_guard_looks_like_success(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")

        def leave() -> None:
            with owner.step(handle):
                return

        leave()
        assert handle in owner


def test_a_guard_never_entered_does_nothing(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        owner.step(handle)
        assert handle_table[handle] == "a value"


def test_making_a_guard_of_a_stale_handle_is_not_refused_yet(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    handle = owner.acquire("a value")
    owner.free(handle)
    step = owner.step(handle)
    with pytest.raises(StaleHandle):
        step.__enter__()


def test_a_guard_dropped_without_an_end_frees_the_handle(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        owner.step(handle).__enter__()
        assert handle not in owner


def test_a_guard_dropped_without_an_end_is_counted_as_cancelled(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    owner.step(owner.acquire("a value")).__enter__()
    assert handle_table.stats().freed["cancelled"] == 1


def test_a_guard_dropped_without_an_end_drops_the_value(handle_table: HandleTable[Any]) -> None:
    owner, value = handle_table.owner(), Value()
    watch, handle = weakref.ref(value), owner.acquire(value)
    del value
    owner.step(handle).__enter__()
    assert watch() is None


def test_an_owner_whose_guard_was_dropped_is_not_in_a_step(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        owner.step(owner.acquire("a value")).__enter__()
        assert owner.step(owner.acquire("another"), str.upper) == "ANOTHER"


def test_a_generator_closed_inside_a_guard_frees_the_handle(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()

    def exchange() -> Iterator[str]:
        with owner.step(owner.acquire("a value")) as value:
            yield value

    generator = exchange()
    next(generator)
    del generator
    assert handle_table.stats().freed["cancelled"] == 1


def test_entering_an_entered_guard_is_refused(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        step = owner.step(owner.acquire("a value"))
        with step, pytest.raises(HandleInStep):
            step.__enter__()


def test_a_refused_second_entry_leaves_the_first(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        step = owner.step(handle)
        with step, pytest.raises(HandleInStep):
            step.__enter__()
        assert handle_table[handle] == "a value"


def test_two_guards_of_one_handle_cannot_both_be_entered(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        with owner.step(handle), pytest.raises(HandleInStep):
            owner.step(handle).__enter__()


def test_a_guard_that_has_ended_may_be_entered_again(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        step = owner.step(owner.acquire("a value"))
        with step:
            pass
        with step as value:
            assert value == "a value"


def test_a_guard_that_has_failed_finds_its_handle_stale(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    step = owner.step(owner.acquire("a value"))
    with pytest.raises(DeniedError), step:
        raise DeniedError
    with pytest.raises(StaleHandle):
        step.__enter__()


def test_an_exit_without_an_entry_does_nothing(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        owner.step(handle).__exit__(DeniedError, DeniedError(), None)
        assert handle in owner


def test_guards_may_end_in_any_order(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        first, second = owner.acquire("first"), owner.acquire("second")
        outer, inner = owner.step(first), owner.step(second)
        outer.__enter__()
        inner.__enter__()
        outer.__exit__(None, None, None)
        inner.__exit__(None, None, None)
        assert (handle_table[first], handle_table[second]) == ("first", "second")


def test_a_handle_freed_inside_its_guard_stays_freed(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    handle = owner.acquire("a value")
    with owner.step(handle):
        assert owner.free(handle) is None
    assert handle not in owner


def test_a_value_freed_inside_its_guard_is_dropped_at_its_end(handle_table: HandleTable[Any]) -> None:
    owner, value = handle_table.owner(), Value()
    watch, handle = weakref.ref(value), owner.acquire(value)
    del value
    with owner.step(handle):
        owner.free(handle)
    assert watch() is None


def test_an_owner_closed_inside_a_guard_frees_the_handle(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    handle = owner.acquire("a value")
    with owner.step(handle):
        owner.close()
    assert handle not in owner


def test_a_guard_keeps_its_owner_alive(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    step = owner.step(owner.acquire("a value"))
    del owner
    with step as value:
        assert value == "a value"
    del step


def test_a_guard_cannot_be_made_without_an_owner() -> None:
    with pytest.raises(TypeError):
        Step()
