"""Whole dialogues in any chunks: the same octets come back. And any octets at all: nothing raises."""

from __future__ import annotations

import re
from base64 import b64encode
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.oracle import SameKeys, mechanisms
from tests.session.peer import PASSWORD, Peer
from tests.session.ports import How, at_once, chunks_of, later

from quitclaim import HandleTable
from quitclaim.errors import StoreUnavailable
from quitclaim.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable

NEGOTIATE: Final = b64encode(
    bytes.fromhex("4e544c4d5353500001000000078208a2000000000000000000000000000000000501280a0000000f")
)
PLAIN: Final = b64encode(b"\0anna\0open sesame")


def dialogue(*lines: bytes) -> bytes:
    """These lines."""
    return b"\r\n".join([*lines, b""])


DIALOGUES: Final = (
    dialogue(b"CAPA", b"USER anna", b"PASS open sesame", b"STAT", b"LIST", b"RETR 1", b"DELE 1", b"QUIT"),
    dialogue(b"AUTH", b"AUTH PLAIN", PLAIN, b"UIDL", b"TOP 2 1", b"RETR 2", b"RSET", b"NOOP", b"QUIT"),
    dialogue(b"AUTH NTLM", NEGOTIATE, b"TlRMTVNTUAADAAAA", b"AUTH NTLM " + NEGOTIATE, b"*", b"QUIT"),
    dialogue(b"AUTH NTLM", b"no base64", b"AUTH NTLM", b"A" * 12_300, b"USER anna", b"PASS no", b"QUIT"),
    dialogue(b"x" * 70_000, b"CAPA"),
    dialogue(b"y" * 60_000, b"CAPA", b"USER anna", b"PASS open sesame", b"LIST 0", b"z" * 300, b"STAT"),
    dialogue(b"USER anna", b"PASS open sesame", *[b"RETR 1", b"TOP 2 0"] * 10, b"DELE 2", b"STAT", b"QUIT"),
    b"USER anna\nPASS open sesame\nSTAT\n\nNOOP\r\r\nQUIT\nSTAT\n",
)

# And those of the fuzzer's corpus that have no order in them: logins by each mechanism, good and bad.
CORPUS: Final = Path(__file__).parent.parent / "fuzz" / "corpus"
RECORDED: Final = tuple(
    script[1:] for file in sorted(CORPUS.iterdir()) if b"\xff" not in (script := file.read_bytes())
)

AT_ONCE: Final = (at_once, at_once)
HOWS: Final = st.sampled_from(
    [AT_ONCE, (later, later), (at_once, chunks_of(7)), (later, chunks_of(3, how=later)), (later, at_once)]
)


def make_peer(hows: tuple[How, How]) -> Peer:
    """A peer whose server has neither a clock nor a generator of its own."""
    peer = Peer(HandleTable(), mechanisms=mechanisms(), limits=Limits(login_failures=4, bad_commands=6))
    peer.accounts = peer.service.accounts = SameKeys({"anna": PASSWORD})
    peer.store.memory._epoch = "epoch"  # noqa: SLF001 - so that all have the same names
    peer.store.memory.deliver("anna", b"Subject: first\r\n\r\n.Hello, Anna.\r\n")
    peer.store.memory.deliver("anna", b"Subject: second\r\n\r\n.signed\r\n..\r\nend")
    how, peer.store.reading = hows
    peer.accounts.how = peer.store.opening = peer.store.committing = how
    return peer


def converse(chunks: Iterable[bytes], hows: tuple[How, How] = AT_ONCE) -> tuple[bytes, list[object]]:
    """All that is said to these chunks, and what the observer was told."""
    peer = make_peer(hows)
    said = []
    for chunk in chunks:
        said.append(peer.session.receive(chunk))
        while peer.session.next == "WAIT":
            said.append(peer.answered())
    said.append(peer.session.receive_end())
    peer.session.close("lost")
    assert len(peer.table) == 0
    assert set(peer.store.closes) <= {1}
    return b"".join(said), list(peer.events)


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """The data in chunks."""
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in pairwise(edges)]


@pytest.mark.pop3("session-11")
@given(st.sampled_from(DIALOGUES + RECORDED), st.lists(st.integers(0, 100_000), max_size=40), HOWS)
def test_any_chunks_are_answered_as_one(data: bytes, places: list[int], hows: tuple[How, How]) -> None:
    assert converse(cut(data, places), hows) == converse([data])


@pytest.mark.pop3("session-11")
def test_single_octets_are_answered_as_one_chunk() -> None:
    for data in DIALOGUES + RECORDED:
        assert converse(bytes([octet]) for octet in data) == converse([data])


@given(st.permutations([line for data in DIALOGUES[:4] for line in data.split(b"\r\n")]), HOWS)
def test_lines_in_any_order_are_answered_alike_at_once_and_later(
    lines: list[bytes], hows: tuple[How, How]
) -> None:
    data = dialogue(*lines)
    assert converse([data], hows) == converse([data])


# --- anything at all

LINES: Final = st.one_of(
    st.sampled_from([line for data in DIALOGUES for line in data.splitlines() if len(line) < 1_000]),
    st.sampled_from([b"USER anna\r\nPASS open sesame", b"AUTH PLAIN " + PLAIN, b"QUIT"]),
    st.sampled_from(
        [b"RETR 1", b"DELE 2", b"UIDL", b"TOP 1 1", b"PASS open sesame", b"USER anna", b"*", PLAIN]
    ),
    st.binary(max_size=40),
)
STEPS: Final = st.lists(
    st.one_of(
        LINES.map(lambda line: line + b"\r\n"),
        st.binary(max_size=20),
        st.sampled_from(["answer", "fail", "reap", "end"]),
    ),
    max_size=25,
)
# All that is ever said in these dialogues, line by line.
SAID: Final = re.compile(
    rb"""(\+OK|-ERR)(\ [^\r\n\0]+)?     # status
    |\+\ [A-Za-z0-9+/=]*            # challenge
    |[1-9]\ (\d+|epoch-\d)         # LIST, UIDL
    |[A-Z0-9-]+(\ [A-Za-z0-9-]+)*    # CAPA, AUTH
    |(en|i-default)\ English        # LANG
    |Subject:\ (first|second)||\.\.Hello,\ Anna\.|\.\.signed|\.\.\.|end|\.""",
    re.VERBOSE,
)


@settings(max_examples=300)
@given(STEPS, HOWS, st.booleans())
def test_nothing_that_a_peer_or_a_back_end_does_raises_or_is_left(
    steps: list[bytes | str],
    hows: tuple[How, How],
    pipelined: bool,  # noqa: FBT001 - drawn
) -> None:
    peer = make_peer(hows)
    said = b""
    for step in steps:
        if step == "reap":
            peer.table.drain()
        elif step == "end":
            said += peer.session.receive_end()
        elif isinstance(step, bytes):
            said += peer.session.receive(step)
        if peer.session.waiting is not None and (step == "answer" or not pipelined):
            said += peer.answered()
        elif peer.session.waiting is not None and step == "fail":
            said += peer.failed(StoreUnavailable())
    peer.session.close("lost")
    if peer.session.waiting is not None:
        assert peer.answered() == b""
    assert len(peer.table) == 0
    assert set(peer.store.closes) <= {1}
    *lines, rest = said.split(b"\r\n")
    assert [line for line in lines if not SAID.fullmatch(line)] == []
    assert rest == b"" or b"octets" in said or b"+OK\r\n" in said  # a message may break off
