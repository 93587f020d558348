"""The server's side of one POP3 connection, without I/O: octets in, events out.

Lines are cut only when asked for, in the state that the connection is in by then: so whatever a peer
pipelines comes out in order, and what stands behind an AUTH is read as the response it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quitclaim.pop3 import replies
from quitclaim.pop3.commands import Quit
from quitclaim.pop3.events import (
    CONNECTION_CLOSED,
    NEED_DATA,
    BadResponse,
    Cancelled,
    EndlessLine,
    Response,
    TooLong,
)
from quitclaim.pop3.grammar import decode, parse
from quitclaim.pop3.state import (
    AUTHORIZATION,
    CLOSED,
    EXCHANGE,
    TRANSACTION,
    TRANSITIONS,
    UPDATE,
    State,
    Trigger,
    after,
)

if TYPE_CHECKING:
    from quitclaim.pop3.events import Event

__all__ = (  # noqa: RUF022 - sorted as Python sorts
    "Connection",
    "LONGEST_COMMAND",
    "LONGEST_RESPONSE",
    "LONGEST_SKIP",
)

LONGEST_COMMAND: Final = 255  # octets with the line's end, RFC 2449 §4
LONGEST_RESPONSE: Final = 12_288  # octets without it
LONGEST_SKIP: Final = 65_536  # octets of a line behind its limit, before it counts as endless

_LIMITS: Final[dict[State, int]] = {
    AUTHORIZATION: LONGEST_COMMAND,
    EXCHANGE: LONGEST_RESPONSE + 2,
    TRANSACTION: LONGEST_COMMAND,
    UPDATE: 0,
    CLOSED: 0,
}


class Connection:
    r"""Cuts a peer's octets into events, and knows the state (RFC 1939 §3, RFC 5034 §4).

    Call `receive`, then `next_event` until it returns `NEED_DATA` or `CONNECTION_CLOSED`; while an answer is
    awaited, call neither `next_event` nor, once `buffered` is large, `receive`. While nothing is `unread` and
    it is not `at_end`, there is no event and no need to ask for one. `state`, `unread` and `at_end` are to be
    read only. Lengths are octets. Nothing that a peer sends raises.

    >>> connection = Connection()
    >>> connection.receive(b"AUTH NTLM\r\nAA==\r\nQUIT\r\n")
    >>> connection.next_event()
    Auth(mechanism=b'NTLM', initial_response=None)
    >>> connection.challenge(b"")
    b'+ \r\n'
    >>> connection.next_event()
    Response(token=<secret>)
    >>> connection.refuse()
    >>> connection.next_event(), connection.next_event(), connection.state
    (Quit(), ConnectionClosed(), 'CLOSED')
    """

    __slots__ = ("_limit", "_searched", "_skipped", "_start", "at_end", "state", "unread")

    def __init__(self) -> None:
        self.state: State = AUTHORIZATION
        # As it came while it is one chunk, which costs no copy; an array once a line is in pieces. To be read
        # only: empty if all that came has been looked at.
        self.unread: bytes | bytearray = b""
        self._start = 0  # of the next line
        self._searched = 0  # no LF stands between _start and here, so no octet is looked at twice
        self._limit = LONGEST_COMMAND  # of a line with its end; 0 while skipping and after the end
        self._skipped = -1  # octets of a line that is too long; -1 while none is skipped
        self.at_end = False  # the peer sends nothing more; to be read only

    @property
    def buffered(self) -> int:
        r"""Octets received and not yet looked at; after `NEED_DATA`, less than one line's limit.

        >>> connection = Connection()
        >>> connection.receive(b"QUI")
        >>> connection.buffered
        3
        """
        return len(self.unread) - self._start

    def receive(self, data: bytes, /) -> None:
        """Takes what the peer sent.

        >>> Connection().receive(b"any chunk of any len")
        """
        buffer = self.unread
        if not buffer:
            self.unread = data
            return
        start = self._start
        if isinstance(buffer, bytes):
            self.unread = buffer = bytearray(memoryview(buffer)[start:])
        else:
            del buffer[:start]  # amortized: CPython moves the array's beginning, not its octets
        buffer += data
        self._searched -= start
        self._start = 0

    def receive_end(self) -> None:
        r"""Notes that the peer sends nothing more: whole lines still come out, half a line does not.

        >>> connection = Connection()
        >>> connection.receive(b"CAPA\r\nDELE 1")
        >>> connection.receive_end()
        >>> connection.next_event(), connection.next_event()
        (Capa(), ConnectionClosed())
        """
        self.at_end = True

    def next_event(self) -> Event:
        r"""What the peer said next. A line ends with CRLF or a lone LF. Raises nothing.

        >>> connection = Connection()
        >>> connection.receive(b"capa\nnonsense\r\n")
        >>> connection.next_event(), connection.next_event(), connection.next_event()
        (Capa(), BadCommand(keyword=b'', text=b'unknown command'), NeedData())
        """
        buffer = self.unread
        start = self._start
        end = buffer.find(b"\n", self._searched) + 1
        if not end or end - start > self._limit:
            return self._no_line(end)
        line = bytes(buffer[start : end - 1]).removesuffix(b"\r")
        if end < len(buffer):
            self._start = self._searched = end
        else:
            self.unread = b""  # let go of, however long the peer is silent now
            self._start = self._searched = 0
        if self.state is EXCHANGE:
            return self._response(line)
        event = parse(line, self.state)
        if type(event) is Quit:
            self._pull("quit")
        return event

    def challenge(self, token: bytes, /) -> bytes:
        r"""Encodes a SASL challenge; the next line is the response to it (RFC 5034 §4).

        Raises:
            ValueError: not before login.

        >>> Connection().challenge(b"who?")
        b'+ d2hvPw==\r\n'
        """
        if self.state is not EXCHANGE:
            self._pull("challenge")
        return replies.challenge(token)

    def accept(self) -> None:
        """Enters TRANSACTION: the login was good and the maildrop is locked (RFC 1939 §4).

        Raises:
            ValueError: not before login.

        >>> connection = Connection()
        >>> connection.accept()
        >>> connection.state
        'TRANSACTION'
        """
        self._pull("accept")

    def refuse(self) -> None:
        """Ends the attempt, in an exchange or not; another may follow (RFC 5034 §4).

        Raises:
            ValueError: not before login.

        >>> connection = Connection()
        >>> connection.refuse()
        >>> connection.state
        'AUTHORIZATION'
        """
        self._pull("refuse")

    def close(self) -> None:
        """Ends the connection from this side; idempotent. What is buffered is dropped.

        >>> connection = Connection()
        >>> connection.close()
        >>> connection.next_event()
        ConnectionClosed()
        """
        self._pull("close")
        self.discard_input()

    def discard_input(self) -> None:
        r"""Drops all that is buffered: what stands behind STLS in plaintext was said by anyone (RFC 2595 §4).

        >>> connection = Connection()
        >>> connection.receive(b"STLS\r\nUSER mallory\r\nPASS")
        >>> connection.next_event()
        Stls()
        >>> connection.discard_input()
        >>> connection.next_event(), connection.buffered
        (NeedData(), 0)
        """
        self.unread = b""
        self._start = self._searched = 0
        self._skipped = -1
        self._limit = _LIMITS[self.state]

    def _pull(self, trigger: Trigger) -> None:
        # `after`, written out: it is asked four times in an attempt.
        state = TRANSITIONS[self.state].get(trigger) or after(self.state, trigger)
        self.state = state
        if self._skipped < 0:
            self._limit = _LIMITS[state]

    def _response(self, line: bytes) -> Event:
        if line == b"*":
            self._pull("cancel")
            return Cancelled()
        token = decode(line)
        if token is None:
            self._pull("refuse")
            return BadResponse()
        return Response(token)

    def _no_line(self, end: int) -> Event:
        """What comes of a line that has no end yet (0), is over its limit, or comes after the end."""
        received = len(self.unread)
        # Without an end it is too long as soon as its end would make it so: any chunking, the same events.
        if not end and received - self._start < self._limit:
            self._searched = received
            return self._need_data()
        if self.state is CLOSED or self.state is UPDATE:
            self.discard_input()
            return CONNECTION_CLOSED
        self._searched = end - 1 if end else received
        if self._skipped >= 0:
            return self._skip(end)
        self._start += self._limit
        self._skipped = self._limit = 0
        in_exchange = self.state is EXCHANGE
        if in_exchange:
            self._pull("refuse")
        return TooLong(in_exchange=in_exchange)

    def _skip(self, end: int) -> Event:
        """Goes on behind the line that was too long, if it has an end within the bound."""
        self._skipped += (end or len(self.unread)) - self._start
        if self._skipped > LONGEST_SKIP:
            self.close()
            return EndlessLine()
        self._start = self._searched = end or len(self.unread)
        if not end:
            return self._need_data()
        self._skipped = -1
        self._limit = _LIMITS[self.state]
        return self.next_event()

    def _need_data(self) -> Event:
        """Lets go of what was consumed, and of half a line if its other half will never come."""
        if self.at_end:
            self.close()
            return CONNECTION_CLOSED
        start = self._start
        if start:
            rest = self.unread[start:]
            self.unread = bytearray(rest) if rest else b""
            self._start = 0
            self._searched = len(rest)
        return NEED_DATA
