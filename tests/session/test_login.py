"""Login attempts (DESIGN §6): what the peer hears, and that its handle is gone with the reply."""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import pytest
import spnego
from tests.session.peer import (
    CANCELLED,
    DENIED,
    IN_USE,
    LOGINS,
    PASSWORD,
    POINTS,
    SAYS,
    UNAVAILABLE,
    Login,
    Peer,
    ntlm,
)
from tests.session.ports import at_once, raising

from quitclaim import HandleTable
from quitclaim.errors import AccountsUnavailable
from quitclaim.identity import Identity
from quitclaim.limits import Limits
from quitclaim.observer import LoggedIn, Refused
from quitclaim.pop3 import LONGEST_RESPONSE, LONGEST_SKIP
from quitclaim.sasl import Plain

if TYPE_CHECKING:
    from tests.session.conftest import Peers

every_login = pytest.mark.parametrize("login", LOGINS.values(), ids=LOGINS)
every_mechanism = pytest.mark.parametrize(("mechanism", "login"), LOGINS.items(), ids=LOGINS)
NEGOTIATE = bytes.fromhex("4e544c4d5353500001000000078208a2000000000000000000000000000000000501280a0000000f")


# --- login


@pytest.mark.pop3("login-16", "login-17")
@every_mechanism
def test_a_login_is_good_and_its_handle_is_done_with_the_reply(
    peer: Peer, mechanism: str, login: Login
) -> None:
    assert login(peer, "anna", PASSWORD) == b"+OK 2 messages (60 octets)\r\n"
    assert len(peer.table) == 0
    assert peer.freed == {"done": 1}
    assert peer.session.is_logged_in
    detail = "NTLMv2+MIC" if login is ntlm else ""
    assert peer.events == [LoggedIn("192.0.2.7:4711", mechanism, "anna", 2, 60, detail)]


@every_login
def test_a_name_is_taken_in_any_case(peer: Peer, login: Login) -> None:
    assert login(peer, "ANNA", PASSWORD) == b"+OK 2 messages (60 octets)\r\n"


@pytest.mark.pop3("login-14")
def test_ntlm_takes_its_negotiate_as_initial_response(peer: Peer) -> None:
    assert peer.say(b"AUTH NTLM " + b64encode(NEGOTIATE)).startswith(b"+ TlRMTVNTUAAC")


@pytest.mark.pop3("login-5", "login-17")
def test_plain_takes_its_message_as_initial_response(peer: Peer) -> None:
    assert peer.say(b"AUTH PLAIN " + b64encode(b"\0anna\0open sesame")).startswith(b"+OK 2")
    assert peer.freed == {"done": 1}


def test_plain_takes_an_authorization_that_is_the_users_own(peer: Peer) -> None:
    assert peer.say(b"AUTH PLAIN " + b64encode(b"Anna\0anna\0open sesame")).startswith(b"+OK 2")


def test_a_whole_login_may_come_in_one_packet(peer: Peer) -> None:
    said = peer.say(b"AUTH PLAIN", b64encode(b"\0anna\0open sesame"), b"STAT", b"QUIT")
    assert said == b"+ \r\n+OK 2 messages (60 octets)\r\n+OK 2 60\r\n+OK goodbye\r\n"


@pytest.mark.pop3("login-2")
def test_a_password_has_blanks_and_any_letters(connect: Peers) -> None:
    peer = connect()
    peer.accounts = peer.service.accounts = type(peer.accounts)({"jürgen": "  pässwörd €  "})
    for wrong in ("PASS pässwörd €", "PASS  pässwörd €  ", "PASS   pässwörd €", "PASS   passwörd €  "):
        assert peer.say("USER jürgen".encode(), wrong.encode()).endswith(DENIED)
    assert peer.say("USER jürgen".encode(), "PASS   pässwörd €  ".encode()).endswith(
        b"+OK 0 messages (0 octets)\r\n"
    )


# --- refused: the same octets for all


@pytest.mark.pop3("login-3", "login-26")
@every_mechanism
@pytest.mark.parametrize(("username", "password"), [("anna", "guess"), ("anna", ""), ("mallory", "guess")])
def test_wrong_credentials_and_unknown_users_are_told_the_same(
    peer: Peer, mechanism: str, login: Login, username: str, password: str
) -> None:
    assert login(peer, username, password) == DENIED
    assert len(peer.table) == 0
    assert peer.freed == {"failed": 1}
    assert peer.session.next == "READ"
    (refused,) = peer.events
    assert isinstance(refused, Refused)
    assert (refused.mechanism, refused.username) == (mechanism, username)
    assert refused.cause.startswith("logon denied")  # and for the operator alone, that there is no such user


