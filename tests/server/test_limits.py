"""What a peer may make the server hold, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.server.back_ends import Gate, soon
from tests.server.wire import PASSWORD, PLAIN, Wire
from tests.session.ports import How, at_once, chunks_of

from quitclaim.accounts.memory import MemoryAccounts
from quitclaim.limits import Limits
from quitclaim.maildrop.memory import MemoryStore
from quitclaim.maildrop.port import LARGEST_CHUNK
from quitclaim.observer import Left
from quitclaim.server import Listener
from quitclaim.session.dialogue import PORTION
from quitclaim.testing import Controller

if TYPE_CHECKING:
    from tests.server.conftest import Served, Servers

ENDLESS = 50_000_000  # octets, more than all kernels keep between two sockets
TOO_MANY = b"-ERR [SYS/TEMP] too many connections, try again later\r\n"
BIG = b"Subject: big\r\n\r\n" + b"x" * 50_000_000


def last(served: Served) -> Left:
    """The end that the observer was told of last, when nobody is connected any more."""
    served.until(lambda: not served.roster.peers)
    event = served.events[-1]
    assert isinstance(event, Left)
    return event


# --- how many


@pytest.mark.pop3("login-29")
@pytest.mark.parametrize("limits", [Limits(connections=2), Limits(connections_per_address=2)])
def test_who_comes_beyond_the_limit_is_told_to_come_again(serve: Servers, limits: Limits) -> None:
    served = serve(limits=limits)
    first, _second = served.connect(), served.connect()
    with served.connect(greeted=False) as third:
        third.send(PLAIN)
        assert third.line() == TOO_MANY
    assert first.say(b"QUIT") == b"+OK goodbye\r\n"
    served.until(lambda: len(served.roster.admitted) == 1)
    assert served.connect().login()
    assert served.controller.server.counters.refused == 1


def test_two_hundred_who_say_nothing_do_not_disturb_a_login(served: Served) -> None:
    silent = [served.connect() for _ in range(200)]
    for wire in silent[::2]:
        wire.socket.sendall(b"AUTH NT")
    assert served.connect().login().say(b"QUIT") == b"+OK goodbye\r\n"


# --- whom


@pytest.mark.pop3("login-24")
def test_a_peer_from_elsewhere_says_no_password_unless_the_listener_allows_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("quitclaim.server.connection.is_loopback", lambda _address: False)
    listen = (Listener(port=0), Listener(port=0, allow_plaintext=True))
    accounts = MemoryAccounts({"anna": PASSWORD})
    with Controller(accounts=accounts, store=MemoryStore(), listen=listen) as controller:
        heard, allowed = (Wire(address) for address in controller.addresses)
        with heard, allowed:
            assert heard.say(PLAIN) == b"-ERR no such mechanism here, see CAPA\r\n"
            assert heard.say(b"USER anna") == b"-ERR no password in plaintext is taken here, see CAPA\r\n"
            assert heard.ntlm("anna", PASSWORD).startswith(b"+OK")
            assert heard.say(b"QUIT").startswith(b"+OK")
            assert allowed.say(PLAIN).startswith(b"+OK")


# --- how long


@pytest.mark.pop3("session-16")
def test_who_does_not_log_in_in_time_is_closed(served: Served) -> None:
    silent, talking, trying = (served.connect() for _ in range(3))
    talking.say(b"CAPA")
    trying.say(b"AUTH NTLM")
    served.look_around(59)
    assert served.controller.call(lambda: len(served.roster.peers)) == 3
    served.look_around(61)
    assert silent.is_closed()
    assert talking.rest().endswith(b".\r\n")
    assert trying.is_closed()
    assert last(served).cause == "timeout"
    assert served.controller.server.counters.timeouts == 3


@pytest.mark.pop3("session-15", "maildrop-18")
def test_who_is_logged_in_may_be_silent_for_longer_and_nothing_is_deleted(served: Served) -> None:
    wire = served.connect().login()
    assert wire.say(b"DELE 1") == b"+OK deleted by QUIT\r\n"
    served.look_around(599)
    assert wire.say(b"NOOP") == b"+OK\r\n"
    served.look_around(599 + 601 + 2)
    assert wire.is_closed()
    assert last(served).cause == "timeout"
    assert served.connect().say(PLAIN) == b"+OK 2 messages (60 octets)\r\n"


def test_a_login_that_takes_long_gets_its_time_in_full(serve: Servers) -> None:
    gate = Gate()
    served = serve()
    served.store.opening = gate.how
    wire = served.connect()
    wire.send(PLAIN)
    served.until(lambda: gate.waiting == 1)
    served.look_around(59)
    served.controller.call(gate.open)
    assert wire.line().startswith(b"+OK")
    served.look_around(500)
    assert wire.say(b"NOOP") == b"+OK\r\n"


# --- how much


BOUND = PORTION + LARGEST_CHUNK + 65_536 + 1_000  # a portion, and what is below asyncio's high-water mark


def held(served: Served) -> int:
    """Octets that the server has for peers that do not take them."""
    return sum(peer.transport.get_write_buffer_size() for peer in served.roster.peers)


def most_held(served: Served) -> int:
    """The same, watched until the server has long known that nothing is taken."""
    sizes: list[int] = []

    def is_choked() -> bool:
        sizes.append(held(served))
        return all(peer.is_choked for peer in served.roster.peers)

    served.until(is_choked)
    sizes.extend(served.controller.call(lambda: held(served)) for _ in range(300))
    return max(sizes)


@pytest.mark.parametrize(
    "reading",
    [at_once, soon, chunks_of(1_000), chunks_of(1_000, how=soon), chunks_of(60_000, how=soon)],
    ids=["at once", "later", "at once, small", "later, small", "later, just below a portion"],
)
def test_a_peer_that_reads_nothing_makes_the_server_hold_little(serve: Servers, reading: How) -> None:
    served = serve()
    served.store.memory.deliver("anna", BIG)
    served.store.reading = reading
    wire = served.connect(receive_buffer=4_096).login()
    wire.send(*[b"RETR 1"] * 50)
    assert most_held(served) <= BOUND
    served.look_around(601)
    assert served.store.closes == [1]
    served.look_around(700)
    assert last(served).cause == "timeout"


def test_many_small_messages_that_come_later_are_bounded_too(serve: Servers) -> None:
    served = serve()
    served.store.memory.deliver("anna", b"x" * 30_000)
    served.store.reading = soon
    wire = served.connect(receive_buffer=4_096).login()
    wire.send(*[b"RETR 1"] * 1_000)
    assert most_held(served) <= BOUND
    said = wire.rest_after(1_000 * 30_000)
    assert said.count(b"+OK 30002 octets\r\n") == 1_000


def test_what_is_said_while_an_answer_is_awaited_is_bounded(serve: Servers) -> None:
    gate = Gate()
    served = serve()
    served.store.opening = gate.how
    wire = served.connect()
    wire.send(PLAIN)
    served.until(lambda: gate.waiting == 1)
    say_all_that_is_taken(served, wire, b"NOOP\r\n")
    (peer,) = served.roster.peers
    served.until(lambda: not peer.is_reading)
    assert peer.session.buffered <= 65_536 + 262_144  # and what uvloop reads at once
    served.controller.call(gate.open)
    assert [wire.line()[:3] for _ in range(20_000)] == [b"+OK"] * 20_000


def test_who_asks_and_asks_and_takes_nothing_is_not_listened_to(served: Served) -> None:
    wire = served.connect(receive_buffer=4_096).login()
    say_all_that_is_taken(served, wire, b"CAPA\r\n")
    (peer,) = served.roster.peers
    served.until(lambda: not peer.is_reading)
    assert peer.session.buffered <= 65_536 + 262_144
    assert held(served) <= BOUND
    assert [wire.line() for _ in range(10_000)].count(b"+OK capabilities\r\n") > 900


def say_all_that_is_taken(served: Served, wire: Wire, line: bytes) -> None:
    """Says a line until no more is taken."""
    wire.socket.setblocking(False)  # noqa: FBT003 - its name says it
    try:
        for _ in range(ENDLESS // 60_000):
            wire.socket.send(line * 10_000)
            served.controller.call(lambda: None)
        pytest.fail("there is no bound")
    except BlockingIOError:
        wire.socket.settimeout(20)


@pytest.mark.pop3("session-13")
def test_a_flood_of_commands_is_answered_in_full(served: Served) -> None:
    wire = served.connect().login()
    for _ in range(20):
        wire.send(*[b"STAT"] * 500)
    wire.send(b"QUIT")
    assert wire.rest() == b"+OK 2 60\r\n" * 10_000 + b"+OK goodbye\r\n"


def test_a_peer_that_does_not_take_the_last_words_is_dropped(serve: Servers) -> None:
    served = serve()
    served.store.memory.deliver("anna", BIG)
    wire = served.connect(receive_buffer=4_096).login()
    wire.send(b"RETR 1")
    served.until(lambda: held(served) > 0)
    served.look_around(601)
    served.look_around(602)
    assert served.controller.call(lambda: len(served.roster.peers)) == 1
    served.look_around(601 + 6)
    served.until(lambda: not served.roster.peers)
