"""What drives a session: the peer's octets go in, what is said comes out, and answers are awaited."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from quitclaim.errors import Unavailable
from quitclaim.server.handshake import Handshake
from quitclaim.server.link import BUFFERED, LINGER, Link
from quitclaim.session import texts

if TYPE_CHECKING:
    from quitclaim.observer import Cause
    from quitclaim.server.listener import Listener
    from quitclaim.server.roster import Roster
    from quitclaim.session import Service, Session

__all__ = ("Driver",)


class Driver(Link):
    """A link with a session at its end, without a task and mostly without a future.

    The session's `next` says what is to be done, and the driver does it.
    """

    __slots__ = (
        "_future",
        "_is_stranger",
        "is_lost",
        "listener",
        "loop",
        "place",
        "roster",
        "service",
        "session",
    )

    session: Session
    """The session, once the peer is admitted."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, roster: Roster, service: Service, listener: Listener, /
    ) -> None:
        super().__init__()
        self.loop = loop
        self.roster = roster
        self.service = service
        self.listener = listener
        self.place: str | None = None  # what it is counted by; None for who is not admitted
        self.is_lost = False
        self._is_stranger = True  # nobody has logged in
        self._future: asyncio.Future[Any] | None = None  # the answer that is awaited

    # --- what the transport calls

    def data_received(self, data: bytes) -> None:
        """Hands over what came, and sends what is said to it."""
        if self.place is None:
            return
        session = self.session
        said = session.receive(data)
        if said:
            self.transport.write(said)
        if session.next != "READ" or session.mail is not None:
            self._proceed()

    def eof_received(self) -> bool:
        """Answers what was said before; the transport is closed after that."""
        if self.place is None:
            return False
        self._send(self.session.receive_end())
        return self.under_tls is None  # over TLS no half is left open

    def connection_lost(self, _exception: Exception | None) -> None:
        """Gives back all that the session holds. An answer that is still awaited is closed when it comes."""
        if self.is_lost:
            return  # in a handshake, where loops differ in whom they tell
        self.is_lost = True
        if self.place is None:
            return
        self._close_session("lost")
        self.roster.peers.discard(self)
        self.roster.strangers.pop(self, None)
        if self._future is None:
            self.roster.leave(self.place)
        else:
            self._take_held()

    def pause_writing(self) -> None:
        """The peer does not take what is said: it is not listened to either."""
        self.is_choked = True
        self.listen(yes=False)

    def resume_writing(self) -> None:
        """The peer has taken it: that is a sign of life, and what waited for it goes on."""
        self.is_choked = False
        if self.place is not None and not self.is_lost and not self._take_held():
            self._proceed()

    # --- what the session wants next

    def end(self, cause: Cause) -> None:
        """Gives back what the session holds, and closes when what was said is sent."""
        self._close_session(cause)
        self._take_held()
        self.close(self.roster.now)

    def crowd_out(self) -> None:
        """Ends it for one who has come later: nobody has logged in, and it has been here longest."""
        self.service.counters.refused += 1
        if self.session.next != "STARTTLS" and not self.transport.is_closing():
            self.transport.write(texts.TOO_MANY)
        self.end("refused")

    def _close_session(self, cause: Cause) -> None:
        self.session.close(cause)
        if self._future is not None and self.session.is_late:
            self._future.cancel()  # nobody waits any more for what is late, and no drain shall

    def _send(self, said: bytes) -> None:
        if said:
            self.transport.write(said)
        self._proceed()

    def _proceed(self) -> None:
        session = self.session
        if session.mail is not None and self._future is None:
            self._renew()
        if session.next == "READ":
            self.listen(yes=not self.is_choked)
        elif session.next == "CLOSE":
            # What it holds is not to wait for a peer that reads nothing.
            self.end(session.cause or "lost")
        elif session.next == "STARTTLS":
            if self.handshake is None:
                self.prepare_handshake().begin()
        elif self._future is not None:
            if session.buffered > BUFFERED:
                self.listen(yes=False)
        elif session.waiting is not None:
            self._await(session.waiting)
        elif not self.is_choked:
            # Not at once: others have their turn between two portions.
            self.listen(yes=False)
            self.loop.call_soon(self._take_turn)

    def _renew(self) -> None:
        """Begins the time anew: whoever is logged in has said or taken something, or was answered."""
        self.deadline = self.roster.now + self.service.limits.idle_timeout
        if self._is_stranger:
            self._is_stranger = False
            self.roster.strangers.pop(self, None)

    def _take_turn(self) -> None:
        session = self.session
        if not session.closed and session.next == "WAIT" and session.waiting is None and not self.is_choked:
            self._after_waiting(session.resume())

    def _after_waiting(self, said: bytes) -> None:
        if not self.session.closed:
            self._send(said)

    # --- an answer that is awaited

    def _await(self, waiting: Any) -> None:  # noqa: ANN401 - whatever a port answers with
        try:
            self._future = future = asyncio.ensure_future(waiting, loop=self.loop)
        except (TypeError, ValueError) as error:  # no awaitable after all, or another loop's
            self._after_waiting(self.session.resume(None, error))
            return
        self.roster.answers.add(future)
        future.add_done_callback(self._answered)

    def _answered(self, future: asyncio.Future[Any]) -> None:
        if future is not self._future:
            return  # it was held, and taken
        if self.is_choked and not self.session.closed:
            # Held until the peer has taken what was said before it, or the session ends.
            # A store that answers later would fill the memory for a peer that reads nothing.
            return
        self._future = None
        self.roster.answers.discard(future)
        answer: object = None
        error: BaseException | None
        if future.cancelled():
            error = Unavailable("the answer was cancelled")
        elif (error := future.exception()) is None:
            answer = future.result()
        said = self.session.resume(answer, error)
        if not self.is_lost:
            self._after_waiting(said)
        elif self.place is not None:
            self.roster.leave(self.place)

    def _take_held(self) -> bool:
        """Goes on with the answer that was held, if there is one."""
        future = self._future
        if future is None or not future.done():
            return False
        self._answered(future)
        return True

    # --- a TLS handshake

    def prepare_handshake(self) -> Handshake:
        """The handshake that is next."""
        tls, limits = self.listener.tls, self.service.limits
        assert tls is not None, "TLS is offered where there is a certificate"  # noqa: S101 - our own mistake
        self.handshake = Handshake(
            self.loop,
            self.transport,
            tls.context,
            self._shaken,
            seconds=limits.login_timeout + LINGER,  # our deadline is earlier: it counts from the connection
            last_seconds=limits.idle_timeout,
        )
        return self.handshake

    def _shaken(self, transport: asyncio.Transport | None) -> None:
        handshake, self.handshake = self.handshake, None
        assert handshake is not None, "what ends has begun"  # noqa: S101 - our own mistake
        session = self.session
        if transport is None or session.closed:
            if handshake.is_begun and not session.closed:
                self.service.counters.handshakes_failed += 1
                session.close("handshake")
            self.transport.abort()
            self.connection_lost(None)
            return
        self.go_over_to(transport)
        # The context is that of the certificate which the peer was shown.
        session.secured(transport.get_extra_info("ssl_object").context.binding)
        if self.listener.implicit:
            transport.write(texts.GREETING)
        if handshake.early:
            self.data_received(handshake.early)
        if handshake.is_at_end:
            self.eof_received()
