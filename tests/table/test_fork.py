"""A forked child's tables are empty, whole, and its own; the parent's are as they were."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from quitclaim import HandleTable, StaleHandle

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="forks"),
    # Python 3.12 and later warn of it in a process with threads, which pytest-benchmark and others start.
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning"),
]


def test_a_childs_table_is_empty(handle_table: HandleTable[Any], in_child: Callable[..., str]) -> None:
    with handle_table.owner() as owner:
        owner.acquire("the parent's")
        assert in_child(lambda: f"{len(handle_table)} {len(owner)} {handle_table.census()}") == "0 0 []"


def test_a_parents_table_is_as_it_was(handle_table: HandleTable[Any], in_child: Callable[..., str]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("the parent's")
        in_child(lambda: f"{handle_table.drain()}")
        assert owner.step(handle, str.upper) == "THE PARENT'S"


def test_a_handle_is_stale_in_the_child(handle_table: HandleTable[Any], in_child: Callable[..., str]) -> None:
    def use() -> str:
        with pytest.raises(StaleHandle):
            owner.step(handle, str.upper)
        with pytest.raises(StaleHandle):
            handle_table[handle]
        return "stale"

    with handle_table.owner() as owner:
        handle = owner.acquire("the parent's")
        assert in_child(use) == "stale"


class Telling:
    """A value that tells, through a pipe, that it was dropped."""

    def __init__(self, writer: int) -> None:
        """Keeps the pipe."""
        self.writer = writer

    def __del__(self) -> None:
        """Tells."""
        os.write(self.writer, b"dropped ")


def test_a_parents_values_are_not_dropped_in_the_child(in_child: Callable[..., str]) -> None:
    reader, writer = os.pipe()
    owners = [HandleTable[Any]().owner()]
    owners[0].acquire(Telling(writer))

    def drop_all() -> str:
        owners[0].close()
        owners[0].table.drain()
        owners.clear()
        return "done"

    in_child(drop_all)
    os.write(writer, b"end")
    told = os.read(reader, 100)
    owners.clear()
    os.close(writer)
    os.close(reader)
    assert told == b"end"


def test_a_childs_table_can_be_used(handle_table: HandleTable[Any], in_child: Callable[..., str]) -> None:
    def use() -> str:
        with handle_table.owner("child") as mine:
            handle = mine.acquire("the child's")
            return mine.step(handle, str.upper) + f" {len(handle_table)}"

    with handle_table.owner() as owner:
        owner.acquire("the parent's")
        assert in_child(use) == "THE CHILD'S 1"


def test_a_parents_owner_can_be_used_in_the_child(
    handle_table: HandleTable[Any], in_child: Callable[..., str]
) -> None:
    with handle_table.owner() as owner:
        owner.acquire("the parent's")
        assert in_child(lambda: owner.step(owner.acquire("the child's"), str.upper)) == "THE CHILD'S"


def test_a_childs_handle_is_no_handle_of_the_parents(
    handle_table: HandleTable[Any], in_child: Callable[..., str]
) -> None:
    with handle_table.owner() as owner:
        owner.free(owner.acquire("makes the slot"))
        childs = in_child(lambda: repr(owner.acquire("the child's")))
        assert childs != repr(owner.acquire("the parent's"))


def test_two_childrens_handles_differ(handle_table: HandleTable[Any], in_child: Callable[..., str]) -> None:
    def acquire() -> str:
        return repr(handle_table.owner().acquire("a child's"))

    assert in_child(acquire) != in_child(acquire)


def test_a_childs_counters_start_at_zero(
    handle_table: HandleTable[Any], in_child: Callable[..., str]
) -> None:
    with handle_table.owner() as owner:
        owner.acquire("the parent's")
        assert in_child(lambda: str(handle_table.stats().acquired)) == "0"


def test_all_of_a_full_table_can_be_used_in_the_child(in_child: Callable[..., str]) -> None:
    table = HandleTable[int](100)
    owner = table.owner()
    for number in range(100):
        owner.acquire(number)

    def fill() -> str:
        with table.owner() as mine:
            return str(len({mine.acquire(number) for number in range(100)}))

    assert in_child(fill) == "100"


def test_a_table_of_a_child_is_empty_in_the_grandchild(
    handle_table: HandleTable[Any], in_child: Callable[..., str]
) -> None:
    def fork_again() -> str:
        with handle_table.owner() as mine:
            mine.acquire("the child's")
            return in_child(lambda: str(len(handle_table))) + str(len(handle_table))

    assert in_child(fork_again) == "01"


def test_many_tables_are_all_empty_in_the_child(in_child: Callable[..., str]) -> None:
    owners = [HandleTable[int]().owner() for _ in range(100)]
    for owner in owners[::2]:
        owner.acquire(1)
    assert in_child(lambda: str(sum(len(owner.table) for owner in owners))) == "0"


# --- a fork inside a step


def fork_within(answers: int) -> bool:
    """Forks, and tells through the pipe that the child came so far; True in the child."""
    if os.fork() == 0:
        os.write(answers, b"forked ")
        return True
    os.wait()
    return False


def in_step_of(owner: Any, handle: Any) -> tuple[str, bytes]:  # noqa: ANN401 - either kind
    """Forks inside a step; gives what parent and child saw after it."""
    reader, writer = os.pipe()
    in_the_child = False
    try:
        in_the_child = owner.step(handle, lambda _value: fork_within(writer))
        after = f"{handle in owner} {len(owner)} {len(owner.table)}"
        if in_the_child:
            os.write(writer, after.encode())
    finally:
        if in_the_child:
            os._exit(0)
    told = os.read(reader, 100)
    os.close(reader)
    os.close(writer)
    return after, told


def test_a_step_that_forks_ends_well_in_the_parent(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        after, _ = in_step_of(owner, owner.acquire("a value"))
        assert after == "True 1 1"


def test_a_step_that_forks_ends_well_in_the_child(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        _, told = in_step_of(owner, owner.acquire("a value"))
        assert told == b"forked False 0 0"


def test_a_guard_that_forks_ends_well_in_both(
    handle_table: HandleTable[Any], in_child: Callable[..., str]
) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        step = owner.step(handle)

        def end() -> str:
            step.__exit__(None, None, None)
            return f"{handle in owner} {len(handle_table)}"

        with step:
            child = in_child(end)
        assert (child, handle in owner) == ("False 0", True)


def test_a_failed_guard_that_forks_ends_well_in_the_child(
    handle_table: HandleTable[Any], in_child: Callable[..., str]
) -> None:
    with handle_table.owner() as owner:
        step = owner.step(owner.acquire("a value"))

        def fail() -> str:
            step.__exit__(ValueError, ValueError(), None)
            return f"{len(handle_table)} {handle_table.stats().freed['failed']}"

        with step:
            assert in_child(fail) == "0 0"


def test_an_owner_in_another_threads_step_can_be_used_in_the_child(
    handle_table: HandleTable[Any], in_child: Callable[..., str]
) -> None:
    entered, leave = threading.Event(), threading.Event()

    def wait(_value: object) -> None:
        entered.set()
        leave.wait()

    with handle_table.owner() as owner:
        thread = threading.Thread(target=lambda: owner.step(owner.acquire("the thread's"), wait))
        thread.start()
        entered.wait()
        answer = in_child(lambda: owner.step(owner.acquire("the child's"), str.upper))
        leave.set()
        thread.join()
        assert answer == "THE CHILD'S"


MAKES_A_TABLE_WHILE_IT_FORKS = """
import os
made = []
os.register_at_fork(before=lambda: made.append(quitclaim.HandleTable()))
import quitclaim  # its own hook, registered later, comes before that one and holds the list of tables
child = os.fork()
if child == 0:
    os._exit(len(made[0]))
print(os.waitpid(child, 0)[1], len(made[0]))
"""


def test_another_hook_of_the_same_fork_may_make_a_table() -> None:
    run = subprocess.run(  # noqa: S603 - the text above
        [sys.executable, "-c", MAKES_A_TABLE_WHILE_IT_FORKS],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    assert run.stdout == "0 0\n"
