"""An owner's life: it ends, and what it acquired is freed."""

from __future__ import annotations

import weakref
from typing import Any

import pytest

from quitclaim import Handle, HandleTable, Owner, OwnerClosed, StaleHandle


class Value:
    """Something that can be watched."""


def watched(owner: Owner[Any]) -> weakref.ref[Value]:
    """Puts a value in that nobody else has."""
    value = Value()
    owner.acquire(value)
    return weakref.ref(value)


def test_a_closed_owner_has_freed_its_handles(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    watches = [watched(owner) for _ in range(10)]
    owner.close()
    assert [watch() for watch in watches] == [None] * 10


def test_a_dropped_owner_has_freed_its_handles(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    watches = [watched(owner) for _ in range(10)]
    del owner
    assert [watch() for watch in watches] == [None] * 10


def test_a_with_closes_its_owner(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        owner.acquire("a value")
    assert len(owner) == 0


def test_a_with_that_fails_closes_its_owner(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    owner.acquire("a value")
    with pytest.raises(ConnectionResetError), owner:
        raise ConnectionResetError
    assert len(owner) == 0


def test_handles_freed_with_their_owner_are_counted(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        owner.acquire(1)
        owner.acquire(2)
    assert handle_table.stats().freed["owner"] == 2


def test_closing_again_does_nothing(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    owner.close()
    owner.close()
    assert len(owner) == 0


def test_a_closed_owner_acquires_nothing(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    owner.close()
    with pytest.raises(OwnerClosed, match="ask the table for a new"):
        owner.acquire("a value")


def test_a_closed_owner_cannot_be_entered(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    owner.close()
    with pytest.raises(OwnerClosed):
        owner.__enter__()


def test_a_late_step_finds_its_handle_stale(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    handle = owner.acquire("a value")
    owner.close()
    with pytest.raises(StaleHandle):
        owner.step(handle, str.upper)


def test_a_late_free_finds_its_handle_stale(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    handle = owner.acquire("a value")
    owner.close()
    with pytest.raises(StaleHandle):
        owner.free(handle)


def test_closing_frees_what_is_in_a_step_too(handle_table: HandleTable[Any]) -> None:
    owner = handle_table.owner()
    handle = owner.acquire("a value")
    with owner.step(handle):
        owner.close()
        assert handle not in handle_table


def test_an_owner_frees_no_others_handles(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as staying:
        handle = staying.acquire("a value")
        with handle_table.owner() as leaving:
            leaving.acquire("another")
        assert handle in staying


def test_an_owner_counts_its_own_handles(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner, handle_table.owner() as other:
        owner.acquire(1)
        owner.acquire(2)
        other.acquire(3)
        assert len(owner) == 2


def test_an_owner_does_not_count_what_was_reaped(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        owner.acquire("a value")
        handle_table.drain()
        assert len(owner) == 0


def test_an_owner_knows_its_handles(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        assert owner.acquire("a value") in owner


def test_an_owner_does_not_know_anothers_handles(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner, handle_table.owner() as other:
        assert owner.acquire("a value") not in other


def test_an_owner_does_not_know_what_is_no_handle(handle_table: HandleTable[Any]) -> None:
    assert "a handle" not in handle_table.owner()


def test_an_owner_tells_its_label(handle_table: HandleTable[Any]) -> None:
    assert handle_table.owner("192.0.2.7:4711").label == "192.0.2.7:4711"


def test_an_owner_keeps_its_whole_label(handle_table: HandleTable[Any]) -> None:
    assert handle_table.owner("ü" * 100).label == "ü" * 100


def test_an_owner_has_no_label_unless_told(handle_table: HandleTable[Any]) -> None:
    assert handle_table.owner().label == ""


def test_a_label_is_text(handle_table: HandleTable[Any]) -> None:
    with pytest.raises(TypeError):
        handle_table.owner(None)  # type: ignore[arg-type]


def test_a_label_has_no_lone_surrogates(handle_table: HandleTable[Any]) -> None:
    with pytest.raises(UnicodeEncodeError):
        handle_table.owner("\ud800")


def test_an_owner_knows_its_table(handle_table: HandleTable[Any]) -> None:
    assert handle_table.owner().table is handle_table


def test_an_owner_keeps_its_table_alive() -> None:
    owner = HandleTable[str]().owner()
    handle = owner.acquire("a value")
    assert owner.table[handle] == "a value"


@pytest.mark.parametrize("kind", [Owner, Handle])
def test_neither_owner_nor_handle_is_made_without_a_table(kind: type[object]) -> None:
    with pytest.raises(TypeError):
        kind()
