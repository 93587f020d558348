"""Lines to events: ends of lines, exchanges, pipelining, limits, and what is thrown away."""

from __future__ import annotations

import pytest

from quitclaim.pop3 import (
    AUTHORIZATION,
    CLOSED,
    CONNECTION_CLOSED,
    EXCHANGE,
    LONGEST_COMMAND,
    LONGEST_RESPONSE,
    LONGEST_SKIP,
    NEED_DATA,
    TRANSACTION,
    UPDATE,
    Auth,
    BadCommand,
    BadResponse,
    Cancelled,
    Capa,
    Connection,
    Dele,
    EndlessLine,
    Event,
    Noop,
    Pass,
    Quit,
    Response,
    Retr,
    Stat,
    Stls,
    TooLong,
    User,
)

TOO_LONG = TooLong(in_exchange=False)


def before_login(data: bytes = b"") -> Connection:
    """A connection that has received this."""
    connection = Connection()
    connection.receive(data)
    return connection


def logged_in(data: bytes = b"") -> Connection:
    """A connection in TRANSACTION that has received this."""
    connection = before_login(data)
    connection.accept()
    return connection


def in_exchange(data: bytes = b"") -> Connection:
    """A connection whose peer has been challenged and answers this."""
    connection = before_login(b"AUTH NTLM\r\n" + data)
    assert connection.next_event() == Auth(b"NTLM", None)
    connection.challenge(b"")
    return connection


def events(connection: Connection) -> list[Event]:
    """All that comes out."""
    out = []
    while (event := connection.next_event()) not in {NEED_DATA, CONNECTION_CLOSED}:
        out.append(event)
    return out


# --- lines


def test_nothing_comes_of_nothing() -> None:
    assert before_login().next_event() is NEED_DATA


def test_a_line_ends_with_crlf_or_a_lone_lf() -> None:
    assert events(before_login(b"CAPA\r\nCAPA\nSTLS\r\n")) == [Capa(), Capa(), Stls()]


def test_a_cr_is_part_of_the_line_unless_it_ends_it() -> None:
    bad = BadCommand(b"", b"unknown command")
    assert events(before_login(b"CAPA\r\r\nCA\rPA\r\n\r\n\n\r\r\n")) == [bad] * 5


def test_input_may_come_one_octet_at_a_time() -> None:
    connection = before_login()
    got = []
    for octet in b"USER anna\r\nPASS x y\r\n":
        connection.receive(bytes([octet]))
        got += events(connection)
    assert got == [User(b"anna"), Pass(b"x y")]


@pytest.mark.pop3("session-12")
def test_pipelined_commands_come_in_order_errors_included() -> None:
    got = events(logged_in(b"STAT\r\nDELE x\r\nRETR 1\r\nAPOP\r\nNOOP\r\n"))
    bad_number, unknown = BadCommand(b"DELE", b"bad message number"), BadCommand(b"", b"unknown command")
    assert got == [Stat(), bad_number, Retr(1), unknown, Noop()]


def test_thousands_of_commands_come_in_one_packet() -> None:
    assert events(logged_in(b"".join(b"DELE %d\r\n" % n for n in range(1, 5001)))) == [
        Dele(n) for n in range(1, 5001)
    ]


def test_more_may_be_received_before_what_is_buffered_came_out() -> None:
    connection = logged_in(b"DELE 1\r\nDELE 2\r\nDE")
    assert connection.next_event() == Dele(1)
    connection.receive(b"LE 3\r\n")
    connection.receive(b"DELE 4\r\n")
    assert connection.next_event() == Dele(2)
    connection.receive(b"DELE 5\r\n")
    assert events(connection) == [Dele(3), Dele(4), Dele(5)]


def test_what_was_received_is_not_changed() -> None:
    data = b"CAPA\r\nCA"
    connection = before_login(data)
    events(connection)
    connection.receive(b"PA\r\n")
    assert (events(connection), data) == ([Capa()], b"CAPA\r\nCA")


# --- exchanges


def test_a_line_of_an_exchange_is_a_response() -> None:
    connection = in_exchange(b"TlRMTVNTUAA=\r\n")
    assert connection.next_event() == Response(b"NTLMSSP\0")
    assert connection.state == EXCHANGE