@pytest.mark.pop3("login-26")
def test_an_empty_password_after_pass_is_wrong(peer: Peer) -> None:
    assert peer.say(b"USER anna", b"PASS ").endswith(DENIED)
    assert peer.freed == {"failed": 1}


@pytest.mark.pop3("login-9")
@pytest.mark.parametrize("name", SAYS)
@pytest.mark.parametrize(
    "line", [b"no base64", b"AAA", b"====", b"AAAA=", b"\0", b"\xff\xfe", b"=", b"AA==\0"]
)
def test_what_is_no_base64_is_refused(peer: Peer, name: str, line: bytes) -> None:
    POINTS[name][0](peer)
    assert peer.say(line) == DENIED
    assert peer.freed == {"failed": 1}
    assert peer.say(b"CAPA").startswith(b"+OK")


GARBAGE = [
    b"",
    b"\0",
    b"NTLMSSP",
    b"NTLMSSP\0",
    b"NTLMSSP\0\x01\0\0\0",
    b"NTLMSSP\0\x02\0\0\0" + bytes(48),
    b"NTLMSSP\0\x03\0\0\0",
    b"NTLMSSP\0\x03\0\0\0" + b"\xff" * 100,
    b"NTLMSSP\0\x04\0\0\0" + bytes(48),
    bytes(9_000),
    b"a\0b\0c\0d",
    b"\0\0",
    b"\0\0password",
    b"anna",
    b"bert\0anna\0open sesame",
    b"\0an\xffna\0open sesame",
    b"\0anna\0" + b"x" * 1_100,
]


@pytest.mark.pop3("defect-2", "defect-3", "defect-6")
@pytest.mark.parametrize("name", SAYS)
@pytest.mark.parametrize("token", GARBAGE)
def test_garbage_is_refused_at_each_step(peer: Peer, name: str, token: bytes) -> None:
    POINTS[name][0](peer)
    assert peer.say(b64encode(token)) == DENIED
    assert len(peer.table) == 0
    assert peer.freed == {"failed": 1}


def test_an_authenticate_is_no_negotiate(peer: Peer) -> None:
    peer.say(b"AUTH NTLM")
    assert peer.say(b64encode(b"NTLMSSP\0\x03\0\0\0" + bytes(60))) == DENIED


def test_a_negotiate_is_no_authenticate(peer: Peer) -> None:
    peer.say(b"AUTH NTLM", b64encode(NEGOTIATE))
    assert peer.say(b64encode(NEGOTIATE)) == DENIED
    assert peer.freed == {"failed": 1}


@pytest.mark.pop3("session-8", "session-9")
@pytest.mark.parametrize("name", SAYS)
def test_a_line_of_an_exchange_may_not_be_too_long(peer: Peer, name: str) -> None:
    POINTS[name][0](peer)
    assert peer.say(b"A" * (LONGEST_RESPONSE + 4)) == DENIED
    assert len(peer.table) == 0
    assert peer.freed == {"failed": 1}
    assert peer.session.next == "READ"


@pytest.mark.pop3("session-9")
@pytest.mark.parametrize("name", SAYS)
def test_an_endless_line_of_an_exchange_ends_the_connection(peer: Peer, name: str) -> None:
    POINTS[name][0](peer)
    said = peer.say(b"A" * (LONGEST_RESPONSE + LONGEST_SKIP + 10))
    assert said == DENIED + b"-ERR line too long, goodbye\r\n"
    assert peer.session.next == "CLOSE"
    assert peer.freed == {"failed": 1}


@pytest.mark.pop3("login-8")
@pytest.mark.parametrize("name", SAYS)
def test_a_star_cancels(peer: Peer, name: str) -> None:
    POINTS[name][0](peer)
    assert peer.say(b"*") == CANCELLED
    assert len(peer.table) == 0
    assert peer.freed == {"cancelled": 1}
    assert [event.cause for event in peer.events if isinstance(event, Refused)] == ["cancelled"]


def field(octets: bytes, offset: int) -> bytes:
    """Length, length again, and offset of a payload (MS-NLMP §2.2.1.3)."""
    return struct.pack("<HHI", len(octets), len(octets), offset)


