"""Many threads, an owner each; and an owner that two threads reach for."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from quitclaim import Handle, HandleTable, Owner, OwnerBusy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

THREADS = 8
ROUNDS = 500


class DeniedError(Exception):
    """What a mechanism refuses with."""


def deny(_value: object) -> None:
    """Fails a step."""
    raise DeniedError


def together(work: Callable[[int], object]) -> list[object]:
    """Runs the work on all threads at once, and gives the answers."""
    start = threading.Barrier(THREADS)

    def begin(number: int) -> object:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def test_threads_with_an_owner_each_leave_nothing_behind(handle_table: HandleTable[Any]) -> None:
    def attempts(number: int) -> None:
        for _ in range(ROUNDS):
            with handle_table.owner(f"thread {number}") as owner:
                handle = owner.acquire([number])
                owner.step(handle, list.append, number)
                with pytest.raises(DeniedError):
                    owner.step(handle, deny)

    together(attempts)
    assert handle_table.stats().freed["failed"] == THREADS * ROUNDS


def test_threads_find_their_own_values(handle_table: HandleTable[Any]) -> None:
    def acquire_and_look(number: int) -> bool:
        with handle_table.owner() as owner:
            handles = [owner.acquire((number, turn)) for turn in range(ROUNDS)]
            return [handle_table[handle] for handle in handles] == [(number, turn) for turn in range(ROUNDS)]

    assert together(acquire_and_look) == [True] * THREADS


def test_threads_never_share_a_handle(handle_table: HandleTable[Any]) -> None:
    def acquire(_number: int) -> set[Handle]:
        owner = handle_table.owner()
        return {owner.acquire("a value") for _ in range(ROUNDS)}

    handles: set[Handle] = set()
    for acquired in together(acquire):
        assert isinstance(acquired, set)
        handles |= acquired
    assert len(handles) == THREADS * ROUNDS


def test_reaping_beside_stepping_threads_frees_each_handle_once(handle_table: HandleTable[Any]) -> None:
    def work(number: int) -> None:
        for _ in range(ROUNDS):
            with handle_table.owner() as owner:
                owner.acquire("a value")
                if number == 0:
                    handle_table.drain()

    together(work)
    assert sum(handle_table.stats().freed.values()) == THREADS * ROUNDS


def test_an_owner_may_be_dropped_on_another_thread(handle_table: HandleTable[Any]) -> None:
    owners = [handle_table.owner()]
    owners[0].acquire("a value")
    thread = threading.Thread(target=owners.clear)
    thread.start()
    thread.join()
    assert len(handle_table) == 0


def test_an_owner_may_be_handed_to_another_thread(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("a value")
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(owner.step, handle, str.upper).result() == "A VALUE"


# --- an owner in a step on another thread


@pytest.fixture
def busy(handle_table: HandleTable[Any]) -> Iterator[Owner[Any]]:
    """An owner that is in a step, on another thread, as long as the test runs."""
    owner = handle_table.owner("busy")
    handle = owner.acquire("a value")
    entered, leave = threading.Event(), threading.Event()

    def wait(_value: object) -> None:
        entered.set()
        leave.wait()

    thread = threading.Thread(target=lambda: owner.step(handle, wait))
    thread.start()
    entered.wait()
    yield owner
    leave.set()
    thread.join()
    owner.close()


def the_handle(owner: Owner[Any]) -> Handle:
    """The one handle in the table."""
    [entry] = owner.table.census()
    return entry.handle


REFUSED: list[Callable[[Owner[Any]], object]] = [
    lambda owner: owner.acquire("another"),
    lambda owner: owner.step(the_handle(owner), str.upper),
    lambda owner: owner.step(the_handle(owner)).__enter__(),
    lambda owner: owner.free(the_handle(owner)),
    lambda owner: owner.__enter__(),
    lambda owner: the_handle(owner) in owner,
    len,
]


@pytest.mark.parametrize("use", REFUSED)
def test_an_owner_in_a_step_elsewhere_is_busy(busy: Owner[Any], use: Callable[[Owner[Any]], object]) -> None:
    with pytest.raises(OwnerBusy, match="an owner of its own"):
        use(busy)


@pytest.mark.parametrize("use", REFUSED)
def test_a_busy_owner_is_left_as_it_was(busy: Owner[Any], use: Callable[[Owner[Any]], object]) -> None:
    with pytest.raises(OwnerBusy):
        use(busy)
    assert [entry.state for entry in busy.table.census()] == ["step"]


@pytest.mark.parametrize("end", [Owner.close, lambda owner: owner.__exit__(None, None, None)])
def test_a_busy_owner_can_be_closed_by_anyone(busy: Owner[Any], end: Callable[[Owner[Any]], None]) -> None:
    idle = len(busy.table)
    end(busy)
    assert (idle, len(busy.table)) == (1, 0)


def test_a_lost_connection_beside_a_step_keeps_its_own_error(handle_table: HandleTable[Any]) -> None:
    entered, lost = threading.Event(), threading.Event()

    def slow(value: str) -> str:
        entered.set()
        lost.wait()
        return value

    def connection(pool: ThreadPoolExecutor) -> None:
        with handle_table.owner() as owner:
            owner.acquire("idle")
            answers.append(pool.submit(owner.step, owner.acquire("in a step"), slow))
            entered.wait()
            raise ConnectionResetError

    answers = list[Future[str]]()
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(ConnectionResetError):
            connection(pool)
        assert len(handle_table) == 0
        lost.set()
        assert answers[0].result() == "in a step"


def test_a_busy_owner_still_tells_who_it_is(busy: Owner[Any]) -> None:
    assert (busy.label, repr(busy)) == ("busy", '<Owner "busy" 1 live>')


def test_a_busy_owner_can_still_be_used_by_the_thread_that_is_in_its_step(
    handle_table: HandleTable[Any],
) -> None:
    with handle_table.owner() as owner:
        handle = owner.acquire("outer")
        assert owner.step(handle, lambda _value: owner.step(owner.acquire("inner"), str.upper)) == "INNER"


def test_an_owner_is_busy_until_the_outermost_step_ends(handle_table: HandleTable[Any]) -> None:
    answers = list[object]()

    def ask() -> None:
        try:
            answers.append(len(owner))
        except OwnerBusy:
            answers.append(OwnerBusy)

    def ask_elsewhere(_value: object = None) -> None:
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()

    def outer(_value: object) -> None:
        owner.step(inner, ask_elsewhere)
        ask_elsewhere()

    with handle_table.owner() as owner:
        inner = owner.acquire("inner")
        owner.step(owner.acquire("outer"), outer)
        ask_elsewhere()
    assert answers == [OwnerBusy, OwnerBusy, 2]


def test_an_owner_is_free_again_after_a_failed_step(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner, ThreadPoolExecutor(1) as pool:
        with pytest.raises(DeniedError):
            owner.step(owner.acquire("a value"), deny)
        assert pool.submit(len, owner).result() == 0


def test_a_guard_may_end_on_another_thread(handle_table: HandleTable[Any]) -> None:
    with handle_table.owner() as owner, ThreadPoolExecutor(1) as pool:
        step = owner.step(owner.acquire("a value"))
        step.__enter__()
        pool.submit(step.__exit__, None, None, None).result()
        assert pool.submit(len, owner).result() == 1


def test_a_guard_left_entered_by_a_thread_that_ended_keeps_its_owner_busy(
    handle_table: HandleTable[Any],
) -> None:
    with handle_table.owner() as owner:
        step = owner.step(owner.acquire("a value"))
        thread = threading.Thread(target=step.__enter__)
        thread.start()
        thread.join()
        with pytest.raises(OwnerBusy):
            len(owner)
        step.__exit__(None, None, None)
        assert len(owner) == 1
