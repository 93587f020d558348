"""The form in which messages are kept, whatever the pieces they come in."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quitclaim.maildrop.wire import cut, pieces, wire_form

MESSAGES = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a", b"\0\xff"])).map(b"".join)


def reference(message: bytes) -> bytes:
    """The same, octet by octet."""
    octets = b""
    for octet in message:
        missing = octet == ord("\n") and octets[-1:] != b"\r"
        octets += (b"\r" if missing else b"") + bytes([octet])
    return octets if octets[-1:] in (b"", b"\n") else octets + b"\r\n"


def in_pieces(message: bytes, cuts: list[int]) -> list[bytes]:
    """The message, cut there."""
    places = sorted({0, len(message), *(place % (len(message) + 1) for place in cuts)})
    return [message[start:end] for start, end in pairwise(places)]


@given(MESSAGES, st.lists(st.integers(0, 1000)))
@example(b"a\r\n", [2])
@example(b"a\r", [2])
@example(b"\r", [])
def test_it_is_the_same_however_the_message_is_cut(message: bytes, cuts: list[int]) -> None:
    assert b"".join(wire_form(in_pieces(message, cuts))) == reference(message)


@given(MESSAGES)
def test_what_has_the_form_stays_as_it_is(message: bytes) -> None:
    once = reference(message)
    assert b"".join(wire_form([once])) == once


@given(st.lists(st.binary(max_size=20)), st.integers(1, 9))
def test_a_stream_is_cut_into_equal_pieces(stream: list[bytes], size: int) -> None:
    parts = list(cut(stream, size))
    assert b"".join(parts) == b"".join(stream)
    assert {len(part) for part in parts[:-1]} <= {size}
    assert all(1 <= len(part) <= size for part in parts)


@pytest.mark.parametrize("octets", [0, 1, 65_536, 200_000])
def test_a_whole_message_comes_in_pieces(octets: int) -> None:
    parts = list(pieces(bytes(octets)))
    assert b"".join(parts) == bytes(octets)
    assert all(len(part) <= 65_536 for part in parts)
