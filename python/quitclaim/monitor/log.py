"""The log of a server: a line for each login, good or failed, and for the end of each session."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from quitclaim.observer import Left, LoggedIn, Refused

if TYPE_CHECKING:
    from typing import TextIO

    from quitclaim.observer import Event

__all__ = ("EventLog", "line", "quoted")


class EventLog:
    r"""An observer that writes what operators read, and what fail2ban reads: see `line`.

    Lines are gathered and written once in a turn of the event loop: a line costs 1.5 us that way, where
    `logging` took 8. A stream that is broken or full loses them.

    >>> import asyncio, io
    >>> from quitclaim.observer import Refused
    >>> async def one_event(stream):
    ...     EventLog(stream)(Refused("192.0.2.7:4711", "NTLM", "anna", "logon denied"))
    ...     await asyncio.sleep(0)
    >>> asyncio.run(one_event(stream := io.StringIO()))
    >>> stream.getvalue().partition(" ")[2]
    'login failed: peer=192.0.2.7:4711 mechanism=NTLM user="anna" cause="logon denied"\n'
    """

    __slots__ = ("_batch", "_clock", "_second", "_stream")

    def __init__(self, stream: TextIO | None = None) -> None:
        """Writes there, or to stderr as it is when the line is written."""
        self._stream = stream
        self._batch: list[str] = []
        self._second = -1
        self._clock = ""  # that second, as the log has it

    def __call__(self, event: Event, /) -> None:
        """Notes an event, in the thread of the running loop."""
        text = line(event)
        if not text:
            return
        now = int(time.time())
        if now != self._second:
            self._second = now
            self._clock = time.strftime("%Y-%m-%dT%H:%M:%SZ ", time.gmtime(now))
        if not self._batch:
            asyncio.get_running_loop().call_soon(self.flush)
        self._batch.append(f"{self._clock}{text}\n")

    def flush(self) -> None:
        """Writes what is gathered. The loop calls it; call it too when the loop is about to end."""
        if not self._batch:
            return
        text = "".join(self._batch)
        self._batch.clear()
        stream = sys.stderr if self._stream is None else self._stream
        with suppress(OSError, ValueError):  # broken, full, closed
            stream.write(text)
            stream.flush()


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
