"""What the tests of the server share: a server in a thread, on both loops, which must leave nothing."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from tests.server.certificates import issue, pem_of, trusting
from tests.server.wire import PASSWORD, Wire
from tests.session.ports import Store

from quitclaim.accounts.memory import MemoryAccounts
from quitclaim.server import Listener, Tls
from quitclaim.testing import Controller

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from cryptography import x509

    from quitclaim import HandleTable
    from quitclaim.accounts.port import Accounts
    from quitclaim.limits import Limits
    from quitclaim.observer import Event
    from quitclaim.sasl import Mechanism

ANYWHERE = Listener(port=0)
_PATIENCE = 20.0  # seconds


class Served:
    """A server that runs, and whoever is connected to it. Leaving it ends both."""

    def __init__(
        self,
        controller: Controller,
        listener: Listener,
        table: HandleTable[Any],
        store: Store,
        events: list[Event],
        /,
    ) -> None:
        self.controller = controller
        self.listener = listener
        self.table = table
        self.store = store
        self.events = events
        self.wires: list[Wire] = []
        self._background = ThreadPoolExecutor(1)
        self._stopping: Future[None] | None = None

    @property
    def roster(self) -> Any:  # noqa: ANN401 - private to the server
        """Who is connected."""
        return self.controller.server._roster  # noqa: SLF001 - to look at deadlines without waiting for them

    def connect(self, *, greeted: bool = True, receive_buffer: int | None = None) -> Wire:
        """A new connection."""
        wire = Wire(self.controller.address, greeted=greeted, receive_buffer=receive_buffer)
        self.wires.append(wire)
        return wire

    def look_around(self, seconds: float) -> None:
        """Lets the server look at the deadlines as if it were so much later."""

        def look() -> None:
            self.roster.look_around(asyncio.get_running_loop().time() + seconds)

        self.controller.call(look)

    def until(self, is_so: Callable[[], bool]) -> None:
        """Waits until it is so, as the server's thread sees it between two of its events."""
        deadline = time.monotonic() + _PATIENCE
        while not self.controller.call(is_so):
            assert time.monotonic() < deadline, "it never came to it"

    def stop(self) -> Future[None]:
        """Begins to drain the server."""
        if self._stopping is None:
            self._stopping = self._background.submit(self.controller.__exit__, None, None, None)
        return self._stopping

    def end(self) -> None:
        """Closes all connections, and waits until the server has stopped."""
        for wire in self.wires:
            wire.close()
        self.stop().result(_PATIENCE)
        self._background.shutdown()


class Servers(Protocol):
    """Runs a server."""

    def __call__(  # noqa: PLR0913 - what a test may turn
        self,
        *,
        limits: Limits | None = None,
        store: Store | None = None,
        accounts: Accounts | None = None,
        observer: Callable[[Event], None] | None = None,
        mechanisms: Iterable[Mechanism] | None = None,
        listener: Listener = ANYWHERE,
        others: Sequence[Listener] = (),
    ) -> Served:
        """With these, or with anna's account and an empty store that counts."""


@pytest.fixture(params=["uvloop", "asyncio"])
def loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event loop of all servers in the test."""
    if request.param == "asyncio":
        plain = SimpleNamespace(new_event_loop=asyncio.new_event_loop)
        monkeypatch.setattr("quitclaim.testing.uvloop", plain)


@pytest.fixture
def serve(loop: None, handle_table: HandleTable[Any]) -> Iterator[Servers]:  # noqa: ARG001 - it is set
    """Servers on one table. In the end no handle, no connection, no answer and no lock is left."""
    running: list[Served] = []

    def start(  # noqa: PLR0913 - as `Servers` says
        *,
        limits: Limits | None = None,
        store: Store | None = None,
        accounts: Accounts | None = None,
        observer: Callable[[Event], None] | None = None,
        mechanisms: Iterable[Mechanism] | None = None,
        listener: Listener = ANYWHERE,
        others: Sequence[Listener] = (),
    ) -> Served:
        store = Store() if store is None else store
        events: list[Event] = []
        controller = Controller(
            accounts=MemoryAccounts({"anna": PASSWORD, "bert": PASSWORD}) if accounts is None else accounts,
            store=store,
            listen=[listener, *others],
            mechanisms=mechanisms,
            limits=limits,
            table=handle_table,
            observer=events.append if observer is None else observer,
        )
        running.append(Served(controller.__enter__(), listener, handle_table, store, events))
        return running[-1]

    yield start
    for served in running:
        served.end()
        assert len(served.roster.admitted) == 0
        assert not served.roster.peers
        assert not served.roster.answers
        assert set(served.store.closes) <= {1}


@pytest.fixture
def served(serve: Servers) -> Served:
    """A server where anna has two messages."""
    served = serve()
    served.store.memory.deliver("anna", b"Subject: first\r\n\r\nHello, Anna.\r\n")
    served.store.memory.deliver("anna", b"Subject: second\r\n\r\n.signed\r\n")
    return served


# --- TLS


@pytest.fixture(scope="session")
def certificate() -> x509.Certificate:
    """The server's, for localhost and 127.0.0.1."""
    return issue("localhost")


@pytest.fixture
def tls(tmp_path: Path, certificate: x509.Certificate) -> Tls:
    """The server's side."""
    return Tls(pem_of(tmp_path, certificate))


@pytest.fixture
def trust(certificate: x509.Certificate) -> ssl.SSLContext:
    """The client's side, which checks the certificate."""
    return trusting(certificate)


@pytest.fixture
def offered(serve: Servers, tls: Tls) -> Served:
    """A server that offers STLS."""
    return serve(listener=Listener(port=0, tls=tls))


@pytest.fixture
def pop3s(serve: Servers, tls: Tls) -> Served:
    """A server that begins with TLS."""
    return serve(listener=Listener(port=0, tls=tls, implicit=True))
