"""A server process on a data folder: ready, observed by its status socket, and drained by a signal."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import time
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Final

import uvloop

from quitclaim._quitclaim import __version__
from quitclaim.accounts.sqlite import SqliteAccounts
from quitclaim.cli.ending import sentence
from quitclaim.cli.listeners import listeners
from quitclaim.cli.lookup import has_accounts
from quitclaim.cli.memory import find_trim, giving_back
from quitclaim.config import written
from quitclaim.database import Database
from quitclaim.maildrop.sqlite import SqliteStore
from quitclaim.monitor.json_lines import JsonLines
from quitclaim.monitor.log import EventLog
from quitclaim.monitor.ntlmv1 import Ntlmv1Logins
from quitclaim.monitor.status import StatusSocket
from quitclaim.monitor.text import TextLines
from quitclaim.server import Server, default_mechanisms
from quitclaim.server.origin import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from quitclaim.config import Settings
    from quitclaim.monitor.log import Format
    from quitclaim.monitor.status import Handles, Ntlmv1Entry, Status
    from quitclaim.observer import Event, Observer
    from quitclaim.sasl import Mechanism
    from quitclaim.server import Tls
    from quitclaim.session import ExchangeTable

__all__ = ("raise_descriptor_limit", "run")


def run(
    settings: Settings,
    tls: Tls | None,
    table: ExchangeTable,
    handles: Callable[[], Handles],
    /,
    *,
    program: str = "quitclaim",
) -> None:
    """Serves the accounts and the mail of a folder until SIGTERM or SIGINT, and then drains.

    A second signal ends the process at once, as that signal would. When it listens, it says so on stdout, a
    line for each socket: `listening on 127.0.0.1:40001 pop3`, with `proxy` behind it where balancers connect.
    At SIGHUP it reads its certificates again.

    Args:
        settings: what a user has said; the data folder is made if it is not there.
        tls: the certificates; as `certificates` of the settings gives them.
        table: the handle table.
        handles: what the status socket is to say of it.
        program: what it calls itself in its status.

    Raises:
        StoreUnavailable: the data folder cannot be used.
        OSError: an address cannot be listened on, or the status socket cannot be made.
    """
    folder = settings.data
    # All that is said while it serves goes through the log: nobody may wait for a stderr that takes nothing.
    log_format: Format = JsonLines() if settings.log_format == "json" else TextLines()
    with (
        EventLog(format=log_format) as log,
        Database(folder) as database,
        SqliteAccounts(database) as accounts,
    ):
        logging.basicConfig(stream=log, format="%(levelname)s %(name)s: %(message)s")  # the log has the time
        store = SqliteStore(database)
        ntlmv1 = Ntlmv1Logins() if settings.ntlm_v1 else None
        server = Server(
            accounts=accounts,
            store=store,
            listen=listeners(settings, tls),
            mechanisms=_mechanisms(settings),
            limits=settings.limits,
            table=table,
            observer=log if ntlmv1 is None else _both(log, ntlmv1),
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
                "ntlmv1": None if ntlmv1 is None else _entries(ntlmv1),
            }

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            socket = StatusSocket(folder, status)
            runner.run(_serve(server, socket, log, tls, settings, empty=empty))


async def _serve(  # noqa: PLR0913 - each is a part of the process
    server: Server,
    socket: StatusSocket,
    log: EventLog,
    tls: Tls | None,
    settings: Settings,
    /,
    *,
    empty: Path | None,
) -> None:
    def gone() -> int:
        return server.counters.connections - server.connected

    # Before it is said that it listens: whoever reads that may send a signal at once.
    with (
        _stopped_by_signal(socket) as stopped,
        _renewed_by_signal(tls, log),
        giving_back(gone, find_trim(), asyncio.get_running_loop()),
    ):
        async with server, socket:
            for listener, address in server.bound:
                scheme = "pop3s" if listener.implicit else "pop3"
                behind = "" if listener.proxy is None else " proxy"
                print(f"listening on {written(*address)} {scheme}{behind}", flush=True)
            if empty is not None:
                log.write(f"warning: {empty} has no accounts yet: make one by `quitclaim user add NAME`\n")
            _warn(server, log, settings)
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


def _both(first: Observer, second: Observer) -> Observer:
    def observe(event: Event) -> None:
        first(event)
        second(event)

    return observe


def _entries(logins: Ntlmv1Logins) -> list[Ntlmv1Entry]:
    return [
        {"username": one.username, "address": one.address, "logins": one.logins, "last": one.last}
        for one in islice(logins.report(), _MOST)
    ]


def _warn(server: Server, log: EventLog, settings: Settings) -> None:
    """Says once what strangers on the network can do."""
    if settings.ntlm_v1:
        log.write(
            "warning: with --ntlm-v1 whoever hears such a login has the password's hash in hours;"
            " `quitclaim who` lists who still needs it.\n"
        )
    heard = [
        written(host, port)
        for listener, (host, port) in server.bound
        if not listener.implicit and not is_loopback(host)
    ]
    if heard and "NTLM" in settings.mechanisms:
        log.write(
            f"warning: NTLM is old: whoever hears a login at {', '.join(heard)} can guess at its password."
            " Let only a network that you trust reach it.\n"
        )
    if heard and settings.allow_plaintext:
        log.write("warning: with --allow-plaintext passwords cross the network unencrypted.\n")


def _mechanisms(settings: Settings) -> list[Mechanism]:
    """Those that are to be offered, in the order in which they were said."""
    known = {
        mechanism.name.decode(): mechanism
        for mechanism in default_mechanisms(domain=settings.domain, ntlmv1=settings.ntlm_v1)
    }
    return [known[name] for name in settings.mechanisms]


def raise_descriptor_limit() -> int:
    """Takes as many descriptors as this process may have, up to 65,536, and gives their number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], _MOST_DESCRIPTORS)


_MOST: Final = 1_000  # entries of a list that is shown
_AT_ONCE: Final = 0.3  # seconds, after which whoever stopped it wonders
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_MOST_DESCRIPTORS: Final = 65_536