def authenticate(username: str, lm: bytes, nt: bytes) -> bytes:
    """An AUTHENTICATE with those responses, as old clients make it."""
    name = username.encode("utf-16-le")
    payload = lm + nt + name
    fields = field(lm, 64) + field(nt, 64 + len(lm)) + field(b"", 64) + field(name, 64 + len(lm) + len(nt))
    fields += field(b"", 64) + field(b"", 64)
    return b"NTLMSSP\0\x03\0\0\0" + fields + struct.pack("<I", 0x0000_0205) + payload


@pytest.mark.parametrize(
    ("username", "lm", "nt"),
    [
        pytest.param("anna", bytes(24), b"\x01" * 24, id="NTLMv1"),
        pytest.param("anna", b"\x01" * 24, b"", id="LM"),
        pytest.param("", b"\0", b"", id="anonymous"),
        pytest.param("", b"", b"", id="anonymous, no response at all"),
        pytest.param("anna", b"", b"", id="no response"),
    ],
)
def test_what_the_policy_refuses_is_told_the_same(peer: Peer, username: str, lm: bytes, nt: bytes) -> None:
    peer.say(b"AUTH NTLM", b64encode(NEGOTIATE))
    assert peer.say(b64encode(authenticate(username, lm, nt))) == DENIED
    assert len(peer.table) == 0
    assert peer.freed == {"failed": 1}


def test_an_old_answer_does_not_answer_a_new_challenge(connect: Peers) -> None:
    client = spnego.client("anna", PASSWORD, protocol="ntlm")
    peer = connect()
    peer.say(b"AUTH NTLM")
    challenge = peer.say(b64encode(client.step() or b""))
    answer = b64encode(client.step(b64decode(challenge[2:])) or b"")
    assert peer.say(answer).startswith(b"+OK")
    again = connect()
    again.say(b"AUTH NTLM", b64encode(NEGOTIATE))
    assert again.say(answer) == DENIED


# --- after a failure, another


@pytest.mark.pop3("login-11", "asked-12")
@every_login
@pytest.mark.parametrize("first", LOGINS.values(), ids=LOGINS)
def test_any_login_may_follow_a_failed_one(peer: Peer, first: Login, login: Login) -> None:
    assert first(peer, "anna", "guess") == DENIED
    assert login(peer, "anna", PASSWORD) == b"+OK 2 messages (60 octets)\r\n"
    assert peer.freed == {"failed": 1, "done": 1}


@every_login
def test_the_last_failure_ends_the_connection(connect: Peers, login: Login) -> None:
    peer = connect(limits=Limits(login_failures=2))
    assert login(peer, "anna", "guess") == DENIED
    assert peer.say(b"CAPA").startswith(b"+OK")
    assert login(peer, "anna", "guess") == DENIED
    assert peer.session.next == "CLOSE"
    assert peer.say(b"CAPA") == b""


def test_what_stands_behind_the_last_failure_is_not_answered(connect: Peers) -> None:
    peer = connect(limits=Limits(login_failures=1))
    assert peer.say(b"USER anna", b"PASS guess", b"USER anna", b"PASS open sesame").count(b"\r\n") == 2
    assert peer.table.stats().acquired == 1


def test_bad_tokens_and_cancellations_count_as_failures(connect: Peers) -> None:
    peer = connect(limits=Limits(login_failures=3))
    said = peer.say(b"AUTH NTLM", b"*", b"AUTH PLAIN", b"=", b"AUTH NTLM", b"A" * 12_300)
    assert said == b"+ \r\n" + CANCELLED + b"+ \r\n" + DENIED + b"+ \r\n" + DENIED
    assert peer.session.next == "CLOSE"


def test_attempts_are_counted_by_how_they_ended(connect: Peers) -> None:
    peer = connect(limits=Limits(login_failures=9))
    peer.say(b"AUTH", b"AUTH X", b"USER anna")
    assert ntlm(peer, "anna", "guess") == DENIED
    assert peer.say(b"AUTH NTLM", b"no base64", b"AUTH NTLM", b"*").endswith(CANCELLED)
    lock = peer.store.memory.open(Identity("anna"))
    assert ntlm(peer, "anna", PASSWORD) == IN_USE
    lock.close()
    peer.accounts.how = raising(AccountsUnavailable())
    assert ntlm(peer, "anna", PASSWORD) == UNAVAILABLE
    peer.accounts.how = at_once
    assert ntlm(peer, "anna", PASSWORD).startswith(b"+OK")
    counted = {name: count for name, count in peer.service.counters.as_dict().items() if count}
    assert counted == {
        "attempts": 6,
        "bad_commands": 1,
        "cancelled": 1,
        "denied": 2,
        "in_use": 1,
        "logins": 1,
        "unavailable": 1,
    }


