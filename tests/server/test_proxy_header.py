"""Reading the header of the PROXY protocol: what HAProxy's specification has, and nothing else."""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.server.headers import LOCAL, SIGNATURE, extension, tls, version_1, version_2

from quitclaim.server.proxy import Header, Malformed, read_header

if TYPE_CHECKING:
    from collections.abc import Iterable

BEHIND = b"CAPA\r\n"
ANNA = ("192.0.2.7", 4711)


def read(octets: bytes, chunks: Iterable[int]) -> Header | Malformed | None:
    """What is known of a header that comes in pieces which end there."""
    for end in (*chunks, len(octets)):
        known = read_header(octets[:end])
        if known is not None:
            return known
    return None


# --- what is read


@pytest.mark.parametrize(
    ("octets", "source"),
    [
        (version_1("192.0.2.7"), ANNA),
        (version_1("2001:db8::7"), ("2001:db8::7", 4711)),
        (version_1("2001:0DB8:0:0:0:0:0:7", 0), ("2001:db8::7", 0)),
        (version_1("::ffff:192.0.2.7"), ANNA),
        (version_2("192.0.2.7"), ANNA),
        (version_2("2001:db8::7", 65_535), ("2001:db8::7", 65_535)),
        (version_2("::ffff:192.0.2.7"), ANNA),
    ],
)
def test_the_peer_is_who_the_header_says(octets: bytes, source: tuple[str, int]) -> None:
    assert read_header(octets + BEHIND) == Header(len(octets), source)


@pytest.mark.parametrize(
    "octets",
    [
        b"PROXY UNKNOWN\r\n",
        b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n",
        b"PROXY UNKNOWN what\rever\n\r\n",
        LOCAL,
        SIGNATURE + b"\x20\xff\x00\x05what?",  # the family is ignored, and what is there is skipped
        SIGNATURE + b"\x21\x00\x00\x00",
        SIGNATURE + b"\x21\x00\x00\x03abc",
        SIGNATURE + b"\x21\x10\x00\x0c" + bytes(12),  # IPv4 and no protocol
        SIGNATURE + b"\x21\x12\x00\x0c" + bytes(12),  # UDP
        SIGNATURE + b"\x21\x31\x00\xd8" + bytes(216),  # a Unix socket
    ],
)
def test_a_header_without_an_address_leaves_the_balancers(octets: bytes) -> None:
    assert read_header(octets + BEHIND) == Header(len(octets))


@pytest.mark.pop3("login-42")
def test_a_header_of_536_octets_is_read_and_one_of_1040() -> None:
    for size in (536, 1_040):
        octets = version_2("192.0.2.7", 4711, extension(0x04, bytes(size - 16 - 12 - 3)))
        assert read_header(octets) == Header(size, ANNA)


@pytest.mark.parametrize(("flags", "is_tls"), [(0, False), (1, True), (7, True), (6, False)])
def test_the_header_says_whether_the_peer_has_tls(flags: int, *, is_tls: bool) -> None:
    octets = version_2("192.0.2.7", 4711, extension(0x02, b"mail.test"), tls(flags), extension(0xE0, b"x"))
    assert read_header(octets) == Header(len(octets), ANNA, is_tls)


# --- what is refused

LINES = {
    b"PROXY TCP4 192.0.2.7 198.51.100.1 4711\r\n": "two ports",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 110 9\r\n": "two ports",
    b"PROXY TCP4  192.0.2.7 198.51.100.1 4711 110\r\n": "two ports",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 110 \r\n": "two ports",
    b"PROXY \r\n": "family",
    b"PROXY  TCP4 192.0.2.7 198.51.100.1 4711 110\r\n": "family",
    b"PROXY TCP5 192.0.2.7 198.51.100.1 4711 110\r\n": "family",
    b"PROXY tcp4 192.0.2.7 198.51.100.1 4711 110\r\n": "family",
    b"PROXY UDP4 192.0.2.7 198.51.100.1 4711 110\r\n": "family",
    b"PROXY UNKNOWNS\r\n": "family",
    b"PROXY TCP4 192.0.2.07 198.51.100.1 4711 110\r\n": "address",
    b"PROXY TCP4 192.0.2.256 198.51.100.1 4711 110\r\n": "address",
    b"PROXY TCP4 192.0.2 198.51.100.1 4711 110\r\n": "address",
    b"PROXY TCP4 192.0.2.7 2001:db8::1 4711 110\r\n": "address",
    b"PROXY TCP4 2001:db8::7 2001:db8::1 4711 110\r\n": "address",
    b"PROXY TCP4 192.0.2.7 198.51.100.1/8 4711 110\r\n": "address",
    b"PROXY TCP4 192.0.2.\xb2 198.51.100.1 4711 110\r\n": "address",
    b"PROXY TCP4 localhost 198.51.100.1 4711 110\r\n": "address",
    b"PROXY TCP6 192.0.2.7 198.51.100.1 4711 110\r\n": "address",
    b"PROXY TCP6 2001:db8::7%eth0 2001:db8::1 4711 110\r\n": "address",
    b"PROXY TCP6 2001:db8::7::1 2001:db8::1 4711 110\r\n": "address",
    b"PROXY TCP6 [2001:db8::7] 2001:db8::1 4711 110\r\n": "address",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 65536 110\r\n": "port",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 110000000\r\n": "port",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 04711 110\r\n": "port",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 -1 110\r\n": "port",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 +4711 110\r\n": "port",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 4_711 110\r\n": "port",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 0x10 110\r\n": "port",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 \xb2 110\r\n": "port",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 110\n\r\n": "port",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 110\r\r\n": "port",
    b"PROXY UNKNOWN " + b"x" * 92 + b"\r\n": "end",
}
BINARY = {
    SIGNATURE + b"\x11\x11\x00\x0c" + bytes(12): "version",
    SIGNATURE + b"\x31": "version",
    SIGNATURE + b"\x22\x11\x00\x0c" + bytes(12): "version",
    SIGNATURE + b"\x2f": "version",
    SIGNATURE + b"\x21\x41\x00\x0c" + bytes(12): "family",
    SIGNATURE + b"\x21\x13": "family",
    SIGNATURE + b"\x21\xff": "family",
    SIGNATURE + b"\x21\x11\x00\x0b" + bytes(11): "short",
    SIGNATURE + b"\x21\x21\x00\x23" + bytes(35): "short",
    SIGNATURE + b"\x21\x31\x00\xd7" + bytes(215): "short",
    SIGNATURE + b"\x21\x12\x00\x00": "short",
    SIGNATURE + b"\x21\x11\x04\x01": "long",
    SIGNATURE + b"\x21\x11\x05": "long",
    SIGNATURE + b"\x20\x00\xff\xff": "long",
    version_2("192.0.2.7", 4711, b"\x04"): "cut off",
    version_2("192.0.2.7", 4711, b"\x04\x00\x01"): "cut off",
    version_2("192.0.2.7", 4711, b"\x04\xff\xff", bytes(90)): "cut off",
    version_2("192.0.2.7", 4711, extension(0x20, b"\x01\x00\x00\x00")): "TLS",
    version_2("192.0.2.7", 4711, extension(0x03, bytes(4))): "checksum",
    version_2("192.0.2.7", 4711, extension(0x03, b"")): "checksum",
    version_2("192.0.2.7", 4711, extension(0x03, bytes(5))): "checksum",
}
OTHERS = dict.fromkeys((b"CAPA\r\n", b"proxy ", b"PROXY\t", b"\x16\x03\x01", b"\r\n\r\n\n", b"\0"), "begin")


