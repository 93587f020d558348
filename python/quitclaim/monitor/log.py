"""The log of a server: a line for each login, good or failed, and for the end of each session."""

from __future__ import annotations

import asyncio
import atexit
import io
import select
import sys
import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

from quitclaim.observer import Left, LoggedIn, Refused

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self, TextIO

    from quitclaim.observer import Event

__all__ = ("EventLog", "line", "quoted")


class EventLog:
    r"""An observer that writes what operators read, and what fail2ban reads: see `line`.

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
    """

    __slots__ = ("_batch", "_second", "_stamp", "_writer")

    def __init__(self, stream: TextIO | None = None) -> None:
        """Writes there, or to stderr as it is when the line is written; starts the thread."""
        self._writer = _Writer(stream)
        self._batch: list[str] = []
        self._second = -1
        self._stamp = ""  # that second, as the log has it
        atexit.register(self.close)  # for who forgets it: the last lines are often the ones that matter

    def __call__(self, event: Event, /) -> None:
        """Notes an event, in the thread of the running loop."""
        text = line(event)
        if not text:
            return
        now = int(time.time())
        if now != self._second:
            self._second = now
            self._stamp = _stamp(now)
        if not self._batch:
            asyncio.get_running_loop().call_soon(self._hand_over)
        self._batch.append(f"{self._stamp}{text}\n")

    def write(self, text: str, /) -> None:
        """Writes somebody else's lines as they are, in any thread.

        `logging.StreamHandler(log)` is a handler for which nobody waits either.
        """
        self._writer.write(text)

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


def line(event: Event, /) -> str:
    r"""The line for an event, without its time; empty for what is not worth one.

    A name is as the peer said it, so it is quoted, and whatever could end the quotes or the line is escaped.

    >>> line(Refused("192.0.2.7:4711", "PLAIN", 'a"\nlogin failed: peer=198.51.100.1', "logon denied"))
    'login failed: peer=192.0.2.7:4711 mechanism=PLAIN user="a\\"\\nlogin failed: peer=198.51.100.1" cause="logon denied"'
    >>> line(LoggedIn("[::1]:4711", "NTLM", "anna", 3, 4_500))
    'login: peer=[::1]:4711 mechanism=NTLM user="anna" messages=3 octets=4500'
    >>> line(Left("[::1]:4711", "anna", "quit", 1, 1_500, 1))
    'session ended: peer=[::1]:4711 user="anna" cause="quit" retrieved=1 octets=1500 deleted=1'
    """  # noqa: E501 - a line of the log is as long as it is
    kind = type(event)
    if kind is Refused:
        return (
            f"login failed: peer={event.peer} mechanism={event.mechanism}"  # type: ignore[union-attr]
            f" user={quoted(event.username)} cause={quoted(event.cause)}"  # type: ignore[union-attr]
        )
    if isinstance(event, LoggedIn):
        detail = f" detail={event.detail}" if event.detail else ""  # a mechanism's own word
        return (
            f"login: peer={event.peer} mechanism={event.mechanism}{detail} user={quoted(event.username)}"
            f" messages={event.messages} octets={event.octets}"
        )
    if isinstance(event, Left) and event.username:
        return (
            f"session ended: peer={event.peer} user={quoted(event.username)} cause={quoted(event.cause)}"
            f" retrieved={event.retrieved} octets={event.octets} deleted={event.deleted}"
        )
    return ""


def quoted(text: str, /) -> str:
    r"""A text of somebody else's, in quotes, on one line, without what a terminal would obey.

    >>> quoted("Jürgen"), quoted("a\x1b[2J\u202eb"), quoted("a" * 300) == '"' + "a" * 64 + '…"'
    ('"Jürgen"', '"a\\x1b[2J\\u202eb"', True)
    """
    if len(text) > _LONGEST:
        return f'"{_escaped(text[:_LONGEST])}…"'
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return f'"{_escaped(text)}"'


