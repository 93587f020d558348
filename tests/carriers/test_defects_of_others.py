"""Defects that other servers had, by their numbers, over each carrier that they can happen on."""

from __future__ import annotations

import struct
from base64 import b64encode
from typing import TYPE_CHECKING, Final

import pytest
from tests.carriers.carriers import PASSWORD, Back, Served
from tests.carriers.test_failures import DENIED, NEGOTIATE
from tests.server.certificates import issue, pem_of, trusting
from tests.server.wire import GREETING, PLAIN, Wire

from quitclaim.limits import Limits
from quitclaim.observer import LoggedIn, Refused
from quitclaim.server import Tls

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path

    from tests.carriers.carriers import Carrier

    from quitclaim.session import ExchangeTable

INSIDE: Final = b"+OK 2 messages (60 octets)\r\n"
STRANGERS: Final = 20


def assert_unharmed(carrier: Carrier, wire: Wire) -> None:
    """The connection goes on, and so does the server."""
    assert wire.say(PLAIN) == INSIDE
    assert wire.say(b"QUIT") == b"+OK goodbye\r\n"
    wire.close()
    carrier.settle()
    assert carrier.connect().say(PLAIN) == INSIDE


# --- before TLS


class Plaintext:
    """A server that offers STLS, to whom a test speaks before TLS."""

    def __init__(self, served: Served, trust: ssl.SSLContext, /) -> None:
        self.served = served
        self._trust = trust
        self._wires: list[Wire] = []

    def begin_tls(self, octets: bytes) -> Wire:
        """Says that in one packet with STLS; a handshake is next."""
        wire = Wire(self.served.controller.address)
        self._wires.append(wire)
        wire.socket.sendall(b"STLS\r\n" + octets)
        assert wire.line() == b"+OK begin TLS\r\n"
        return wire

    def say_before_tls(self, octets: bytes) -> Wire:
        """The same, and shakes hands."""
        return self.begin_tls(octets).secure(self._trust)

    def close(self) -> None:
        """Ends all."""
        for wire in self._wires:
            wire.close()
        self.served.close()


@pytest.fixture
def plaintext(back: Back, table: ExchangeTable, tmp_path: Path) -> Iterator[Plaintext]:
    """Such a server, which has room for few who are not logged in."""
    back.limits = Limits(unauthenticated_connections=STRANGERS)
    certificate = issue("localhost")
    served = Served(back, table, tls=Tls(pem_of(tmp_path, certificate)))
    plaintext = Plaintext(served, trusting(certificate))
    yield plaintext
    plaintext.close()


@pytest.mark.pop3("defect-1", "login-35")
@pytest.mark.parametrize(
    "injected",
    [
        b"CAPA\r\n",
        b"USER anna\r\nPASS open sesame\r\n",
        PLAIN + b"\r\nDELE 1\r\nDELE 2\r\nQUIT\r\n",
        b"AUTH PLAIN\r\n",
        b"NOOP\r\n" * 800,
        b"DELE 1",
    ],
)
def test_cve_2011_0411_and_cve_2021_33515_and_james_1862_what_is_injected_before_tls_is_gone(
    plaintext: Plaintext, injected: bytes
) -> None:
    with plaintext.say_before_tls(injected) as wire:
        assert wire.say(b"PASS open sesame") == b"-ERR say USER first\r\n"
        assert wire.say(PLAIN) == INSIDE
        assert wire.say(b"QUIT") == b"+OK goodbye\r\n"
        assert wire.rest() == b""
    logins = [event for event in plaintext.served.back.events if isinstance(event, LoggedIn | Refused)]
    assert len(logins) == 1


# --- AUTH


@pytest.mark.pop3("defect-2")
@pytest.mark.parametrize(
    "token", [b"anna", b"anna\0open sesame", b"\0", b"\0\0", b"\0anna", b"\0anna\0", b"\0anna\0open sesame\0"]
)
def test_imail_130_auth_plain_with_too_few_or_too_many_fields(carrier: Carrier, token: bytes) -> None:
    wire = carrier.connect()
    assert wire.say(b"AUTH PLAIN " + b64encode(token)) == DENIED
    assert_unharmed(carrier, wire)


