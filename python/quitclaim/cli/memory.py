"""Memory of a crowd that has gone: given back to the system, which glibc does not do by itself."""

from __future__ import annotations

import ctypes
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

__all__ = ("CROWD", "INTERVAL", "find_trim", "giving_back")

CROWD: Final = 500  # connections that must have gone: fewer leave too little to stop everybody for it
INTERVAL: Final = 60.0  # seconds from a look to the next


@contextmanager
def giving_back(
    gone: Callable[[], int], trim: Callable[[], object] | None, loop: asyncio.AbstractEventLoop, /
) -> Iterator[None]:
    """Looks once a minute how many connections have gone, and gives their memory back if they were a crowd.

    Args:
        gone: how many have gone since the start.
        trim: gives free memory back; without it, nothing is looked at.
        loop: where the looks are taken, until the end.
    """
    if trim is None:
        yield
        return
    given_back_at = gone()
    timer: asyncio.TimerHandle

    def look() -> None:
        nonlocal given_back_at, timer
        # First of all: whatever goes wrong now, the next look is taken.
        timer = loop.call_later(INTERVAL, look)
        if (now := gone()) - given_back_at >= CROWD:
            given_back_at = now
            trim()

    timer = loop.call_later(INTERVAL, look)
    try:
        yield
    finally:
        timer.cancel()


def find_trim(load: Callable[[None], ctypes.CDLL] = ctypes.CDLL, /) -> Callable[[], object] | None:
    """Finds what gives all free memory back, or None where the C library has no such function: musl's.

    Args:
        load: gives the libraries that this process has.
    """
    try:
        trim = load(None).malloc_trim
    except (OSError, AttributeError):
        return None
    return partial(trim, ctypes.c_size_t(0))
