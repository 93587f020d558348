"""A server in a thread, for tests and for programs without an event loop of their own."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Never, Self, TypeVar

import uvloop

from quitclaim.accounts.memory import MemoryAccounts
from quitclaim.maildrop.memory import MemoryStore
from quitclaim.server import Listener, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from quitclaim.accounts.port import Accounts
    from quitclaim.limits import Limits
    from quitclaim.maildrop.port import MaildropStore
    from quitclaim.observer import Event, Observer
    from quitclaim.sasl import Mechanism
    from quitclaim.session import ExchangeTable

__all__ = ("Controller", "Pop3Server")

_T = TypeVar("_T")


class Controller:
    r"""Runs a `Server` in a thread of its own: bound when `with` is entered, drained when it is left.

    The arguments are the server's; it listens at a free port of 127.0.0.1 unless told otherwise. Whoever
    enters it without `with` must leave it too: its thread does not end by itself.

    >>> from poplib import POP3
    >>> from quitclaim.accounts import MemoryAccounts
    >>> from quitclaim.maildrop import MemoryStore
    >>> store = MemoryStore()
    >>> store.deliver("anna", b"Subject: hello\r\n\r\nHello, Anna.\r\n")
    >>> with Controller(accounts=MemoryAccounts({"anna": "open sesame"}), store=store) as controller:
    ...     client = POP3(*controller.address)
    ...     _ = client.user("anna"), client.pass_("open sesame")
    ...     messages, octets = client.stat()
    ...     _ = client.quit()
    >>> messages
    1

    Raises:
        OSError: on enter, if an address cannot be bound.
    """

    def __init__(  # noqa: PLR0913 - the server's
        self,
        *,
        accounts: Accounts,
        store: MaildropStore,
        listen: Iterable[Listener] = (Listener(port=0),),
        mechanisms: Iterable[Mechanism] | None = None,
        limits: Limits | None = None,
        table: ExchangeTable | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.server = Server(
            accounts=accounts,
            store=store,
            listen=tuple(listen),
            mechanisms=mechanisms,
            limits=limits,
            table=table,
            observer=observer,
        )
        self.addresses: list[tuple[str, int]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="quitclaim-server")
        self._bound: Future[list[tuple[str, int]]] = Future()
        self._stop: Future[float | None] = Future()  # seconds for sessions to end; None for the limit's
        self._calls: set[Future[Any]] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens first: host and port."""
        return self.addresses[0]

    def __enter__(self) -> Self:
        """Starts the thread, and returns when the server listens. Once: for another time, make another."""
        self._thread.start()
        try:
            self.addresses = self._bound.result()
        except BaseException:  # it could not bind, or we are interrupted
            self._stop.set_result(0.0)
            self._thread.join()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Drains the server, and returns when its thread is gone.

        Sessions that are still open have `Limits.drain_timeout` to end, and none if an exception is on its
        way, such as that of a failed test.
        """
        self.stop(seconds=None if kind is None else 0.0)

    def stop(self, *, seconds: float | None = None) -> None:
        """Drains the server, whose sessions have so many seconds to end, and returns when its thread is gone.

        The time is `Limits.drain_timeout` if it is not given. Idempotent.
        """
        if not self._stop.done():
            self._stop.set_result(seconds)
        self._thread.join()

    def call(self, function: Callable[[], _T], /) -> _T:
        """Runs a function in the server's thread, between two of its events, and gives its result.

        Raises:
            RuntimeError: the server has stopped.
        """
        assert self._loop is not None, "it was entered"  # noqa: S101 - the caller's mistake
        result: Future[_T] = Future()
        self._calls.add(result)
        try:
            self._loop.call_soon_threadsafe(_settle, result, function)
            return result.result()
        finally:
            self._calls.discard(result)

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._serve())
        except BaseException as error:
            if self._bound.done():
                raise
            self._bound.set_exception(error)
        finally:
            for call in tuple(self._calls):  # which came too late for the loop to run them
                _settle(call, _has_stopped)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with self.server as server:
            self._bound.set_result(server.addresses)
            seconds = await asyncio.wrap_future(self._stop)
            await server.drain(seconds=seconds)


class Pop3Server:
    r"""A server for the tests of a mail client: what pytest's fixture `pop3_server` gives.

    There is the user anna, whose password is `open sesame`. Everyone has a maildrop.

    >>> from poplib import POP3
    >>> with Pop3Server() as server:
    ...     server.accounts.add("bert", "swordfish")
    ...     server.deliver("bert", b"Subject: hello\r\n\r\nHello, Bert.\r\n")
    ...     client = POP3(*server.address)
    ...     _ = client.user("bert"), client.pass_("swordfish"), client.quit()
    ...     [type(event).__name__ for event in server.events]
    ['Connected', 'LoggedIn', 'Left']

    Args:
        table: the handle table, by default the server's own.
    """

    username = "anna"
    password = "open sesame"  # noqa: S105 - it opens what is made for a test

    def __init__(self, table: ExchangeTable | None = None, /) -> None:
        self.accounts = MemoryAccounts({self.username: self.password})
        self.store = MemoryStore()
        self._events: list[Event] = []
        self.controller = Controller(
            accounts=self.accounts, store=self.store, table=table, observer=self._events.append
        )

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens: host and port."""
        return self.controller.address

    @property
    def table(self) -> ExchangeTable:
        """The handle table: `len()` of it is the Handle Count."""
        return self.controller.server.table

    @property
    def events(self) -> list[Event]:
        """What has happened so far, copied. What a client has read a reply to has happened.

        Raises:
            RuntimeError: the server has stopped.
        """
        return self.controller.call(self._events.copy)

    def deliver(self, username: str, message: bytes, /) -> None:
        """Puts a message into a maildrop, for the sessions that are still to come."""
        self.store.deliver(username, message)

    def __enter__(self) -> Self:
        """Starts it, and returns when it listens."""
        self.controller.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Stops it, and waits for nobody: whoever is still connected is cut off."""
        self.controller.stop(seconds=0.0)


def _settle(result: Future[_T], function: Callable[[], _T]) -> None:
    if not result.done():
        try:
            result.set_result(function())
        except BaseException as error:  # noqa: BLE001 - it is the caller's
            result.set_exception(error)


def _has_stopped() -> Never:
    message = "the server has stopped"
    raise RuntimeError(message)