def authenticate(which: int, length: int, offset: int) -> bytes:
    """An AUTHENTICATE of 64 octets and 32 more, with one field that says where it is by those numbers."""
    fields = [struct.pack("<HHI", 8, 8, 64)] * 6
    fields[which] = struct.pack("<HHI", length, length, offset)
    return b"NTLMSSP\0" + struct.pack("<I", 3) + b"".join(fields) + struct.pack("<I", 0x0000_0205) + bytes(32)


@pytest.mark.pop3("defect-3")
@pytest.mark.parametrize("which", range(6), ids=["LM", "NT", "domain", "user", "workstation", "key"])
@pytest.mark.parametrize(
    ("length", "offset"), [(8, 0xFFFF_FFFF), (0xFFFF, 64), (8, 96), (1, 0x8000_0000), (9, 88)]
)
def test_cve_2020_12673_an_ntlm_field_beyond_the_end_of_its_message(
    carrier: Carrier, which: int, length: int, offset: int
) -> None:
    wire = carrier.connect()
    assert wire.say(b"AUTH NTLM") == b"+ \r\n"
    assert wire.say(NEGOTIATE).startswith(b"+ ")
    assert wire.say(b64encode(authenticate(which, length, offset))) == DENIED
    assert_unharmed(carrier, wire)


@pytest.mark.pop3("defect-3")
@pytest.mark.parametrize("first", [b"", b"NTLMSSP\0", b"NTLMSSP\0\x01\0\0\0"])
def test_cve_2020_12674_an_ntlm_message_of_no_length(carrier: Carrier, first: bytes) -> None:
    wire = carrier.connect()
    assert wire.say(b"AUTH NTLM") == b"+ \r\n"
    assert wire.say(b64encode(first)) == DENIED
    assert wire.say(b"AUTH NTLM") == b"+ \r\n"
    assert wire.say(NEGOTIATE).startswith(b"+ ")
    assert wire.say(b"") == DENIED
    assert_unharmed(carrier, wire)


@pytest.mark.pop3("defect-4")
@pytest.mark.parametrize("lines", [(b"AUTH PLAIN",), (b"AUTH NTLM",), (b"AUTH NTLM", NEGOTIATE)])
def test_cve_2019_11494_a_drop_during_auth(carrier: Carrier, lines: tuple[bytes, ...]) -> None:
    other, wire = carrier.connect(), carrier.connect()
    for line in lines:
        wire.say(line)
    wire.socket.sendall(b"AAAA")
    wire.reset()
    assert other.say(PLAIN) == INSIDE


@pytest.mark.pop3("defect-5")
@pytest.mark.parametrize("garbage", [b"\xff\xfe\0\x01", b"AUTH PLAIN", b"\x16\x03\x01\x02\0", b"=" * 5_000])
def test_cve_2019_11499_garbage_instead_of_a_response(carrier: Carrier, garbage: bytes) -> None:
    wire = carrier.connect()
    assert wire.say(b"AUTH PLAIN") == b"+ \r\n"
    assert wire.say(garbage) == DENIED
    assert_unharmed(carrier, wire)


