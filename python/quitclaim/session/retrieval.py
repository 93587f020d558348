"""RETR and TOP: a message on its way to the wire, chunk by chunk (RFC 1939 §5, §7)."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from quitclaim.errors import Unavailable
from quitclaim.observer import Delivered
from quitclaim.pop3.replies import DotStuffing
from quitclaim.session import texts

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from quitclaim.maildrop.port import Maildrop
    from quitclaim.session.dialogue import Dialogue, LongReply
    from quitclaim.session.open_maildrop import OpenMaildrop

__all__ = ("Head", "retrieve", "top_of")


def retrieve(dialogue: Dialogue, mail: OpenMaildrop, number: int) -> LongReply:
    """The reply to RETR. A chunk is read when the one before it is on its way."""
    maildrop = mail.maildrop
    octets = maildrop.octets[number - 1]
    try:
        chunk = yield from _read(maildrop, number, 0)
    except Unavailable as error:
        yield texts.BROKEN if error.is_permanent else texts.UNREADABLE
        return
    yield b"+OK %d octets\r\n" % octets
    # From here on there is no way to say that something is wrong: an error ends the connection.
    stuffing = DotStuffing()
    offset = 0
    while chunk:
        yield stuffing.chunk(chunk)
        offset += len(chunk)
        mail.sent += len(chunk)
        dialogue.service.counters.octets += len(chunk)
        chunk = (yield from _read(maildrop, number, offset)) if offset < octets else b""
    yield stuffing.end()
    mail.retrieved += 1
    dialogue.service.counters.retrieved += 1
    if dialogue.service.observer is not None:
        dialogue.service.observer(Delivered(dialogue.peer, dialogue.username, number, octets))


def top_of(dialogue: Dialogue, mail: OpenMaildrop, number: int, lines: int) -> LongReply:
    """The reply to TOP. It reads no further than it must."""
    maildrop = mail.maildrop
    octets = maildrop.octets[number - 1]
    try:
        chunk = yield from _read(maildrop, number, 0)
    except Unavailable as error:
        yield texts.BROKEN if error.is_permanent else texts.UNREADABLE
        return
    yield texts.NOTHING
    stuffing = DotStuffing()
    head = Head(lines)
    offset = 0
    while chunk:
        part = head.cut(chunk)
        yield stuffing.chunk(part)
        offset += len(chunk)
        mail.sent += len(part)
        dialogue.service.counters.octets += len(part)
        more = not head.is_whole and offset < octets
        chunk = (yield from _read(maildrop, number, offset)) if more else b""
    yield stuffing.end()


class Head:
    r"""The header of a message, the blank line, and so many lines of its body, cut from its chunks.

    >>> head = Head(1)
    >>> head.cut(b"Subject: x\r\n\r"), head.cut(b"\none\r\ntwo\r\n"), head.is_whole
    (b'Subject: x\r\n\r', b'\none\r\n', True)
    """

    __slots__ = ("_before", "_lines", "is_whole")

    def __init__(self, lines: int, /) -> None:
        self._lines = lines  # of the body, still to come
        self._before: bytes | None = b"\r\n"  # the header's last octets, with a line's end before the first
        self.is_whole = False

    def cut(self, chunk: bytes, /) -> bytes:
        """What of this chunk belongs to it."""
        body = 0
        if self._before is not None:
            before = self._before
            blank = (before + chunk).find(b"\r\n\r\n")
            if blank < 0:
                self._before = (before + chunk)[-3:]
                return chunk
            body = blank + 4 - len(before)
            self._before = None
        lines = chunk.count(b"\n", body) if self._lines else 0
        if lines < self._lines:
            self._lines -= lines
            return chunk
        for _ in range(self._lines):
            body = chunk.index(b"\n", body) + 1
        self._lines = 0
        self.is_whole = True
        return chunk[:body]


def _read(maildrop: Maildrop, number: int, offset: int) -> Generator[Awaitable[bytes], Any, bytes]:
    """A chunk, which may take its time."""
    answer = maildrop.read(number, offset)
    if isinstance(answer, Awaitable):
        answer = yield answer
    return answer
