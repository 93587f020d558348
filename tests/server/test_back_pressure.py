"""Back-pressure, without sockets: while its peer takes nothing, a connection neither reads nor goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from tests.server.back_ends import Gate
from tests.server.wire import GREETING, PASSWORD, PLAIN
from tests.session.ports import Foreign, Store, at_once, raising

from quitclaim.accounts.memory import MemoryAccounts
from quitclaim.limits import Limits
from quitclaim.sasl import Plain
from quitclaim.server import Listener
from quitclaim.server.connection import ServerConnection
from quitclaim.server.roster import Roster
from quitclaim.session import Service

if TYPE_CHECKING:
    from collections.abc import Callable

    from quitclaim import HandleTable


class Transport(asyncio.Transport):
    """What was written, and nobody on the other side."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 4711)})
        self.written = b""
        self.reads = True
        self.unsent = 0
        self.is_aborted = False
        self._is_closing = False

    def get_write_buffer_size(self) -> int:
        """What the peer has not taken yet, as the test says."""
        return self.unsent

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keeps it."""
        assert not self._is_closing
        self.written += data

    def close(self) -> None:
        """Says no more."""
        self._is_closing = True

    def abort(self) -> None:
        """Says no more."""
        self._is_closing = self.is_aborted = True

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self._is_closing

    def pause_reading(self) -> None:
        """Listens no more."""
        self.reads = False

    def resume_reading(self) -> None:
        """Listens again."""
        self.reads = True


class Scene:
    """A connection that is choked while its maildrop opens, and the answer that has come meanwhile."""

    def __init__(self, table: HandleTable[Any]) -> None:
        self.gate = Gate()
        self.store = Store()
        self.store.opening = self.gate.how
        accounts = MemoryAccounts({"anna": PASSWORD})
        service = Service(accounts=accounts, store=self.store, mechanisms=[Plain()], limits=Limits())
        self.roster = Roster(Limits())
        self.transport = Transport()
        loop = asyncio.get_running_loop()
        self.connection = ServerConnection(loop, self.roster, service, table, Listener())

    async def until_the_answer_is_held(self) -> None:
        """Plays it so far."""
        self.connection.connection_made(self.transport)
        self.connection.data_received(PLAIN + b"\r\nSTAT\r\n")
        self.connection.pause_writing()
        (answer,) = self.roster.answers
        self.gate.open()
        await answer
        await asyncio.sleep(0)  # the loop's turn: whoever waited for it has been called
        assert self.transport.written == GREETING
        assert self.store.closes == [0]

    async def until_nothing_is_left(self) -> None:
        """Lets the loop have its turn, and looks at what there is."""
        await asyncio.sleep(0)
        assert not self.roster.peers
        assert not self.roster.answers
        assert len(self.roster.admitted) == 0
        assert self.store.closes == [1]


def test_a_peer_that_takes_nothing_is_not_listened_to(handle_table: HandleTable[Any]) -> None:
    async def play() -> None:
        scene = Scene(handle_table)
        scene.connection.connection_made(scene.transport)
        scene.connection.pause_writing()
        assert not scene.transport.reads
        scene.connection.resume_writing()
        assert scene.transport.reads
        scene.connection.connection_lost(None)

    asyncio.run(play())


def test_a_session_that_is_over_holds_nothing_until_its_peer_has_taken_the_last_words(
    handle_table: HandleTable[Any], caplog: pytest.LogCaptureFixture
) -> None:
    async def play() -> None:
        scene = Scene(handle_table)
        scene.store.memory.deliver("anna", b"x")
        scene.store.opening = at_once
        scene.store.reading = raising(Foreign())
        scene.connection.connection_made(scene.transport)
        scene.connection.data_received(PLAIN + b"\r\nRETR 1\r\n")
        assert scene.transport.is_closing()
        assert scene.roster.peers
        assert scene.store.closes == [1]
        scene.connection.connection_lost(None)
        await scene.until_nothing_is_left()

    asyncio.run(play())
    assert len(caplog.records) == 1


def test_an_answer_goes_on_when_the_peer_has_taken_all(handle_table: HandleTable[Any]) -> None:
    async def play() -> None:
        scene = Scene(handle_table)
        await scene.until_the_answer_is_held()
        scene.connection.resume_writing()
        assert scene.transport.written == GREETING + b"+OK 0 messages (0 octets)\r\n+OK 0 0\r\n"
        scene.connection.connection_lost(None)
        await scene.until_nothing_is_left()

    asyncio.run(play())


def test_a_slow_peer_has_time_for_the_last_words_while_it_takes_some_of_them(
    handle_table: HandleTable[Any],
) -> None:
    async def play() -> None:
        scene = Scene(handle_table)
        connection, transport, roster = scene.connection, scene.transport, scene.roster
        connection.connection_made(transport)
        transport.unsent = 80_000
        connection.data_received(b"QUIT\r\n")
        for transport.unsent in (60_000, 59_999):
            roster.look_around(connection.deadline)
            assert not transport.is_aborted
        roster.look_around(connection.deadline)
        assert transport.is_aborted
        connection.connection_lost(None)

    asyncio.run(play())


def test_no_peer_takes_the_last_words_for_longer_than_it_may_be_idle(handle_table: HandleTable[Any]) -> None:
    async def play() -> None:
        scene = Scene(handle_table)
        scene.connection.connection_made(scene.transport)
        scene.transport.unsent = 80_000
        scene.connection.data_received(b"QUIT\r\n")
        scene.transport.unsent = 70_000
        scene.roster.look_around(Limits().idle_timeout)
        assert scene.transport.is_aborted
        scene.connection.connection_lost(None)

    asyncio.run(play())


def test_an_answer_that_cannot_be_awaited_ends_its_connection_alone(
    handle_table: HandleTable[Any], caplog: pytest.LogCaptureFixture
) -> None:
    async def play() -> None:
        elsewhere = asyncio.new_event_loop()
        scene = Scene(handle_table)
        scene.store.open = lambda _identity: elsewhere.create_future()  # type: ignore[method-assign]
        scene.connection.connection_made(scene.transport)
        scene.connection.data_received(PLAIN + b"\r\n")
        assert scene.transport.is_closing()
        assert scene.transport.written == GREETING
        scene.connection.connection_lost(None)
        assert len(scene.roster.admitted) == 0
        elsewhere.close()

    asyncio.run(play())
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("end", "closes"),
    [
        pytest.param(ServerConnection.abort, 0, id="lost"),
        pytest.param(ServerConnection.expire, 1, id="timed out"),
        pytest.param(lambda one: one.end("drained"), 1, id="drained"),
    ],
)
def test_an_answer_is_given_back_when_the_connection_ends(
    handle_table: HandleTable[Any], end: Callable[[ServerConnection], None], closes: int
) -> None:
    async def play() -> None:
        scene = Scene(handle_table)
        await scene.until_the_answer_is_held()
        end(scene.connection)
        assert scene.store.closes == [closes]
        scene.connection.connection_lost(None)
        await scene.until_nothing_is_left()
        assert scene.transport.written == GREETING

    asyncio.run(play())


def test_an_answer_is_taken_once_if_both_come_in_one_turn_of_the_loop(handle_table: HandleTable[Any]) -> None:
    async def play() -> None:
        scene = Scene(handle_table)
        scene.connection.connection_made(scene.transport)
        scene.connection.data_received(PLAIN + b"\r\n")
        scene.connection.pause_writing()
        (answer,) = scene.roster.answers
        answer.remove_done_callback(scene.connection._answered)  # noqa: SLF001 - as if it came in the next turn
        scene.gate.open()
        await answer
        scene.connection.resume_writing()
        scene.connection._answered(answer)  # noqa: SLF001 - which is now
        assert scene.transport.written == GREETING + b"+OK 0 messages (0 octets)\r\n"
        scene.connection.connection_lost(None)
        await scene.until_nothing_is_left()

    asyncio.run(play())
