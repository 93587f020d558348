"""The transport of a connection: what its peer has not taken yet, TLS on top of it, and its close."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quitclaim.server.handshake import Handshake

__all__ = ("BUFFERED", "LINGER", "Link")

BUFFERED = 65_536  # octets that are kept for a peer, in each direction, before the other side has to wait
LINGER = 5.0  # seconds in which a peer must take some of what was said last


class Link(asyncio.Protocol):
    """A connection as far as its transport goes. Times are seconds of the loop's clock."""

    __slots__ = (
        "_closed_at",
        "_unsent",
        "deadline",
        "handshake",
        "is_choked",
        "is_reading",
        "transport",
        "under_tls",
    )

    transport: asyncio.Transport
    """Where to write: in plaintext, or over TLS."""
    _unsent: int  # octets, when it was closed or last looked at
    _closed_at: float

    def __init__(self) -> None:
        self.deadline = 0.0  # when the peer has overstayed
        self.handshake: Handshake | None = None  # that is under way
        self.under_tls: asyncio.Transport | None = None  # the transport in plaintext, once there is another
        self.is_choked = False  # the peer does not take what is said
        self.is_reading = True

    def listen(self, *, yes: bool) -> None:
        """Takes what the peer says, or leaves it where it is."""
        if yes != self.is_reading and not self.transport.is_closing():
            self.is_reading = yes
            if yes:
                self.transport.resume_reading()
            else:
                self.transport.pause_reading()

    def go_over_to(self, transport: asyncio.Transport, /) -> None:
        """Goes on over TLS."""
        self.under_tls, self.transport = self.transport, transport
        self.is_choked, self.is_reading = False, True
        transport.set_protocol(self)
        transport.set_write_buffer_limits(BUFFERED)  # as much as without TLS: it comes with 512 KiB

    def close(self, now: float, /) -> None:
        """Closes when what was said is sent. A handshake is not waited for. Idempotent."""
        transport = self.transport
        if not transport.is_closing():
            self._unsent = self._unsent_octets()
            self._closed_at = now
            self.deadline = now + LINGER
            if self.handshake is None:
                transport.close()
            else:
                transport.abort()

    def hurry(self, now: float, seconds: float, /) -> None:
        """Gives a peer who still takes what was said last some more time, and drops one who does not.

        The tail of a message may be among it, which the peer's QUIT has deleted. So many seconds are all
        that it has.
        """
        unsent = self._unsent_octets()
        if unsent < self._unsent and now < self._closed_at + seconds:
            self._unsent = unsent
            self.deadline = now + LINGER
        else:
            self.transport.abort()

    def abort(self) -> None:
        """Drops it at once."""
        self.transport.abort()

    def _unsent_octets(self) -> int:
        under = self.under_tls
        return self.transport.get_write_buffer_size() + (
            0 if under is None else under.get_write_buffer_size()
        )
