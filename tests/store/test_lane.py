"""The thread that does things in order: it answers to whoever asked, and keeps nothing that nobody takes."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from quitclaim.errors import StoreUnavailable
from quitclaim.lane import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Gate:
    """A piece of work that stays until it is let go."""

    def __init__(self) -> None:
        """Closed."""
        self.entered = threading.Event()
        self.left = threading.Event()

    def __call__(self) -> str:
        """Waits for `left`."""
        self.entered.set()
        self.left.wait()
        return "left"


@pytest.fixture
def lane() -> Iterator[Lane]:
    """A lane that takes ten things at a time."""
    with Lane("the lane", 10, StoreUnavailable) as opened:
        yield opened


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate, which is open when the test ends."""
    made = Gate()
    yield made
    made.left.set()


def fail() -> None:
    """Fails."""
    message = "as it should"
    raise ValueError(message)


def test_run_gives_the_result(lane: Lane) -> None:
    assert lane.run(divmod, 7, 2) == (3, 1)


def test_run_raises_what_the_work_raises(lane: Lane) -> None:
    with pytest.raises(ValueError, match="as it should"):
        lane.run(fail)


def test_submit_gives_the_result(lane: Lane) -> None:
    async def main() -> tuple[int, int]:
        return await lane.submit(divmod, 7, 2)

    assert asyncio.run(main()) == (3, 1)


def test_submit_raises_what_the_work_raises(lane: Lane) -> None:
    async def main() -> None:
        await lane.submit(fail)

    with pytest.raises(ValueError, match="as it should"):
        asyncio.run(main())


def test_work_is_done_in_order_on_one_thread(lane: Lane) -> None:
    done: list[tuple[int, str]] = []

    async def main() -> None:
        await asyncio.gather(
            *[lane.submit(lambda n: done.append((n, threading.current_thread().name)), n) for n in range(9)]
        )

    asyncio.run(main())
    assert done == [(n, "the lane") for n in range(9)]


def test_two_loops_get_their_own_answers(lane: Lane) -> None:
    answers: dict[str, list[str]] = {}

    async def main(name: str) -> None:
        answers[name] = [await lane.submit(str.upper, f"{name}{n}") for n in range(100)]

    threads = [threading.Thread(target=lambda name=name: asyncio.run(main(name))) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {"a": [f"A{n}" for n in range(100)], "b": [f"B{n}" for n in range(100)]}


def test_what_is_cancelled_before_its_turn_is_not_done(lane: Lane, gate: Gate) -> None:
    done: list[int] = []

    async def main() -> None:
        held = lane.submit(gate)
        lane.submit(done.append, 1).cancel()
        gate.left.set()
        await held
        await lane.submit(done.append, 2)

    asyncio.run(main())
    assert done == [2]


# --- late answers


def test_an_answer_to_a_cancelled_future_is_discarded(lane: Lane, gate: Gate) -> None:
    discarded: list[str] = []

    async def main() -> None:
        future = lane.submit(gate, discard=discarded.append)
        await asyncio.to_thread(gate.entered.wait)
        future.cancel()
        gate.left.set()
        await lane.submit(int)

    asyncio.run(main())
    assert discarded == ["left"]


def test_an_answer_to_a_closed_loop_is_discarded(lane: Lane, gate: Gate) -> None:
    discarded: list[str] = []

    async def main() -> None:
        lane.submit(gate, discard=discarded.append)

    asyncio.run(main())
    gate.left.set()
    lane.run(int)
    assert discarded == ["left"]


def test_an_answer_on_its_way_when_the_loop_is_closed_is_discarded(lane: Lane) -> None:
    discarded: list[str] = []

    async def main() -> None:
        lane.submit(str, "late", discard=discarded.append)
        lane.run(int)  # done, and the loop has been told but does not come to it

    loop = asyncio.new_event_loop()
    task = loop.create_task(main())
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert task.done()
    loop.close()
    lane.run(int)
    assert discarded == ["late"]


def test_an_answer_that_is_taken_is_not_discarded(lane: Lane) -> None:
    discarded: list[str] = []

    async def main() -> str:
        return await lane.submit(str, "in time", discard=discarded.append)

    assert (asyncio.run(main()), discarded) == ("in time", [])


def test_nothing_is_discarded_of_work_that_failed(lane: Lane, gate: Gate) -> None:
    discarded: list[None] = []

    async def main() -> None:
        lane.submit(gate)
        lane.submit(fail, discard=discarded.append)

    asyncio.run(main())
    gate.left.set()
    lane.run(int)
    assert discarded == []


def test_lanes_forget_loops_that_are_gone(lane: Lane) -> None:
    async def main() -> None:
        await lane.submit(int)

    for _ in range(5):
        asyncio.run(main())
    assert len(lane._outboxes) == 1  # noqa: SLF001 - there is no other way to see it


# --- refusals


def test_what_exceeds_the_queue_is_refused(lane: Lane, gate: Gate) -> None:
    async def main() -> int:
        held = lane.submit(gate)
        await asyncio.to_thread(gate.entered.wait)
        waiting = [lane.submit(int) for _ in range(10)]
        with pytest.raises(StoreUnavailable, match="the lane is too busy: 10 requests are waiting"):
            lane.submit(int)
        gate.left.set()
        return len(await asyncio.gather(held, *waiting))

    assert asyncio.run(main()) == 11


def test_a_closed_lane_refuses(lane: Lane) -> None:
    lane.close()
    with pytest.raises(StoreUnavailable, match="the lane is closed"):
        lane.run(int)


def test_closing_twice_is_closing(lane: Lane) -> None:
    lane.close()
    lane.close()


def test_closing_ends_what_is_done_and_refuses_what_waits(lane: Lane, gate: Gate) -> None:
    async def main() -> list[object]:
        futures = [lane.submit(gate), lane.submit(str, "waiting")]
        await asyncio.to_thread(gate.entered.wait)
        closing = asyncio.create_task(asyncio.to_thread(lane.close))
        await asyncio.to_thread(wait_until_closed, lane)
        gate.left.set()
        await closing
        return list(await asyncio.gather(*futures, return_exceptions=True))

    done, refused = asyncio.run(main())
    assert done == "left"
    assert isinstance(refused, StoreUnavailable)


def wait_until_closed(lane: Lane) -> None:
    """Returns when the lane takes nothing more, which the thread that closes it says by refusing."""
    while True:
        try:
            lane._put(Nothing())  # noqa: SLF001 - it must not be waited for
        except StoreUnavailable as error:
            if "closed" in str(error):
                return


class Nothing:
    """A job of no consequence."""

    def do(self) -> None:
        """Does nothing."""

    def refuse(self, _error: Exception, /) -> None:
        """Tells nobody."""


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")
def test_a_child_that_was_forked_while_the_lane_was_locked_is_refused(
    lane: Lane, in_child: Callable[..., str]
) -> None:
    def use() -> str:
        for ask in (lane.run, lane.submit):
            with pytest.raises(StoreUnavailable, match="before this process was forked"):
                ask(int)
        lane.close()
        return "refused"

    with lane._lock:  # noqa: SLF001 - as another thread might, at that moment
        assert in_child(use) == "refused"
