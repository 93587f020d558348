"""Each command in each state and with each kind of bad argument: an error, and the session goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.session.peer import LOGINS, PASSWORD
from tests.session.ports import later

from quitclaim.limits import Limits
from quitclaim.pop3 import LONGEST_COMMAND, LONGEST_SKIP

if TYPE_CHECKING:
    from tests.session.conftest import Peers
    from tests.session.peer import Peer

    from quitclaim import HandleTable
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


@pytest.mark.pop3("session-6")
@pytest.mark.parametrize(
    "command",
    [b"STAT", b"LIST", b"LIST 1", b"UIDL", b"UIDL 1", b"RETR 1", b"TOP 1 0", b"DELE 1", b"NOOP", b"RSET"],
)
def test_before_login_there_is_no_mail(peer: Peer, command: bytes) -> None:
    assert peer.say(command) == UNTIMELY
    assert_alive_outside(peer)


@pytest.mark.pop3("session-6", "login-37")
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


@pytest.mark.pop3("session-4", "defect-11")
@pytest.mark.parametrize(
    "command", [b"APOP anna 0123", b"XTND", b"HELP", b"", b" ", b" CAPA", b"NO\0OP", b"\xff"]
)
def test_an_unknown_command_is_an_error_in_any_state(inside: Peer, connect: Peers, command: bytes) -> None:
    outside = connect()
    assert outside.say(command) == inside.say(command) == b"-ERR unknown command\r\n"
    assert_alive_outside(outside)
    assert_alive_inside(inside)


def test_what_is_not_there_is_an_error(peer: Peer) -> None:
    assert peer.say(b"STLS") == b"-ERR not available, see CAPA\r\n"
    assert_alive_outside(peer)


@pytest.mark.pop3("session-3")
def test_keywords_are_of_any_case(inside: Peer) -> None:
    assert inside.say(b"stat", b"StAt", b"nOOp") == b"+OK 2 60\r\n+OK 2 60\r\n+OK\r\n"


@pytest.mark.pop3("session-10")
def test_a_lone_lf_ends_a_line(inside: Peer) -> None:
    assert inside.session.receive(b"STAT\nNOOP\n") == b"+OK 2 60\r\n+OK\r\n"


# --- arguments


@pytest.mark.pop3("session-4", "session-5", "defect-7", "defect-8")
@pytest.mark.parametrize("argument", NUMBERS)
@pytest.mark.parametrize("keyword", [b"RETR", b"DELE", b"LIST", b"UIDL"])
def test_a_message_number_is_a_message_number(inside: Peer, keyword: bytes, argument: bytes) -> None:
    assert is_error(inside.say(keyword + b" " + argument))
    assert_alive_inside(inside)


@pytest.mark.pop3("session-5")
@pytest.mark.parametrize("number", [b"3", b"2147483647", b"0000000003"])
@pytest.mark.parametrize("command", [b"RETR %b", b"DELE %b", b"LIST %b", b"UIDL %b", b"TOP %b 0"])
def test_a_message_that_is_not_there_is_an_error(inside: Peer, command: bytes, number: bytes) -> None:
    assert inside.say(command % number) == b"-ERR no such message\r\n"
    assert_alive_inside(inside)


@pytest.mark.pop3("session-5", "defect-8")
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


@pytest.mark.pop3("session-5")
@pytest.mark.parametrize("keyword", [b"RETR", b"DELE"])
def test_a_message_number_may_not_be_missing(inside: Peer, keyword: bytes) -> None:
    assert inside.say(keyword) == b"-ERR message number missing\r\n"
    assert_alive_inside(inside)


@pytest.mark.pop3("session-5")
@pytest.mark.parametrize("keyword", [b"STAT", b"NOOP", b"RSET", b"CAPA", b"QUIT"])
@pytest.mark.parametrize("argument", [b"", b"1", b"x", b" ", b"\0"])
def test_who_takes_no_argument_takes_none(inside: Peer, keyword: bytes, argument: bytes) -> None:
    assert inside.say(keyword + b" " + argument) == b"-ERR no argument allowed\r\n"
    assert_alive_inside(inside)


@pytest.mark.pop3("session-4", "defect-7")
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


@pytest.mark.pop3("session-7", "session-9", "defect-8")
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


@pytest.mark.pop3("session-9")
def test_an_endless_line_ends_the_connection(inside: Peer) -> None:
    said = inside.session.receive(b"9" * (LONGEST_SKIP + 300))
    assert said == b"-ERR line too long\r\n-ERR line too long, goodbye\r\n"
    assert inside.session.next == "CLOSE"
    inside.session.close("lost")
    assert inside.store.closes == [1]


# --- how many bad commands are too many


@pytest.mark.pop3("session-14")
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


@pytest.mark.pop3("session-14")
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


# --- how much may be said before login


@pytest.mark.pop3("session-14")
def test_so_many_commands_before_login_end_the_connection_with_the_answer_to_the_last(connect: Peers) -> None:
    peer = connect(limits=Limits(commands_before_login=3))
    assert peer.say(b"CAPA", b"CAPA").count(b"+OK") == 2
    assert peer.say(b"USER anna", b"CAPA") == b"+OK and the password\r\n"
    assert peer.session.next == "CLOSE"
    assert_left(peer, "commands")


def test_responses_are_commands_too_so_no_mechanism_is_kept_busy_for_ever(
    connect: Peers, handle_table: HandleTable[Any]
) -> None:
    peer = connect(limits=Limits(commands_before_login=50), mechanisms=[Endless()])
    assert peer.say(b"AUTH X-ENDLESS", *[b""] * 100).count(b"+ ") == 50
    assert peer.session.next == "CLOSE"
    peer.session.close("lost")
    assert len(handle_table) == 0


def test_a_login_that_is_the_last_command_is_good(connect: Peers) -> None:
    peer = connect(limits=Limits(commands_before_login=2))
    said = peer.say(b"USER anna", b"PASS open sesame", *[b"NOOP"] * 10)
    assert said.count(b"+OK") == 12
    assert peer.session.next == "READ"


def test_so_many_octets_before_login_end_the_connection(connect: Peers) -> None:
    peer = connect(limits=Limits(octets_before_login=1_000))
    assert peer.say(b"NOOP" * 200, b"CAPA").count(b"+OK") == 1
    peer.say(b"NOOP" * 200)
    assert peer.session.next == "CLOSE"
    assert_left(peer, "commands")


def test_what_is_said_behind_a_login_in_one_packet_is_not_said_before_it(connect: Peers) -> None:
    peer = connect(limits=Limits(octets_before_login=1_000))
    said = peer.hears_all(b"USER anna", b"PASS open sesame", *[b"NOOP"] * 300, b"QUIT")
    assert said.endswith(b"+OK goodbye\r\n")


def test_what_is_said_while_the_accounts_are_asked_is_not_held_against_who_logs_in(connect: Peers) -> None:
    peer = connect(limits=Limits(octets_before_login=1_000))
    peer.accounts.how = later
    peer.say(b"USER anna", b"PASS open sesame", *[b"NOOP"] * 60)
    peer.say(*[b"NOOP"] * 300)
    assert peer.answered().startswith(b"+OK 0")
    assert peer.session.next == "WAIT"
    assert peer.answered().count(b"+OK") == 100


class Endless:
    """A mechanism that never has enough."""

    name = b"X-ENDLESS"
    asks: Final = "password"
    plaintext = False
    needs_binding = False
    opening = detail = b""

    def start(self, _binding: object, /) -> Any:  # noqa: ANN401 - an exchange
        """One for all."""
        return self

    def step(self, _response: bytes, /) -> bytes:
        """Once more."""
        return b""
