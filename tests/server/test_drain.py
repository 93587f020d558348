"""Stopping: who is idle is told, who is at work may finish, and in the end nothing is left (DESIGN §6)."""

from __future__ import annotations

import socket
from poplib import POP3
from typing import TYPE_CHECKING

import pytest
from tests.server.back_ends import Gate
from tests.server.wire import PLAIN
from tests.session.peer import PASSWORD

from quitclaim.accounts import MemoryAccounts
from quitclaim.limits import Limits
from quitclaim.maildrop import MemoryStore
from quitclaim.observer import Left
from quitclaim.testing import Controller

if TYPE_CHECKING:
    from tests.server.conftest import Served, Servers

DRAINING = b"-ERR [SYS/TEMP] the server is stopping, try again later\r\n"
PATIENT = Limits(drain_timeout=20)
IMPATIENT = Limits(drain_timeout=0.02)


@pytest.fixture(autouse=True)
def _few_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second is long for a test."""
    monkeypatch.setattr("quitclaim.server.server._LAST_WORDS", 0.05)


def causes(served: Served) -> list[str]:
    """Why connections ended."""
    return sorted(event.cause for event in served.events if isinstance(event, Left))


def test_a_controller_does_not_let_sessions_end_when_a_test_has_failed() -> None:
    controller = Controller(
        accounts=MemoryAccounts({"anna": PASSWORD}), store=MemoryStore(), limits=Limits(drain_timeout=3_600)
    )
    with pytest.raises(AssertionError), controller as served:  # noqa: PT012 - that it is left is the point
        client = POP3(*served.address)
        client.user("anna")
        client.pass_(PASSWORD)
        raise AssertionError
    client.close()
    assert len(controller.server.table) == 0


def test_a_server_without_peers_stops_at_once(serve: Servers) -> None:
    serve(limits=PATIENT).stop().result(5)


def test_who_is_idle_is_told_at_once(serve: Servers) -> None:
    served = serve(limits=PATIENT)
    idle, half_a_line = served.connect(), served.connect()
    half_a_line.socket.sendall(b"AUTH")
    served.until(lambda: any(peer.session.buffered for peer in served.roster.peers))
    served.stop().result(5)
    assert idle.rest() == half_a_line.rest() == DRAINING
    assert causes(served) == ["drained", "drained"]


def test_who_has_failed_to_log_in_is_idle_again(serve: Servers) -> None:
    served = serve(limits=PATIENT)
    failed, cancelled = served.connect(), served.connect()
    assert failed.say(b"AUTH PLAIN AAAA").startswith(b"-ERR [AUTH]")
    assert cancelled.say(b"AUTH NTLM") == b"+ \r\n"
    assert cancelled.say(b"*").startswith(b"-ERR")
    served.stop().result(5)
    assert failed.rest() == cancelled.rest() == DRAINING


def test_nobody_is_accepted_any_more(serve: Servers) -> None:
    served = serve(limits=PATIENT)
    wire = served.connect().login()
    stopping = served.stop()
    served.until(lambda: served.roster.is_draining)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(served.controller.address)
    wire.say(b"QUIT")
    stopping.result(5)


def test_a_session_may_finish(serve: Servers) -> None:
    served = serve(limits=PATIENT)
    served.store.memory.deliver("anna", b"x")
    wire = served.connect().login()
    stopping = served.stop()
    served.until(lambda: served.roster.is_draining)
    assert wire.say(b"RETR 1") == b"+OK 3 octets\r\n"
    wire.send(b"DELE 1", b"QUIT")
    assert wire.rest() == b"x\r\n.\r\n+OK deleted by QUIT\r\n+OK goodbye\r\n"
    stopping.result(5)
    assert causes(served) == ["quit"]


def test_an_attempt_may_finish(serve: Servers) -> None:
    served = serve(limits=PATIENT)
    wire = served.connect()
    assert wire.say(b"AUTH PLAIN") == b"+ \r\n"
    stopping = served.stop()
    served.until(lambda: served.roster.is_draining)
    assert wire.say(PLAIN.split()[2]).startswith(b"+OK")
    assert wire.say(b"QUIT") == b"+OK goodbye\r\n"
    stopping.result(5)


def test_a_lost_session_is_not_waited_for(serve: Servers) -> None:
    served = serve(limits=PATIENT)
    wire = served.connect().login()
    stopping = served.stop()
    served.until(lambda: served.roster.is_draining)
    wire.reset()
    stopping.result(5)
    assert causes(served) == ["lost"]


def test_who_takes_too_long_is_ended_and_nothing_is_deleted(serve: Servers) -> None:
    served = serve(limits=IMPATIENT)
    served.store.memory.deliver("anna", b"x")
    wire, trying = served.connect().login(), served.connect()
    assert wire.say(b"DELE 1") == b"+OK deleted by QUIT\r\n"
    assert trying.say(b"AUTH NTLM") == b"+ \r\n"
    served.stop().result(5)
    assert wire.is_closed()
    assert trying.is_closed()
    assert causes(served) == ["drained", "drained"]
    assert served.store.closes == [1]


def test_a_peer_that_reads_nothing_does_not_hold_up_the_stop(serve: Servers) -> None:
    served = serve(limits=IMPATIENT)
    served.store.memory.deliver("anna", b"x" * 50_000_000)
    wire = served.connect(receive_buffer=4_096).login()
    wire.send(b"RETR 1")
    served.until(lambda: all(peer.is_choked for peer in served.roster.peers))
    served.stop().result(5)
    assert causes(served) == ["drained"]


def test_an_answer_that_comes_in_time_is_waited_for(serve: Servers) -> None:
    gate = Gate()
    served = serve(limits=PATIENT)
    served.store.opening = gate.how
    wire = served.connect()
    wire.send(PLAIN, b"QUIT")
    served.until(lambda: gate.waiting == 1)
    stopping = served.stop()
    served.until(lambda: served.roster.is_draining)
    served.controller.call(gate.open)
    assert wire.rest() == b"+OK 0 messages (0 octets)\r\n+OK goodbye\r\n"
    stopping.result(5)


@pytest.mark.parametrize("gone", [False, True], ids=["the peer waits", "the peer is gone"])
def test_an_answer_that_never_comes_is_cancelled(serve: Servers, gone: bool) -> None:  # noqa: FBT001 - drawn
    gate = Gate()
    served = serve(limits=IMPATIENT)
    served.store.opening = gate.how
    wire = served.connect()
    wire.send(PLAIN)
    served.until(lambda: gate.waiting == 1)
    if gone:
        wire.reset()
        served.until(lambda: not served.roster.peers)
    served.stop().result(5)
    assert gate.cancelled == 1
    assert served.store.opened == []
    assert causes(served) == ["lost" if gone else "drained"]


def test_a_commit_under_way_at_the_stop_is_waited_for(serve: Servers) -> None:
    gate = Gate()
    served = serve(limits=PATIENT)
    served.store.memory.deliver("anna", b"x")
    served.store.committing = gate.how
    wire = served.connect().login()
    wire.send(b"DELE 1", b"QUIT")
    served.until(lambda: gate.waiting == 1)
    stopping = served.stop()
    served.until(lambda: served.roster.is_draining)
    served.controller.call(gate.open)
    assert wire.rest() == b"+OK deleted by QUIT\r\n+OK goodbye\r\n"
    stopping.result(5)
    assert served.store.closes == [1]


def test_many_of_all_kinds_at_the_stop_leave_nothing(serve: Servers) -> None:
    served = serve(limits=IMPATIENT)
    for _ in range(30):
        served.connect()
        served.connect().say(b"AUTH NTLM")
        served.connect().send(b"AUTH PLAIN")
        served.connect().reset()
    served.connect().login()
    served.stop().result(5)
    assert len(causes(served)) == 121