def test_an_empty_line_of_an_exchange_is_an_empty_response() -> None:
    assert events(in_exchange(b"\r\n\n")) == [Response(b""), Response(b"")]


def test_a_star_cancels_the_exchange() -> None:
    connection = in_exchange(b"*\r\nCAPA\r\n")
    assert events(connection) == [Cancelled(), Capa()]
    assert connection.state == AUTHORIZATION


BAD_BASE64 = [
    b"=",
    b"A",
    b"AA",
    b"A===",
    b"AAAA=",
    b"AA==AA==",
    b"AA-_",
    b" AA==",
    b"AA== ",
    b"**",
    b"QUIT ",
    b"\0",
    b"\xff" * 4,
]


@pytest.mark.parametrize("line", BAD_BASE64)
def test_bad_base64_ends_the_exchange(line: bytes) -> None:
    connection = in_exchange(line + b"\r\nCAPA\r\n")
    assert events(connection) == [BadResponse(), Capa()]
    assert connection.state == AUTHORIZATION


def test_a_command_in_an_exchange_is_a_response_like_any_other() -> None:
    # "QUIT" is good base64; the mechanism will refuse it.
    assert in_exchange(b"QUIT\r\n").next_event() == Response(b"A\x42\x13")


def test_after_a_refused_attempt_any_other_login_may_follow() -> None:
    connection = in_exchange(b"AA==\r\nUSER anna\r\nPASS x\r\nAUTH PLAIN\r\n")
    assert connection.next_event() == Response(b"\0")
    connection.refuse()
    assert events(connection) == [User(b"anna"), Pass(b"x"), Auth(b"PLAIN", None)]


def test_what_is_pipelined_behind_auth_is_its_response_once_challenged() -> None:
    connection = before_login(b"AUTH NTLM\r\nAA==\r\nAQ==\r\nSTAT\r\n")
    connection.next_event()
    assert connection.challenge(b"x") == b"+ eA==\r\n"
    assert connection.next_event() == Response(b"\0")
    connection.challenge(b"y")
    assert connection.next_event() == Response(b"\1")
    connection.accept()
    assert connection.next_event() == Stat()


# --- the end


def test_quit_after_login_enters_update_and_ends_the_input() -> None:
    connection = logged_in(b"QUIT\r\nDELE 1\r\n")
    assert connection.next_event() == Quit()
    assert (connection.next_event(), connection.state, connection.buffered) == (CONNECTION_CLOSED, UPDATE, 0)


def test_quit_before_login_closes() -> None:
    connection = before_login(b"QUIT\r\nCAPA\r\n")
    assert connection.next_event() == Quit()
    assert (connection.next_event(), connection.state) == (CONNECTION_CLOSED, CLOSED)


def test_a_malformed_quit_changes_no_state() -> None:
    connection = logged_in(b"QUIT now\r\n")
    assert connection.next_event() == BadCommand(b"QUIT", b"no argument allowed")
    assert connection.state == TRANSACTION


def test_after_close_nothing_comes_and_nothing_is_held() -> None:
    connection = logged_in(b"STAT\r\n")
    connection.close()
    connection.close()
    connection.receive(b"STAT\r\n" * 1000)
    assert (connection.next_event(), connection.buffered) == (CONNECTION_CLOSED, 0)


@pytest.mark.parametrize("rest", [b"", b"DELE 1", b"DELE 1\r", b"x" * 300])
def test_at_the_end_of_input_half_a_line_does_nothing(rest: bytes) -> None:
    connection = logged_in(b"STAT\r\n" + rest)
    connection.receive_end()
    assert [event for event in events(connection) if event != TOO_LONG] == [Stat()]
    assert (connection.next_event(), connection.state, connection.buffered) == (CONNECTION_CLOSED, CLOSED, 0)


# --- STLS


@pytest.mark.parametrize(
    "behind", [b"U", b"USER mallory\r\n", b"NOOP\r\n" * 5000, b"x" * 300, b"x" * 300 + b"\r\nCAPA\r\n"]
)
def test_plaintext_behind_stls_is_thrown_away(behind: bytes) -> None:
    connection = before_login(b"STLS\r\n" + behind)
    assert connection.next_event() == Stls()
    connection.discard_input()
    assert (connection.next_event(), connection.buffered) == (NEED_DATA, 0)
    connection.receive(b"CAPA\r\n")
    assert events(connection) == [Capa()]


