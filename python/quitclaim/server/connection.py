"""One connection: octets between a transport and a session, without a task and mostly without a future."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast

from quitclaim.errors import Unavailable
from quitclaim.limits import network
from quitclaim.observer import Connected
from quitclaim.server.handshake import Handshake
from quitclaim.session import Session, texts

if TYPE_CHECKING:
    from quitclaim.observer import Cause
    from quitclaim.server.listener import Listener
    from quitclaim.server.roster import Roster
    from quitclaim.session import ExchangeTable, Service

__all__ = ("ServerConnection", "is_loopback")

_log = logging.getLogger(__name__)

_BUFFERED = 65_536  # octets of a peer's that are kept while an answer is awaited
_LINGER = 5.0  # seconds in which a peer must take some of what was said last


class ServerConnection(asyncio.Protocol):
    """A peer's connection, and its session."""

    __slots__ = (
        "_address",
        "_closed_at",
        "_future",
        "_handshake",
        "_is_choked",
        "_is_lost",
        "_is_reading",
        "_listener",
        "_loop",
        "_roster",
        "_service",
        "_session",
        "_table",
        "_transport",
        "_under_tls",
        "_unsent",
        "deadline",
        "since",
    )

    _transport: asyncio.Transport
    _unsent: int  # octets, when it was closed or last looked at
    _closed_at: float
    _session: Session

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        roster: Roster,
        service: Service,
        table: ExchangeTable,
        listener: Listener,
        /,
    ) -> None:
        self._loop = loop
        self._roster = roster
        self._service = service
        self._table = table
        self._listener = listener
        self._address: str | None = None  # as it is counted
        self._future: asyncio.Future[Any] | None = None  # the answer that is awaited
        self._handshake: Handshake | None = None  # that is under way
        self._under_tls: asyncio.Transport | None = None  # the transport in plaintext, once there is another
        self._is_choked = False  # the peer does not take what is said
        self._is_reading = True
        self._is_lost = False
        self.deadline = 0.0
        self.since = 0.0

    # --- what the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admits the peer and greets it, or tells it to come again."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are, and do not say so
        service, roster, listener = self._service, self._roster, self._listener
        name = transport.get_extra_info("peername")
        if name is None:  # gone again already
            self._transport.abort()
            return
        address = name[0]
        place = network(address)
        if roster.is_draining or not roster.admitted.enter(place):
            service.counters.refused += 1
            if not listener.implicit:
                self._transport.write(texts.DRAINING if roster.is_draining else texts.TOO_MANY)
            transport.close()
            return
        peer = f"[{address}]:{name[1]}" if ":" in address else f"{address}:{name[1]}"
        trusted = listener.allow_plaintext or is_loopback(address)
        stls = listener.tls is not None
        try:
            owner = self._table.owner(peer)
        except Exception:  # noqa: BLE001 - the edge of a connection: it logs
            roster.admitted.leave(place)
            self._give_up(peer)
            return
        self._address = place
        self._session = Session(service, owner, peer=peer, trusted=trusted, stls=stls)
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
            self._session.next = "STARTTLS"  # without being asked
            # uvloop reads when this returns, paused or not: so what comes first is passed on.
            self._transport.set_protocol(self._make_handshake())
        else:
            self._transport.write(texts.GREETING)

    def _give_up(self, peer: str) -> None:
        _log.exception("%s is not let in", peer)
        self._service.counters.errors += 1
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Hands over what came, and sends what is said to it."""
        if self._address is None:
            return
        session = self._session
        said = session.receive(data)
        if said:
            self._transport.write(said)
        if session.next != "READ":
            self._proceed()
        elif session.mail is not None:
            self.deadline = self._roster.now + self._service.limits.idle_timeout

    def eof_received(self) -> bool:
        """Answers what was said before; the transport is closed after that."""
        if self._address is None:
            return False
        self._send(self._session.receive_end())
        return self._under_tls is None  # over TLS no half is left open

    def connection_lost(self, _exception: Exception | None) -> None:
        """Gives back all that the session holds. An answer that is still awaited is closed when it comes."""
        if self._is_lost:
            return  # in a handshake, where loops differ in whom they tell
        self._is_lost = True
        if self._address is None:
            return
        self._session.close("lost")
        self._roster.peers.discard(self)
        if self._future is None:
            self._roster.leave(self._address)
        else:
            self._take_held()

    def pause_writing(self) -> None:
        """The peer does not take what is said: it is not listened to either."""
        self._is_choked = True
        self._read(yes=False)

    def resume_writing(self) -> None:
        """The peer has taken it: that is a sign of life, and what waited for it goes on."""
        self._is_choked = False
        if self._address is None or self._is_lost:
            return
        if self._session.mail is not None:
            self.deadline = self._roster.now + self._service.limits.idle_timeout
        if not self._take_held():
            self._proceed()

    # --- what the roster and the server call

    @property
    def peer(self) -> str:
        """Its address and port."""
        return self._session.peer

    @property
    def username(self) -> str:
        """Who is logged in; empty if nobody is."""
        return self._session.username if self._session.is_logged_in else ""

    def expire(self) -> None:
        """Ends it, because the peer said or took nothing for too long (RFC 1939 §3: without a word)."""
        if self._transport.is_closing():
            self._hurry()
            return
        self._service.counters.timeouts += 1
        self.end("timeout")

    def _hurry(self) -> None:
        """Gives a peer who still takes what was said last some more time, and drops one who does not.

        The tail of a message may be among it, which the peer's QUIT has deleted.
        """
        unsent, now = self._unsent_octets(), self._roster.now
        if unsent < self._unsent and now < self._closed_at + self._service.limits.idle_timeout:
            self._unsent = unsent
            self.deadline = now + _LINGER
        else:
            self._transport.abort()

    def drain(self) -> None:
        """Ends it now if nobody has begun to log in; else it ends by itself, or by `end`."""
        session = self._session
        if session.next == "STARTTLS":
            self.end("drained")  # nothing can be said now
        elif session.mail is None and session.handle is None and session.next == "READ":
            self._transport.write(texts.DRAINING)
            self.end("drained")

    def end(self, cause: Cause) -> None:
        """Gives back what the session holds, and closes when what was said is sent."""
        self._session.close(cause)
        self._take_held()
        self._close()

    def abort(self) -> None:
        """Drops it at once."""
        self._transport.abort()

    # --- what the session wants next

    def _send(self, said: bytes) -> None:
        if said:
            self._transport.write(said)
        self._proceed()

    def _proceed(self) -> None:
        session = self._session
        if session.next == "READ":
            self._read(yes=not self._is_choked)
        elif session.next == "CLOSE":
            # What it holds is not to wait for a peer that reads nothing.
            self.end(session.cause or "lost")
        elif session.next == "STARTTLS":
            if self._handshake is None:
                self._make_handshake().begin()
        elif self._future is not None:
            if session.buffered > _BUFFERED:
                self._read(yes=False)
        elif session.waiting is not None:
            self._await(session.waiting)
        elif not self._is_choked:
            # Not at once: others have their turn between two portions.
            self._read(yes=False)
            self._loop.call_soon(self._take_turn)

    def _make_handshake(self) -> Handshake:
        tls, limits = self._listener.tls, self._service.limits
        assert tls is not None, "TLS is offered where there is a certificate"  # noqa: S101 - our own mistake
        self._handshake = Handshake(
            self._loop,
            self._transport,
            tls.context,
            self._shaken,
            seconds=limits.login_timeout
            + _LINGER,  # our own deadline is earlier: it counts from the connection
            last_seconds=limits.idle_timeout,
        )
        return self._handshake

    def _shaken(self, transport: asyncio.Transport | None) -> None:
        handshake, self._handshake = self._handshake, None
        assert handshake is not None, "what ends has begun"  # noqa: S101 - our own mistake
        session = self._session
        if transport is None or session.closed:
            if handshake.is_begun and not session.closed:
                self._service.counters.handshakes_failed += 1
                session.close("handshake")
            self._transport.abort()
            self.connection_lost(None)
            return
        self._under_tls, self._transport = self._transport, transport
        self._is_choked, self._is_reading = False, True
        transport.set_protocol(self)
        transport.set_write_buffer_limits(_BUFFERED)  # as much as without TLS: it comes with 512 KiB
        # The context is that of the certificate which the peer was shown.
        session.secured(transport.get_extra_info("ssl_object").context.binding)
        if self._listener.implicit:
            transport.write(texts.GREETING)
        if handshake.early:
            self.data_received(handshake.early)
        if handshake.is_at_end:
            self.eof_received()

    def _await(self, waiting: Any) -> None:  # noqa: ANN401 - whatever a port answers with
        try:
            self._future = future = asyncio.ensure_future(waiting, loop=self._loop)
        except (TypeError, ValueError) as error:  # no awaitable after all, or another loop's
            self._after_waiting(self._session.resume(None, error))
            return
        self._roster.answers.add(future)
        future.add_done_callback(self._answered)

    def _answered(self, future: asyncio.Future[Any]) -> None:
        if future is not self._future:
            return  # it was held, and taken
        if self._is_choked and not self._session.closed:
            # Held until the peer has taken what was said before it, or the session ends.
            # A store that answers later would fill the memory for a peer that reads nothing.
            return
        self._future = None
        self._roster.answers.discard(future)
        answer: object = None
        error: BaseException | None
        if future.cancelled():
            error = Unavailable("the answer was cancelled")
        elif (error := future.exception()) is None:
            answer = future.result()
        said = self._session.resume(answer, error)
        if not self._is_lost:
            self._after_waiting(said)
        elif self._address is not None:
            self._roster.leave(self._address)

    def _take_held(self) -> bool:
        """Goes on with the answer that was held, if there is one."""
        future = self._future
        if future is None or not future.done():
            return False
        self._answered(future)
        return True

    def _take_turn(self) -> None:
        session = self._session
        if not session.closed and session.next == "WAIT" and session.waiting is None and not self._is_choked:
            self._after_waiting(session.resume())

    def _after_waiting(self, said: bytes) -> None:
        if self._session.closed:
            return
        if self._session.mail is not None:
            self.deadline = self._roster.now + self._service.limits.idle_timeout
        self._send(said)

    def _close(self) -> None:
        transport = self._transport
        if not transport.is_closing():
            self._unsent = self._unsent_octets()
            self._closed_at = self._roster.now
            self.deadline = self._closed_at + _LINGER
            if self._handshake is None:
                transport.close()
            else:
                transport.abort()

    def _unsent_octets(self) -> int:
        under = self._under_tls
        return self._transport.get_write_buffer_size() + (
            0 if under is None else under.get_write_buffer_size()
        )

    def _read(self, *, yes: bool) -> None:
        if yes != self._is_reading and not self._transport.is_closing():
            self._is_reading = yes
            if yes:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()


def is_loopback(address: str, /) -> bool:
    """Whether an address, as the kernel writes it, is of this machine alone.

    >>> [is_loopback(address) for address in ("127.1.2.3", "::1", "::ffff:127.0.0.1", "192.0.2.7")]
    [True, True, True, False]
    """
    return address.startswith(("127.", "::ffff:127.")) or address == "::1"
