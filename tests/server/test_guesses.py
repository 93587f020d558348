"""Guesses of passwords over TCP: late answers, lock-outs, and peers that go or are in the way meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from tests.server.wire import PASSWORD, PLAIN, Wire

from quitclaim.limits import Limits
from quitclaim.observer import Left, Refused
from quitclaim.server import Listener

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.server.conftest import Served, Servers

DENIED: Final = b"-ERR [AUTH] authentication failed\r\n"
GUESS: Final = b"AUTH PLAIN AGFubmEAZ3Vlc3M="
QUICK: Final = Limits(longest_guess_delay=0.02)  # seconds: as late, and sooner over
LATE: Final = Limits(
    free_guesses=1, longest_guess_delay=1_000.0
)  # for those who are not to see the end of it


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, serve: Servers) -> Callable[[Limits], Served]:
    """A server for which 127.0.0.1 is somewhere else, and which takes passwords from there."""
    monkeypatch.setattr("quitclaim.server.connection.is_loopback", lambda _address: False)
    return lambda limits: serve(limits=limits, listener=Listener(port=0, allow_plaintext=True))


def attempts_before(served: Served, count: int, *, address: str = "127.0.0.1") -> None:
    """Has so many wrong guesses at anna behind it."""
    attempts = served.controller.server._service.attempts  # noqa: SLF001 - not to wait for each
    assert attempts is not None
    served.controller.call(lambda: [attempts.guess(address, "anna") for _ in range(count)])


def delayed(served: Served) -> Wire:
    """A peer whose refusal is late by minutes."""
    attempts_before(served, 9)
    wire = served.connect()
    wire.send(GUESS)
    served.until(lambda: [peer.session.is_delayed for peer in served.roster.peers] == [True])
    assert len(served.table) == 0
    return wire


LOGINS: Final[dict[str, Callable[[Wire, str], bytes]]] = {
    "NTLM": lambda wire, password: wire.ntlm("anna", password),
    "PLAIN": lambda wire, password: wire.say(PLAIN if password == PASSWORD else GUESS),
    "USER": lambda wire, password: (wire.say(b"USER anna"), wire.say(b"PASS " + password.encode()))[1],
}
every_login = pytest.mark.parametrize("login", LOGINS.values(), ids=LOGINS)


# --- late, and locked out


@pytest.mark.pop3("login-32")
@every_login
def test_answers_are_late_after_some_wrong_guesses_and_all_are_said(
    elsewhere: Callable[[Limits], Served], login: Callable[[Wire, str], bytes]
) -> None:
    served = elsewhere(QUICK)
    wire = served.connect()
    assert [login(wire, "guess") for _ in range(4)] == [DENIED] * 4
    assert login(wire, PASSWORD).startswith(b"+OK")
    assert wire.say(b"QUIT") == b"+OK goodbye\r\n"
    assert served.controller.server.counters.delayed == 2


@pytest.mark.pop3("login-32")
@every_login
def test_whoever_is_locked_out_is_refused_as_for_a_wrong_password(
    elsewhere: Callable[[Limits], Served], login: Callable[[Wire, str], bytes]
) -> None:
    served = elsewhere(QUICK)
    attempts_before(served, 20, address="198.51.100.1")
    assert login(served.connect(), PASSWORD) == DENIED
    refused = [event for event in served.events if isinstance(event, Refused)]
    assert [(event.username, event.cause) for event in refused] == [("anna", "locked out")]


@pytest.mark.pop3("login-33")
@every_login
def test_an_owner_at_a_known_address_is_not_locked_out(
    elsewhere: Callable[[Limits], Served], login: Callable[[Wire, str], bytes]
) -> None:
    served = elsewhere(QUICK)
    first = served.connect()
    assert login(first, PASSWORD).startswith(b"+OK")
    assert first.say(b"QUIT") == b"+OK goodbye\r\n"
    attempts_before(served, 20, address="198.51.100.1")
    assert login(served.connect(), PASSWORD).startswith(b"+OK")
    assert served.controller.server.counters.delayed == 0


def test_whoever_is_on_this_machine_is_never_late_nor_locked_out(serve: Servers) -> None:
    served = serve(limits=Limits(free_guesses=1, user_guesses=1, address_guesses=1))
    wire = served.connect()
    assert [wire.say(GUESS) for _ in range(4)] == [DENIED] * 4
    assert wire.say(PLAIN).startswith(b"+OK")


def test_what_is_pipelined_behind_a_guess_waits_for_its_answer(elsewhere: Callable[[Limits], Served]) -> None:
    served = elsewhere(QUICK)
    attempts_before(served, 4)
    wire = served.connect()
    wire.send(GUESS, PLAIN, b"STAT", b"QUIT")
    assert wire.rest() == DENIED + b"+OK 0 messages (0 octets)\r\n+OK 0 0\r\n+OK goodbye\r\n"


# --- while a refusal is late


def test_a_peer_that_waits_holds_up_nobody(elsewhere: Callable[[Limits], Served]) -> None:
    served = elsewhere(LATE)
    delayed(served)
    assert served.connect().say(b"QUIT") == b"+OK goodbye\r\n"


def test_a_peer_that_says_no_more_still_has_its_answer(elsewhere: Callable[[Limits], Served]) -> None:
    served = elsewhere(QUICK)
    attempts_before(served, 9)
    wire = served.connect()
    wire.send(GUESS)
    wire.say_no_more()
    assert wire.rest() == DENIED


def test_a_peer_that_goes_while_it_waits_leaves_nothing(elsewhere: Callable[[Limits], Served]) -> None:
    served = elsewhere(LATE)
    delayed(served).reset()
    served.until(lambda: not served.roster.peers and not served.roster.answers)
    served.until(lambda: len(served.roster.admitted) == 0)
    assert isinstance(served.events[-1], Left)


def test_a_peer_that_waits_is_timed_out_as_others_are(elsewhere: Callable[[Limits], Served]) -> None:
    served = elsewhere(LATE)
    wire = delayed(served)
    served.look_around(61)
    assert wire.is_closed()
    served.until(lambda: not served.roster.answers)
    assert served.events[-1].cause == "timeout"  # type: ignore[union-attr]  # it is `Left`


def test_a_drain_does_not_wait_for_a_late_refusal(elsewhere: Callable[[Limits], Served]) -> None:
    served = elsewhere(LATE)
    wire = delayed(served)
    stopping = served.stop()
    assert wire.rest() == b"-ERR [SYS/TEMP] the server is stopping, try again later\r\n"
    stopping.result(5.0)


def test_a_login_that_is_late_ends_with_the_connection(elsewhere: Callable[[Limits], Served]) -> None:
    served = elsewhere(LATE)
    attempts_before(served, 9)
    wire = served.connect()
    wire.send(PLAIN)
    served.until(lambda: len(served.roster.answers) == 1)
    wire.reset()
    served.until(lambda: not served.roster.peers)
    assert len(served.table) == 0
    assert served.store.opened == []


# --- who has not logged in, and is in the way


@pytest.mark.pop3("defect-9")
def test_a_crowd_that_never_logs_in_keeps_nobody_out(serve: Servers) -> None:
    served = serve(limits=Limits(unauthenticated_connections=3))
    inside = [served.connect().login(), served.connect()]
    inside[1].say(b"AUTH PLAIN AGJlcnQAb3BlbiBzZXNhbWU=")
    silent = [served.connect() for _ in range(10)]
    assert [wire.rest() for wire in silent[:7]] == [
        b"-ERR [SYS/TEMP] too many connections, try again later\r\n"
    ] * 7
    assert [wire.say(b"NOOP") for wire in inside] == [b"+OK\r\n"] * 2
    assert [wire.say(b"QUIT") for wire in silent[7:]] == [b"+OK goodbye\r\n"] * 3
    served.until(lambda: len(served.roster.peers) == 2)
    assert served.controller.server.counters.refused == 7
    assert len(served.roster.strangers) == 0


def test_a_crowd_of_handshakes_keeps_nobody_out(serve: Servers, offered: Served) -> None:
    tls = offered.listener.tls
    served = serve(
        limits=Limits(unauthenticated_connections=3), listener=Listener(port=0, tls=tls, implicit=True)
    )
    silent = [served.connect(greeted=False) for _ in range(10)]
    assert [wire.is_closed() for wire in silent[:7]] == [True] * 7
    served.until(lambda: len(served.roster.strangers) == 3)


def test_a_crowd_that_waits_for_late_refusals_keeps_nobody_out(elsewhere: Callable[[Limits], Served]) -> None:
    served = elsewhere(Limits(free_guesses=1, longest_guess_delay=1_000.0, unauthenticated_connections=1))
    wire = delayed(served)
    assert served.connect().say(b"CAPA").startswith(b"+OK")
    assert wire.rest() == b"-ERR [SYS/TEMP] too many connections, try again later\r\n"
    served.until(lambda: not served.roster.answers)


# --- what may be said before login


def test_so_much_may_be_said_before_login(serve: Servers) -> None:
    served = serve(limits=Limits(octets_before_login=10_000, commands_before_login=5, bad_commands=1_000))
    lines, octets = served.connect(), served.connect()
    lines.send(*[b"USER anna"] * 50)
    assert lines.rest() == b"+OK and the password\r\n" * 5
    octets.socket.sendall(b"x" * 20_000)
    assert octets.rest() == b"-ERR line too long\r\n"


@every_login
def test_a_login_too_soon_is_told_so(serve: Servers, login: Callable[[Wire, str], bytes]) -> None:
    served = serve(limits=Limits(login_delay=1_000.0))
    first = served.connect()
    assert login(first, PASSWORD).startswith(b"+OK")
    assert first.say(b"QUIT") == b"+OK goodbye\r\n"
    again = served.connect()
    assert login(again, "guess") == DENIED
    assert login(again, PASSWORD).startswith(b"-ERR [LOGIN-DELAY] ")
