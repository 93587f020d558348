"""The session over TCP: pipelined, octet by octet, half-closed, reset."""

from __future__ import annotations

import asyncio
import logging
import socket
from poplib import POP3
from typing import TYPE_CHECKING

import pytest
from tests.server.wire import GREETING, PASSWORD, PLAIN
from tests.session.ports import Foreign

from quitclaim.accounts.memory import MemoryAccounts
from quitclaim.maildrop.memory import MemoryStore
from quitclaim.ntlm import Acceptor
from quitclaim.observer import Connected, Left, LoggedIn
from quitclaim.sasl import Ntlm
from quitclaim.server import Listener, Server
from quitclaim.testing import Controller

if TYPE_CHECKING:
    from tests.server.conftest import Served, Servers

    from quitclaim.observer import Event

LINES = (PLAIN, b"STAT", b"LIST", b"RETR 2", b"NONSENSE", b"DELE 1", b"QUIT")
REPLIES = (
    b"+OK 2 messages (60 octets)\r\n"
    b"+OK 2 60\r\n"
    b"+OK sizes follow\r\n1 32\r\n2 28\r\n.\r\n"
    b"+OK 28 octets\r\nSubject: second\r\n\r\n..signed\r\n.\r\n"
    b"-ERR unknown command\r\n"
    b"+OK deleted by QUIT\r\n"
    b"+OK goodbye\r\n"
)
BIG = b"Subject: big\r\n\r\n" + b"one line of many\r\n" * 500_000


def test_a_dialogue_in_one_packet(served: Served) -> None:
    wire = served.connect()
    wire.send(*LINES)
    assert wire.rest() == REPLIES


def test_a_dialogue_octet_by_octet(served: Served) -> None:
    wire = served.connect()
    wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for octet in b"".join([line + b"\r\n" for line in LINES]):
        wire.socket.sendall(bytes([octet]))
    assert wire.rest() == REPLIES


def test_a_dialogue_line_by_line_with_poplib(served: Served) -> None:
    client = POP3(*served.controller.address)
    client.user("anna")
    client.pass_(PASSWORD)
    assert client.stat() == (2, 60)
    assert client.retr(2)[1] == [b"Subject: second", b"", b".signed"]
    assert client.top(1, 0)[1] == [b"Subject: first", b""]
    assert len(client.uidl()[1]) == 2
    client.dele(1)
    client.quit()
    served.until(lambda: not served.roster.peers)
    assert served.events[-1].deleted == 1  # type: ignore[union-attr]  # it is `Left`


def test_ntlm_by_pyspnego(served: Served) -> None:
    wire = served.connect()
    assert wire.ntlm("anna", "guess") == wire.ntlm("mallory", "guess")
    assert wire.ntlm("anna", PASSWORD) == b"+OK 2 messages (60 octets)\r\n"
    assert served.controller.call(lambda: len(served.table)) == 0


@pytest.mark.pop3("session-17")
def test_who_closes_one_half_is_answered_in_full(served: Served) -> None:
    wire = served.connect()
    wire.send(*LINES)
    wire.say_no_more()
    assert wire.rest() == REPLIES


@pytest.mark.pop3("session-17", "maildrop-18")
def test_who_closes_one_half_without_quit_is_answered_in_full(served: Served) -> None:
    wire = served.connect()
    wire.send(PLAIN, b"DELE 1", b"NOOP")
    wire.socket.sendall(b"half a li")
    wire.say_no_more()
    assert wire.rest() == b"+OK 2 messages (60 octets)\r\n+OK deleted by QUIT\r\n+OK\r\n"
    served.until(lambda: not served.roster.peers)
    assert served.events[-1] == Left(served.events[-1].peer, "anna", "lost", 0, 0, 0)


def test_who_closes_one_half_gets_a_big_message_whole(served: Served) -> None:
    served.store.memory.deliver("anna", BIG)
    wire = served.connect(receive_buffer=4_096)
    wire.send(PLAIN, *[b"RETR 3"] * 3)
    wire.say_no_more()
    said = wire.rest()
    message = b"+OK %d octets\r\n" % len(BIG) + BIG + b".\r\n"
    assert said == b"+OK 3 messages (%d octets)\r\n" % (60 + len(BIG)) + message * 3


def test_who_reads_later_gets_a_big_message_whole(served: Served) -> None:
    served.store.memory.deliver("anna", BIG)
    wire = served.connect(receive_buffer=4_096).login()
    wire.send(b"RETR 3", b"STAT")
    served.until(lambda: all(one.is_choked for one in served.roster.peers))
    wire.send(b"DELE 3", b"QUIT")
    said = wire.rest()
    assert said.endswith(b".\r\n+OK 3 %d\r\n+OK deleted by QUIT\r\n+OK goodbye\r\n" % (60 + len(BIG)))
    assert len(said) > len(BIG)