@pytest.mark.parametrize(("octets", "why"), [*LINES.items(), *BINARY.items(), *OTHERS.items()])
def test_whatever_else_is_malformed(octets: bytes, why: str) -> None:
    known = read_header(octets)
    assert isinstance(known, Malformed)
    assert why in known.why


@pytest.mark.pop3("login-42")
def test_a_line_that_does_not_end_is_malformed_after_107_octets() -> None:
    line = b"PROXY UNKNOWN " + b"x" * 200
    assert read_header(line[:106]) is None
    assert read_header(line[:107]) == Malformed("its line does not end")
    longest = line[:105] + b"\r\n"
    assert read_header(longest) == Header(107)


def test_a_checksum_is_checked() -> None:
    zeros = version_2("192.0.2.7", 4711, extension(0x03, bytes(4)))
    good = zeros[:-4] + struct.pack("!I", bitwise_crc32c(zeros))
    assert read_header(good) == Header(len(good), ANNA)
    for bit in range(16 * 8, 28 * 8):  # of the addresses and ports
        flipped = bytearray(good)
        flipped[bit // 8] ^= 1 << bit % 8
        assert read_header(bytes(flipped)) == Malformed("its checksum is wrong")


def bitwise_crc32c(octets: bytes) -> int:
    """As RFC 9260 has it, bit by bit and without a table."""
    crc = 0xFFFFFFFF
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    return crc ^ 0xFFFFFFFF


# --- however it comes


@pytest.mark.parametrize(
    "octets", [version_1("192.0.2.7"), version_2("2001:db8::7", 1, tls()), LOCAL, b"PROXY UNKNOWN\r\n"]
)
def test_half_a_header_is_waited_for(octets: bytes) -> None:
    assert [read_header(octets[:end]) for end in range(len(octets))] == [None] * len(octets)


PIECES = st.one_of(
    st.sampled_from(
        [*LINES, *BINARY, *OTHERS, LOCAL, version_1("192.0.2.7"), version_2("192.0.2.7", 1, tls())]
    ),
    st.binary(max_size=200),
    st.binary(max_size=60).map(lambda octets: b"PROXY " + octets),
    st.binary(max_size=60).map(lambda octets: SIGNATURE + octets),
    st.binary(max_size=60).map(lambda octets: SIGNATURE + b"\x21\x11\x00" + octets),
)


@given(st.lists(PIECES, max_size=3).map(b"".join), st.lists(st.integers(0, 300)))
@example(b"PROXY UNKNOWN " + b"x" * 91 + b"\r\n", [106])
def test_any_chunking_equals_one_chunk(octets: bytes, ends: list[int]) -> None:
    assert read(octets, sorted(ends)) == read_header(octets)


def test_ten_thousand_broken_headers_are_each_read_or_refused_and_the_rest_is_never_looked_at() -> None:
    chance = random.Random(7)  # noqa: S311 - the same each time
    kinds = {Header: 0, Malformed: 0, type(None): 0}
    sound = [version_1("192.0.2.7"), version_1("2001:db8::7"), version_2("192.0.2.7", 4711, tls()), LOCAL]
    for _ in range(10_000):
        octets = bytearray(chance.choice(sound))
        for _ in range(chance.randrange(3)):
            octets[chance.randrange(len(octets))] = chance.randrange(256)
        known = read_header(bytes(octets))
        kinds[type(known)] += 1
        if known is not None:
            assert read_header(bytes(octets) + chance.randbytes(9)) == known
        if isinstance(known, Header):
            assert known.size <= len(octets)
    assert all(number > 100 for number in kinds.values()), kinds
