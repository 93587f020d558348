"""A server process on a data folder: ready, observed by its status socket, and drained by a signal."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import uvloop

from quitclaim._quitclaim import __version__
from quitclaim.accounts.sqlite import SqliteAccounts
from quitclaim.cli.ending import sentence
from quitclaim.cli.listeners import certificates, listeners, written
from quitclaim.cli.lookup import has_accounts
from quitclaim.database import Database
from quitclaim.maildrop.sqlite import SqliteStore
from quitclaim.monitor.log import EventLog
from quitclaim.monitor.status import StatusSocket
from quitclaim.server import Server, default_mechanisms
from quitclaim.server.connection import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from quitclaim.config import Settings
    from quitclaim.limits import Limits
    from quitclaim.monitor.status import Handles, Status
    from quitclaim.server import Tls
    from quitclaim.session import ExchangeTable

__all__ = ("raise_descriptor_limit", "run")


def run(  # noqa: PLR0913 - each is a part of the process
    settings: Settings,
    folder: Path,
    table: ExchangeTable,
    handles: Callable[[], Handles],
    /,
    *,
    limits: Limits,
    program: str = "quitclaim",
) -> None:
    """Serves the accounts and the mail of a folder until SIGTERM or SIGINT, and then drains.

    A second signal ends the process at once, as that signal would. When it listens, it says so on stdout, a
    line for each socket: `listening on 127.0.0.1:40001 pop3`. At SIGHUP it reads its certificates again.

    Args:
        settings: where to listen, and what else a user may say.
        folder: the data folder, which is made if it is not there.
        table: the handle table.
        handles: what the status socket is to say of it.
        limits: of the server.
        program: what it calls itself in its status.

    Raises:
        StoreUnavailable: the data folder cannot be used.
        OSError: an address cannot be listened on, or the status socket cannot be made.
        SystemExit: there are no certificates that can be used, where there should be.
    """
    tls = certificates(settings)
    listen = listeners(settings, tls)
    # All that is said while it serves goes through the log: nobody may wait for a stderr that takes nothing.
    with EventLog() as log, Database(folder) as database, SqliteAccounts(database) as accounts:
        logging.basicConfig(
            stream=log, format="%(asctime)s %(levelname)s %(name)s: %(message)s", datefmt=_DATE
        )
        logging.Formatter.converter = time.gmtime  # like the log's own lines
        store = SqliteStore(database)
        plaintext = bool(settings.allow_plaintext)
        server = Server(
            accounts=accounts,
            store=store,
            listen=listen,
            mechanisms=default_mechanisms(domain=settings.domain),
            limits=limits,
            table=table,
            observer=log,
        )
        empty = None if has_accounts(database) else folder
        began = time.monotonic()

        async def status() -> Status:
            return {
                "program": program,
                "version": __version__,
                "pid": os.getpid(),
                "listening": [written(*address) for address in server.addresses],
                "seconds": time.monotonic() - began,
                "connected": server.connected,
                "handles": handles(),
                "counters": server.counters.as_dict(),
                "locks": [{"username": name, "pid": pid} for name, pid in await store.locks()],
                "sessions": [
                    {"peer": one.peer, "username": one.username, "seconds": one.seconds}
                    for one in server.sessions()
                ],
            }

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            socket = StatusSocket(folder, status)
            runner.run(_serve(server, socket, log, tls, plaintext=plaintext, empty=empty))


async def _serve(  # noqa: PLR0913 - each is a part of the process
    server: Server,
    socket: StatusSocket,
    log: EventLog,
    tls: Tls | None,
    /,
    *,
    plaintext: bool,
    empty: Path | None,
) -> None:
    # Before it is said that it listens: whoever reads that may send a signal at once.
    with _stopped_by_signal(socket) as stopped, _renewed_by_signal(tls, log):
        async with server, socket:
            for listener, address in server.bound:
                scheme = "pop3s" if listener.implicit else "pop3"
                print(f"listening on {written(*address)} {scheme}", flush=True)
            if empty is not None:
                log.write(f"warning: {empty} has no accounts yet: make one by `quitclaim user add NAME`\n")
            _warn(server, log, plaintext=plaintext)
            await stopped.wait()
            # Inside: whoever drains may want to see, by the status socket, which sessions are left.
            await _drain(server, log)


async def _drain(server: Server, log: EventLog) -> None:
    """Drains, and says what is waited for, if that is not over at once."""
    draining = asyncio.create_task(server.drain())
    ended, _ = await asyncio.wait((draining,), timeout=_AT_ONCE)
    if not ended and server.connected:
        left = "1 session has" if server.connected == 1 else f"{server.connected:,} sessions have"
        time_ = f"{server.limits.drain_timeout:g} s"
        log.write(f"stopping: {left} {time_} to end; the same signal again ends it now\n")
    await draining


@contextmanager
def _renewed_by_signal(tls: Tls | None, log: EventLog) -> Iterator[None]:
    """SIGHUP is for new certificates: whoever renews them sends it. Without TLS it is what it was."""
    if tls is None:
        yield
        return
    loop = asyncio.get_running_loop()

    def reload() -> None:
        try:
            tls.reload()
        except (OSError, ValueError) as error:
            log.write(f"warning: {sentence(error)}; the certificates that were read before stay in use\n")
        else:
            log.write("the certificates were read again\n")

    loop.add_signal_handler(signal.SIGHUP, reload)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


@contextmanager
def _stopped_by_signal(socket: StatusSocket) -> Iterator[asyncio.Event]:
    """What the first signal sets; the second one ends the process. Afterwards signals are as they were."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end_at_once(number: int) -> None:
        socket.remove()
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def stop() -> None:
        stopped.set()
        for number in _SIGNALS:
            loop.add_signal_handler(number, end_at_once, number)

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield stopped
    finally:
        # uvloop, when it is closed, would leave ours behind, and those do nothing any more.
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


def _warn(server: Server, log: EventLog, *, plaintext: bool) -> None:
    """Says once what strangers on the network can do."""
    heard = [
        written(host, port)
        for listener, (host, port) in server.bound
        if not listener.implicit and not is_loopback(host)
    ]
    if heard:
        log.write(
            f"warning: NTLM is old: whoever hears a login at {', '.join(heard)} can guess at its password."
            " Let only a network that you trust reach it.\n"
        )
        if plaintext:
            log.write("warning: with --allow-plaintext passwords cross the network unencrypted.\n")


def raise_descriptor_limit() -> int:
    """Takes as many descriptors as this process may have, up to 65,536, and gives their number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], _MOST_DESCRIPTORS)


_AT_ONCE: Final = 0.3  # seconds, after which whoever stopped it wonders
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_DATE: Final = "%Y-%m-%dT%H:%M:%SZ"
_MOST_DESCRIPTORS: Final = 65_536
