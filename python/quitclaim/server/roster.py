"""Who is connected and what is awaited, for a server: so that a drain knows when nobody is left."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Protocol

from quitclaim.limits import Connections
from quitclaim.session import texts

if TYPE_CHECKING:
    from quitclaim.limits import Limits
    from quitclaim.observer import Cause

__all__ = ("Peer", "Roster", "Stranger")

_log = logging.getLogger(__name__)


class Peer(Protocol):
    """A connection, as far as the roster goes."""

    deadline: float
    """Seconds of the loop's clock."""
    since: float
    """When it was connected, by the same clock."""

    @property
    def peer(self) -> str:
        """Its address and port."""

    @property
    def username(self) -> str:
        """Who is logged in; empty if nobody is."""

    def expire(self) -> None:
        """Ends it, because its deadline has passed."""

    def drain(self) -> None:
        """Ends it if nobody has begun to log in."""

    def end(self, cause: Cause, /) -> None:
        """Ends it when what was said is sent."""

    def abort(self) -> None:
        """Drops it at once."""


class Stranger(Protocol):
    """A connection on which nobody has logged in, as far as the roster goes."""

    def crowd_out(self) -> None:
        """Ends it for one who has come later."""


class Roster:
    """The connections of a server, and the answers that they wait for or that come late.

    An address is counted until its connection is gone *and* the last answer for it is there: who leaves while
    a back end is stuck does not make room for the next one who does.
    """

    __slots__ = (
        "_limits",
        "admitted",
        "answers",
        "arriving",
        "is_draining",
        "now",
        "peers",
        "quiet",
        "strangers",
    )

    def __init__(self, limits: Limits, /) -> None:
        self._limits = limits
        self.admitted = Connections(limits)
        self.arriving = 0  # of the peers, those from a balancer that has not said yet whom they are from
        self.peers: set[Peer] = set()
        self.strangers: OrderedDict[Stranger, None] = OrderedDict()  # those not logged in, as they came
        self.answers: set[asyncio.Future[Any]] = set()
        self.now = 0.0  # seconds of the loop's clock, to the second
        self.is_draining = False
        self.quiet = asyncio.Event()

    def look_around(self, now: float, /) -> None:
        """Ends whoever has overstayed. One timer for all costs less than one for each."""
        self.now = now
        for peer in [peer for peer in self.peers if peer.deadline <= now]:
            try:
                peer.expire()
            except Exception:  # noqa: BLE001 - the edge of a connection: it logs, and the others have their turn
                _log.exception("%s overstays", peer.peer)
                peer.abort()

    def arrive(self, arrival: Peer, /) -> bytes | None:
        """Counts a connection whose peer is not known yet, or gives what to say if it is not let in."""
        if self.is_draining:
            return texts.DRAINING
        if len(self.admitted) + self.arriving >= self._limits.connections:
            return texts.TOO_MANY
        self.arriving += 1
        self.peers.add(arrival)
        return None

    def depart(self, arrival: Peer, /) -> None:
        """Takes back what `arrive` has counted."""
        self.arriving -= 1
        self.peers.discard(arrival)

    def enter(self, address: str, /) -> bytes | None:
        """Counts a connection, or gives what to say to a peer who is not let in."""
        if self.is_draining:
            return texts.DRAINING
        if self.arriving and len(self.admitted) + self.arriving >= self._limits.connections:
            return texts.TOO_MANY
        return None if self.admitted.enter(address) else texts.TOO_MANY

    def add_stranger(self, stranger: Stranger, /) -> None:
        """Takes note of a peer that is let in; if too many have not logged in, the first of them is closed.

        To turn the last one away instead would let a crowd keep everybody out that only connects, or shakes
        hands and goes no further (CVE-2014-3430).
        """
        if len(self.strangers) >= self._limits.unauthenticated_connections:
            first, _ = self.strangers.popitem(last=False)
            first.crowd_out()
        self.strangers[stranger] = None

    def leave(self, address: str, /) -> None:
        """Takes note that nothing is left of a connection."""
        self.admitted.leave(address)
        if self.is_draining and not len(self.admitted):
            self.quiet.set()

    async def wait_until_empty(self, seconds: float, /) -> bool:
        """Waits until nobody is left, so long at most, and says whether that is so."""
        self.is_draining = True
        if not len(self.admitted):
            return True
        try:
            await asyncio.wait_for(self.quiet.wait(), seconds)
        except TimeoutError:
            return False
        return True
