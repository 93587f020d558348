"""UTF8 and LANG (RFC 6856), and names in UTF-8."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.session.peer import DENIED, LOGINS, PASSWORD, Peer

if TYPE_CHECKING:
    from tests.session.conftest import Peers

ENGLISH = b"+OK en English it is\r\n"
DEFAULT = b"+OK i-default English it is\r\n"
UTF8 = b"+OK messages are sent as they are\r\n"


@pytest.fixture
def inside(peer: Peer) -> Peer:
    """A peer that is logged in."""
    LOGINS["PLAIN"](peer, "anna", PASSWORD)
    return peer


# --- UTF8


@pytest.mark.pop3("maildrop-22")
def test_utf8_is_taken_before_login_as_often_as_one_likes(peer: Peer) -> None:
    assert peer.say(b"UTF8", b"utf8") == UTF8 * 2
    assert LOGINS["NTLM"](peer, "anna", PASSWORD).startswith(b"+OK")


@pytest.mark.pop3("maildrop-22")
def test_utf8_is_refused_after_login(inside: Peer) -> None:
    assert inside.say(b"UTF8", b"STAT") == b"-ERR not in this state\r\n+OK 2 60\r\n"


@pytest.mark.parametrize("before", [(), (b"UTF8",)])
def test_a_message_is_the_same_with_utf8_and_without(connect: Peers, before: tuple[bytes, ...]) -> None:
    peer = connect()
    message = "Subject: Grüße\r\n\r\nÄöü\r\n".encode()
    peer.store.memory.deliver("anna", message)
    peer.say(*before)
    LOGINS["PLAIN"](peer, "anna", PASSWORD)
    assert peer.hears_all(b"RETR 1").partition(b"\r\n")[2] == message + b".\r\n"


def test_stls_is_refused_after_utf8(connect: Peers) -> None:
    peer = connect(stls=True)
    assert peer.say(b"UTF8", b"STLS") == UTF8 + b"-ERR not available, see CAPA\r\n"
    assert peer.session.next == "READ"


def test_utf8_behind_stls_is_thrown_away_and_taken_under_tls(connect: Peers) -> None:
    peer = connect(stls=True)
    assert peer.say(b"STLS", b"UTF8") == b"+OK begin TLS\r\n"
    peer.session.secured(None)
    assert peer.say(b"UTF8") == UTF8


# --- names and passwords in UTF-8


@pytest.mark.pop3("login-2")
def test_user_and_pass_take_utf8(connect: Peers) -> None:
    peer = connect()
    peer.accounts = peer.service.accounts = type(peer.accounts)({"jürgen": "pässwörd €"})
    assert LOGINS["USER"](peer, "Jürgen", "pässwörd €") == b"+OK 0 messages (0 octets)\r\n"


@pytest.mark.pop3("defect-5")
@pytest.mark.parametrize(
    "name", [b"\xffanna", b"an\xc3", b"\xc3\xa4 x", b"\xc2\x85", b"\xc2\xa0", b"\xed\xa0\x80"]
)
def test_user_takes_no_name_that_is_none(peer: Peer, name: bytes) -> None:
    assert peer.say(b"USER " + name) == b"-ERR bad name\r\n"


def test_pass_takes_nothing_that_is_no_utf8(peer: Peer) -> None:
    assert peer.say(b"USER anna", b"PASS \xff").endswith(DENIED)


# --- LANG


@pytest.mark.pop3("maildrop-23")
def test_lang_lists_the_languages_in_both_states(peer: Peer) -> None:
    languages = b"+OK languages\r\nen English\r\ni-default English\r\n.\r\n"
    assert peer.say(b"LANG") == languages
    LOGINS["PLAIN"](peer, "anna", PASSWORD)
    assert peer.say(b"LANG") == languages


@pytest.mark.pop3("maildrop-23")
@pytest.mark.parametrize(
    ("tag", "said"),
    [(b"en", ENGLISH), (b"EN", ENGLISH), (b"en-GB", ENGLISH), (b"*", DEFAULT), (b"i-default", DEFAULT)],
)
def test_lang_takes_english_in_both_states(peer: Peer, tag: bytes, said: bytes) -> None:
    assert peer.say(b"LANG " + tag) == said
    LOGINS["PLAIN"](peer, "anna", PASSWORD)
    assert peer.say(b"LANG " + tag) == said


@pytest.mark.pop3("maildrop-23")
@pytest.mark.parametrize("tag", [b"de", b"english", b"e", b"-", b"en_GB", b"x" * 200])
def test_lang_refuses_what_it_does_not_know_and_repeats_nothing(peer: Peer, tag: bytes) -> None:
    no = b"-ERR no such language here, see LANG\r\n"
    assert peer.say(b"LANG " + tag) == no
    LOGINS["PLAIN"](peer, "anna", PASSWORD)
    assert peer.say(b"LANG " + tag) == no
