"""Each command in each state and with each kind of bad argument: an error, and the session goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from tests.session.peer import LOGINS, PASSWORD

from quitclaim.limits import Limits
from quitclaim.pop3 import LONGEST_COMMAND, LONGEST_SKIP

if TYPE_CHECKING:
    from tests.session.conftest import Peers
    from tests.session.peer import Peer

    from quitclaim.observer import Cause

UNTIMELY = b"-ERR not in this state\r\n"
ALIVE = b"-ERR [AUTH] authentication failed\r\n"

NUMBERS: Final = [
    *(b"0", b"-1", b"+1", b"1x", b"x", b"0x1", b"1.0", b"1 ", b" 1", b"1  ", b"", b" ", b"1\t", b"\t1"),
    *(b"1\0", b"1\x001", b"2147483648", b"9" * 200, b"\xb2", b"\xef\xbc\x91", b"1 1 1", b"one"),
]


@pytest.fixture
def inside(peer: Peer) -> Peer:
    """A peer that is logged in and has two messages."""
    LOGINS["PLAIN"](peer, "anna", PASSWORD)
    return peer


def is_error(said: bytes) -> bool:
    """Whether it is one line that says no."""
    return said.startswith(b"-ERR ") and said.endswith(b"\r\n") and said.count(b"\n") == 1


def assert_alive_outside(peer: Peer) -> None:
    """It goes on, and nobody is logged in."""
    assert peer.session.next == "READ"
    assert peer.say(b"USER x", b"PASS y").endswith(ALIVE)


def assert_alive_inside(peer: Peer) -> None:
    """It goes on, and nothing has happened to the mail."""
    assert peer.session.next == "READ"
    assert peer.say(b"STAT") == b"+OK 2 60\r\n"


# --- states


@pytest.mark.parametrize(
    "command",
    [b"STAT", b"LIST", b"LIST 1", b"UIDL", b"UIDL 1", b"RETR 1", b"TOP 1 0", b"DELE 1", b"NOOP", b"RSET"],
)
def test_before_login_there_is_no_mail(peer: Peer, command: bytes) -> None:
    assert peer.say(command) == UNTIMELY
    assert_alive_outside(peer)


@pytest.mark.parametrize(
    "command",
    [
        b"USER anna",
        b"PASS x",
        b"AUTH",
        b"AUTH NTLM",
        b"AUTH PLAIN AGFubmEAb3BlbiBzZXNhbWU=",
        b"STLS",
        b"UTF8",
    ],
)
def test_after_login_there_is_no_login(inside: Peer, command: bytes) -> None:
    assert inside.say(command) == UNTIMELY
    assert_alive_inside(inside)


@pytest.mark.parametrize(
    "command", [b"APOP anna 0123", b"XTND", b"HELP", b"", b" ", b" CAPA", b"NO\0OP", b"\xff"]
)
def test_an_unknown_command_is_an_error_in_any_state(inside: Peer, connect: Peers, command: bytes) -> None:
    outside = connect()
    assert outside.say(command) == inside.say(command) == b"-ERR unknown command\r\n"
    assert_alive_outside(outside)
    assert_alive_inside(inside)


@pytest.mark.parametrize("command", [b"STLS", b"UTF8", b"LANG", b"LANG de", b"LANG *"])
def test_what_is_not_there_yet_is_an_error(peer: Peer, command: bytes) -> None:
    assert peer.say(command) == b"-ERR not available, see CAPA\r\n"
    assert_alive_outside(peer)


def test_keywords_are_of_any_case(inside: Peer) -> None:
    assert inside.say(b"stat", b"StAt", b"nOOp") == b"+OK 2 60\r\n+OK 2 60\r\n+OK\r\n"


def test_a_lone_lf_ends_a_line(inside: Peer) -> None:
    assert inside.session.receive(b"STAT\nNOOP\n") == b"+OK 2 60\r\n+OK\r\n"


# --- arguments


@pytest.mark.parametrize("argument", NUMBERS)
@pytest.mark.parametrize("keyword", [b"RETR", b"DELE", b"LIST", b"UIDL"])
def test_a_message_number_is_a_message_number(inside: Peer, keyword: bytes, argument: bytes) -> None:
    assert is_error(inside.say(keyword + b" " + argument))
    assert_alive_inside(inside)


@pytest.mark.parametrize("number", [b"3", b"2147483647", b"0000000003"])
@pytest.mark.parametrize("command", [b"RETR %b", b"DELE %b", b"LIST %b", b"UIDL %b", b"TOP %b 0"])
def test_a_message_that_is_not_there_is_an_error(inside: Peer, command: bytes, number: bytes) -> None:
    assert inside.say(command % number) == b"-ERR no such message\r\n"
    assert_alive_inside(inside)


@pytest.mark.parametrize(
    "arguments",
    [
        *(b"", b" ", b" 1", b" 1 ", b" 1  0", b" 1 -1", b" 1 +1", b" 1 x", b" 1 0x1", b" 1 1 1", b" 1 1 "),
        *(b" 0 1", b" -1 1", b" x 1", b" 1 2147483648", b" 1 " + b"9" * 200, b" 1 1\0", b" 1\t1"),
    ],
)
def test_top_takes_two_numbers(inside: Peer, arguments: bytes) -> None:
    assert is_error(inside.say(b"TOP" + arguments))
    assert_alive_inside(inside)


@pytest.mark.parametrize("keyword", [b"RETR", b"DELE"])
def test_a_message_number_may_not_be_missing(inside: Peer, keyword: bytes) -> None:
    assert inside.say(keyword) == b"-ERR message number missing\r\n"
    assert_alive_inside(inside)


@pytest.mark.parametrize("keyword", [b"STAT", b"NOOP", b"RSET", b"CAPA", b"QUIT"])
@pytest.mark.parametrize("argument", [b"", b"1", b"x", b" ", b"\0"])
def test_who_takes_no_argument_takes_none(inside: Peer, keyword: bytes, argument: bytes) -> None:
    assert inside.say(keyword + b" " + argument) == b"-ERR no argument allowed\r\n"
    assert_alive_inside(inside)


@pytest.mark.parametrize(
    "line",
    [
        *(
            b"USER",
            b"USER ",
            b"USER an na",
            b"USER \xffanna",
            b"USER an\0na",
            b"PASS",
            b"PASS a\0b",
            b"PASS a\tb",
        ),
        *(b"AUTH ", b"AUTH N/A", b"AUTH " + b"X" * 21, b"AUTH PLAIN ", b"AUTH PLAIN no", b"AUTH PLAIN = "),
        *(b"AUTH NTLM AA== AA==", b"AUTH  NTLM", b"AUTH NTLM\0", b"STLS now", b"UTF8 yes", b"LANG a b"),
    ],
)
def test_a_login_that_is_ill_formed_begins_no_attempt(peer: Peer, line: bytes) -> None:
    assert is_error(peer.say(line))
    assert peer.table.stats().acquired == 0
    assert_alive_outside(peer)


@pytest.mark.parametrize("octets", [LONGEST_COMMAND - 1, LONGEST_COMMAND, 5_000, LONGEST_SKIP])
@pytest.mark.parametrize("beginning", [b"USER ", b"PASS ", b"AUTH ", b"LIST ", b"TOP 1 ", b""])
def test_a_line_that_is_too_long_is_an_error(
    inside: Peer, connect: Peers, beginning: bytes, octets: int
) -> None:
    outside = connect()
    line = beginning.ljust(octets, b"9")
    assert outside.say(line) == inside.say(line) == b"-ERR line too long\r\n"
    assert_alive_outside(outside)
    assert_alive_inside(inside)


def test_an_endless_line_ends_the_connection(inside: Peer) -> None:
    said = inside.session.receive(b"9" * (LONGEST_SKIP + 300))
    assert said == b"-ERR line too long\r\n-ERR line too long, goodbye\r\n"
    assert inside.session.next == "CLOSE"
    inside.session.close("lost")
    assert inside.store.closes == [1]


# --- CAPA, true for each state and peer


def capabilities(said: bytes) -> list[bytes]:
    """The lines of a CAPA reply."""
    first, *lines, end, nothing = said.split(b"\r\n")
    assert (first, end, nothing) == (b"+OK capabilities", b".", b"")
    return lines


ALWAYS = [b"TOP", b"UIDL", b"RESP-CODES", b"AUTH-RESP-CODE", b"PIPELINING", b"EXPIRE NEVER"]
IMPLEMENTATION = [b"IMPLEMENTATION quitclaim"]


def test_capa_before_login_tells_how_to_log_in(peer: Peer) -> None:
    assert capabilities(peer.say(b"CAPA")) == [*ALWAYS, b"USER", b"SASL NTLM PLAIN", *IMPLEMENTATION]


def test_capa_tells_no_password_to_whom_others_can_hear(connect: Peers) -> None:
    assert capabilities(connect(trusted=False).say(b"CAPA")) == [*ALWAYS, b"SASL NTLM", *IMPLEMENTATION]


def test_capa_without_mechanisms_tells_of_none(connect: Peers) -> None:
    assert capabilities(connect(mechanisms=()).say(b"CAPA")) == [*ALWAYS, *IMPLEMENTATION]


def test_capa_after_login_tells_of_none(inside: Peer) -> None:
    assert capabilities(inside.say(b"CAPA")) == [*ALWAYS, *IMPLEMENTATION]


def test_capa_after_a_failed_login_is_as_before(peer: Peer) -> None:
    before = peer.say(b"CAPA")
    LOGINS["NTLM"](peer, "anna", "guess")
    assert peer.say(b"CAPA") == before


def test_all_that_capa_tells_of_is_there(inside: Peer) -> None:
    said = inside.say(b"TOP 1 0", b"UIDL 1", b"CAPA")
    assert said.startswith(b"+OK\r\nSubject: first\r\n\r\n.\r\n+OK 1 ")


# --- how many bad commands are too many


@pytest.mark.parametrize(
    "line", [b"NONSENSE", b"STAT", b"PASS x", b"AUTH X", b"STLS", b"x" * 300, b"USER a b"]
)
def test_bad_commands_end_the_connection_with_the_last(connect: Peers, line: bytes) -> None:
    peer = connect(limits=Limits(bad_commands=3))
    assert peer.say(line, line).count(b"-ERR") == 2
    assert is_error(peer.say(line, b"CAPA"))
    assert peer.session.next == "CLOSE"
    assert_left(peer, "commands")


def test_a_good_command_makes_up_for_the_bad_ones_before_it(connect: Peers) -> None:
    peer = connect(limits=Limits(bad_commands=3))
    for _ in range(3):
        assert peer.say(b"NONSENSE", b"NONSENSE").count(b"-ERR") == 2
        assert peer.say(b"CAPA").startswith(b"+OK")
    assert peer.session.next == "READ"


def test_bad_commands_end_a_session_without_an_update(connect: Peers) -> None:
    peer = connect(limits=Limits(bad_commands=2))
    peer.store.memory.deliver("anna", b"x")
    LOGINS["PLAIN"](peer, "anna", PASSWORD)
    assert peer.say(b"DELE 1", b"RETR 1", b"LIST 0", b"QUIT").endswith(b"-ERR bad message number\r\n")
    assert peer.session.next == "CLOSE"
    assert_left(peer, "commands")
    assert peer.store.closes == [1]


def assert_left(peer: Peer, cause: Cause) -> None:
    """The observer is told of that cause, whatever the server says of the transport."""
    peer.session.close("lost")
    assert peer.events[-1].cause == cause  # type: ignore[union-attr]  # it is `Left`
