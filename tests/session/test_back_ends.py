"""Back ends that are down, busy or broken: what the peer hears of it, and that nothing is left."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from tests.session.peer import IN_USE, LOGINS, PASSWORD, UNAVAILABLE, Login
from tests.session.ports import Foreign, later, raising, raising_later

from quitclaim.errors import AccountsUnavailable, OutOfSequence, StoreUnavailable, Unavailable
from quitclaim.identity import Identity
from quitclaim.observer import Delivered, Left, LoggedIn, Refused
from quitclaim.sasl import Plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Peers
    from tests.session.peer import Peer
    from tests.session.ports import How

    from quitclaim.ntlm import ChannelBinding
    from quitclaim.observer import Event

every_login = pytest.mark.parametrize("login", LOGINS.values(), ids=LOGINS)
at_once_or_later = pytest.mark.parametrize("how", [raising, raising_later])


def outcome(peer: Peer, said: bytes) -> bytes:
    """What is said in the end, after whatever is waited for."""
    while peer.session.waiting is not None:
        said += peer.answered()
    return said


def assert_broken(peer: Peer, said: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """The session is over; the log has the reason, once, and the peer has none of it."""
    assert b"foreign" not in said
    assert peer.session.next == "CLOSE"
    peer.session.close("lost")
    assert len(peer.table) == 0
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "the text of a foreign exception" in caplog.text
    assert PASSWORD not in caplog.text
    assert peer.service.counters.errors == 1


# --- down: come again


@pytest.mark.pop3("login-29")
@every_login
@at_once_or_later
@pytest.mark.parametrize("error", [AccountsUnavailable, Unavailable])
def test_accounts_that_are_down(
    peer: Peer, login: Login, how: Callable[[Exception], How], error: type[Exception]
) -> None:
    peer.accounts.how = how(error())
    assert outcome(peer, login(peer, "anna", PASSWORD)) == UNAVAILABLE
    assert len(peer.table) == 0
    assert peer.freed == {"failed": 1}
    assert peer.session.next == "READ"


@pytest.mark.pop3("login-29")
@every_login
@at_once_or_later
def test_a_store_that_is_down(peer: Peer, login: Login, how: Callable[[Exception], How]) -> None:
    peer.store.opening = how(StoreUnavailable())
    assert outcome(peer, login(peer, "anna", PASSWORD)) == UNAVAILABLE
    assert len(peer.table) == 0
    assert peer.freed == {"failed": 1}
    assert [event.username for event in peer.events if isinstance(event, Refused)] == ["anna"]


@pytest.mark.pop3("login-28", "maildrop-1")
@every_login
@pytest.mark.parametrize("opening", [None, later], ids=["at once", "later"])
def test_a_maildrop_that_is_locked(peer: Peer, login: Login, opening: How | None) -> None:
    lock = peer.store.memory.open(Identity("anna"))
    peer.store.opening = opening or peer.store.opening
    assert outcome(peer, login(peer, "anna", PASSWORD)) == IN_USE
    assert len(peer.table) == 0
    assert peer.freed == {"failed": 1}
    assert not peer.session.is_logged_in
    lock.close()
    assert outcome(peer, login(peer, "anna", PASSWORD)).startswith(b"+OK")


@every_login
def test_both_may_answer_later(peer: Peer, login: Login) -> None:
    peer.accounts.how = peer.store.opening = later
    assert login(peer, "anna", PASSWORD) == b""
    assert len(peer.table) == 1
    assert peer.answered() == b""
    assert len(peer.table) == 1
    assert peer.answered() == b"+OK 2 messages (60 octets)\r\n"
    assert peer.freed == {"done": 1}


@every_login
def test_who_is_denied_later_is_denied_all_the_same(peer: Peer, login: Login) -> None:
    peer.accounts.how = later
    assert outcome(peer, login(peer, "anna", "guess")) == b"-ERR [AUTH] authentication failed\r\n"
    assert peer.freed == {"failed": 1}


@every_login
def test_what_is_said_meanwhile_is_answered_afterwards(peer: Peer, login: Login) -> None:
    peer.store.opening = later
    login(peer, "anna", PASSWORD)
    assert peer.say(b"STAT", b"*") == b""
    assert peer.session.buffered == 9
    assert peer.answered() == b"+OK 2 messages (60 octets)\r\n+OK 2 60\r\n-ERR unknown command\r\n"


# --- damaged: coming again is of no use

BROKEN = b"-ERR [SYS/PERM] not possible until the server is mended, ask its operator\r\n"


@pytest.mark.pop3("login-30")
@every_login
@at_once_or_later
def test_accounts_that_somebody_must_mend_first(
    peer: Peer, login: Login, how: Callable[[Exception], How]
) -> None:
    peer.accounts.how = how(AccountsUnavailable("it is damaged", is_permanent=True))
    assert outcome(peer, login(peer, "anna", PASSWORD)) == BROKEN
    assert len(peer.table) == 0


@pytest.mark.pop3("login-30")
@every_login
@at_once_or_later
def test_store_that_somebody_must_mend_first(
    peer: Peer, login: Login, how: Callable[[Exception], How]
) -> None:
    peer.store.opening = how(StoreUnavailable("it is damaged", is_permanent=True))
    assert outcome(peer, login(peer, "anna", PASSWORD)) == BROKEN
    assert len(peer.table) == 0


# --- broken: closed, and logged once


@every_login
@at_once_or_later
def test_accounts_that_are_broken(
    peer: Peer, login: Login, how: Callable[[Exception], How], caplog: pytest.LogCaptureFixture
) -> None:
    peer.accounts.how = how(Foreign())
    assert_broken(peer, outcome(peer, login(peer, "anna", PASSWORD)), caplog)
    assert peer.freed == {"failed": 1}


@every_login
@at_once_or_later
def test_a_store_that_is_broken(
    peer: Peer, login: Login, how: Callable[[Exception], How], caplog: pytest.LogCaptureFixture
) -> None:
    peer.store.opening = how(Foreign())
    assert_broken(peer, outcome(peer, login(peer, "anna", PASSWORD)), caplog)
    assert peer.freed == {"failed": 1}


@pytest.mark.parametrize("answer", [42, "anna", object()], ids=repr)
@every_login
def test_accounts_that_answer_with_something_else(
    peer: Peer, login: Login, answer: object, caplog: pytest.LogCaptureFixture
) -> None:
    peer.accounts.how = lambda _find: answer
    login(peer, "anna", PASSWORD)
    assert peer.session.next == "CLOSE"
    assert len(peer.table) == 0
    assert len(caplog.records) == 1


def test_a_store_that_answers_with_something_else(peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    peer.store.opening = lambda _find: None
    LOGINS["PLAIN"](peer, "anna", PASSWORD)
    assert peer.session.next == "CLOSE"
    assert len(peer.table) == 0
    assert len(caplog.records) == 1


class BrokenMechanism(Plain):
    """One whose exchanges break at some point."""

    __slots__ = ("_point",)

    def __init__(self, point: str) -> None:
        self._point = point

    def start(self, binding: ChannelBinding | None, /) -> Any:  # noqa: ANN401 - not quite an exchange
        """Breaks here, or makes an exchange that breaks later."""
        if self._point == "start":
            raise Foreign
        exchange = super().start(binding)
        point = self._point

        class Broken:
            def step(self, response: bytes, /) -> object:
                return _break() if point == "step" else exchange.step(response)

            def answer(self, value: object, /) -> object:
                return _break() if point == "answer" else exchange.answer(value)

        return Broken()


def _break() -> NoReturn:
    raise Foreign


@pytest.mark.parametrize("point", ["start", "step", "answer"])
@pytest.mark.parametrize("name", ["PLAIN", "USER"])
def test_a_mechanism_that_is_broken(
    connect: Peers, point: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    peer = connect(mechanisms=[BrokenMechanism(point)])
    said = peer.say(
        *([b"USER anna", b"PASS x"] if name == "USER" else [b"AUTH PLAIN", b"AGFubmEAb3BlbiBzZXNhbWU="])
    )
    assert b"-ERR" not in said
    assert_broken(peer, said, caplog)
    assert peer.freed == ({} if point == "start" else {"failed": 1})


def test_a_step_out_of_sequence_is_our_own_mistake(connect: Peers, caplog: pytest.LogCaptureFixture) -> None:
    peer = connect()
    peer.accounts.how = raising(OutOfSequence())
    LOGINS["PLAIN"](peer, "anna", PASSWORD)
    assert peer.session.next == "CLOSE"
    assert len(caplog.records) == 1


# --- an observer that is broken


def breaking_at(kind: type[Event]) -> Callable[[Event], None]:
    """An observer that cannot take one kind of event."""

    def observe(event: Event) -> None:
        if isinstance(event, kind):
            raise Foreign

    return observe


@every_login
def test_an_observer_that_breaks_at_a_refusal(
    connect: Peers, login: Login, caplog: pytest.LogCaptureFixture
) -> None:
    peer = connect(observer=breaking_at(Refused))
    assert_broken(peer, login(peer, "anna", "guess"), caplog)
    assert peer.freed == {"failed": 1}


@every_login
def test_an_observer_that_breaks_at_a_login(
    connect: Peers, login: Login, caplog: pytest.LogCaptureFixture
) -> None:
    peer = connect(observer=breaking_at(LoggedIn))
    assert_broken(peer, login(peer, "anna", PASSWORD), caplog)
    assert peer.store.closes == [1]


def test_an_observer_that_breaks_at_a_delivery(connect: Peers, caplog: pytest.LogCaptureFixture) -> None:
    peer = connect(observer=breaking_at(Delivered))
    peer.store.memory.deliver("anna", b"x")
    LOGINS["PLAIN"](peer, "anna", PASSWORD)
    assert_broken(peer, peer.say(b"RETR 1"), caplog)
    assert peer.store.closes == [1]


def test_an_observer_that_breaks_at_the_end_ends_nothing_else(
    connect: Peers, caplog: pytest.LogCaptureFixture
) -> None:
    peer = connect(observer=breaking_at(Left))
    LOGINS["PLAIN"](peer, "anna", PASSWORD)
    peer.say(b"QUIT")
    assert_broken(peer, b"", caplog)
    assert peer.store.closes == [1]
