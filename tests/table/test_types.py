"""What a type checker sees: mypy reads this file, and running it shows that the types tell the truth."""

from __future__ import annotations

from typing import assert_type

from quitclaim import Handle, HandleTable, Owner, Step


class Exchange:
    """What a mechanism keeps between two tokens."""

    def receive(self, token: bytes, *, final: bool = False) -> str:
        """Takes one token."""
        return f"{len(token)} {final}"


def test_a_value_keeps_its_type() -> None:
    table = HandleTable[Exchange](10, quota=1)
    owner = table.owner()
    handle = owner.acquire(Exchange())
    assert_type(owner, Owner[Exchange])
    assert_type(handle, Handle)
    assert_type(table[handle], Exchange)
    assert_type(owner.step(handle), Step[Exchange])
    with owner.step(handle) as value:
        assert_type(value, Exchange)
    assert_type(owner.free(handle), Exchange | None)


def test_a_step_has_its_functions_type() -> None:
    owner = HandleTable[Exchange]().owner()
    handle = owner.acquire(Exchange())
    assert_type(owner.step(handle, Exchange.receive, b"token"), str)
    assert_type(owner.step(handle, lambda exchange: exchange.receive(b"")), str)
    assert_type(owner.step(handle, isinstance, Exchange), bool)


def test_a_step_with_arguments_of_another_type_is_seen() -> None:
    owner = HandleTable[Exchange]().owner()
    handle = owner.acquire(Exchange())
    assert owner.step(handle, Exchange.receive, "abc") == "3 False"  # type: ignore[arg-type]


def test_a_value_of_another_type_is_seen() -> None:
    owner = HandleTable[Exchange]().owner()
    assert owner.acquire("no exchange") in owner  # type: ignore[arg-type]


def test_a_function_that_may_fall_through_a_guard_is_seen() -> None:
    def length(owner: Owner[str], handle: Handle) -> int:
        with owner.step(handle) as value:
            return len(value)  # __exit__ swallows nothing, so mypy asks for no return below

    owner = HandleTable[str]().owner()
    assert length(owner, owner.acquire("four")) == 4
