"""Guesses of passwords: delayed, locked out, and what becomes of a peer that waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from tests.session.peer import CANCELLED, DENIED, IN_USE, LOGINS, PASSWORD, UNAVAILABLE, Login, Peer
from tests.session.ports import at_once, later, raising

from quitclaim.errors import AccountsUnavailable, MaildropInUse, StoreUnavailable
from quitclaim.limits import Limits
from quitclaim.observer import Left, Refused
from quitclaim.sasl import Plain
from quitclaim.session import Service, Session

if TYPE_CHECKING:
    from typing import Any

    from tests.session.conftest import Peers

    from quitclaim import HandleTable

every_login = pytest.mark.parametrize("login", LOGINS.values(), ids=LOGINS)

# Of three wrong guesses the first is free, the second's answer is late, and the third is not looked at.
LIMITS: Final = Limits(free_guesses=1, user_guesses=2, address_guesses=3)
HOME, CAFE, ELSEWHERE = "192.0.2.7", "198.51.100.1", "203.0.113.1"


@pytest.fixture
def stranger(connect: Peers) -> Peer:
    """Somebody at an address from which nobody has logged in."""
    return connect(limits=LIMITS, address=CAFE)


def guess(peer: Peer, *, times: int = 1, username: str = "anna", login: Login = LOGINS["PLAIN"]) -> bytes:
    """Guesses wrong, and waits for what is said to it at last."""
    said = b""
    for _ in range(times):
        said = login(peer, username, "guess")
        if peer.session.next == "WAIT":
            assert said == b""
            said = peer.answered()
    return said


# --- the answer is late


@pytest.mark.pop3("login-32")
@every_login
def test_a_refusal_is_late_after_too_many_and_its_handle_is_gone_at_once(
    stranger: Peer, login: Login
) -> None:
    assert login(stranger, "anna", "guess") == DENIED
    assert login(stranger, "anna", "guess") == b""
    assert len(stranger.table) == 0
    assert stranger.session.is_delayed
    assert stranger.slept == [1.0]
    assert [type(event) for event in stranger.events] == [Refused, Refused]
    assert stranger.answered() == DENIED
    assert stranger.session.next == "READ"
    assert stranger.service.counters.delayed == 1


@pytest.mark.pop3("login-32")
@every_login
def test_a_login_is_as_late_as_a_refusal_would_be(stranger: Peer, login: Login) -> None:
    guess(stranger)
    assert login(stranger, "anna", PASSWORD) == b""
    assert stranger.slept == [1.0]
    assert stranger.store.opened == []
    assert stranger.answered() == b"+OK 0 messages (0 octets)\r\n"
    assert stranger.freed == {"failed": 1, "done": 1}


def test_what_is_said_behind_a_guess_waits_for_its_answer(stranger: Peer) -> None:
    guess(stranger)
    assert LOGINS["USER"](stranger, "anna", "guess") == b""
    assert stranger.say(b"CAPA", b"QUIT") == b""
    assert stranger.answered().startswith(DENIED + b"+OK capabilities\r\n")
    assert stranger.session.next == "CLOSE"


def test_the_last_of_too_many_failures_is_late_too_and_then_it_is_over(connect: Peers) -> None:
    peer = connect(limits=Limits(free_guesses=1, login_failures=2), address=CAFE)
    guess(peer)
    assert LOGINS["PLAIN"](peer, "anna", "guess") == b""
    assert peer.answered() == DENIED
    assert peer.session.next == "CLOSE"


def test_a_wait_that_is_cancelled_is_over(stranger: Peer) -> None:
    guess(stranger)
    LOGINS["PLAIN"](stranger, "anna", "guess")
    assert stranger.failed(AccountsUnavailable()) == DENIED
    assert stranger.session.next == "READ"


@every_login
def test_who_goes_while_a_refusal_is_late_leaves_nothing(stranger: Peer, login: Login) -> None:
    guess(stranger)
    login(stranger, "anna", "guess")
    stranger.session.close("lost")
    assert stranger.answered() == b""
    assert isinstance(stranger.events[-1], Left)
    assert len(stranger.table) == 0


@every_login
def test_who_goes_while_a_login_is_late_leaves_nothing(stranger: Peer, login: Login) -> None:
    guess(stranger)
    login(stranger, "anna", PASSWORD)
    stranger.session.close("timeout")
    assert len(stranger.table) == 0
    assert stranger.answered() == b""
    assert stranger.store.opened == []


def test_a_login_that_is_late_finds_its_handle_reaped(stranger: Peer) -> None:
    guess(stranger)
    LOGINS["PLAIN"](stranger, "anna", PASSWORD)
    stranger.table.drain()
    assert stranger.answered() == UNAVAILABLE
    assert stranger.store.closes == [1]


def test_the_back_end_is_asked_once_the_wait_is_over(stranger: Peer) -> None:
    guess(stranger)
    stranger.store.opening = later
    LOGINS["PLAIN"](stranger, "anna", PASSWORD)
    assert stranger.answered() == b""
    assert not stranger.session.is_delayed
    assert stranger.answered() == b"+OK 0 messages (0 octets)\r\n"


# --- nobody looks


@pytest.mark.pop3("login-32")
@every_login
def test_a_guess_too_many_is_refused_as_a_wrong_one_is_and_nobody_is_asked(
    stranger: Peer, login: Login
) -> None:
    guess(stranger, times=2)
    stranger.accounts.how = raising(AssertionError("asked"))
    assert login(stranger, "anna", PASSWORD) == b""
    assert stranger.slept == [1.0, 2.0]
    assert stranger.answered() == DENIED
    event = stranger.events[-1]
    assert isinstance(event, Refused)
    assert (event.username, event.cause) == ("anna", "locked out")
    assert stranger.freed == {"failed": 3}
    assert stranger.service.counters.locked_out == 1


@pytest.mark.pop3("login-32")
def test_guesses_at_one_user_count_wherever_they_come_from_and_however_the_name_is_written(
    connect: Peers, stranger: Peer
) -> None:
    guess(stranger, login=LOGINS["NTLM"])
    guess(connect(beside=stranger, address="203.0.113.2"), username="Anna")
    other = connect(beside=stranger, address="203.0.113.3")
    LOGINS["NTLM"](other, "ANNA", PASSWORD)
    assert other.service.counters.locked_out == 1
    assert other.session.next == "WAIT"


@pytest.mark.pop3("login-32")
def test_guesses_from_one_address_count_whoever_is_guessed_at(connect: Peers, stranger: Peer) -> None:
    for username in ("carl", "dora", "emil"):
        guess(connect(beside=stranger, address=CAFE), username=username)
    assert LOGINS["PLAIN"](stranger, "anna", PASSWORD) == b""
    assert stranger.service.counters.locked_out == 1


def test_somebody_whom_nobody_knows_is_locked_out_alike(stranger: Peer) -> None:
    guess(stranger, times=2, username="mallory")
    assert guess(stranger, username="mallory") == DENIED
    assert stranger.service.counters.locked_out == 1


def test_a_guess_that_is_forgotten_makes_room_for_one(connect: Peers) -> None:
    peer = connect(limits=LIMITS, address=CAFE)
    guess(peer, times=2)
    peer.now = 901.0
    assert LOGINS["PLAIN"](peer, "anna", PASSWORD) == b""
    assert peer.answered().startswith(b"+OK")


# --- the owner


@pytest.mark.pop3("login-33", "asked-8")
@every_login
def test_an_owner_is_not_locked_out_at_an_address_that_is_known(
    connect: Peers, stranger: Peer, login: Login
) -> None:
    at_home = connect(beside=stranger, address=HOME)
    assert login(at_home, "anna", PASSWORD).startswith(b"+OK")
    at_home.session.close("quit")
    guess(stranger, times=3)
    assert login(connect(beside=stranger, address=ELSEWHERE), "anna", PASSWORD) == b""
    assert stranger.service.counters.locked_out == 2
    assert login(connect(beside=stranger, address=HOME), "anna", PASSWORD).startswith(b"+OK")


def test_what_an_owner_mistypes_at_home_is_not_held_against_the_name(connect: Peers, stranger: Peer) -> None:
    at_home = connect(beside=stranger, address=HOME)
    LOGINS["PLAIN"](at_home, "anna", PASSWORD)
    at_home.session.close("quit")
    guess(connect(beside=stranger, address=HOME), times=3)
    assert LOGINS["PLAIN"](stranger, "anna", PASSWORD).startswith(b"+OK")


def test_a_known_address_has_a_limit_of_its_own(connect: Peers, stranger: Peer) -> None:
    assert LOGINS["PLAIN"](connect(beside=stranger, address=HOME), "anna", PASSWORD).startswith(b"+OK")
    at_home = connect(beside=stranger, address=HOME)
    guess(at_home, times=3)
    assert guess(at_home) == DENIED
    assert stranger.service.counters.locked_out == 1


def test_a_maildrop_in_use_or_unreachable_is_no_wrong_guess(stranger: Peer) -> None:
    stranger.store.opening = raising(MaildropInUse())
    assert LOGINS["PLAIN"](stranger, "anna", PASSWORD) == IN_USE
    stranger.store.opening = raising(StoreUnavailable())
    assert LOGINS["PLAIN"](stranger, "anna", PASSWORD) == UNAVAILABLE
    stranger.store.opening = at_once
    assert LOGINS["PLAIN"](stranger, "anna", PASSWORD).startswith(b"+OK")
    assert stranger.slept == []


def test_what_nobody_could_look_at_is_no_wrong_guess(connect: Peers) -> None:
    peer = connect(limits=Limits(free_guesses=1, login_failures=100), address=CAFE)
    peer.accounts.how = raising(AccountsUnavailable())
    assert [LOGINS["PLAIN"](peer, "anna", PASSWORD) for _ in range(20)] == [UNAVAILABLE] * 20
    peer.accounts.how = at_once
    assert LOGINS["PLAIN"](peer, "anna", PASSWORD).startswith(b"+OK")


def test_what_is_malformed_or_cancelled_in_time_is_no_guess(connect: Peers) -> None:
    peer = connect(limits=Limits(free_guesses=1, login_failures=100), address=CAFE)
    for _ in range(10):
        assert peer.say(b"AUTH PLAIN", b"no base64").endswith(DENIED)
        assert peer.say(b"AUTH PLAIN AA==") == DENIED
        assert peer.say(b"AUTH NTLM", b"*").endswith(CANCELLED)
    assert peer.slept == []


def test_guesses_that_are_under_way_count(connect: Peers, stranger: Peer) -> None:
    stranger.accounts.how = later
    crowd = [connect(beside=stranger, address=f"203.0.113.{number}") for number in range(5)]
    for peer in crowd:
        LOGINS["PLAIN"](peer, "anna", "guess")
    assert stranger.service.counters.locked_out == 3
    for peer in crowd:
        while peer.session.next == "WAIT":
            peer.answered()


# --- who is spared


def test_whose_address_is_not_counted_guesses_as_often_as_the_connection_lasts(connect: Peers) -> None:
    peer = connect(limits=Limits(free_guesses=1, user_guesses=2, login_failures=50))
    assert [LOGINS["PLAIN"](peer, "anna", "guess") for _ in range(49)] == [DENIED] * 49
    assert LOGINS["PLAIN"](peer, "anna", PASSWORD).startswith(b"+OK")
    assert peer.slept == []


def test_a_service_that_cannot_wait_counts_no_guesses(connect: Peers, handle_table: HandleTable[Any]) -> None:
    like = connect()
    service = Service(accounts=like.accounts, store=like.store, mechanisms=[Plain()], limits=LIMITS)
    session = Session(service, handle_table.owner("peer"), address=CAFE, trusted=True)
    said = session.receive(b"USER anna\r\nPASS guess\r\n" * 4)
    assert said.count(DENIED) == 4
    session.close("lost")


# --- LOGIN-DELAY

TOO_SOON = b"-ERR [LOGIN-DELAY] the last login was a moment ago, try again later\r\n"


@pytest.fixture
def once(connect: Peers) -> Peer:
    """Somebody who was logged in a moment ago, where that is not to be so often."""
    peer = connect(limits=Limits(login_delay=60.0))
    assert LOGINS["PLAIN"](peer, "anna", PASSWORD).startswith(b"+OK")
    peer.say(b"QUIT")
    peer.session.close("quit")
    return peer


@pytest.mark.pop3("login-31")
@every_login
def test_a_login_too_soon_is_told_so_and_opens_nothing(connect: Peers, once: Peer, login: Login) -> None:
    again = connect(beside=once)
    assert login(again, "ANNA", PASSWORD) == TOO_SOON
    assert len(again.table) == 0
    assert len(again.store.opened) == 1
    assert again.service.counters.too_soon == 1
    assert again.session.next == "READ"
    once.now = 60.0
    assert login(again, "anna", PASSWORD).startswith(b"+OK")


@pytest.mark.pop3("login-31")
@every_login
def test_who_does_not_know_the_password_is_not_told_of_the_last_login(
    connect: Peers, once: Peer, login: Login
) -> None:
    assert login(connect(beside=once), "anna", "guess") == DENIED


def test_others_may_log_in_meanwhile(connect: Peers, once: Peer) -> None:
    assert LOGINS["PLAIN"](connect(beside=once), "bert", "another").startswith(b"+OK")


def test_a_login_that_was_refused_is_no_login(connect: Peers) -> None:
    peer = connect(limits=Limits(login_delay=60.0))
    peer.store.opening = raising(StoreUnavailable())
    assert LOGINS["PLAIN"](peer, "anna", PASSWORD) == UNAVAILABLE
    peer.store.opening = at_once
    assert LOGINS["PLAIN"](peer, "anna", PASSWORD).startswith(b"+OK")