# --- no room

BEGINNINGS = {"NTLM": [b"AUTH NTLM"], "PLAIN": [b"AUTH PLAIN"], "USER": [b"USER anna", b"PASS open sesame"]}


@pytest.mark.pop3("login-29")
@every_mechanism
def test_a_full_table_takes_no_handle(mechanism: str, login: Login) -> None:
    table = HandleTable[Any](1)
    peer = Peer(table)
    with table.owner() as other:
        other.acquire("another's")
        assert peer.say(*BEGINNINGS[mechanism]).endswith(UNAVAILABLE)
        assert peer.session.next == "READ"
    assert login(peer, "anna", PASSWORD).startswith(b"+OK")
    peer.session.close("lost")
    assert len(table) == 0
    assert peer.freed == {"owner": 1, "done": 1}


@every_mechanism
def test_an_owner_over_its_quota_takes_no_handle(mechanism: str, login: Login) -> None:
    table = HandleTable[Any](10, quota=1)
    peer = Peer(table)
    handle = peer.session.owner.acquire(Plain().start(None))
    assert peer.say(*BEGINNINGS[mechanism]).endswith(UNAVAILABLE)
    peer.session.owner.free(handle)
    assert login(peer, "anna", PASSWORD).startswith(b"+OK")
    peer.session.close("lost")
    assert len(table) == 0
    assert peer.freed == {"done": 2}


# --- what USER and PASS are bound to


@pytest.mark.pop3("login-1")
def test_user_says_nothing_of_who_exists(peer: Peer) -> None:
    assert peer.say(b"USER anna") == peer.say(b"USER mallory") == b"+OK and the password\r\n"


def test_pass_needs_a_user_right_before_it(peer: Peer) -> None:
    no_user = b"-ERR say USER first\r\n"
    assert peer.say(b"PASS open sesame") == no_user
    assert peer.say(b"USER anna", b"CAPA", b"PASS open sesame").endswith(no_user)
    assert peer.say(b"USER anna", b"NONSENSE", b"PASS open sesame").endswith(no_user)
    assert peer.say(b"USER anna", b"PASS guess", b"PASS open sesame").endswith(DENIED + no_user)
    assert peer.say(b"USER anna", b"AUTH PLAIN", b"*", b"PASS open sesame").endswith(no_user)
    assert peer.table.stats().acquired == 2


def test_the_last_user_counts(peer: Peer) -> None:
    assert peer.say(b"USER mallory", b"USER anna", b"PASS open sesame").endswith(b"(60 octets)\r\n")


@pytest.mark.pop3("login-24")
def test_a_peer_that_others_can_hear_says_no_password(connect: Peers) -> None:
    peer = connect(trusted=False)
    assert peer.say(b"USER anna") == b"-ERR no password in plaintext is taken here, see CAPA\r\n"
    assert peer.say(b"PASS open sesame") == b"-ERR say USER first\r\n"
    assert peer.say(b"AUTH PLAIN AGFubmEAb3BlbiBzZXNhbWU=") == b"-ERR no such mechanism here, see CAPA\r\n"
    assert peer.table.stats().acquired == 0
    assert ntlm(peer, "anna", PASSWORD).startswith(b"+OK")


@pytest.mark.pop3("login-10")
@pytest.mark.parametrize("name", [b"CRAM-MD5", b"ANONYMOUS", b"EXTERNAL", b"GSS-SPNEGO", b"X", b"APOP"])
def test_an_unknown_mechanism_takes_no_handle(peer: Peer, name: bytes) -> None:
    assert peer.say(b"AUTH " + name) == b"-ERR no such mechanism here, see CAPA\r\n"
    assert peer.table.stats().acquired == 0


@pytest.mark.pop3("login-4")
def test_a_bare_auth_lists_the_mechanisms(connect: Peers) -> None:
    assert connect().say(b"AUTH") == b"+OK mechanisms\r\nNTLM\r\nPLAIN\r\n.\r\n"
    assert connect(trusted=False).say(b"AUTH") == b"+OK mechanisms\r\nNTLM\r\n.\r\n"
    assert connect(mechanisms=()).say(b"AUTH") == b"+OK mechanisms\r\n.\r\n"
