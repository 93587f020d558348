"""RFC 1939's example dialogues, what is deleted and when, and commits that fail."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from tests.session.peer import LOGINS, PASSWORD, Peer
from tests.session.ports import Foreign, How, Store, later, raising, raising_later

from quitclaim.errors import StoreUnavailable
from quitclaim.identity import Identity
from quitclaim.observer import Left

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Peers

NO_MESSAGE = b"-ERR no such message\r\n"


def sized(octets: int) -> bytes:
    """A message of that size."""
    return b"Subject: x\r\n\r\n".ljust(octets - 2, b"x") + b"\r\n"


@pytest.fixture
def rfc(connect: Peers) -> Peer:
    """The maildrop of RFC 1939 §5: two messages, of 120 and 200 octets."""
    peer = connect()
    peer.store.memory.deliver("anna", sized(120))
    peer.store.memory.deliver("anna", sized(200))
    LOGINS["NTLM"](peer, "anna", PASSWORD)
    return peer


def sizes_of_anna(store: Store) -> list[int]:
    """What she has now; nobody may have it open."""
    maildrop = store.memory.open(Identity("anna"))
    maildrop.close()
    return list(maildrop.octets)


# --- RFC 1939 §5 and §6, §7 and §10


@pytest.mark.pop3("maildrop-8")
def test_stat(rfc: Peer) -> None:
    assert rfc.say(b"STAT") == b"+OK 2 320\r\n"


@pytest.mark.pop3("maildrop-8")
def test_list(rfc: Peer) -> None:
    assert rfc.say(b"LIST") == b"+OK sizes follow\r\n1 120\r\n2 200\r\n.\r\n"
    assert rfc.say(b"LIST 2") == b"+OK 2 200\r\n"
    assert rfc.say(b"LIST 3") == NO_MESSAGE


def test_retr(rfc: Peer) -> None:
    assert rfc.say(b"RETR 1") == b"+OK 120 octets\r\n" + sized(120) + b".\r\n"


@pytest.mark.pop3("maildrop-7")
def test_dele(rfc: Peer) -> None:
    assert rfc.say(b"DELE 1") == b"+OK deleted by QUIT\r\n"
    assert rfc.say(b"DELE 2", b"DELE 1") == b"+OK deleted by QUIT\r\n" + NO_MESSAGE


@pytest.mark.pop3("maildrop-18")
def test_rset(rfc: Peer) -> None:
    assert rfc.say(b"DELE 1", b"STAT", b"RSET", b"STAT") == (
        b"+OK deleted by QUIT\r\n+OK 1 200\r\n+OK\r\n+OK 2 320\r\n"
    )
    rfc.say(b"QUIT")
    assert sizes_of_anna(rfc.store) == [120, 200]


def test_quit_with_an_empty_maildrop(connect: Peers) -> None:
    peer = connect()
    assert LOGINS["NTLM"](peer, "anna", PASSWORD) == b"+OK 0 messages (0 octets)\r\n"
    assert peer.say(b"STAT", b"LIST", b"UIDL", b"QUIT") == (
        b"+OK 0 0\r\n+OK sizes follow\r\n.\r\n+OK names follow\r\n.\r\n+OK goodbye\r\n"
    )


@pytest.mark.pop3("maildrop-16")
def test_quit_in_update_deletes(rfc: Peer) -> None:
    assert rfc.say(b"DELE 1", b"QUIT") == b"+OK deleted by QUIT\r\n+OK goodbye\r\n"
    assert sizes_of_anna(rfc.store) == [200]
    rfc.session.close("lost")
    assert rfc.events[-1] == Left("192.0.2.7:4711", "anna", "quit", 0, 0, 1)


def test_the_example_session(rfc: Peer) -> None:
    said = rfc.say(b"STAT", b"LIST", b"RETR 1", b"DELE 1", b"RETR 2", b"DELE 2", b"QUIT")
    assert said == b"".join(
        [
            b"+OK 2 320\r\n",
            b"+OK sizes follow\r\n1 120\r\n2 200\r\n.\r\n",
            b"+OK 120 octets\r\n" + sized(120) + b".\r\n",
            b"+OK deleted by QUIT\r\n",
            b"+OK 200 octets\r\n" + sized(200) + b".\r\n",
            b"+OK deleted by QUIT\r\n",
            b"+OK goodbye\r\n",
        ]
    )
    assert sizes_of_anna(rfc.store) == []
    rfc.session.close("lost")
    assert rfc.events[-1] == Left("192.0.2.7:4711", "anna", "quit", 2, 320, 2)


def test_noop(rfc: Peer) -> None:
    assert rfc.say(b"NOOP") == b"+OK\r\n"


# --- what is marked as deleted is not there


@pytest.mark.pop3("maildrop-5", "maildrop-6", "maildrop-7")
def test_a_deleted_message_is_left_out_and_numbers_stay(rfc: Peer) -> None:
    rfc.say(b"DELE 1")
    assert rfc.say(b"STAT", b"LIST") == b"+OK 1 200\r\n+OK sizes follow\r\n2 200\r\n.\r\n"
    assert rfc.say(b"UIDL").count(b"\r\n") == 3
    for command in (b"RETR 1", b"TOP 1 0", b"LIST 1", b"UIDL 1", b"DELE 1"):
        assert rfc.say(command) == NO_MESSAGE
    assert rfc.say(b"LIST 2") == b"+OK 2 200\r\n"


@pytest.mark.pop3("maildrop-5")
def test_mail_that_comes_later_shows_in_the_next_session(rfc: Peer) -> None:
    rfc.store.memory.deliver("anna", sized(50))
    assert rfc.say(b"DELE 1", b"STAT", b"RSET", b"STAT").endswith(b"+OK 2 320\r\n")
    rfc.say(b"DELE 2", b"QUIT")
    assert sizes_of_anna(rfc.store) == [120, 50]


@pytest.mark.pop3("maildrop-14")
def test_uidls_are_stable_and_of_one_message(rfc: Peer, connect: Peers) -> None:
    first, second = rfc.say(b"UIDL").split(b"\r\n")[1:3]
    assert rfc.say(b"UIDL 2") == b"+OK " + second + b"\r\n"
    rfc.say(b"DELE 1", b"QUIT")
    again = connect(store=rfc.store)
    LOGINS["PLAIN"](again, "anna", PASSWORD)
    assert again.say(b"UIDL") == b"+OK names follow\r\n1 " + second.partition(b" ")[2] + b"\r\n.\r\n"
    assert first.partition(b" ")[2] != second.partition(b" ")[2]


def test_a_uidl_that_is_none_ends_the_session(rfc: Peer, caplog: pytest.LogCaptureFixture) -> None:
    rfc.store.opened[0].uidl = lambda _number: "two words"  # type: ignore[method-assign]
    assert b"two words" not in rfc.say(b"UIDL")
    assert rfc.session.next == "CLOSE"
    assert len(caplog.records) == 1


# --- one at a time


@pytest.mark.pop3("login-28", "maildrop-1", "asked-5")
def test_a_maildrop_is_for_one_session_and_free_with_its_goodbye(rfc: Peer, connect: Peers) -> None:
    other = connect(store=rfc.store)
    assert LOGINS["USER"](other, "anna", PASSWORD).startswith(b"-ERR [IN-USE]")
    assert LOGINS["USER"](other, "bert", "another").startswith(b"+OK 0")
    rfc.say(b"QUIT")
    third = connect(store=rfc.store)
    assert LOGINS["USER"](third, "anna", PASSWORD).startswith(b"+OK 2")


# --- a commit that fails


@pytest.mark.pop3("maildrop-17")
@pytest.mark.parametrize("how", [raising, raising_later])
def test_a_commit_that_fails_deletes_nothing_and_says_so(rfc: Peer, how: Callable[[Exception], How]) -> None:
    rfc.store.committing = how(StoreUnavailable())
    said = rfc.hears_all(b"DELE 1", b"QUIT")
    assert said == b"+OK deleted by QUIT\r\n-ERR [SYS/TEMP] nothing was deleted, try again later\r\n"
    assert rfc.session.next == "CLOSE"
    assert rfc.store.closes == [1]
    assert sizes_of_anna(rfc.store) == [120, 200]
    rfc.session.close("lost")
    assert rfc.events[-1] == Left("192.0.2.7:4711", "anna", "quit", 0, 0, 0)
    assert rfc.service.counters.deleted == 0


@pytest.mark.parametrize("how", [raising, raising_later])
def test_a_commit_that_breaks_says_nothing(
    rfc: Peer, how: Callable[[Exception], How], caplog: pytest.LogCaptureFixture
) -> None:
    rfc.store.committing = how(Foreign())
    assert rfc.hears_all(b"DELE 1", b"QUIT") == b"+OK deleted by QUIT\r\n"
    assert rfc.session.next == "CLOSE"
    assert rfc.store.closes == [1]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    rfc.session.close("lost")
    assert rfc.events[-1] == Left("192.0.2.7:4711", "anna", "error", 0, 0, 0)


def test_a_quit_that_deletes_nothing_commits_nothing(rfc: Peer) -> None:
    rfc.store.committing = raising(Foreign())
    assert rfc.say(b"DELE 1", b"RSET", b"QUIT").endswith(b"+OK goodbye\r\n")


def test_what_stands_behind_quit_is_not_answered(rfc: Peer) -> None:
    rfc.store.committing = later
    assert rfc.hears_all(b"DELE 1", b"QUIT", b"STAT", b"QUIT").endswith(b"+OK goodbye\r\n")
    assert rfc.session.next == "CLOSE"