@pytest.mark.pop3("session-17", "login-15", "defect-4")
@pytest.mark.parametrize("lines", [(), (b"AUTH NTLM",), (b"USER anna",), (PLAIN,), (PLAIN, b"DELE 1")])
def test_who_is_gone_leaves_nothing(served: Served, lines: tuple[bytes, ...]) -> None:
    wire = served.connect()
    if lines:
        wire.say(*lines)
    wire.reset()
    served.until(lambda: not served.roster.peers)
    assert served.connect().login()


def test_what_the_observer_is_told(served: Served) -> None:
    wire = served.connect()
    peer = "{}:{}".format(*wire.socket.getsockname())
    wire.send(*LINES)
    wire.rest()
    served.until(lambda: not served.roster.peers)
    kinds = [type(event).__name__ for event in served.events]
    assert kinds == ["Connected", "LoggedIn", "Delivered", "Left"]
    assert {event.peer for event in served.events} == {peer}
    assert served.events[1] == LoggedIn(peer, "PLAIN", "anna", 2, 60)
    assert served.events[3] == Left(peer, "anna", "quit", 1, 28, 1)


@pytest.mark.parametrize("kind", [Connected, LoggedIn, Left])
def test_an_observer_that_breaks_ends_that_connection_and_no_other(
    serve: Servers, kind: type[Event], caplog: pytest.LogCaptureFixture
) -> None:
    broken: list[Event] = []

    def observe(event: Event) -> None:
        if isinstance(event, kind) and not broken:
            broken.append(event)
            raise Foreign

    served = serve(observer=observe)
    wire = served.connect(greeted=kind is not Connected)
    if kind is not Connected:
        wire.send(PLAIN, b"QUIT")
    assert b"foreign" not in _rest_or_nothing(wire.socket)
    served.until(lambda: not served.roster.peers)
    assert served.controller.call(lambda: len(served.roster.admitted)) == 0
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert served.connect().login().say(b"QUIT") == b"+OK goodbye\r\n"


def _rest_or_nothing(peer: socket.socket) -> bytes:
    said = b""
    try:
        while octets := peer.recv(65_536):
            said += octets
    except ConnectionResetError:
        pass
    return said


def test_an_observer_that_breaks_at_a_time_out_does_not_stop_the_sweep(serve: Servers) -> None:
    def observe(event: Event) -> None:
        if isinstance(event, Left):
            raise Foreign

    served = serve(observer=observe)
    wires = [served.connect() for _ in range(5)]
    served.look_around(100)
    assert all(wire.is_closed() for wire in wires)
    served.until(lambda: not served.roster.peers)


# --- listening


def test_an_address_that_is_taken_binds_nothing() -> None:
    with socket.socket() as taken, socket.socket() as other:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        other.bind(("127.0.0.1", 0))
        free = other.getsockname()
        other.close()
        listen = (Listener(*free), Listener(*taken.getsockname()))
        with pytest.raises(OSError, match="in use"):
            Controller(accounts=MemoryAccounts({}), store=MemoryStore(), listen=listen).__enter__()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(free)


def test_several_addresses_are_one_server() -> None:
    listen = (Listener("127.0.0.1", 0), Listener("127.0.0.2", 0))
    accounts, store = MemoryAccounts({"anna": PASSWORD}), MemoryStore()
    with Controller(accounts=accounts, store=store, listen=listen) as controller:
        clients = [POP3(*address) for address in controller.addresses]
        assert controller.call(lambda: controller.server.connected) == 2
        assert [client.getwelcome() + b"\r\n" for client in clients] == [GREETING] * 2
        for client in clients:
            client.quit()


def test_who_connects_while_others_are_still_bound_is_not_timed_out() -> None:
    async def scene() -> bytes:
        server = Server(accounts=MemoryAccounts({}), store=MemoryStore(), listen=[Listener(port=0)] * 2)
        bind, first = server._bind, []  # noqa: SLF001 - to be there between two binds

        async def bind_and_connect(*arguments: object) -> asyncio.Server:
            bound = await bind(*arguments)  # type: ignore[arg-type]
            first.append(await asyncio.open_connection(*bound.sockets[0].getsockname()))
            await first[-1][0].readline()
            return bound

        server._bind = bind_and_connect  # type: ignore[method-assign,assignment]  # noqa: SLF001
        async with server:
            reader, writer = first[0]
            writer.write(b"QUIT\r\n")
            said = await reader.read()
            for _, other in first:
                other.close()
                await other.wait_closed()
            return said

    assert asyncio.run(scene()) == b"+OK goodbye\r\n"


def test_a_listener_may_have_mechanisms_of_its_own() -> None:
    old = Listener("127.0.0.1", 0, mechanisms=(Ntlm(Acceptor("MAIL", ntlmv1=True)),))
    accounts = MemoryAccounts({"anna": "open sesame"})
    listen = [Listener("127.0.0.1", 0), old]
    with Controller(accounts=accounts, store=MemoryStore(), listen=listen) as controller:
        offered = []
        for address in controller.addresses:
            client = POP3(*address)
            offered.append(client.capa()["SASL"])
            client.quit()
    assert offered == [["SCRAM-SHA-256", "SCRAM-SHA-1", "NTLM", "PLAIN", "LOGIN"], ["NTLM"]]
    assert controller.server.counters.connections == 2
