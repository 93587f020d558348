"""What the classes are as Python objects: weak references, pickling, repr, comparison, generics."""

from __future__ import annotations

import copy
import pickle
import types
import weakref
from typing import TYPE_CHECKING, Any, get_args

import pytest

import quitclaim
from quitclaim import CensusEntry, Handle, HandleTable, Owner, Reaped, Stats, Step

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def one_of_each(handle_table: HandleTable[Any]) -> Any:  # noqa: ANN401 - of each kind
    """A table, an owner, a handle and a step, by class."""
    owner = handle_table.owner("example")
    handle = owner.acquire("a secret")
    yield {HandleTable: handle_table, Owner: owner, Handle: handle, Step: owner.step(handle)}
    owner.close()


KINDS = [HandleTable, Owner, Handle, Step]
WAYS: list[Callable[[object], object]] = [
    copy.copy,
    copy.deepcopy,
    *(lambda value, protocol=protocol: pickle.dumps(value, protocol) for protocol in range(6)),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_pickling_and_copying_are_refused(
    one_of_each: dict[type, object], kind: type, way: Callable[[object], object]
) -> None:
    with pytest.raises(TypeError, match=f"{kind.__name__} cannot be pickled or copied: "):
        way(one_of_each[kind])


def test_a_weak_reference_sees_the_end_of_a_step(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        step = owner.step(owner.acquire("a value"))
        watch = weakref.ref(step)
        del step
        assert watch() is None


def test_a_weak_reference_to_a_table_calls_back() -> None:
    calls = list[object]()
    table = HandleTable[str]()
    watch = weakref.ref(table, calls.append)
    del table
    assert calls == [watch]


def test_a_weak_reference_to_an_owner_calls_back(handle_table: HandleTable[Any]) -> None:
    calls = list[object]()
    owner = handle_table.owner()
    watch = weakref.ref(owner, calls.append)
    owner.acquire("a value")
    del owner
    assert calls == [watch]


def test_an_owner_can_be_a_weak_key(handle_table: HandleTable[Any]) -> None:
    peers = weakref.WeakKeyDictionary[Owner[Any], str]()
    owner = handle_table.owner()
    peers[owner] = "192.0.2.7"
    del owner
    assert len(peers) == 0


def test_a_handle_equals_itself_from_the_census(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        [entry] = handle_table.census()
        assert (entry.handle == handle, entry.handle is handle) == (True, False)


def test_equal_handles_are_one_key(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        [entry] = handle_table.census()
        assert {handle: "found"}[entry.handle] == "found"


def test_handles_of_two_values_differ(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        assert owner.acquire("a value") != owner.acquire("a value")


def test_a_handle_equals_nothing_else(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        assert handle != repr(handle)


def test_handles_have_no_order(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        first, second = owner.acquire(1), owner.acquire(2)
        with pytest.raises(TypeError, match="not supported"):
            sorted([first, second])  # type: ignore[type-var]


def test_a_handle_is_no_number(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        with pytest.raises(TypeError):
            int(handle)  # type: ignore[call-overload]


def test_a_handle_cannot_be_changed(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        with pytest.raises(AttributeError):
            handle.name = "another"  # type: ignore[attr-defined]


def test_a_handle_prints_sixteen_digits(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        word, digits = repr(owner.acquire("a value")).strip("<>").split()
        assert (word, len(digits), int(digits, 16) > 0) == ("Handle", 16, True)


def test_a_table_prints_how_full_it_is() -> None:
    table = HandleTable[str](10)
    owner = table.owner()
    owner.acquire("a value")
    assert repr(table) == "<HandleTable 1 of 10 live>"


def test_an_owner_prints_its_label_and_count(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner("192.0.2.7:4711") as owner:
        owner.acquire("a value")
        assert repr(owner) == '<Owner "192.0.2.7:4711" 1 live>'


def test_a_closed_owner_prints_that_it_is(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner("192.0.2.7:4711")
    owner.close()
    assert repr(owner) == '<Owner "192.0.2.7:4711" closed>'


def test_a_step_prints_whether_it_is_entered(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        step = owner.step(handle)
        digits = repr(handle).strip("<>").split()[1]
        with step:
            assert repr(step) == f"<Step of {digits}, entered>"
        assert repr(step) == f"<Step of {digits}, not entered>"


def test_no_repr_tells_a_value(one_of_each: dict[type, object], handle_table: HandleTable[Any]) -> None:
    told = [*one_of_each.values(), handle_table.stats(), handle_table.census(), handle_table.reap(1.0)]
    assert "secret" not in repr(told)


def test_reports_print_their_numbers(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner("example") as owner:
        handle_table.tick(0.0)
        handle = owner.acquire("a value")
        handle_table.tick(1.25)
        digits = repr(handle).strip("<>").split()[1]
        assert [repr(report) for report in [handle_table.stats(), *handle_table.census()]] == [
            "<Stats 1 of 65536 live, 1 acquired, 0 freed>",
            f'<CensusEntry {digits} of "example", 1.2 s, idle>',
        ]


@pytest.mark.parametrize("kind", [HandleTable, Owner, Step])
def test_a_container_can_be_parametrised(kind: Any) -> None:  # noqa: ANN401 - any class
    alias = kind[str]
    assert (type(alias), get_args(alias)) == (types.GenericAlias, (str,))


def test_a_parametrised_table_can_be_made() -> None:
    assert isinstance(HandleTable[str](10), HandleTable)


@pytest.mark.parametrize("kind", [HandleTable, Owner, Step, Handle, Stats, Reaped, CensusEntry])
def test_no_class_can_be_derived_from(kind: type) -> None:
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Derived", (kind,), {})


@pytest.mark.parametrize("kind", [HandleTable, Owner, Step, Handle, Stats, Reaped, CensusEntry])
def test_each_class_is_told_by_its_public_name(kind: type) -> None:
    assert getattr(quitclaim, kind.__name__) is kind
    assert kind.__module__ == "quitclaim"
