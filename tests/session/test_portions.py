"""However much a peer asks for at once, no call says more than a portion and a chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.session.peer import LOGINS, PASSWORD, Peer
from tests.session.ports import How, at_once, chunks_of, later

from quitclaim.limits import Limits
from quitclaim.maildrop.port import LARGEST_CHUNK
from quitclaim.session.dialogue import PORTION

if TYPE_CHECKING:
    from tests.session.conftest import Peers

BOUND = PORTION + LARGEST_CHUNK + 1_000
MANY = 100_000


class Long:
    """A maildrop of very many messages, all alike."""

    octets = (7,) * MANY

    def uidl(self, number: int, /) -> str:
        """As long as it may be."""
        return f"{number:070}"

    def read(self, _number: int, offset: int, /) -> bytes:
        """A dot, and two lines' ends."""
        return b".\r\n\r\nx\r\n"[offset:]

    def close(self) -> None:
        """Has nothing."""


@pytest.fixture
def long(connect: Peers) -> Peer:
    """A peer with very many messages."""
    peer = connect()
    peer.store.opening = lambda _find: Long()
    LOGINS["PLAIN"](peer, "anna", PASSWORD)
    return peer


def portions(peer: Peer, *lines: bytes) -> list[bytes]:
    """What each call gives, until all is said."""
    said = [peer.say(*lines)]
    while peer.session.next == "WAIT":
        said.append(peer.answered())
    assert max(map(len, said)) <= BOUND
    return said


@pytest.mark.pop3("maildrop-20")
def test_a_list_of_very_many_is_said_in_portions(long: Peer) -> None:
    said = portions(long, b"LIST", b"NOOP")
    assert len(said) >= sum(map(len, said)) // BOUND
    lines = b"".join(said).splitlines()
    assert lines == [
        b"+OK sizes follow",
        *(b"%d 7" % number for number in range(1, MANY + 1)),
        b".",
        b"+OK",
    ]


@pytest.mark.pop3("maildrop-20")
def test_a_uidl_of_very_many_is_said_in_portions(long: Peer) -> None:
    long.say(b"DELE 99999")
    said = portions(long, b"UIDL", b"NOOP")
    assert len(said) >= MANY * 70 // BOUND
    lines = b"".join(said).splitlines()
    assert len(lines) == MANY - 1 + 3
    assert lines[-3] == b"100000 %070d" % MANY
    assert lines[-4] == b"99998 %070d" % 99_998


@pytest.mark.pop3("session-12", "session-13")
def test_thousands_of_commands_are_answered_in_order_and_in_portions(long: Peer) -> None:
    said = portions(long, *(b"LIST %d" % number for number in range(1, MANY + 1, 10)))
    assert b"".join(said) == b"".join([b"+OK %d 7\r\n" % number for number in range(1, MANY + 1, 10)])


def test_thousands_of_long_replies_are_said_in_portions(long: Peer) -> None:
    said = portions(long, *[b"LIST"] * 3, *[b"RETR 5", b"TOP 5 0", b"CAPA"] * 2_000, b"QUIT")
    assert b"".join(said).endswith(b"+OK goodbye\r\n")


def test_thousands_of_capa_before_login_are_said_in_portions(connect: Peers) -> None:
    peer = connect(limits=Limits(commands_before_login=10_000))
    said = portions(peer, *[b"CAPA"] * 5_000, b"USER anna", b"PASS open sesame", b"QUIT")
    assert b"".join(said).endswith(b"+OK goodbye\r\n")
    assert b"".join(said).count(b"IMPLEMENTATION") == 5_000


def test_thousands_of_errors_end_it_soon(connect: Peers) -> None:
    peer = connect()
    assert peer.say(*[b"NONSENSE"] * 5_000).count(b"-ERR") == peer.service.limits.bad_commands
    assert peer.session.next == "CLOSE"


@pytest.mark.parametrize(
    "reading",
    [at_once, later, chunks_of(1_000), chunks_of(1_000, how=later), chunks_of(PORTION - 1, how=later)],
)
def test_a_large_message_is_said_in_portions(connect: Peers, reading: How) -> None:
    peer = connect()
    peer.store.memory.deliver("anna", b"\r\n" + b"x" * 3_000_000)
    LOGINS["PLAIN"](peer, "anna", PASSWORD)
    peer.store.reading = reading
    said = portions(peer, b"RETR 1", b"TOP 1 1", b"NOOP")
    whole = b"\r\n" + b"x" * 3_000_000 + b"\r\n.\r\n"
    assert b"".join(said) == b"+OK 3000004 octets\r\n" + whole + b"+OK\r\n" + whole + b"+OK\r\n"


def test_while_it_says_portions_it_only_keeps_what_comes(long: Peer) -> None:
    long.say(b"LIST")
    assert long.session.next == "WAIT"
    assert long.say(b"NOOP", b"QUIT") == b""
    assert long.session.buffered == 12
    assert long.hears_all().endswith(b"+OK\r\n+OK goodbye\r\n")


def test_a_peer_that_is_lost_between_portions_leaves_nothing(long: Peer) -> None:
    long.say(b"UIDL")
    long.session.close("lost")
    assert long.session.resume() == b""


def test_lists_of_nothing_but_deleted_messages_are_work_too(long: Peer) -> None:
    for number in range(1, MANY + 1):
        long.session.mail.delete(number)  # type: ignore[union-attr]  # 100,000 commands, in short
    said = portions(long, b"LIST", b"UIDL")
    assert len(said) > 2 * MANY // 2_000 // 5
    assert b"".join(said) == b"+OK sizes follow\r\n.\r\n+OK names follow\r\n.\r\n"


def test_many_commands_are_answered_some_at_a_time(long: Peer) -> None:
    said = portions(long, *[b"RSET"] * 1_000)
    assert len(said) >= 10
    assert b"".join(said) == b"+OK\r\n" * 1_000


def test_taking_all_marks_back_adds_nothing_up_again(long: Peer) -> None:
    long.say(b"DELE 1", b"DELE 2")
    mail = long.session.mail
    assert mail is not None
    mail.maildrop = None  # type: ignore[assignment]  # so nobody can look
    assert long.say(b"RSET") == b"+OK\r\n"
    assert mail.octets == 7 * MANY