@pytest.mark.pop3("defect-6")
@pytest.mark.parametrize(
    "name", [b"\xff", b"an\xc3na", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xc0\xaf"]
)
def test_cve_2019_10691_a_user_name_of_bad_utf_8(carrier: Carrier, name: bytes) -> None:
    wire = carrier.connect()
    assert wire.say(b"AUTH PLAIN " + b64encode(b"\0" + name + b"\0guess")) == DENIED
    assert wire.say(b"USER " + name).startswith(b"-ERR")
    assert_unharmed(carrier, wire)
    for event in carrier.back.events:
        repr(event).encode()


# --- lines


@pytest.mark.pop3("defect-7", "session-4")
def test_cve_2019_11500_a_nul_wherever_it_stands(carrier: Carrier) -> None:
    wire = carrier.connect()
    for line in (b"\0", b"CAPA\0", b"US\0ER anna", b"USER an\0na", b"AUTH PLAIN\0", b"AUTH PLAIN AA\0=="):
        assert wire.say(line).startswith(b"-ERR")
    assert wire.say(PLAIN) == INSIDE
    for line in (b"DELE 1\x001", b"DELE 1\0", b"DELE \x001", b"LIST 1\0", b"TOP 1 0\0", b"STAT\0", b"\0NOOP"):
        assert wire.say(line).startswith(b"-ERR")
    assert wire.say(b"STAT") == b"+OK 2 60\r\n"


@pytest.mark.pop3("defect-8", "session-9")
@pytest.mark.parametrize("octets", [256, 1_024, 8_192, 60_000])
def test_cve_1999_0006_and_cve_2003_0264_long_arguments(carrier: Carrier, octets: int) -> None:
    wire = carrier.connect()
    for keyword in (b"USER ", b"PASS ", b"AUTH ", b"APOP "):
        assert wire.say(keyword.ljust(octets, b"A")) == b"-ERR line too long\r\n"
    assert wire.say(PLAIN) == INSIDE
    for keyword in (b"LIST ", b"TOP 1 ", b"TOP ", b"RETR ", b"DELE ", b"UIDL "):
        assert wire.say(keyword.ljust(octets, b"9")) == b"-ERR line too long\r\n"
    assert wire.say(b"STAT") == b"+OK 2 60\r\n"


@pytest.mark.pop3("defect-10", "maildrop-11")
def test_cve_2024_23185_a_header_of_a_hundred_thousand_lines(carrier: Carrier) -> None:
    header = b"".join([b"X-Flood: %d\r\n" % number for number in range(100_000)])
    message = header + b"\r\nthe body\r\n"
    carrier.back.store.memory.deliver("anna", message)
    wire, other = carrier.connect().login(), carrier.connect()
    wire.send(b"TOP 3 0", b"RETR 3", b"QUIT")
    assert other.ntlm("bert", PASSWORD) == b"+OK 0 messages (0 octets)\r\n"
    said = wire.rest()
    assert said.startswith(b"+OK\r\n" + header + b"\r\n.\r\n+OK %d octets\r\n" % len(message))
    assert said.endswith(message + b".\r\n+OK goodbye\r\n")


@pytest.mark.pop3("defect-11", "session-1", "session-2")
def test_cve_2007_1558_apop_is_neither_offered_nor_taken(carrier: Carrier) -> None:
    wire = carrier.connect()  # who was greeted by GREETING
    assert len(GREETING) <= 512
    assert GREETING.count(b"\r\n") == GREETING.count(b"\n") == 1
    assert not set(b"<>@") & set(GREETING)
    assert wire.say(b"CAPA") == b"+OK capabilities\r\n"
    while (line := wire.line()) != b".\r\n":
        assert b"APOP" not in line
    assert wire.say(b"APOP anna c4c9334bac560ecc979e58001b3e22fb") == b"-ERR unknown command\r\n"
    assert_unharmed(carrier, wire)


@pytest.mark.pop3("defect-9", "login-38")
def test_cve_2014_3430_handshakes_that_are_never_done_keep_nobody_out(plaintext: Plaintext) -> None:
    inside = plaintext.say_before_tls(b"")
    assert inside.say(PLAIN) == INSIDE
    stalled = [plaintext.begin_tls(b"") for _ in range(3 * STRANGERS)]
    for wire in stalled[2 * STRANGERS :]:
        wire.socket.sendall(b"\x16\x03\x01\0\xc8\x01")
    other = plaintext.say_before_tls(b"")
    assert other.ntlm("bert", PASSWORD) == b"+OK 0 messages (0 octets)\r\n"
    assert inside.say(b"STAT") == b"+OK 2 60\r\n"
    assert all(is_gone(wire) for wire in stalled[:STRANGERS])
    plaintext.served.overstay()
    assert all(is_gone(wire) for wire in stalled)


def is_gone(wire: Wire) -> bool:
    """Whether the server has closed, without another word in plaintext; waits for it."""
    try:
        return b"+OK" not in wire.rest()
    except ConnectionResetError:
        return True
