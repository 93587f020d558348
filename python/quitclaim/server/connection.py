"""One connection's life: who is let in, what it is greeted with, and when it has to go."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

from quitclaim.limits import network
from quitclaim.observer import Connected
from quitclaim.server.driver import Driver
from quitclaim.server.origin import is_loopback, peer_name
from quitclaim.session import Session, texts

if TYPE_CHECKING:
    import asyncio

    from quitclaim.server.listener import Listener
    from quitclaim.server.roster import Roster
    from quitclaim.session import ExchangeTable, Service

__all__ = ("ServerConnection",)

_log = logging.getLogger(__name__)


class ServerConnection(Driver):
    """A peer's connection, and its session."""

    __slots__ = ("_table", "since")

    since: float
    """When it was let in, by the roster's clock."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        roster: Roster,
        service: Service,
        table: ExchangeTable,
        listener: Listener,
        /,
    ) -> None:
        super().__init__(loop, roster, service, listener)
        self._table = table

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admits the peer and greets it, or tells it to come again."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are, and do not say so
        name = transport.get_extra_info("peername")
        if name is None:  # gone again already
            self.transport.abort()
            return
        self.admit(name[0], name[1], is_local=is_loopback(name[0]))

    def admit(self, address: str, port: int, /, *, is_local: bool, is_secured: bool = False) -> None:
        """Admits a peer from there and greets it, or tells it to come again.

        Args:
            address: the peer's.
            port: the same.
            is_local: it is on this machine.
            is_secured: it speaks TLS, and with somebody else, who passes it on to us in plaintext.
        """
        service, roster, listener = self.service, self.roster, self.listener
        place = network(address)
        refusal = roster.enter(place)
        if refusal is not None:
            self.turn_away(refusal)
            return
        peer = peer_name(address, port)
        try:
            owner = self._table.owner(peer)
        except Exception:  # noqa: BLE001 - the edge of a connection: it logs
            roster.leave(place)
            self._give_up(peer)
            return
        self.place = place
        trusted = is_local or is_secured or listener.allow_plaintext
        stls = listener.tls is not None and not is_secured
        # Whoever is on this machine guesses as often as it likes: a webmail would be locked out by its users.
        # Behind a balancer nobody is, whatever it says.
        counted = None if is_local and listener.proxy is None else place
        self.session = Session(service, owner, peer=peer, address=counted, trusted=trusted, stls=stls)
        roster.add_stranger(self)
        roster.peers.add(self)
        self.since = roster.now
        self.deadline = roster.now + service.limits.login_timeout
        service.counters.connections += 1
        if service.observer is not None:
            try:
                service.observer(Connected(peer))
            except Exception:  # noqa: BLE001 - the edge of a connection: it logs
                self._give_up(peer)
                return
        if listener.implicit:
            self.session.next = "STARTTLS"  # without being asked
            # uvloop reads when this returns, paused or not: so what comes first is passed on.
            self.transport.set_protocol(self.prepare_handshake())
        else:
            self.transport.write(texts.GREETING)

    def turn_away(self, refusal: bytes, /) -> None:
        """Tells a peer who is not let in to come again; where TLS is what comes first, without a word."""
        self.service.counters.refused += 1
        if not self.listener.implicit:
            self.transport.write(refusal)
        self.transport.close()

    def _give_up(self, peer: str) -> None:
        _log.exception("%s is not let in", peer)
        self.service.counters.errors += 1
        self.transport.abort()

    # --- what the roster and the server call

    @property
    def peer(self) -> str:
        """Its address and port."""
        return self.session.peer

    @property
    def username(self) -> str:
        """Who is logged in; empty if nobody is."""
        return self.session.username if self.session.is_logged_in else ""

    def expire(self) -> None:
        """Ends it, because the peer said or took nothing for too long (RFC 1939 §3: without a word)."""
        if self.transport.is_closing():
            self.hurry(self.roster.now, self.service.limits.idle_timeout)
            return
        self.service.counters.timeouts += 1
        self.end("timeout")

    def drain(self) -> None:
        """Ends it now if nobody has begun to log in; else it ends by itself, or by `end`."""
        session = self.session
        if session.next == "STARTTLS":
            self.end("drained")  # nothing can be said now
        elif session.is_delayed or (
            session.mail is None and session.handle is None and session.next == "READ"
        ):
            self.transport.write(texts.DRAINING)
            self.end("drained")
