"""One thread that does things in order, for event loops that must not wait and for callers that may.

`run_in_executor` costs 30 to 70 us more a call. Here the work goes in by a `SimpleQueue`, and whatever is
done by the time the loop wakes up comes back by one `call_soon_threadsafe`.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from concurrent.futures import Future as Promise
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self, TypeVarTuple

    from quitclaim.errors import Unavailable

    Arguments = TypeVarTuple("Arguments")

__all__ = ("Lane",)

T = TypeVar("T")


class Lane:
    """A thread and what waits for it: at most so many things, and what exceeds them is refused.

    Event loops `submit`, any number of them, each from its own thread; whoever has no loop may `run`. What it
    refuses, it refuses with the exception given: when too much waits, when it is closed, and in a child of
    `fork`, where there is no such thread.

    >>> from quitclaim.errors import StoreUnavailable
    >>> with Lane("the adder", 100, StoreUnavailable) as lane:
    ...     lane.run(sum, [1, 2, 3])
    6
    """

    def __init__(self, name: str, most_waiting: int, unavailable: type[Unavailable], /) -> None:
        """Starts the thread. The name is what the refusals call it."""
        self._name = name
        self._most_waiting = most_waiting
        self._unavailable = unavailable
        self._process = os.getpid()
        self._work: SimpleQueue[_Job | None] = SimpleQueue()
        self._outboxes: dict[asyncio.AbstractEventLoop, _Outbox] = {}
        self._swept: tuple[_Outbox, ...] = ()  # the same, for the thread to walk while others add to it
        self._lock = threading.Lock()
        self._closed = False
        # A daemon: whoever forgets to close must still be able to leave, and what is durable does not care.
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def submit(
        self,
        function: Callable[[*Arguments], T],
        *arguments: *Arguments,
        discard: Callable[[T], object] | None = None,
    ) -> asyncio.Future[T]:
        """Has it done, and answers to the running loop. Cancelled before its turn, it is not done at all.

        A result that nobody takes, because the future is cancelled or its loop is closed, goes to `discard`:
        whoever opened closes. That is called on either thread and must not wait.

        Raises:
            Unavailable: as the class says. The future may raise it too: `close` refuses what still waits.
        """
        self._must_be_its_process()
        loop = asyncio.get_running_loop()
        outbox = self._outboxes.get(loop) or self._new_outbox(loop)
        request = _Request(partial(function, *arguments), loop.create_future(), discard, outbox)
        self._put(request)
        return request.future

    def run(self, function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        """Has it done and waits for it, so never call it where an event loop runs.

        Raises:
            Unavailable: as the class says.
        """
        self._must_be_its_process()
        errand = _Errand(partial(function, *arguments))
        self._put(errand)
        return errand.promise.result()

    def close(self) -> None:
        """Ends what is being done, refuses what waits, joins the thread. Idempotent; nothing in a child."""
        if self._process != os.getpid():
            return
        with self._lock:
            if not self._closed:
                self._closed = True
                self._work.put(None)
        self._thread.join()

    def __enter__(self) -> Self:
        """Gives itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Closes itself."""
        self.close()

    def _must_be_its_process(self) -> None:
        # Before any lock: the parent may have held one when it forked, and nobody in the child gives it back.
        if self._process != os.getpid():
            message = f"{self._name} was opened before this process was forked"
            raise self._unavailable(message)

    def _put(self, job: _Job, /) -> None:
        # Under the lock, so that nothing gets behind the None, where it would wait for ever.
        with self._lock:
            if self._closed:
                raise self._refusal()
            if self._work.qsize() >= self._most_waiting:
                message = f"{self._name} is too busy: {self._most_waiting} requests are waiting"
                raise self._unavailable(message)
            self._work.put(job)

    def _new_outbox(self, loop: asyncio.AbstractEventLoop, /) -> _Outbox:
        with self._lock:
            for gone in [other for other, outbox in self._outboxes.items() if outbox.is_over()]:
                del self._outboxes[gone]
            outbox = self._outboxes.setdefault(loop, _Outbox(loop))
            self._swept = tuple(self._outboxes.values())
            return outbox

    def _refusal(self) -> Unavailable:
        return self._unavailable(f"{self._name} is closed")

    def _serve(self) -> None:
        while (job := self._work.get()) is not None:
            self._sweep()
            if self._closed:
                job.refuse(self._refusal())
            else:
                job.do()
            del job  # or its answer would live until there is something else to do
        self._sweep()

    def _sweep(self) -> None:
        # A loop may have been closed with answers on their way to it: what they hold is wanted again.
        for outbox in self._swept:
            outbox.discard_if_over()


class _Job(Protocol):
    """Something to do."""

    def do(self) -> None:
        """Does it, and answers."""

    def refuse(self, error: Unavailable, /) -> None:
        """Answers that it is not done."""


class _Errand(Generic[T]):
    """A job for a caller who waits for it."""

    __slots__ = ("_function", "promise")

    def __init__(self, function: Callable[[], T], /) -> None:
        self._function = function
        self.promise: Promise[T] = Promise()

    def do(self) -> None:
        try:
            self.promise.set_result(self._function())
        except BaseException as error:  # noqa: BLE001 - it is the caller's
            self.promise.set_exception(error)

    def refuse(self, error: Unavailable, /) -> None:
        self.promise.set_exception(error)


class _Request(Generic[T]):
    """A job for an event loop. It is done on the lane's thread and answered on the loop's."""

    __slots__ = ("_discard", "_error", "_function", "_outbox", "_result", "future")

    def __init__(
        self,
        function: Callable[[], T],
        future: asyncio.Future[T],
        discard: Callable[[T], object] | None,
        outbox: _Outbox,
        /,
    ) -> None:
        self.future = future
        self._function = function
        self._discard = discard
        self._outbox = outbox
        self._result: T
        self._error: BaseException | None = None

    def do(self) -> None:
        if self.future.cancelled():
            return
        try:
            self._result = self._function()
        except BaseException as error:  # noqa: BLE001 - it is the caller's
            self._error = error
        self._outbox.post(self)

    def refuse(self, error: Unavailable, /) -> None:
        self._error = error
        self._outbox.post(self)

    def answer(self) -> None:
        """Gives the outcome to the future, if that still waits for one."""
        if self.future.done():
            self.discard()
        elif self._error is not None:
            self.future.set_exception(self._error)
        else:
            self.future.set_result(self._result)

    def discard(self) -> None:
        """Undoes what nobody waits for any more."""
        if self._error is None and self._discard is not None:
            self._discard(self._result)


class _Outbox:
    """What is done and on its way to one event loop."""

    __slots__ = ("_called", "_done", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, /) -> None:
        self._loop = loop
        self._done: deque[_Request[Any]] = deque()
        self._called = False  # the loop has been told, and has not come yet

    def post(self, request: _Request[Any], /) -> None:
        """Sends it. The lane's thread calls this, and nobody else."""
        self._done.append(request)
        # In this order here, and there cleared before it is emptied: no answer is left behind.
        if not self._called:
            self._called = True
            try:
                self._loop.call_soon_threadsafe(self._answer_all)
            except RuntimeError:  # it is closed
                self._called = False
        self.discard_if_over()

    def is_over(self) -> bool:
        """Whether the loop is closed and nothing is left for it."""
        return self._loop.is_closed() and not self._done

    def discard_if_over(self) -> None:
        """Undoes all of it if the loop is closed: nobody is there to take it."""
        if self._done and self._loop.is_closed():
            while self._done:
                self._done.popleft().discard()

    def _answer_all(self) -> None:
        self._called = False
        while self._done:
            self._done.popleft().answer()