def test_a_line_that_was_being_skipped_is_forgotten_with_the_plaintext() -> None:
    connection = before_login(b"x" * 300)
    assert events(connection) == [TOO_LONG]
    connection.discard_input()
    connection.receive(b"CAPA\r\n" + b"x" * 300 + b"\r\nSTLS\r\n")
    assert events(connection) == [Capa(), TOO_LONG, Stls()]


# --- limits


@pytest.mark.pop3("session-7")
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_a_command_line_has_at_most_255_octets_with_its_end(end: bytes) -> None:
    name = b"x" * (LONGEST_COMMAND - len(b"USER ") - len(end))
    assert events(before_login(b"USER " + name + end)) == [User(name)]
    assert events(before_login(b"USER x" + name + end)) == [TOO_LONG]


@pytest.mark.pop3("session-8")
def test_a_response_line_has_at_most_12288_octets() -> None:
    line = b"A" * LONGEST_RESPONSE
    assert events(in_exchange(line + b"\r\n")) == [Response(bytes(LONGEST_RESPONSE // 4 * 3))]
    assert events(in_exchange(line + b"AAAA\r\n")) == [TooLong(in_exchange=True)]


def test_a_response_that_is_too_long_ends_the_exchange() -> None:
    connection = in_exchange(b"A" * 20_000 + b"\r\nCAPA\r\n")
    assert events(connection) == [TooLong(in_exchange=True), Capa()]
    assert connection.state == AUTHORIZATION


@pytest.mark.pop3("session-9")
def test_a_line_that_is_too_long_is_told_once_and_skipped() -> None:
    connection = logged_in(b"STAT\r\n" + b"x" * 50_000 + b"\r\nNOOP\r\n")
    assert events(connection) == [Stat(), TOO_LONG, Noop()]


def test_a_line_that_is_too_long_is_told_before_it_ends() -> None:
    connection = before_login(b"x" * (LONGEST_COMMAND - 1))
    assert events(connection) == []
    connection.receive(b"x")
    assert events(connection) == [TOO_LONG]
    connection.receive(b"x" * 1000)
    assert events(connection) == []
    connection.receive(b"\nCAPA\n")
    assert events(connection) == [Capa()]


def test_a_line_is_skipped_up_to_a_bound() -> None:
    line = b"x" * (LONGEST_COMMAND + LONGEST_SKIP - 1)
    assert events(before_login(line + b"\nCAPA\n")) == [TOO_LONG, Capa()]
    assert events(before_login(line + b"x\nCAPA\n")) == [TOO_LONG, EndlessLine()]


def test_an_endless_line_closes_the_connection() -> None:
    connection = before_login(b"x" * 1_000_000)
    assert events(connection) == [TOO_LONG, EndlessLine()]
    assert (connection.next_event(), connection.state, connection.buffered) == (CONNECTION_CLOSED, CLOSED, 0)


def test_a_refusal_while_a_line_is_skipped_goes_on_skipping() -> None:
    connection = in_exchange(b"A" * 20_000)
    assert connection.next_event() == TooLong(in_exchange=True)
    connection.refuse()
    connection.receive(b"QUIT\r\nCAPA\r\n")
    assert events(connection) == [Capa()]


def test_what_was_consumed_is_let_go() -> None:
    connection = logged_in(b"NOOP\r\n" * 10_000 + b"NO")
    events(connection)
    held = connection.unread
    assert held == b"NO"


# --- linear time, counted and not timed: what is copied and searched again is bounded by what came


def test_no_octet_is_searched_twice() -> None:
    connection = in_exchange()
    for _ in range(LONGEST_RESPONSE):
        connection.receive(b"A")
        assert connection.next_event() is NEED_DATA
        assert connection._searched == connection.buffered  # noqa: SLF001 - the next search begins behind


def test_receiving_between_pipelined_commands_moves_no_octets() -> None:
    connection = logged_in(b"NOOP\r\n" * 2000)
    connection.receive(b"N")
    array = connection.unread  # the same array to the end: never rebuilt
    for _ in range(2000):
        assert connection.next_event() == Noop()
        connection.receive(b"OOP\r\nN")
    assert connection.unread is array
