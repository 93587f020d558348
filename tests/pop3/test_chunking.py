"""Any octets in any chunks: nothing raises, the events are the same, and what is held is bounded."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quitclaim.pop3 import (
    CONNECTION_CLOSED,
    EXCHANGE,
    LONGEST_COMMAND,
    LONGEST_RESPONSE,
    LONGEST_SKIP,
    NEED_DATA,
    Auth,
    Connection,
    Event,
    Pass,
    Response,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

LINES = st.sampled_from(
    [
        *(
            b"AUTH NTLM",
            b"AUTH PLAIN AA==",
            b"AA==",
            b"",
            b"*",
            b"=",
            b"USER anna",
            b"PASS x y",
            b"PASS",
            b"CAPA",
            b"STLS",
        ),
        *(
            b"STAT",
            b"RETR 1",
            b"DELE 0",
            b"TOP 1 0",
            b"QUIT x",
            b"NOOP",
            b"no\0op",
            b"\r",
            b"\xff\xfe",
            b"QUIT",
        ),
        *(b"y" * n for n in (252, 253, 254, 255, 256, 257, 600)),
        *(b"A" * n for n in (12_284, 12_288, 12_289, 12_290, 12_292)),
        *(b"z" * (LONGEST_COMMAND + LONGEST_SKIP + n) for n in (-2, -1, 0, 1)),
    ]
)
ENDS = st.sampled_from([b"\r\n", b"\n", b"\r\r\n", b""])
DIALOGUES = st.lists(st.tuples(LINES, ENDS).map(b"".join), max_size=12).map(b"".join)
OCTETS = st.one_of(
    st.binary(max_size=600), st.text("AUTHNLMQ=* \r\n\0", max_size=300).map(str.encode), DIALOGUES
)


def react(connection: Connection, event: Event) -> None:
    """What a session would do: challenges twice, refuses a password, accepts at the third response."""
    if isinstance(event, Auth):
        connection.challenge(b"")
    elif isinstance(event, Response):
        if event.token:
            connection.accept()
        else:
            connection.challenge(b"again")
    elif isinstance(event, Pass):
        connection.refuse()


def converse(chunks: Iterable[bytes]) -> tuple[list[Event], str]:
    """The events of a whole connection, and the state it ends in."""
    connection, out = Connection(), []
    for chunk in chunks:
        connection.receive(chunk)
        while (event := connection.next_event()) is not NEED_DATA and event is not CONNECTION_CLOSED:
            out.append(event)
            react(connection, event)
        limit = LONGEST_RESPONSE + 2 if connection.state == EXCHANGE else LONGEST_COMMAND
        assert connection.buffered < limit
        assert len(connection.unread) == connection.buffered  # nothing else is held
    return out, connection.state


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """The data in chunks."""
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in pairwise(edges)]


@given(OCTETS, st.lists(st.integers(0, 200_000), max_size=12))
def test_any_chunks_give_the_events_of_one(data: bytes, places: list[int]) -> None:
    assert converse(cut(data, places)) == converse([data])


@given(st.one_of(st.binary(max_size=400), st.text("AUTHNLMQ=* \r\n\0", max_size=300).map(str.encode)))
def test_single_octets_give_the_events_of_one_chunk(data: bytes) -> None:
    assert converse(bytes([octet]) for octet in data) == converse([data])


@pytest.mark.parametrize("over", [-2, -1, 0, 1])
@pytest.mark.parametrize("last", [1, 2, 3, 300])
def test_at_the_bound_of_skipping_chunks_change_nothing(over: int, last: int) -> None:
    data = b"z" * (LONGEST_COMMAND + LONGEST_SKIP + over) + b"\nCAPA\n"
    for edge in range(len(data) - 10, len(data)):
        assert converse(cut(data, [edge - last, edge])) == converse([data])


@given(st.lists(OCTETS, max_size=5), st.booleans())
def test_no_octets_raise_when_they_come_before_they_are_asked_for(chunks: list[bytes], ended: bool) -> None:  # noqa: FBT001 - drawn
    connection = Connection()
    for chunk in chunks:
        connection.receive(chunk)
        react(connection, connection.next_event())
    if ended:
        connection.receive_end()
    while (event := connection.next_event()) is not NEED_DATA and event is not CONNECTION_CLOSED:
        react(connection, event)
    assert (event is CONNECTION_CLOSED) >= ended
    assert connection.buffered <= LONGEST_RESPONSE + 2
