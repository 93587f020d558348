"""A connection from a balancer, until that has said by the PROXY protocol whom it is from."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, cast

from quitclaim.server.origin import is_loopback, peer_name
from quitclaim.server.proxy import Malformed, read_header

if TYPE_CHECKING:
    from quitclaim.observer import Cause
    from quitclaim.server.connection import ServerConnection
    from quitclaim.server.listener import Proxy
    from quitclaim.server.proxy import Header

__all__ = ("Arrival",)

_log = logging.getLogger(__name__)


class Arrival(asyncio.Protocol):
    """Stands in for a connection until its header is there, and then gives it the transport.

    Nothing is said before (§2 of the protocol). On the roster it is a peer by the balancer's address, but
    it does not count as one of those from there.

    Args:
        connection: whom it stands in for.
        proxy: which balancers are believed.
    """

    __slots__ = ("_address", "_connection", "_has_arrived", "_octets", "_port", "_proxy", "deadline", "since")

    username: Final = ""

    def __init__(self, connection: ServerConnection, proxy: Proxy, /) -> None:
        self._connection = connection
        self._proxy = proxy
        self._octets = b""
        self._address, self._port = "", 0
        self._has_arrived = False  # it is on the roster
        self.deadline = self.since = 0.0

    # --- what the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits for the header, unless this is none of the balancers, or one too many."""
        connection = self._connection
        connection.transport = cast("asyncio.Transport", transport)
        name = transport.get_extra_info("peername")
        if name is None:  # gone again already
            connection.abort()
            return
        self._address, self._port, *_ = name
        if not self._proxy.trusts(self._address):
            self._refuse("it is none of the proxies that are trusted")
            return
        roster = connection.roster
        refusal = roster.arrive(self)
        if refusal is not None:
            connection.turn_away(refusal)
            return
        self._has_arrived = True
        self.since = roster.now
        self.deadline = roster.now + connection.service.limits.proxy_timeout

    def data_received(self, data: bytes) -> None:
        """Looks whether the header is there."""
        if not self._has_arrived:
            return
        self._octets += data
        header = read_header(self._octets)
        if isinstance(header, Malformed):
            self._refuse(f"its PROXY header is malformed: {header.why}")
        elif header is not None:
            self._hand_over(header)

    def eof_received(self) -> None:
        """Takes half a header for a malformed one; who says nothing has only looked whether we are there."""
        if self._has_arrived and self._octets:
            self._refuse("its PROXY header is cut off")

    def connection_lost(self, _exception: Exception | None) -> None:
        """Forgets it."""
        self._depart()

    # --- what the roster and the server call

    @property
    def peer(self) -> str:
        """The balancer's address and port."""
        return peer_name(self._address, self._port)

    def expire(self) -> None:
        """Ends it: the header has not come."""
        self._refuse("it sends no PROXY header")

    def drain(self) -> None:
        """Ends it now."""
        self.abort()

    def end(self, _cause: Cause, /) -> None:
        """Ends it now."""
        self.abort()

    def abort(self) -> None:
        """Drops it at once."""
        self._depart()
        self._connection.abort()

    def _refuse(self, why: str) -> None:
        _log.warning("%s is closed: %s", self.peer, why)
        self._connection.service.counters.unproxied += 1
        self.abort()

    def _depart(self) -> None:
        if self._has_arrived:
            self._has_arrived = False
            self._connection.roster.depart(self)

    def _hand_over(self, header: Header) -> None:
        self._depart()
        connection = self._connection
        transport = connection.transport
        transport.set_protocol(connection)
        if header.source is None:
            connection.admit(self._address, self._port, is_local=False)
        else:
            address, port = header.source
            connection.admit(address, port, is_local=is_loopback(address), is_secured=header.is_tls)
        behind = self._octets[header.size :]
        if behind and not transport.is_closing():
            # To the connection, or to the handshake that stands in for it by now.
            cast("asyncio.Protocol", transport.get_protocol()).data_received(behind)
