"""What a command must look like, and what is said of one that does not."""

from __future__ import annotations

import re
from base64 import b64encode
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quitclaim.pop3 import (
    AUTHORIZATION,
    TRANSACTION,
    Auth,
    BadCommand,
    Capa,
    Dele,
    Event,
    Lang,
    List,
    Noop,
    Pass,
    Quit,
    Retr,
    Rset,
    Stat,
    State,
    Stls,
    Top,
    Uidl,
    User,
    Utf8,
)
from quitclaim.pop3.grammar import COMMANDS, decode, parse

BEFORE = {b"AUTH", b"USER", b"PASS", b"STLS", b"UTF8"}
ANYWHERE = {b"CAPA", b"LANG", b"QUIT"}
AFTER = {b"STAT", b"LIST", b"UIDL", b"RETR", b"TOP", b"DELE", b"NOOP", b"RSET"}


def state_of(line: bytes) -> State:
    """A state in which the line's command is allowed."""
    return TRANSACTION if line.partition(b" ")[0].upper() in AFTER else AUTHORIZATION


GOOD: list[tuple[bytes, Event]] = [
    (b"USER anna", User(b"anna")),
    (b"USER anna@example.org", User(b"anna@example.org")),
    (b"USER EXAMPLE\\anna", User(b"EXAMPLE\\anna")),
    (b"USER \xc3\xa4nna", User(b"\xc3\xa4nna")),
    (b"PASS secret", Pass(b"secret")),
    (b"PASS open  sesame ", Pass(b"open  sesame ")),
    (b"PASS  ", Pass(b" ")),
    (b"PASS ", Pass(b"")),
    (b"PASS gr\xc3\xbc\xc3\x9fe", Pass(b"gr\xc3\xbc\xc3\x9fe")),
    (b"PASS \xff\x80", Pass(b"\xff\x80")),
    (b"AUTH", Auth(None, None)),
    (b"AUTH NTLM", Auth(b"NTLM", None)),
    (b"AUTH scram-sha-256", Auth(b"SCRAM-SHA-256", None)),
    (b"AUTH PLAIN AGFubmEAcHc=", Auth(b"PLAIN", b"\0anna\0pw")),
    (b"AUTH PLAIN =", Auth(b"PLAIN", b"")),
    (b"QUIT", Quit()),
    (b"STAT", Stat()),
    (b"LIST", List(None)),
    (b"LIST 1", List(1)),
    (b"RETR 2147483647", Retr(2147483647)),
    (b"RETR 007", Retr(7)),
    (b"DELE 12", Dele(12)),
    (b"NOOP", Noop()),
    (b"RSET", Rset()),
    (b"TOP 1 0", Top(1, 0)),
    (b"TOP 3 2147483647", Top(3, 2147483647)),
    (b"UIDL", Uidl(None)),
    (b"UIDL 9", Uidl(9)),
    (b"CAPA", Capa()),
    (b"STLS", Stls()),
    (b"UTF8", Utf8()),
    (b"LANG", Lang(None)),
    (b"LANG *", Lang(b"*")),
    (b"LANG de-CH", Lang(b"de-CH")),
]


@pytest.mark.parametrize(("line", "event"), GOOD)
def test_a_command_is_parsed(line: bytes, event: Event) -> None:
    assert parse(line, state_of(line)) == event


@pytest.mark.pop3("session-3")
@pytest.mark.parametrize(("line", "event"), GOOD)
def test_a_keyword_is_taken_in_any_case(line: bytes, event: Event) -> None:
    keyword, blank, rest = line.partition(b" ")
    assert parse(keyword.swapcase() + blank + rest, state_of(line)) == event
    assert parse(keyword.capitalize() + blank + rest, state_of(line)) == event


NO_NUMBERS = [
    *(
        b"",
        b"0",
        b"00",
        b"-1",
        b"+1",
        b"-0",
        b"2147483648",
        b"99999999999999999999999",
        b"0x1",
        b"1x",
        b"x",
        b"1.0",
    ),
    *(
        b" 1",
        b"1 ",
        b"1  ",
        b"1\t",
        b"\t1",
        b"1\0",
        b"1\x001",
        b"1\r",
        b"1_0",
        b"1e3",
        b"\xb2",
        b"\xd9\xa1",
        b"*",
    ),
    *(b"00000000001", b"9" * 240),
]


@pytest.mark.pop3("session-5")
@pytest.mark.parametrize("argument", [*NO_NUMBERS, b"1 2"])
@pytest.mark.parametrize("keyword", [b"RETR", b"DELE", b"LIST", b"UIDL"])
def test_what_is_no_message_number_is_refused(keyword: bytes, argument: bytes) -> None:
    assert parse(keyword + b" " + argument, TRANSACTION) == BadCommand(keyword, b"bad message number")


@pytest.mark.parametrize("argument", NO_NUMBERS)
def test_top_refuses_what_is_no_message_number(argument: bytes) -> None:
    event = parse(b"TOP " + argument + b" 5", TRANSACTION)
    assert event == BadCommand(
        b"TOP", b"bad message number" if argument[:2] != b"1 " else b"bad number of lines"
    )


@pytest.mark.parametrize("argument", [*(one for one in NO_NUMBERS if one not in {b"0", b"00"}), b"5 6"])
def test_top_refuses_what_is_no_number_of_lines(argument: bytes) -> None:
    assert parse(b"TOP 1 " + argument, TRANSACTION) == BadCommand(b"TOP", b"bad number of lines")


