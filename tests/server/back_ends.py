"""Back ends that take their time on an event loop: until a test lets them go, or in another thread."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ("Gate", "Threads", "soon")


class Gate:
    """Answers that are awaited in the loop, and come when the gate is opened there."""

    def __init__(self) -> None:
        self.waiting = 0
        self.cancelled = 0
        self._futures: list[asyncio.Future[None]] = []

    def how(self, find: Callable[[], Any]) -> Awaitable[Any]:
        """As a coroutine function answers."""
        self.waiting += 1
        opened = asyncio.get_running_loop().create_future()
        self._futures.append(opened)

        async def answer() -> object:
            try:
                await opened
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
            return find()

        return answer()

    def open(self) -> None:
        """Lets all go that wait; in the loop's thread."""
        for opened in self._futures:
            if not opened.done():
                opened.set_result(None)


class Threads:
    """Answers that are found in other threads, when the gate is opened."""

    def __init__(self) -> None:
        self.waiting = 0
        self._opened = threading.Event()
        self._threads = ThreadPoolExecutor(4)

    def how(self, find: Callable[[], Any]) -> Awaitable[Any]:
        """As `loop.run_in_executor` answers."""
        self.waiting += 1

        def answer() -> object:
            self._opened.wait()
            return find()

        return asyncio.get_running_loop().run_in_executor(self._threads, answer)

    def open(self) -> None:
        """Lets all go that wait."""
        self._opened.set()


async def _answer(find: Callable[[], Any]) -> object:
    return find()


def soon(find: Callable[[], Any]) -> Awaitable[Any]:
    """As a coroutine function answers that has nothing to wait for."""
    return _answer(find)
