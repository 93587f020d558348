"""What may carry a dialogue: a session and nothing else, TCP, and TLS in both its ways."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from tests.sasl.clients import MECHANISMS
from tests.server.back_ends import Gate
from tests.server.wire import GREETING, Wire
from tests.session.ports import Accounts, Later, Store

from quitclaim.limits import Limits
from quitclaim.server import Listener, Tls
from quitclaim.session import Service, Session
from quitclaim.testing import Controller

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable

    from quitclaim.observer import Cause, Event
    from quitclaim.session import ExchangeTable

__all__ = ("PASSWORD", "Alone", "Back", "Carrier", "Served", "Stream", "heard")

PASSWORD: Final = "open sesame"  # noqa: S105 - a test's
_PATIENCE = 20.0  # seconds, after which a test has failed


class Back:
    """What stands behind a server: accounts, mail, and what its observer was told."""

    def __init__(self) -> None:
        self.accounts = Accounts({"anna": PASSWORD, "bert": PASSWORD})
        self.store = Store()
        self.events: list[Event] = []
        self.mechanisms = MECHANISMS
        self.limits = Limits(login_failures=20, bad_commands=40)
        self.store.memory.deliver("anna", b"Subject: first\r\n\r\nHello, Anna.\r\n")
        self.store.memory.deliver("anna", b"Subject: second\r\n\r\n.signed\r\n")


class Carrier(Protocol):
    """A server, and how one gets to it."""

    back: Back

    def connect(self) -> Wire:
        """A peer that was greeted, over TLS if that is what carries it."""

    def how(self, find: Callable[[], Any]) -> Any:  # noqa: ANN401 - as `How` says
        """How a back end answers that takes its time: until it is let go."""

    def until_asked(self) -> None:
        """Waits until such an answer is waited for."""

    def until_gone(self) -> None:
        """Waits until it is known that nobody is connected, whatever is still waited for."""

    def let_go(self) -> None:
        """Lets all such answers come."""

    def overstay(self) -> None:
        """Lets all deadlines pass."""

    def drain(self) -> None:
        """Stops, without time for whoever is busy."""

    def until(self, is_so: Callable[[], bool]) -> None:
        """Waits until it is so."""

    def settle(self) -> None:
        """Waits until nobody is connected and nothing is waited for."""


class Stream:
    """A session as if it were a socket: what is sent to it is answered at once."""

    def __init__(self, session: Session, held: list[Stream], /) -> None:
        self._session = session
        self._held = held
        self._said = bytearray(GREETING)
        self.is_held = False

    def sendall(self, octets: bytes, /) -> None:
        """The peer says something; after the end nobody hears it."""
        self._said += self._session.receive(octets)
        self.go_on()

    def recv(self, size: int, /) -> bytes:
        """What was said; nothing once it is over."""
        said = bytes(self._said[:size])
        del self._said[:size]
        assert said or self._session.closed, "nothing is said, and it is not over"
        return said

    def go_on(self) -> None:
        """Takes portions, and the answers that are not held back."""
        session = self._session
        while session.next == "WAIT" and not session.closed:
            waiting = session.waiting
            if isinstance(waiting, Later):
                self.is_held = True
                self._held.append(self)
                return
            self._said += session.resume()
        if session.next == "CLOSE":
            session.close("lost")

    def answer(self) -> None:
        """The answer comes that was held back."""
        self.is_held = False
        waiting = self._session.waiting
        assert isinstance(waiting, Later)
        try:
            answer = waiting.find()
        except Exception as error:  # noqa: BLE001 - as an event loop would
            self._said += self._session.resume(None, error)
        else:
            self._said += self._session.resume(answer)
        self.go_on()

    def shutdown(self, _how: int, /) -> None:
        """The peer says no more."""
        self._said += self._session.receive_end()
        self.go_on()

    def setsockopt(self, *_arguments: object) -> None:
        """There is nothing to set."""

    def close(self) -> None:
        """The peer is gone."""
        self._session.close("lost")

    def end(self, cause: Cause, /) -> None:
        """The server has enough."""
        self._session.close(cause)


class Alone:
    """A session for each peer, and nothing between them."""

    def __init__(self, back: Back, table: ExchangeTable, /) -> None:
        self.back = back
        self._table = table
        self._streams: list[Stream] = []
        self._held: list[Stream] = []
        self._service = Service(
            accounts=back.accounts,
            store=back.store,
            mechanisms=back.mechanisms,
            limits=back.limits,
            observer=back.events.append,
        )

    def connect(self) -> Wire:
        """See `Carrier`."""
        session = Session(self._service, self._table.owner("peer"), peer="192.0.2.7:4711", trusted=True)
        stream = Stream(session, self._held)
        self._streams.append(stream)
        return _wire(cast("socket.socket", stream))

    def how(self, find: Callable[[], Any]) -> Later[Any]:
        """See `Carrier`."""
        return Later(find)

    def until_asked(self) -> None:
        """See `Carrier`."""
        assert self._held

    def until_gone(self) -> None:
        """See `Carrier`: it is known at once."""

    def let_go(self) -> None:
        """See `Carrier`."""
        while self._held:
            self._held.pop().answer()

    def overstay(self) -> None:
        """See `Carrier`."""
        for stream in self._streams:
            stream.end("timeout")

    def drain(self) -> None:
        """See `Carrier`."""
        for stream in self._streams:
            stream.end("drained")

    def until(self, is_so: Callable[[], bool]) -> None:
        """See `Carrier`."""
        assert is_so()

    def settle(self) -> None:
        """See `Carrier`."""
        assert not self._held

    def close(self) -> None:
        """Ends all."""
        self.drain()
        self.let_go()


class Served:
    """A server in a thread, on loopback, and over TLS if there is a certificate."""

    def __init__(
        self,
        back: Back,
        table: ExchangeTable,
        /,
        *,
        tls: Tls | None = None,
        trust: ssl.SSLContext | None = None,
        implicit: bool = False,
    ) -> None:
        self.back = back
        self._trust = trust
        self._implicit = implicit
        self._gate = Gate()
        self._wires: list[Wire] = []
        self._background = ThreadPoolExecutor(1)
        self.controller = Controller(
            accounts=back.accounts,
            store=back.store,
            listen=[Listener(port=0, tls=tls, implicit=implicit)],
            mechanisms=back.mechanisms,
            limits=back.limits,
            table=table,
            observer=back.events.append,
        ).__enter__()

    def connect(self) -> Wire:
        """See `Carrier`."""
        wire = Wire(self.controller.address, greeted=not self._implicit)
        self._wires.append(wire)
        if self._trust is not None:
            assert self._implicit or wire.say(b"STLS") == b"+OK begin TLS\r\n"
            wire.secure(self._trust)
            assert not self._implicit or wire.line() == GREETING
        return wire

    def how(self, find: Callable[[], Any]) -> Any:  # noqa: ANN401 - as `How` says
        """See `Carrier`."""
        return self._gate.how(find)

    def until_asked(self) -> None:
        """See `Carrier`."""
        self.until(lambda: self._gate.waiting > 0)

    def until_gone(self) -> None:
        """See `Carrier`."""
        self.until(lambda: not self._roster.peers)

    def let_go(self) -> None:
        """See `Carrier`."""
        self.controller.call(self._gate.open)

    def overstay(self) -> None:
        """See `Carrier`."""
        later = self.back.limits.idle_timeout + self.back.limits.login_timeout
        self.controller.call(lambda: self._roster.look_around(asyncio.get_running_loop().time() + later))

    def drain(self) -> None:
        """See `Carrier`."""
        # As `with` leaves a test that has failed: at once.
        self._background.submit(self.controller.__exit__, AssertionError, None, None).result(_PATIENCE)

    def until(self, is_so: Callable[[], bool]) -> None:
        """See `Carrier`."""
        deadline = time.monotonic() + _PATIENCE
        while not self.controller.call(is_so):
            assert time.monotonic() < deadline, "it never came to it"

    def settle(self) -> None:
        """See `Carrier`."""
        self.until(lambda: not self._roster.peers and not self._roster.answers)

    def close(self) -> None:
        """Ends all."""
        for wire in self._wires:
            wire.close()
        if not self.controller._stop.done():  # noqa: SLF001 - a test may have drained it
            self.drain()
        self._background.shutdown()

    @property
    def _roster(self) -> Any:  # noqa: ANN401 - private to the server
        return self.controller.server._roster  # noqa: SLF001 - to look at deadlines without waiting for them


def heard(wire: Wire, octets: int, /) -> bytes:
    """The lines that are said next, up to so many octets, or to the end."""
    said = b""
    while len(said) < octets and (line := wire.line()):
        said += line
    return said


def _wire(stream: socket.socket) -> Wire:
    """A wire to something that is there already."""
    wire = Wire.__new__(Wire)
    wire.socket = stream
    wire._received = b""  # noqa: SLF001 - as its constructor does
    assert wire.line() == GREETING
    return wire