_LONGEST: Final = 64  # characters of a name or a cause in the log; accounts have no longer names


def _escaped(text: str) -> str:
    return "".join(
        letter if letter.isprintable() and letter not in '"\\' else _escape(letter) for letter in text
    )


def _escape(letter: str) -> str:
    return f"\\{letter}" if letter in '"\\' else letter.encode("unicode_escape", "surrogatepass").decode()


class _Writer:
    """A thread that writes to a stream, and what waits for it: so much at most, and the rest is lost.

    A `logging.handlers.QueueListener` takes record by record, and its `stop` waits as long as it takes.
    """

    def __init__(self, stream: TextIO | None, /) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._waiting: list[str] = []
        self._size = 0  # of what waits, in characters
        self._lost = 0  # lines that came after those that wait
        self._closed = False
        self._wake: SimpleQueue[None] = SimpleQueue()
        # A daemon: it may be in the middle of a write that never returns.
        self._thread = threading.Thread(target=self._serve, name="the log", daemon=True)
        self._thread.start()

    def write(self, text: str, /) -> None:
        """Has it written later, in any thread."""
        with self._lock:
            if self._closed:
                return
            idle = not self._waiting and not self._lost
            # Once a line is lost all are, until the thread has taken what waits: so the gap is in one place.
            if self._lost or self._size + len(text) > _MOST_WAITING:
                self._lost += text.count("\n")
            else:
                self._waiting.append(text)
                self._size += len(text)
        if idle:
            self._wake.put(None)

    def close(self) -> None:
        """Ends the thread when it has written what waits, and is patient for a second. Idempotent."""
        with self._lock:
            self._closed = True
        self._wake.put(None)
        self._thread.join(_PATIENCE)

    def _serve(self) -> None:
        failed = 0  # lines that could not be written
        closed = False
        while not closed:
            self._wake.get()
            # A failed login takes 136 us of the server's CPU this way, 157 if each turn of the loop wakes the
            # thread, and took 145 when the loop itself wrote (20,000 attempts, 64 connections, 5 runs).
            time.sleep(_GATHERING)
            with self._lock:
                texts, self._waiting, self._size = self._waiting, [], 0
                lost, self._lost = self._lost, 0
                closed = self._closed
            text = "".join([_loss(failed), *texts, _loss(lost)])
            if not text:
                continue
            try:
                _write(sys.stderr if self._stream is None else self._stream, text)
            except Exception:  # noqa: BLE001 - broken, closed, or an embedder's: told when it works again
                failed += lost + sum(part.count("\n") for part in texts)
            else:
                failed = 0


_MOST_WAITING: Final = 4_194_304  # characters, and as many again on their way: 40,000 failed logins
_GATHERING: Final = 0.005  # seconds
_PATIENCE: Final = 1.0  # seconds


def _write(stream: TextIO, text: str) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"  # a StringIO's is None
    octets = text.encode(encoding, "backslashreplace")
    buffer = getattr(stream, "buffer", None)
    raw = buffer.raw if isinstance(buffer, io.BufferedWriter) else buffer
    if isinstance(raw, io.FileIO):
        # Past the buffer: its lock would be held while the write waits, and Python, which takes it to flush
        # at exit, aborts then.
        _write_octets(raw, octets)
    else:
        stream.write(octets.decode(encoding))
        stream.flush()


def _write_octets(file: io.FileIO, octets: bytes) -> None:
    rest = memoryview(octets)
    while rest:
        written: int | None = file.write(rest)
        if written is None:  # full, and whoever else has it open made it non-blocking
            poll = select.poll()
            poll.register(file, select.POLLOUT)
            poll.poll()
        else:
            rest = rest[written:]


def _loss(lines: int) -> str:
    return f"{_stamp(int(time.time()))}log: {lines} lines were lost\n" if lines else ""


def _stamp(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ ", time.gmtime(second))
