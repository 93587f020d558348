"""The log of a server: a line for each login, good or failed, and for the end of each session."""

from __future__ import annotations

import asyncio
import atexit
import time
from typing import TYPE_CHECKING, Final, Protocol

from quitclaim.monitor.text import TextLines
from quitclaim.monitor.writer import LogWriter

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self, TextIO

    from quitclaim.observer import Event

__all__ = ("EventLog", "Format")


class Format(Protocol):
    """How a log looks: `TextLines`, `JsonLines`, or your own.

    Times are as RFC 3339 has them, in UTC, to the second: `2026-11-22T22:00:00Z`.
    """

    def opening(self, time: str, /) -> str:
        """How each line of that second begins."""

    def event(self, event: Event, /) -> str:
        """The rest of the line for an event, without its end; empty for what is not worth a line."""

    def loss(self, lines: int, /) -> str:
        """The rest of the line that stands for so many others, which nobody took in time."""

    def message(self, text: str, time: str, /) -> str:
        """Whole lines, with their ends, for some that are somebody else's."""


class EventLog:
    r"""An observer that writes what operators read, and what fail2ban reads: see `TextLines`.

    Nobody waits for whoever reads it. Lines are gathered for a turn of the event loop, and a thread writes
    them; while the stream takes nothing, so many of them wait, and the rest is lost and counted: the log says
    `log: 4711 lines were lost` where they would have been. What the stream cannot encode is escaped.

    A file, a pipe or a terminal is written past the stream's own buffer. A child of `fork` makes its own log.

    >>> import asyncio, io
    >>> from quitclaim.observer import Refused
    >>> async def one_event(log):
    ...     log(Refused("192.0.2.7:4711", "NTLM", "anna", "logon denied"))
    >>> with EventLog(stream := io.StringIO()) as log:
    ...     asyncio.run(one_event(log))
    >>> stream.getvalue().partition(" ")[2]
    'login failed: peer=192.0.2.7:4711 mechanism=NTLM user="anna" cause="logon denied"\n'

    Args:
        stream: where to; None for stderr, as it is when a line is written.
        format: how its lines look: `JsonLines()`, for whatever collects logs.
    """

    __slots__ = ("_batch", "_event", "_format", "_opening", "_second", "_writer")

    def __init__(self, stream: TextIO | None = None, format: Format = TextLines()) -> None:  # noqa: A002, B008 - its name; it has no state
        """Starts the thread."""
        self._format = format
        self._event = format.event
        self._writer = LogWriter(stream, self._loss)
        self._batch: list[str] = []
        self._second = -1
        self._opening = ""  # of that second's lines
        atexit.register(self.close)  # for who forgets it: the last lines are often the ones that matter

    def __call__(self, event: Event, /) -> None:
        """Notes an event, in the thread of the running loop."""
        text = self._event(event)
        if not text:
            return
        now = int(time.time())
        if now != self._second:
            self._second = now
            self._opening = self._format.opening(_written(now))
        if not self._batch:
            asyncio.get_running_loop().call_soon(self._hand_over)
        self._batch.append(f"{self._opening}{text}\n")

    def write(self, text: str, /) -> None:
        """Writes somebody else's lines, in any thread, with the time: once, however many they are.

        `logging.StreamHandler(log)` is a handler for which nobody waits either.
        """
        self._writer.write(self._format.message(text, _written(int(time.time()))))

    def close(self) -> None:
        """Writes what is left, when the loop has ended, and waits for that a second at most. Idempotent."""
        self._hand_over()
        self._writer.close()
        atexit.unregister(self.close)

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

    def _hand_over(self) -> None:
        if self._batch:
            self._writer.write("".join(self._batch))
            self._batch.clear()

    def _loss(self, lines: int) -> str:
        opening = self._format.opening(_written(int(time.time())))
        return f"{opening}{self._format.loss(lines)}\n"


def _written(second: int) -> str:
    return time.strftime(_RFC_3339, time.gmtime(second))


_RFC_3339: Final = "%Y-%m-%dT%H:%M:%SZ"
