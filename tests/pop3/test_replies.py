"""Replies: one line stays one line, and a message's dots are doubled wherever they stand."""

from __future__ import annotations

import base64
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quitclaim.pop3 import replies


def test_a_status_line_without_text() -> None:
    assert replies.ok() == b"+OK\r\n"


def test_a_status_line_with_text() -> None:
    assert replies.ok(b"ready") == b"+OK ready\r\n"
    assert replies.error(b"no such message") == b"-ERR no such message\r\n"


@pytest.mark.parametrize("code", sorted(replies.CODES))
def test_a_response_code_stands_in_brackets(code: bytes) -> None:
    assert replies.error(b"sorry", code) == b"-ERR [" + code + b"] sorry\r\n"


def test_the_response_codes_are_those_of_the_standards() -> None:
    assert {b"AUTH", b"IN-USE", b"SYS/TEMP", b"SYS/PERM", b"LOGIN-DELAY"} == replies.CODES


@pytest.mark.parametrize("code", [b"", b"auth", b"SYS", b"AUTH] x", b"A\r\nB"])
def test_no_other_response_code_is_sent(code: bytes) -> None:
    with pytest.raises(ValueError, match="no such response code"):
        replies.error(b"sorry", code)


@pytest.mark.pop3("login-12")
@pytest.mark.parametrize(
    "text", [b"a\r\n+OK b", b"a\nb", b"a\rb", b"\n", b"\r", b"a\n", b"a\r", b"a\r\n", b"a\0b"]
)
def test_no_argument_splits_a_line(text: bytes) -> None:
    for encode in (replies.ok, replies.error):
        with pytest.raises(ValueError, match="no CR, LF or NUL"):
            encode(text)
    with pytest.raises(ValueError, match="no CR, LF or NUL"):
        replies.multiline(text, [])
    with pytest.raises(ValueError, match="no CR, LF or NUL"):
        replies.multiline(b"", [text])


def test_a_text_is_not_taken_for_a_response_code() -> None:
    with pytest.raises(ValueError, match="looks like a response code"):
        replies.error(b"[AUTH] no")


def test_a_line_has_at_most_512_octets() -> None:
    assert len(replies.ok(b"x" * 506)) == 512
    assert len(replies.multiline(b"", [b"x" * 510])) == 5 + 512 + 3
    with pytest.raises(ValueError, match="at most 512 octets"):
        replies.ok(b"x" * 507)
    with pytest.raises(ValueError, match="at most 512 octets"):
        replies.multiline(b"", [b"x" * 511])


@pytest.mark.pop3("login-7")
def test_an_empty_challenge_has_its_blank() -> None:
    assert replies.challenge(b"") == b"+ \r\n"


@given(st.binary(max_size=2000))
def test_a_challenge_is_one_line_of_base64(token: bytes) -> None:
    line = replies.challenge(token)
    assert line[:2] == b"+ "
    assert line.count(b"\n") == 1
    assert base64.b64decode(line[2:-2], validate=True) == token


def test_a_reply_of_many_lines_ends_with_a_dot() -> None:
    assert replies.multiline(b"methods", [b"NTLM", b"PLAIN"]) == b"+OK methods\r\nNTLM\r\nPLAIN\r\n.\r\n"


def test_a_reply_of_no_lines_ends_with_a_dot() -> None:
    assert replies.multiline(b"", []) == b"+OK\r\n.\r\n"


def test_lines_of_a_reply_are_stuffed() -> None:
    assert replies.multiline(b"", [b".", b".x", b"x."]) == b"+OK\r\n..\r\n..x\r\nx.\r\n.\r\n"


def test_list_and_uidl_have_a_line_a_message() -> None:
    assert replies.list_lines([]) == b""
    assert replies.list_lines([(1, 120), (100000, 5)]) == b"1 120\r\n100000 5\r\n"
    assert replies.uidl_lines([(1, "a"), (2, "~" * 70)]) == b"1 a\r\n2 " + b"~" * 70 + b"\r\n"


@pytest.mark.pop3("maildrop-13")
@pytest.mark.parametrize("name", ["", "x" * 71, "a b", "a\r\nb", "a\n", "\x7f", "ä", "\0"])
def test_a_uidl_is_1_to_70_visible_octets(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 70 visible"):
        replies.uidl_lines([(1, name)])


def stuffed(*chunks: bytes) -> bytes:
    """A message on the wire."""
    body = replies.DotStuffing()
    return b"".join([*(body.chunk(chunk) for chunk in chunks), body.end()])


@pytest.mark.pop3("maildrop-10", "asked-3")
def test_a_dot_at_the_very_first_octet_is_doubled() -> None:
    assert stuffed(b".\r\n") == b"..\r\n.\r\n"


@pytest.mark.pop3("maildrop-10", "asked-3")
@pytest.mark.parametrize(
    "chunks", [(b"a\r\n.b\r\n",), (b"a\r\n", b".b\r\n"), (b"a\r", b"\n.b\r\n"), (b"a\r\n", b"", b".b\r\n")]
)
def test_a_dot_at_a_chunks_edge_is_doubled(chunks: tuple[bytes, ...]) -> None:
    assert stuffed(*chunks) == b"a\r\n..b\r\n.\r\n"


def test_a_dot_inside_a_line_is_left_alone_at_a_chunks_edge() -> None:
    assert stuffed(b"a", b".b\r", b".\r\n") == b"a.b\r.\r\n.\r\n"


def test_a_message_without_a_final_line_end_gets_one() -> None:
    assert stuffed(b"a") == b"a\r\n.\r\n"
    assert stuffed(b"a\r") == b"a\r\r\n.\r\n"


def test_an_empty_message_is_a_dot() -> None:
    assert stuffed() == stuffed(b"") == b".\r\n"


@given(st.lists(st.text(".a\0", max_size=4), max_size=8), st.lists(st.integers(0, 40), max_size=6))
def test_a_client_gets_back_what_was_stuffed_in_any_chunks(lines: list[str], cuts: list[int]) -> None:
    message = "".join(f"{line}\r\n" for line in lines).encode()
    edges = sorted({0, len(message), *(cut for cut in cuts if cut < len(message))})
    wire = stuffed(*(message[a:b] for a, b in pairwise(edges)))
    received = wire.split(b"\r\n")
    assert received.index(b".") == len(received) - 2
    assert [line.removeprefix(b".").decode() for line in received[:-2]] == lines
