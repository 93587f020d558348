"""The life of a server and of a controller: entered once, left whole, whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from poplib import POP3
from typing import TYPE_CHECKING, Any

import pytest
from tests.session.peer import PASSWORD

from quitclaim import HandleTable
from quitclaim.accounts import MemoryAccounts
from quitclaim.identity import Identity
from quitclaim.limits import Connections, Limits, network
from quitclaim.maildrop import MemoryStore
from quitclaim.server import Listener, Server
from quitclaim.testing import Controller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Listener("127.0.0.1", 0)


def server(store: MemoryStore, **more: Any) -> Server:  # noqa: ANN401 - the server's own
    """A server that knows anna."""
    return Server(accounts=MemoryAccounts({"anna": PASSWORD}), store=store, listen=(HERE,), **more)


async def log_in(address: tuple[str, int]) -> asyncio.StreamWriter:
    """A session of anna's."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"USER anna\r\nPASS %b\r\n" % PASSWORD.encode())
    for _ in range(3):
        assert (await reader.readline()).startswith(b"+OK")
    return writer


def assert_free(store: MemoryStore) -> None:
    """Nobody has anna's maildrop."""
    store.open(Identity("anna")).close()


def test_a_drain_that_is_cancelled_leaves_nothing() -> None:
    store = MemoryStore()

    async def live() -> Server:
        async with server(store) as running:
            writer = await log_in(running.addresses[0])
            draining = asyncio.ensure_future(running.drain(seconds=3_600))
            await asyncio.sleep(0)  # it has begun
            draining.cancel()
            await asyncio.wait([draining])
            assert_free(store)
            writer.close()
        return running

    ended = asyncio.run(live())
    assert ended.connected == 0
    assert len(ended.table) == 0


def test_a_server_is_entered_once() -> None:
    async def live() -> None:
        once = server(MemoryStore())
        async with once:
            pass
        with pytest.raises(RuntimeError, match="make another"):
            await once.__aenter__()

    asyncio.run(live())


def test_whoever_came_while_another_address_could_not_be_bound_is_sent_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        async def live() -> None:
            loop = asyncio.get_running_loop()
            create = loop.create_server
            clients: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

            async def and_somebody_comes(*arguments: Any, **more: Any) -> asyncio.Server:  # noqa: ANN401
                bound = await create(*arguments, **more)
                clients.append(await asyncio.open_connection(*bound.sockets[0].getsockname()))
                await clients[-1][0].readline()
                return bound

            loop.create_server = and_somebody_comes  # type: ignore[method-assign]
            listen = (HERE, Listener("127.0.0.1", port))
            failing = Server(accounts=MemoryAccounts({}), store=MemoryStore(), listen=listen)
            with pytest.raises(OSError, match="cannot listen"):
                await failing.__aenter__()
            ((reader, writer),) = clients
            assert await reader.read() == b""
            writer.close()

        asyncio.run(live())


class Broken:
    """A table that is of no use."""

    def __init__(self) -> None:
        self.table = HandleTable[Any](10)

    def owner(self, _label: str = "", /) -> Any:  # noqa: ANN401
        """Gives none."""
        raise MemoryError

    def tick(self, _now: float, /) -> None:
        """Takes no time."""
        raise OSError

    def __len__(self) -> int:
        return len(self.table)


def test_a_table_that_makes_no_owner_costs_that_connection(caplog: pytest.LogCaptureFixture) -> None:
    limits = Limits(connections=2)

    async def live() -> None:
        async with server(MemoryStore(), table=Broken(), limits=limits) as running:
            for _ in range(4):
                reader, writer = await asyncio.open_connection(*running.addresses[0])
                with suppress(ConnectionError):
                    assert await reader.read() == b""
                writer.close()

    asyncio.run(live())
    assert {record.getMessage().partition(" ")[2] for record in caplog.records} == {
        "is not let in",
        "table does not take the time",
    }


@pytest.fixture
def controller() -> Iterator[Controller]:
    """A controller that runs."""
    with Controller(accounts=MemoryAccounts({"anna": PASSWORD}), store=MemoryStore()) as running:
        yield running


def test_a_call_is_made_in_the_servers_thread(controller: Controller) -> None:
    assert controller.call(threading.current_thread).name == "quitclaim-server"


def test_what_a_call_raises_is_the_callers(controller: Controller) -> None:
    def divide() -> float:
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        controller.call(divide)


def test_a_call_that_comes_too_late_is_refused() -> None:
    with Controller(accounts=MemoryAccounts({}), store=MemoryStore()) as controller:
        pass
    with pytest.raises(RuntimeError):
        controller.call(list)


def test_calls_that_race_with_the_end_are_all_answered() -> None:
    answers: list[object] = []

    def call(one: Controller, go: threading.Barrier) -> None:
        go.wait()
        try:
            answers.append(one.call(int))
        except RuntimeError as error:
            answers.append(error)

    for _ in range(20):
        go = threading.Barrier(5)
        with Controller(accounts=MemoryAccounts({}), store=MemoryStore()) as controller:
            callers = [threading.Thread(target=call, args=(controller, go)) for _ in range(4)]
            for caller in callers:
                caller.start()
            go.wait()
        for caller in callers:
            caller.join()
    assert len(answers) == 80


def test_a_controller_that_is_interrupted_while_it_starts_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    controller = Controller(accounts=MemoryAccounts({}), store=MemoryStore())
    interrupt(monkeypatch, controller)
    with pytest.raises(KeyboardInterrupt):
        controller.__enter__()
    assert "quitclaim-server" not in {thread.name for thread in threading.enumerate()}


def interrupt(monkeypatch: pytest.MonkeyPatch, controller: Controller) -> None:
    """Has Ctrl-C come while it waits for the server."""

    def result() -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(controller._bound, "result", result)  # noqa: SLF001 - where it waits


def test_an_address_that_is_taken_is_told_by_the_controller() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = [Listener("127.0.0.1", taken.getsockname()[1])]
        controller = Controller(accounts=MemoryAccounts({}), store=MemoryStore(), listen=listen)
        with pytest.raises(OSError, match="cannot listen"):
            controller.__enter__()


def test_a_host_that_can_have_no_address_is_told_as_one_that_has_none() -> None:
    listen = [Listener("a..b")]
    controller = Controller(accounts=MemoryAccounts({}), store=MemoryStore(), listen=listen)
    with pytest.raises(OSError, match=r"cannot listen on a\.\.b:1110: this is no name of a host"):
        controller.__enter__()


def test_one_network_of_ipv6_is_one_address_to_the_limits(count: Callable[[str], bool]) -> None:
    assert [count(address) for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")] == [
        True,
        False,
        True,
    ]


@pytest.fixture
def count() -> Callable[[str], bool]:
    """Admits one connection from each address."""
    connections = Connections(Limits(connections_per_address=1))
    return lambda address: connections.enter(network(address))


def test_poplib_is_greeted_by_a_controller(controller: Controller) -> None:
    client = POP3(*controller.address)
    assert client.getwelcome().startswith(b"+OK")
    client.quit()
