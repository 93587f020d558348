"""CAPA in each state, for each kind of peer: all that it tells of is there, and nothing else is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from tests.session.peer import CANCELLED, DENIED, LOGINS, PASSWORD, UNAVAILABLE, Peer
from tests.session.ports import raising

from quitclaim.errors import AccountsUnavailable
from quitclaim.limits import Limits
from quitclaim.ntlm import Acceptor
from quitclaim.sasl import Ntlm

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Peers

FIRST: Final = [b"TOP", b"UIDL", b"RESP-CODES", b"AUTH-RESP-CODE", b"PIPELINING"]
LAST: Final = [b"LANG", b"EXPIRE NEVER", b"IMPLEMENTATION quitclaim"]
WITH_PASSWORD: Final = [b"USER", b"SASL NTLM PLAIN"]


def capabilities(said: bytes) -> list[bytes]:
    """The lines of a CAPA reply."""
    first, *lines, end, nothing = said.split(b"\r\n")
    assert (first, end, nothing) == (b"+OK capabilities", b".", b"")
    return lines


# --- each listener, and whoever connects to it: what there is before login, in between the first and the last


def secured(connect: Peers) -> Peer:
    """Under TLS, by STLS or from the beginning."""
    peer = connect(trusted=False, stls=True)
    peer.say(b"STLS")
    peer.session.secured(None)
    return peer


def bound(connect: Peers) -> Peer:
    """At a listener whose one mechanism needs TLS."""
    acceptor = Acceptor("MAIL", channel_binding="require")
    return connect(trusted=False, stls=True, mechanisms=[Ntlm(acceptor)])


LISTENERS: Final[dict[str, tuple[Callable[[Peers], Peer], list[bytes]]]] = {
    "from loopback": (lambda connect: connect(), [*WITH_PASSWORD, b"UTF8 USER"]),
    "from loopback, with a certificate": (
        lambda connect: connect(stls=True),
        [*WITH_PASSWORD, b"STLS", b"UTF8 USER"],
    ),
    "from elsewhere": (lambda connect: connect(trusted=False), [b"SASL NTLM", b"UTF8"]),
    "from elsewhere, with a certificate": (
        lambda connect: connect(trusted=False, stls=True),
        [b"SASL NTLM", b"STLS", b"UTF8"],
    ),
    "under TLS": (secured, [*WITH_PASSWORD, b"UTF8 USER"]),
    "without mechanisms": (lambda connect: connect(mechanisms=()), [b"UTF8"]),
    "with a mechanism that needs TLS": (bound, [b"STLS", b"UTF8"]),
}
every_listener = pytest.mark.parametrize(("come", "told"), LISTENERS.values(), ids=LISTENERS)


@pytest.mark.pop3("session-18", "session-19", "session-20", "session-21", "session-22", "login-24")
@every_listener
def test_capa_tells_what_is_to_be_had(
    connect: Peers, come: Callable[[Peers], Peer], told: list[bytes]
) -> None:
    assert capabilities(come(connect).say(b"CAPA")) == [*FIRST, *told, *LAST]


def fail(peer: Peer) -> None:
    """A login that is refused, which any peer may try."""
    assert LOGINS["NTLM"](peer, "anna", "guess") == DENIED


def cancel(peer: Peer) -> None:
    """An attempt that is taken back."""
    assert peer.say(b"AUTH NTLM", b"*").endswith(CANCELLED)


def find_the_accounts_down(peer: Peer) -> None:
    """A login that nobody can check."""
    peer.accounts.how = raising(AccountsUnavailable())
    assert LOGINS["NTLM"](peer, "anna", PASSWORD) == UNAVAILABLE


BEFORE_LOGIN: Final = [
    fail,
    cancel,
    find_the_accounts_down,
    lambda peer: peer.say(b"NONSENSE"),
    lambda peer: peer.say(b"UTF8") if not peer.session.offer.stls else b"",
    lambda peer: peer.say(b"LANG en"),
]


@pytest.mark.pop3("session-18")
@pytest.mark.parametrize(
    "come", [come for come, told in list(LISTENERS.values())[:5]], ids=list(LISTENERS)[:5]
)
@pytest.mark.parametrize("happens", BEFORE_LOGIN)
def test_capa_is_the_same_whatever_has_happened_before_login(
    connect: Peers, come: Callable[[Peers], Peer], happens: Callable[[Peer], object]
) -> None:
    peer = come(connect)
    before = peer.say(b"CAPA")
    happens(peer)
    assert peer.say(b"CAPA") == before


@pytest.mark.pop3("session-18", "session-20", "session-21", "session-22")
@pytest.mark.parametrize(
    ("come", "told"), [row for name, row in LISTENERS.items() if "mechanism" not in name]
)
def test_capa_after_login_tells_of_no_login(
    connect: Peers, come: Callable[[Peers], Peer], told: list[bytes]
) -> None:
    peer = come(connect)
    LOGINS["NTLM"](peer, "anna", PASSWORD)
    assert capabilities(peer.say(b"CAPA")) == [*FIRST, told[-1], *LAST]


@pytest.mark.pop3("session-19")
def test_what_capa_tells_of_after_login_is_there(peer: Peer) -> None:
    LOGINS["PLAIN"](peer, "anna", PASSWORD)
    said = peer.say(b"TOP 1 0", b"UIDL 1", b"LANG en", b"CAPA")
    assert said.startswith(b"+OK\r\nSubject: first\r\n\r\n.\r\n+OK 1 ")
    assert b"\r\n+OK en English it is\r\n+OK capabilities\r\n" in said


# --- LOGIN-DELAY


@pytest.mark.pop3("session-23")
@pytest.mark.parametrize(("seconds", "told"), [(60.0, b"60"), (0.5, b"1"), (60.1, b"61")])
def test_capa_tells_of_a_login_delay_in_whole_seconds_in_both_states(
    connect: Peers, seconds: float, told: bytes
) -> None:
    peer = connect(limits=Limits(login_delay=seconds))
    last = [LAST[0], b"LOGIN-DELAY " + told, *LAST[1:]]
    assert capabilities(peer.say(b"CAPA")) == [*FIRST, *WITH_PASSWORD, b"UTF8 USER", *last]
    LOGINS["PLAIN"](peer, "anna", PASSWORD)
    assert capabilities(peer.say(b"CAPA")) == [*FIRST, b"UTF8 USER", *last]
