"""The server: what it is made of, and its life from the first bind to the last handle."""

from __future__ import annotations

import asyncio
import errno
import heapq
import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from quitclaim.limits import Limits
from quitclaim.monitor.counters import Counters
from quitclaim.server.arrival import Arrival
from quitclaim.server.connection import ServerConnection
from quitclaim.server.defaults import default_mechanisms, default_table
from quitclaim.server.listener import Listener
from quitclaim.server.roster import Roster
from quitclaim.session import Service

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    from quitclaim.accounts.port import Accounts
    from quitclaim.maildrop.port import MaildropStore
    from quitclaim.observer import Observer
    from quitclaim.sasl import Mechanism
    from quitclaim.session import ExchangeTable

__all__ = ("ConnectedPeer", "Server")

_log = logging.getLogger(__name__)

_SWEEP = 1.0  # seconds between two looks at the deadlines
_LAST_WORDS = 1.0  # seconds for what was said last to be sent, when a drain is out of time


@dataclass(frozen=True, slots=True)
class ConnectedPeer:
    """A peer that is connected, for an operator to see; `seconds` is how long, to the second."""

    peer: str
    username: str
    """Who is logged in; empty if nobody is."""
    seconds: float


class Server:
    """A POP3 server in the running event loop: bound on enter, drained on exit.

    It touches neither signals nor the loop's policy; give it uvloop, which halves what an attempt costs, by
    `asyncio.Runner(loop_factory=uvloop.new_event_loop)`.

        async with Server(accounts=MemoryAccounts({"anna": "open sesame"}), store=MemoryStore()) as server:
            print(server.addresses)
            await stopped.wait()

    Args:
        accounts: who may log in, and with what.
        store: where their mail is.
        listen: where to listen.
        mechanisms: SASL methods, of listeners that have none of their own; by default `default_mechanisms()`.
        limits: what a peer may make us hold.
        table: the handle table; by default one of its own, for twice as many handles as connections.
        observer: is called with each event (`quitclaim.observer`).

    Raises:
        OSError: on enter, if an address cannot be bound; then none is.
        RuntimeError: on enter, if it was entered before.
    """

    def __init__(  # noqa: PLR0913 - each a seam, and all but two have a default
        self,
        *,
        accounts: Accounts,
        store: MaildropStore,
        listen: Sequence[Listener] = (Listener(),),
        mechanisms: Iterable[Mechanism] | None = None,
        limits: Limits | None = None,
        table: ExchangeTable | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.limits = Limits() if limits is None else limits
        self.table: ExchangeTable = default_table(self.limits) if table is None else table
        self.counters = Counters()
        self._listen = tuple(listen)
        self._service = Service(
            accounts=accounts,
            store=store,
            mechanisms=default_mechanisms() if mechanisms is None else mechanisms,
            limits=self.limits,
            counters=self.counters,
            observer=observer,
            sleep=asyncio.sleep,
        )
        self._roster = Roster(self.limits)
        self._servers: list[asyncio.Server] = []
        self._timer: asyncio.TimerHandle | None = None
        self._is_entered = False

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where it listens: host and port of each socket, in the order of `listen`."""
        return [address for _, address in self.bound]

    @property
    def bound(self) -> list[tuple[Listener, tuple[str, int]]]:
        """Each socket's listener, and its address; a host's name may have several."""
        pairs = zip(self._listen, self._servers, strict=False)  # none is left when it has stopped listening
        return [(listener, one.getsockname()[:2]) for listener, server in pairs for one in server.sockets]

    @property
    def connected(self) -> int:
        """Connections that there are now."""
        return len(self._roster.peers)

    def sessions(self, most: int = 1_000, /) -> list[ConnectedPeer]:
        """Who is connected, whoever came first at the top; so many at most. Times are to the second."""
        roster = self._roster
        first = heapq.nsmallest(most, roster.peers, key=lambda peer: (peer.since, peer.peer))
        return [ConnectedPeer(one.peer, one.username, roster.now - one.since) for one in first]

    async def __aenter__(self) -> Self:
        """Binds every address, and begins. Once: for another time, make another server."""
        if self._is_entered:
            message = "this server was entered before: make another"
            raise RuntimeError(message)
        self._is_entered = True
        loop = asyncio.get_running_loop()
        self._roster.now = loop.time()  # for who connects while the other addresses are still to be bound
        try:
            for listener in self._listen:
                self._servers.append(await self._bind(loop, listener))
        except BaseException:
            self._stop_listening()
            self._roster.is_draining = True
            self._drop_all()  # whoever has come meanwhile
            raise
        self._look_around(loop)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Drains: see `drain`."""
        await self.drain()

    async def drain(self, *, seconds: float | None = None) -> None:
        """Stops accepting, lets sessions end, and after so many seconds ends them. Idempotent.

        The time is `Limits.drain_timeout` if it is not given.

        Who has not begun to log in is told to come again at once. When it returns there is no connection and
        no handle left; answers that are still awaited then are cancelled, and their maildrops closed.
        """
        self._stop_listening()
        roster = self._roster
        roster.is_draining = True
        try:
            for peer in tuple(roster.peers):
                peer.drain()
            if await roster.wait_until_empty(self.limits.drain_timeout if seconds is None else seconds):
                return
            for peer in tuple(roster.peers):
                peer.end("drained")
            await roster.wait_until_empty(_LAST_WORDS)
        finally:
            self._drop_all()
        await roster.wait_until_empty(_LAST_WORDS)

    def _drop_all(self) -> None:
        """Ends whatever is left, and waits for nothing: also for whoever cancels a drain."""
        roster = self._roster
        for peer in tuple(roster.peers):
            peer.end("drained")
            peer.abort()
        for answer in tuple(roster.answers):
            answer.cancel()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _bind(self, loop: asyncio.AbstractEventLoop, listener: Listener) -> asyncio.Server:
        service = self._service
        if listener.mechanisms is not None:
            service = service.offering(listener.mechanisms)

        def connection() -> asyncio.Protocol:
            made = ServerConnection(loop, self._roster, service, self.table, listener)
            return made if listener.proxy is None else Arrival(made, listener.proxy)

        try:
            return await loop.create_server(connection, listener.host, listener.port, backlog=1024)
        except UnicodeError as error:  # the resolver's, for a name such as a..b
            message = f"cannot listen on {listener.host}:{listener.port}: this is no name of a host"
            raise OSError(errno.EINVAL, message) from error
        except OSError as error:
            # A name that is not found has a number of its own kind, and a sentence.
            number = error.errno
            reason = error.strerror if number is None or number <= 0 else os.strerror(number)
            where = f"[{listener.host}]" if ":" in listener.host else listener.host
            raise OSError(error.errno, f"cannot listen on {where}:{listener.port}: {reason}") from error

    def _stop_listening(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()

    def _look_around(self, loop: asyncio.AbstractEventLoop) -> None:
        """Once a second: says what time it is, and ends whoever has overstayed."""
        # First of all: whatever goes wrong now, the next look is taken.
        self._timer = loop.call_later(_SWEEP, self._look_around, loop)
        now = loop.time()
        try:
            self.table.tick(now)
        except Exception:  # noqa: BLE001 - an embedder's table; the peers' time-outs do not depend on it
            _log.exception("the table does not take the time")
        self._roster.look_around(now)
