"""RETR and TOP: any message in any chunks, octet for octet as a simple reference has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.session.peer import LOGINS, PASSWORD, Peer
from tests.session.ports import Foreign, How, at_once, chunks_of, later

from quitclaim import HandleTable
from quitclaim.errors import StoreUnavailable
from quitclaim.observer import Delivered

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Peers

UNREADABLE = b"-ERR [SYS/TEMP] the message cannot be read now, try again later\r\n"


def on_the_wire(message: bytes) -> bytes:
    """The message in lines that end in CRLF, as POP3.md wants it: the reference."""
    lines = message.split(b"\n")
    last = lines.pop()
    ended = [line.removesuffix(b"\r") + b"\r\n" for line in lines]
    return b"".join(ended) + (last + b"\r\n" if last else b"")


def stuffed(wire: bytes) -> bytes:
    """A dot before each dot that begins a line, and what ends the reply: the reference."""
    lines = wire.split(b"\r\n")
    assert lines.pop() == b""
    # A bare LF is none of ours: the store has made CRLF of each.
    return b"".join([(b"." if line[:1] == b"." else b"") + line + b"\r\n" for line in lines]) + b".\r\n"


def top(wire: bytes, count: int) -> bytes:
    """The header, the blank line and so many lines: the reference."""
    lines = wire.split(b"\r\n")
    lines.pop()
    end = lines.index(b"") + 1 + count if b"" in lines else len(lines)
    return b"".join([line + b"\r\n" for line in lines[:end]])


def logged_in(peer: Peer, *messages: bytes) -> Peer:
    """The peer, logged in to a maildrop with these messages."""
    for message in messages:
        peer.store.memory.deliver("anna", message)
    assert LOGINS["PLAIN"](peer, "anna", PASSWORD).startswith(b"+OK %d " % len(messages))
    return peer


MESSAGES = st.one_of(
    st.text(".a\r\n", max_size=60).map(str.encode),
    st.lists(
        st.sampled_from([b".", b"..", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"a", b"S: x", b"\0", b"\xff"]),
        max_size=30,
    ).map(b"".join),
    st.binary(max_size=80),
)
HOWS = st.tuples(st.integers(1, 7), st.sampled_from([at_once, later])).map(
    lambda drawn: chunks_of(drawn[0], how=drawn[1])
)


@pytest.mark.pop3("maildrop-9", "maildrop-10", "asked-3")
@given(MESSAGES, HOWS)
@example(b"", chunks_of(1))
@example(b".", chunks_of(1))
@example(b"\r\n.\r\n", chunks_of(2))
@example(b"a\r\n..b", chunks_of(3, how=later))
def test_any_message_in_any_chunks_is_sent_as_the_reference_has_it(message: bytes, how: How) -> None:
    peer = logged_in(Peer(HandleTable()), message)
    peer.store.reading = how
    wire = on_the_wire(message)
    assert peer.hears_all(b"RETR 1") == b"+OK %d octets\r\n" % len(wire) + stuffed(wire)
    assert peer.say(b"LIST 1") == b"+OK 1 %d\r\n" % len(wire)
    peer.session.close("lost")


@pytest.mark.pop3("maildrop-11")
@given(MESSAGES, HOWS, st.integers(0, 5))
@example(b"Subject: x\r\n\r\n.one\r\ntwo\r\n", chunks_of(1), 1)
@example(b"\r\nno header\r\n", chunks_of(1), 0)
@example(b"no blank line\r\nat all", chunks_of(1), 0)
@example(b"", chunks_of(1), 0)
def test_any_top_in_any_chunks_is_cut_as_the_reference_has_it(message: bytes, how: How, count: int) -> None:
    peer = logged_in(Peer(HandleTable()), message)
    peer.store.reading = how
    expected = b"+OK\r\n" + stuffed(top(on_the_wire(message), count))
    assert peer.hears_all(b"TOP 1 %d" % count) == expected
    assert peer.hears_all(b"TOP 1 %d" % count) == expected
    peer.session.close("lost")


# --- by example

LETTER = b"From: bert\r\nSubject: dots\r\n\r\n.first\r\n..second\r\nthird\r\n.\r\n"


@pytest.mark.pop3("maildrop-11")
@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (0, b""),
        (1, b"..first\r\n"),
        (3, b"..first\r\n...second\r\nthird\r\n"),
        (4, b"..first\r\n...second\r\nthird\r\n..\r\n"),
        (5, b"..first\r\n...second\r\nthird\r\n..\r\n"),
        (2**31 - 1, b"..first\r\n...second\r\nthird\r\n..\r\n"),
    ],
)
def test_top_gives_the_header_the_blank_line_and_so_many_lines(
    connect: Peers, lines: int, body: bytes
) -> None:
    peer = logged_in(connect(), LETTER)
    assert peer.say(b"TOP 1 %d" % lines) == b"+OK\r\nFrom: bert\r\nSubject: dots\r\n\r\n" + body + b".\r\n"


@pytest.mark.pop3("maildrop-11")
@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param(b"Subject: x\r\n", b"Subject: x\r\n", id="no blank line"),
        pytest.param(b"Subject: x\r\n\r\n", b"Subject: x\r\n\r\n", id="no body"),
        pytest.param(b"\r\nbody\r\n", b"\r\n", id="no header"),
        pytest.param(b".hidden\r\n\r\nbody\r\n", b"..hidden\r\n\r\n", id="a dot first of all"),
        pytest.param(b"S: x\r\n\r\n\r\n\r\nbody\r\n", b"S: x\r\n\r\n", id="several blank lines"),
        pytest.param(b"S: x\r\n \r\n\r\nbody\r\n", b"S: x\r\n \r\n\r\n", id="a blank is no blank line"),
        pytest.param(b"S: x\n\nbody", b"S: x\r\n\r\n", id="lone LF"),
        pytest.param(b"", b"", id="nothing"),
    ],
)
def test_top_of_nothing_more_than_the_header(connect: Peers, message: bytes, expected: bytes) -> None:
    assert logged_in(connect(), message).say(b"TOP 1 0") == b"+OK\r\n" + expected + b".\r\n"


@pytest.mark.parametrize("edge", range(1, 20))
def test_a_blank_line_may_lie_across_chunks(connect: Peers, edge: int) -> None:
    peer = logged_in(connect(), b"Subject: x\r\n\r\nbody\r\n")
    peer.store.reading = chunks_of(edge)
    assert peer.say(b"TOP 1 0") == b"+OK\r\nSubject: x\r\n\r\n.\r\n"


def counted() -> tuple[list[None], How]:
    """Reads at once, and a list as long as there were reads."""
    reads: list[None] = []

    def how(find: Callable[[], object]) -> object:
        reads.append(None)
        return find()

    return reads, how


@pytest.mark.pop3("maildrop-12")
def test_top_reads_no_further_than_it_must(connect: Peers) -> None:
    peer = logged_in(connect(), b"Subject: x\r\n\r\n" + b"line\r\n" * 500_000)
    reads, peer.store.reading = counted()
    peer.say(b"TOP 1 1000")
    assert len(reads) == 1


def test_retr_reads_nothing_beyond_the_end(connect: Peers) -> None:
    peer = logged_in(connect(), b"x" * 1_000)
    reads, peer.store.reading = counted()
    peer.say(b"RETR 1")
    assert len(reads) == 1


def test_a_delivery_is_told_when_all_is_said(connect: Peers) -> None:
    peer = logged_in(connect(), LETTER)
    peer.store.reading = chunks_of(20, how=later)
    peer.say(b"RETR 1")
    assert not [event for event in peer.events if isinstance(event, Delivered)]
    peer.hears_all()
    assert peer.events[-1] == Delivered("192.0.2.7:4711", "anna", 1, len(LETTER))
    assert peer.service.counters.retrieved == 1
    assert peer.service.counters.octets == len(LETTER)


def test_a_top_is_no_delivery(connect: Peers) -> None:
    peer = logged_in(connect(), LETTER)
    peer.say(b"TOP 1 99")
    assert not [event for event in peer.events if isinstance(event, Delivered)]
    assert peer.service.counters.retrieved == 0


# --- reading that fails


def failing_after(reads: int, error: Exception, how: Callable[[Callable[[], object]], object]) -> How:
    """Reads of ten octets, of which so many are good."""
    left = [reads]

    def find_or_fail(find: Callable[[], bytes]) -> bytes:
        left[0] -= 1
        if left[0] < 0:
            raise error
        return find()[:10]

    return lambda find: how(lambda: find_or_fail(find))


@pytest.mark.parametrize("how", [at_once, later])
@pytest.mark.parametrize("command", [b"RETR 1", b"TOP 1 9"])
def test_a_message_that_cannot_be_read_is_an_error_and_the_session_goes_on(
    connect: Peers, command: bytes, how: How
) -> None:
    peer = logged_in(connect(), LETTER)
    peer.store.reading = failing_after(0, StoreUnavailable(), how)
    assert peer.hears_all(command) == UNREADABLE
    peer.store.reading = at_once
    assert peer.hears_all(command, b"STAT").startswith(b"+OK")


@pytest.mark.parametrize("how", [at_once, later])
@pytest.mark.parametrize("error", [StoreUnavailable(), Foreign()], ids=repr)
@pytest.mark.parametrize("reads", [1, 3])
@pytest.mark.parametrize("command", [b"RETR 1", b"TOP 1 9"])
def test_a_message_that_breaks_off_is_never_ended(  # noqa: PLR0913, PLR0917 - a product
    connect: Peers,
    command: bytes,
    reads: int,
    error: Exception,
    how: How,
    caplog: pytest.LogCaptureFixture,
) -> None:
    peer = logged_in(connect(), LETTER)
    peer.store.reading = failing_after(reads, error, how)
    said = peer.hears_all(command, b"STAT")
    assert not said.endswith(b".\r\n")
    assert b"-ERR" not in said
    assert peer.session.next == "CLOSE"
    assert len(caplog.records) == 1
    peer.session.close("lost")
    assert peer.store.closes == [1]


@pytest.mark.parametrize("how", [at_once, later])
def test_a_store_that_breaks_before_the_first_octet_says_nothing(
    connect: Peers, how: How, caplog: pytest.LogCaptureFixture
) -> None:
    peer = logged_in(connect(), LETTER)
    peer.store.reading = failing_after(0, Foreign(), how)
    assert peer.hears_all(b"RETR 1") == b""
    assert peer.session.next == "CLOSE"
    assert len(caplog.records) == 1