BAD = [
    (b"RETR", b"message number missing"),
    (b"DELE", b"message number missing"),
    (b"TOP", b"message number missing"),
    (b"TOP 1", b"number of lines missing"),
    (b"USER", b"name missing"),
    (b"USER ", b"bad name"),
    (b"USER  anna", b"bad name"),
    (b"USER anna ", b"bad name"),
    (b"USER anna b", b"bad name"),
    (b"USER an\0na", b"bad name"),
    (b"USER an\x7fna", b"bad name"),
    (b"USER \xff", b"bad name"),
    (b"PASS", b"password missing"),
    (b"PASS a\0b", b"bad password"),
    (b"PASS a\tb", b"bad password"),
    (b"PASS a\rb", b"bad password"),
    (b"PASS a\x7fb", b"bad password"),
    (b"AUTH ", b"bad mechanism name"),
    (b"AUTH  NTLM", b"bad mechanism name"),
    (b"AUTH NT\0LM", b"bad mechanism name"),
    (b"AUTH NT\rLM", b"bad mechanism name"),
    (b"AUTH *", b"bad mechanism name"),
    (b"AUTH =", b"bad mechanism name"),
    (b"AUTH ABCDEFGHIJKLMNOPQRSTU", b"bad mechanism name"),
    (b"AUTH \xc3\xbc", b"bad mechanism name"),
    (b"AUTH NTLM ", b"bad initial response"),
    (b"AUTH NTLM  AA==", b"bad initial response"),
    (b"AUTH NTLM AA== ", b"bad initial response"),
    (b"AUTH NTLM AA", b"bad initial response"),
    (b"AUTH NTLM A===", b"bad initial response"),
    (b"AUTH NTLM ==", b"bad initial response"),
    (b"AUTH NTLM AA==AA==", b"bad initial response"),
    (b"AUTH NTLM AA-_", b"bad initial response"),
    (b"AUTH NTLM AA\0A", b"bad initial response"),
    (b"AUTH NTLM AAAA AAAA", b"bad initial response"),
    (b"AUTH NTLM *", b"bad initial response"),
    (b"AUTH NTLM \xff\xff\xff\xff", b"bad initial response"),
    (b"LANG ", b"bad language tag"),
    (b"LANG de en", b"bad language tag"),
    (b"LANG d\0e", b"bad language tag"),
    *((keyword + b" ", b"no argument allowed") for keyword in (b"QUIT", b"CAPA", b"STLS", b"UTF8")),
    *((keyword + b" x", b"no argument allowed") for keyword in (b"QUIT", b"CAPA", b"STLS", b"UTF8")),
    *((keyword + b" ", b"no argument allowed") for keyword in (b"STAT", b"NOOP", b"RSET")),
    *((keyword + b" 1", b"no argument allowed") for keyword in (b"STAT", b"NOOP", b"RSET")),
    *((keyword + b" \0", b"no argument allowed") for keyword in (b"STAT", b"NOOP", b"RSET")),
]


@pytest.mark.parametrize(("line", "text"), BAD)
def test_a_malformed_command_says_what_is_wrong(line: bytes, text: bytes) -> None:
    assert parse(line, state_of(line)) == BadCommand(line.partition(b" ")[0], text)


UNKNOWN = [
    b"",
    b" ",
    b" NOOP",
    b"NOOP\t",
    b"\0",
    b"NOOP\0",
    b"NO OP",
    b"APOP a b",
    b"XTND",
    b"LIST1",
    b"\xff\xfe",
    b"*",
]


@pytest.mark.parametrize("line", UNKNOWN)
@pytest.mark.parametrize("state", [AUTHORIZATION, TRANSACTION])
def test_an_unknown_command_is_not_repeated(line: bytes, state: State) -> None:
    assert parse(line, state) == BadCommand(b"", b"unknown command")


def test_every_command_is_in_one_of_the_lists_above() -> None:
    assert COMMANDS.keys() == BEFORE | ANYWHERE | AFTER


@pytest.mark.parametrize("keyword", sorted(BEFORE))
def test_after_login_there_is_no(keyword: bytes) -> None:
    assert parse(keyword, TRANSACTION) == BadCommand(keyword, b"not in this state")


@pytest.mark.parametrize("keyword", sorted(AFTER))
def test_before_login_there_is_no(keyword: bytes) -> None:
    assert parse(keyword, AUTHORIZATION) == BadCommand(keyword, b"not in this state")


@pytest.mark.parametrize("keyword", sorted(ANYWHERE))
def test_in_both_states_there_is(keyword: bytes) -> None:
    assert parse(keyword, AUTHORIZATION) == parse(keyword, TRANSACTION)
    assert not isinstance(parse(keyword, AUTHORIZATION), BadCommand)


@pytest.mark.parametrize("event", [Pass(b"hush-hush"), Auth(b"PLAIN", b"hush-hush")])
def test_a_secret_is_not_shown(event: Event) -> None:
    assert "hush" not in repr(event)


def is_base64(text: bytes) -> bool:
    """Whether it is base64 by the letter of RFC 4648 §4."""
    return bool(re.fullmatch(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", text))


def test_base64_is_what_the_standard_says_up_to_nine_octets() -> None:
    texts = [bytes(text) for length in range(10) for text in product(b"A=", repeat=length)]
    assert [text for text in texts if (decode(text) is not None) != is_base64(text)] == []


@given(st.binary(max_size=60))
def test_base64_is_decoded(token: bytes) -> None:
    assert decode(b64encode(token)) == token


@given(st.text("ABab09+/=-_ \n\0é", max_size=12).map(str.encode))
def test_what_is_no_base64_is_not_decoded(text: bytes) -> None:
    assert (decode(text) is not None) == is_base64(text)


def test_events_compare_by_type_and_value() -> None:
    assert len({Retr(1), Retr(1), Retr(2), Dele(1)}) == 3
