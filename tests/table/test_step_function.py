"""`owner.step(handle, function, *arguments)`: one use of a value, freed if it fails."""

from __future__ import annotations

import asyncio
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from quitclaim import HandleInStep, HandleTable, StaleHandle

if TYPE_CHECKING:
    from collections.abc import Callable


class DeniedError(Exception):
    """What a mechanism refuses with."""


class Value:
    """Something that can be watched."""


FAILURES: list[type[BaseException]] = [DeniedError, ValueError, StaleHandle]
CANCELLATIONS: list[type[BaseException]] = [
    asyncio.CancelledError,
    GeneratorExit,
    KeyboardInterrupt,
    SystemExit,
    BaseException,
]


def refuse_with(error: type[BaseException]) -> Callable[[object], None]:
    """Gives a step that raises."""

    def refuse(_value: object) -> None:
        raise error

    return refuse


def test_a_step_calls_the_function_with_the_value(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        value = Value()
        assert owner.step(owner.acquire(value), lambda given: given) is value


@pytest.mark.parametrize("arguments", [(), (1,), (1, 2), (1, 2, 3), tuple(range(50))])
def test_a_step_passes_the_arguments_on(handle_table: HandleTable[Any], arguments: tuple[int, ...]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        assert owner.step(handle, lambda *given: given, *arguments) == ("a value", *arguments)


def test_a_step_passes_none_on(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        assert owner.step(owner.acquire("a value"), lambda *given: given, None) == ("a value", None)


def test_a_step_that_returns_puts_the_value_back(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        value = ["half an exchange"]
        handle = owner.acquire(value)
        owner.step(handle, list.append, "the other half")
        assert handle_table[handle] is value


def test_a_step_that_returns_none_has_not_failed(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        owner.step(handle, lambda _value: None)
        assert handle in owner


@pytest.mark.parametrize("error", FAILURES + CANCELLATIONS)
def test_a_failed_step_frees_its_handle(handle_table: HandleTable[Any], error: type[BaseException]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        with pytest.raises(error):
            owner.step(handle, refuse_with(error))
        assert handle not in owner


@pytest.mark.parametrize("error", FAILURES)
def test_an_exception_is_counted_as_failed(
    handle_table: HandleTable[Any], error: type[BaseException]
) -> None:
    owner = handle_table.owner()
    with pytest.raises(error):
        owner.step(owner.acquire("a value"), refuse_with(error))
    assert handle_table.stats().freed["failed"] == 1


@pytest.mark.parametrize("error", CANCELLATIONS)
def test_any_other_is_counted_as_cancelled(
    handle_table: HandleTable[Any], error: type[BaseException]
) -> None:
    owner = handle_table.owner()
    with pytest.raises(error):
        owner.step(owner.acquire("a value"), refuse_with(error))
    assert handle_table.stats().freed["cancelled"] == 1


def test_the_exception_comes_out_as_it_is(handle_table: HandleTable[Any]) -> None:
    owner, error = handle_table.owner(), DeniedError("wrong password")

    def refuse(_value: object) -> None:
        raise error

    with pytest.raises(DeniedError) as caught:
        owner.step(owner.acquire("a value"), refuse)
    assert (caught.value, error.__cause__, error.__context__) == (error, None, None)


def test_the_handle_is_freed_before_the_caller_sees_the_exception(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    handle = owner.acquire("a value")
    try:
        owner.step(handle, refuse_with(DeniedError))
    except DeniedError:
        assert len(handle_table) == 0


def test_the_value_is_dropped_before_the_caller_sees_the_exception(handle_table: HandleTable[Any]) -> None:
    owner, value = handle_table.owner(), Value()
    watch, handle = weakref.ref(value), owner.acquire(value)

    def refuse(value: Value) -> None:
        del value  # or the traceback keeps it
        raise DeniedError

    del value
    try:
        owner.step(handle, refuse)
    except DeniedError:
        assert watch() is None


def test_a_function_that_cannot_be_called_frees_the_handle(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    with pytest.raises(TypeError, match="not callable"):
        owner.step(owner.acquire("a value"), None)  # type: ignore[call-overload]


def test_a_function_that_takes_no_such_arguments_frees_the_handle(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    with pytest.raises(TypeError, match="argument"):
        owner.step(owner.acquire("a value"), str.upper, "one too many")  # type: ignore[arg-type]


def test_a_step_of_a_stale_handle_does_not_run(handle_table: HandleTable[Any]) -> None:
    owner, ran = handle_table.owner(), list[Any]()
    handle = owner.acquire("a value")
    owner.free(handle)
    with pytest.raises(StaleHandle):
        owner.step(handle, ran.append)
    assert ran == []


def test_a_step_with_anothers_handle_leaves_it_alone(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as rightful:
        handle = rightful.acquire("a value")
        with pytest.raises(StaleHandle):
            handle_table.owner().step(handle, str.upper)
        assert rightful.step(handle, str.upper) == "A VALUE"


def test_a_step_within_a_step_of_the_same_handle_is_refused(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")

        def again(_value: object) -> None:
            with pytest.raises(HandleInStep):
                owner.step(handle, str.upper)

        owner.step(handle, again)


def test_a_refused_step_within_a_step_leaves_the_handle(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")

        def again(_value: object) -> None:
            with pytest.raises(HandleInStep):
                owner.step(handle, str.upper)

        owner.step(handle, again)
        assert handle_table[handle] == "a value"


def test_a_step_may_step_another_handle(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        outer, inner = owner.acquire("outer"), owner.acquire("inner")
        assert owner.step(outer, lambda _value: owner.step(inner, str.upper)) == "INNER"


def test_a_step_may_free_another_handle(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        outer, other = owner.acquire("outer"), owner.acquire("other")
        assert owner.step(outer, lambda _value: owner.free(other)) == "other"


def test_a_step_may_acquire(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        inner = owner.step(owner.acquire("outer"), lambda _value: owner.acquire("inner"))
        assert handle_table[inner] == "inner"


def test_a_step_may_free_its_own_handle(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    handle = owner.acquire("a value")
    assert owner.step(handle, lambda _value: owner.free(handle)) is None


def test_a_value_freed_inside_its_step_is_dropped_after_it(handle_table: HandleTable[Any]) -> None:
    owner, value = handle_table.owner(), Value()
    watch, handle = weakref.ref(value), owner.acquire(value)
    del value
    owner.step(handle, lambda _value: owner.free(handle))
    assert watch() is None


def test_a_handle_freed_inside_its_step_counts_as_done(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    handle = owner.acquire("a value")
    owner.step(handle, lambda _value: owner.free(handle))
    assert handle_table.stats().freed["done"] == 1


def test_a_failed_step_that_freed_its_own_handle_is_no_stale_call(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    handle = owner.acquire("a value")

    def free_and_refuse(_value: object) -> None:
        owner.free(handle)
        raise DeniedError

    with pytest.raises(DeniedError):
        owner.step(handle, free_and_refuse)
    assert handle_table.stats().refused["stale"] == 0


def test_a_step_may_close_its_owner(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    handle = owner.acquire("a value")
    owner.step(handle, lambda _value: owner.close())
    assert handle not in owner


def test_a_slot_freed_and_filled_inside_a_step_keeps_its_new_value() -> None:
    owner = HandleTable[str](1).owner()
    handle = owner.acquire("the old value")

    def replace(_value: object) -> None:
        owner.free(handle)
        owner.acquire("the new value")

    owner.step(handle, replace)
    assert [owner.table[entry.handle] for entry in owner.table.census()] == ["the new value"]


def test_a_value_in_a_step_cannot_be_looked_up(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")

        def look(_value: object) -> None:
            with pytest.raises(HandleInStep):
                handle_table[handle]

        owner.step(handle, look)


def test_a_handle_in_a_step_is_still_the_owners(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        assert owner.step(handle, lambda _value: handle in owner)


def test_a_generator_closed_inside_a_step_frees_the_handle(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()

    def closed_midway(_value: object) -> None:
        raise GeneratorExit

    with pytest.raises(GeneratorExit):
        owner.step(owner.acquire("a value"), closed_midway)


def test_a_step_takes_no_keywords(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner, pytest.raises(TypeError):
        owner.step(owner.acquire("a value"), str.split, sep=",")  # type: ignore[call-overload]


def test_a_stepped_value_gains_no_reference(handle_table: HandleTable[Any]) -> None:
    owner, value = handle_table.owner(), Value()
    watch, handle = weakref.ref(value), owner.acquire(value)
    del value
    owner.step(handle, lambda _value: None)
    owner.free(handle)
    assert watch() is None


async def coroutine_function(_value: object) -> None:
    """Does nothing before it is awaited."""


def test_a_coroutine_function_is_refused_and_its_handle_freed(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        with pytest.raises(TypeError, match="a step spans no await"):
            owner.step(handle, coroutine_function)  # type: ignore[unused-coroutine]  # mypy sees it too
        assert handle not in owner
