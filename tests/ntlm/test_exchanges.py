"""Whole exchanges through a session: who gets in, who does not, and that those who do not read the same."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.ntlm.door import ACCEPTED, ACCOUNTS, BINDING, DENIED, Door, answered, challenged
from tests.ntlm.initiator import (
    DOMAIN,
    KEY,
    LM,
    MIC,
    NT,
    USER,
    Initiator,
    with_field,
    with_flags,
    with_mic,
    with_places,
    without_mic_field,
)

from quitclaim.ntlm import Acceptor
from quitclaim.observer import LoggedIn, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from quitclaim import HandleTable

BOUND = hashlib.md5(  # noqa: S324 - MS-NLMP §2.2.2.1, MsvAvChannelBindings
    bytes(16) + struct.pack("<I", 53) + b"tls-server-end-point:" + bytes(range(32))
).digest()
GUESS = "a guess"
DOTLESS = "\N{LATIN SMALL LETTER DOTLESS I}"
KELVIN = "\N{KELVIN SIGN}"
NOBODY = "logon denied: nobody of that name has an NT hash"
REQUIRES_MIC = Acceptor("MAIL", mic="required")
REQUIRES_BINDING = Acceptor("MAIL", channel_binding="require")
IGNORES_BINDING = Acceptor("MAIL", channel_binding="off")
TAKES_NTLMV1 = Acceptor("MAIL", ntlmv1=True)


class Case(NamedTuple):
    """An exchange: who knocks, at whose door, and what is done to the messages on the way."""

    initiator: Initiator = Initiator()
    acceptor: Acceptor | None = None
    tls: bool = False
    on_negotiate: Callable[[bytes], bytes] = bytes
    on_challenge: Callable[[bytes], bytes] = bytes
    on_authenticate: Callable[[bytes], bytes] = bytes
    cause: str = "logon denied"
    """What the operator reads if it is refused."""

    def knock(self, door: Door) -> bytes:
        """What is said in the end."""
        return door.knock(
            self.initiator,
            on_negotiate=self.on_negotiate,
            on_challenge=self.on_challenge,
            on_authenticate=self.on_authenticate,
        )

    def door(self, table: HandleTable[Any]) -> Door:
        """A server."""
        return Door(table, self.acceptor, binding=BINDING if self.tls else None)


def without(flags: int) -> Callable[[bytes], bytes]:
    """Strips flags of a NEGOTIATE (at 12), CHALLENGE (at 20) or AUTHENTICATE (at 60)."""

    def strip(message: bytes) -> bytes:
        at = {1: 12, 2: 20, 3: 60}[message[8]]
        (before,) = struct.unpack_from("<I", message, at)
        return message[:at] + struct.pack("<I", before & ~flags) + message[at + 4 :]

    return strip


def at(offset: int) -> Callable[[bytes], bytes]:
    """Flips a bit there."""
    return lambda message: message[:offset] + bytes([message[offset] ^ 1]) + message[offset + 1 :]


def having(number: int, value: bytes) -> Callable[[bytes], bytes]:
    """Sets a field of an AUTHENTICATE."""
    return lambda message: with_field(message, number, value)


SIGN, SEAL, ESS, KEY_EXCH, VERSION, TARGET_INFO = 0x10, 0x20, 0x80000, 0x4000_0000, 0x0200_0000, 0x0080_0000

GOOD = {
    "MIC, key exchange": Case(),
    "MIC, no key exchange": Case(Initiator(key_exchange=False)),
    "no MIC": Case(Initiator(mic=False)),
    "no MIC, no key exchange": Case(Initiator(mic=False, key_exchange=False)),
    "a MIC that is required": Case(acceptor=REQUIRES_MIC),
    "OEM": Case(Initiator(oem=True)),
    "OEM, no MIC, as curl": Case(Initiator(oem=True, mic=False, domain="", workstation="WORKSTATION")),
    "UPN": Case(Initiator(username="anna@example.org", password=ACCOUNTS["anna@example.org"])),
    "domain": Case(Initiator(domain="EXAMPLE")),
    "domain that is not ours": Case(Initiator(domain="ELSEWHERE")),
    "domain in lower case, hashed so": Case(Initiator(domain="example")),
    "domain, hashed empty": Case(Initiator(domain="EXAMPLE", hashed_domain="")),
    "name in upper case": Case(Initiator(username="ANNA")),
    "name in mixed case, OEM": Case(Initiator(username="aNNa", oem=True)),
    "ü in upper case": Case(Initiator(username="JÜRGEN", password=ACCOUNTS["Jürgen"])),
    "ü in lower case": Case(Initiator(username="jürgen", hashed_as="JÜRGEN", password=ACCOUNTS["Jürgen"])),
    "ß stays": Case(Initiator(username="straße", hashed_as="STRAßE", password=ACCOUNTS["straße"])),
    "dotless i stays": Case(
        Initiator(username=f"{DOTLESS}da", hashed_as=f"{DOTLESS}DA", password=ACCOUNTS[f"{DOTLESS}da"])
    ),
    "Kelvin's sign stays, and is a k in lower case": Case(
        Initiator(username=f"{KELVIN}im", hashed_as=f"{KELVIN}IM", password=ACCOUNTS["kim"])
    ),
    "Cyrillic, and a password beyond 16 bits": Case(
        Initiator(username="ключ", hashed_as="КЛЮЧ", password=ACCOUNTS["ключ"])
    ),
    "no workstation": Case(Initiator(workstation="")),
    "MaxLen that lies": Case(Initiator(mic=False), on_authenticate=lambda one: with_places(one, most=9)),
    "empty fields that are nowhere": Case(
        Initiator(mic=False, workstation=""), on_authenticate=lambda one: with_places(one, nowhere=True)
    ),
    "flags of zero, as JavaMail": Case(
        Initiator(mic=False, key_exchange=False), on_authenticate=lambda one: with_flags(one, 0)
    ),
    "a pair that nobody knows": Case(Initiator(pairs=struct.pack("<HH4s", 0x7F, 4, b"what"))),
    "octets after the pairs": Case(Initiator(trailer=b"more than zeros")),
    "no octets after the pairs": Case(Initiator(trailer=b"")),
    "35 hours ahead": Case(Initiator(ahead=35 * 3600.0)),
    "35 hours behind": Case(Initiator(ahead=-35 * 3600.0)),
    "TLS, bound": Case(Initiator(binding=BOUND), tls=True),
    "TLS, bound, required": Case(Initiator(binding=BOUND), REQUIRES_BINDING, tls=True),
    "TLS, not bound": Case(tls=True),
    "TLS, bound to zeros": Case(Initiator(binding=bytes(16)), tls=True),
    "TLS, bound elsewhere, ignored": Case(Initiator(binding=b"x" * 16), IGNORES_BINDING, tls=True),
    "plaintext, bound to zeros": Case(Initiator(binding=bytes(16))),
    "NTLMv1 by opt-in": Case(Initiator(version="NTLMv1"), TAKES_NTLMV1),
    "NTLMv1+ESS by opt-in": Case(Initiator(version="NTLMv1+ESS"), TAKES_NTLMV1),
    "NTLMv2 where NTLMv1 is accepted": Case(acceptor=TAKES_NTLMV1),
}

BAD = {
    "wrong password": Case(Initiator(password=GUESS)),
    "wrong password, no MIC": Case(Initiator(password=GUESS, mic=False)),
    "nobody": Case(Initiator(username="mallory"), cause=NOBODY),
    "nobody, empty domain by way of another": Case(
        Initiator(username="mallory", domain="EXAMPLE", hashed_domain=""), cause=NOBODY
    ),
    "another's name": Case(on_authenticate=having(USER, "ключ".encode("utf-16-le"))),
    "hashed for another domain": Case(Initiator(domain="EXAMPLE", hashed_domain="ELSEWHERE")),
    "domain hashed in upper case, sent in lower": Case(Initiator(domain="example", hashed_domain="EXAMPLE")),
    "UPN, with the password of the short name": Case(Initiator(username="anna@example.org")),
    "ß as SS": Case(Initiator(username="straße", hashed_as="STRASSE", password=ACCOUNTS["straße"])),
    "ß is not ss": Case(Initiator(username="straße", hashed_as="STRAßE", password=ACCOUNTS["strasse"])),
    "dotless i as I": Case(
        Initiator(username=f"{DOTLESS}da", hashed_as="IDA", password=ACCOUNTS[f"{DOTLESS}da"])
    ),
    "dotless i is not i": Case(Initiator(username="ida", password=ACCOUNTS[f"{DOTLESS}da"]), cause=NOBODY),
    "Kelvin's sign as K": Case(Initiator(username=f"{KELVIN}im", hashed_as="KIM", password=ACCOUNTS["kim"])),
    "OEM, no ASCII": Case(
        Initiator(username="Jürgen", password=ACCOUNTS["Jürgen"], oem=True),
        cause="invalid token: an OEM name is not ASCII",
    ),
    "MIC of zeros": Case(
        on_authenticate=lambda one: with_mic(one, bytes(16)),
        cause="invalid token: the MIC that it announces is missing",
    ),
    "MIC with a flipped bit": Case(on_authenticate=at(MIC.start)),
    "MIC with its last bit flipped": Case(on_authenticate=at(MIC.stop - 1)),
    "MIC shifted away": Case(
        on_authenticate=without_mic_field, cause="invalid token: the MIC that it announces is missing"
    ),
    "MIC shifted away, version stripped": Case(
        on_authenticate=lambda one: without(VERSION)(without_mic_field(one)),
        cause="invalid token: the MIC that it announces is missing",
    ),
    "no MIC where one is required": Case(
        Initiator(mic=False), REQUIRES_MIC, cause="refused by policy: there is no MIC"
    ),
    "MIC flag taken out of the response": Case(
        on_authenticate=lambda one: one.replace(struct.pack("<HHI", 6, 4, 2), struct.pack("<HHI", 6, 4, 0))
    ),
    "MIC flag hidden by a second one": Case(
        Initiator(pairs=struct.pack("<HHI", 6, 4, 0)),
        on_authenticate=lambda one: with_mic(one, bytes(16)),
        cause="invalid token: an AV pair comes twice",
    ),
    "NEGOTIATE with a flipped bit": Case(on_negotiate=at(33)),
    "NEGOTIATE with flags stripped": Case(on_negotiate=without(SIGN | KEY_EXCH)),
    "CHALLENGE with flags stripped": Case(on_challenge=without(SIGN | KEY_EXCH)),
    "CHALLENGE with another target": Case(on_challenge=at(56)),
    "CHALLENGE with another nonce": Case(Initiator(mic=False), on_challenge=at(24)),
    "AUTHENTICATE with flags stripped": Case(on_authenticate=without(SIGN | KEY_EXCH)),
    "AUTHENTICATE with another workstation": Case(on_authenticate=having(4, "EVIL".encode("utf-16-le"))),
    "AUTHENTICATE with an octet more": Case(on_authenticate=lambda one: one + b"\0"),
    "a key of 15 octets": Case(
        Initiator(mic=False),
        on_authenticate=having(KEY, bytes(15)),
        cause="invalid token: the session key has a wrong length",
    ),
    "a key of 17 octets": Case(
        Initiator(mic=False),
        on_authenticate=having(KEY, bytes(17)),
        cause="invalid token: the session key has a wrong length",
    ),
    "key exchange without a key": Case(
        Initiator(mic=False),
        on_authenticate=having(KEY, b""),
        cause="invalid token: the session key has a wrong length",
    ),
    "proof of another": Case(
        on_authenticate=lambda one: with_field(one, NT, bytes(60)),
        cause="invalid token: the NT response has a wrong length or version",
    ),
    "pairs that never end": Case(
        Initiator(mic=False, pairs=struct.pack("<HH", 0x7F, 0xFFFF)),
        cause="invalid token: the AV pairs are broken",
    ),
    "a line break in the name": Case(
        Initiator(username="anna\r\nDomain: x"), cause="invalid token: a name has a control character"
    ),
    "NUL in the name": Case(
        Initiator(username="anna\0"), cause="invalid token: a name has a control character"
    ),
    "half a character in the name": Case(
        on_authenticate=having(USER, b"a\0n"), cause="invalid token: a name is not UTF-16"
    ),
    "a lone surrogate in the name": Case(
        on_authenticate=having(USER, b"\0\xd8"), cause="invalid token: a name is not UTF-16"
    ),
    "a control character in the domain": Case(
        on_authenticate=having(DOMAIN, "A\x1b".encode("utf-16-le")),
        cause="invalid token: a name has a control character",
    ),
    "37 hours ahead": Case(
        Initiator(ahead=37 * 3600.0), cause="refused by policy: the client's clock is too far off"
    ),
    "37 hours behind": Case(
        Initiator(ahead=-37 * 3600.0), cause="refused by policy: the client's clock is too far off"
    ),
    "TLS, bound elsewhere": Case(
        Initiator(binding=b"x" * 16),
        tls=True,
        cause="refused by policy: the channel binding is of another connection",
    ),
    "TLS, not bound, required": Case(
        Initiator(), REQUIRES_BINDING, tls=True, cause="refused by policy: there is no channel binding"
    ),
    "TLS, bound to zeros, required": Case(
        Initiator(binding=bytes(16)),
        REQUIRES_BINDING,
        tls=True,
        cause="refused by policy: there is no channel binding",
    ),
    "TLS, binding stripped, required": Case(
        Initiator(binding=BOUND),
        REQUIRES_BINDING,
        tls=True,
        on_authenticate=lambda one: one.replace(BOUND, bytes(16)),
        cause="refused by policy: there is no channel binding",
    ),
    "plaintext, bound": Case(
        Initiator(binding=BOUND), cause="refused by policy: the channel binding is of another connection"
    ),
    "NTLMv1": Case(Initiator(version="NTLMv1"), cause="refused by policy: the response is NTLMv1"),
    "NTLMv1+ESS": Case(Initiator(version="NTLMv1+ESS"), cause="refused by policy: the response is NTLMv1"),
    "NTLMv1 by opt-in, wrong password": Case(Initiator(version="NTLMv1", password=GUESS), TAKES_NTLMV1),
    "LM alone": Case(
        Initiator(version="NTLMv1"),
        TAKES_NTLMV1,
        on_authenticate=having(NT, b""),
        cause="refused by policy: there is no NT response",
    ),
    "an LM response of zeros alone": Case(
        Initiator(password=GUESS),
        TAKES_NTLMV1,
        on_authenticate=having(NT, b""),
        cause="refused by policy: there is no NT response",
    ),
    "LMv2 alone": Case(
        Initiator(mic=False),
        on_authenticate=having(NT, b""),
        cause="refused by policy: there is no NT response",
    ),
    "NT response of 47 octets": Case(
        Initiator(mic=False),
        on_authenticate=having(NT, bytes(47)),
        cause="invalid token: the NT response has a wrong length or version",
    ),
    "anonymous": Case(
        Initiator(mic=False),
        on_authenticate=lambda one: with_field(with_field(with_field(one, USER, b""), NT, b""), LM, b"\0"),
        cause="refused by policy: the login is anonymous",
    ),
    "guest": Case(Initiator(username="guest", password=""), cause=NOBODY),
    "nothing": Case(on_authenticate=lambda _: b"", cause="invalid token: it ends too early"),
    "a NEGOTIATE again": Case(
        on_authenticate=lambda _: Initiator().negotiate(),
        cause="invalid token: it is not the message whose turn it is",
    ),
    "something of SPNEGO": Case(
        on_authenticate=lambda one: b"\xa1\x81\xff" + one, cause="invalid token: it is not an NTLM message"
    ),
}


@pytest.mark.parametrize("case", GOOD.values(), ids=GOOD)
def test_who_gets_in_is_told_so_and_leaves_no_handle(handle_table: HandleTable[Any], case: Case) -> None:
    door = case.door(handle_table)
    assert case.knock(door) == ACCEPTED
    assert [type(event).__name__ for event in door.events] == ["LoggedIn", "Left"]
    assert handle_table.stats().freed["done"] == 1


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_who_does_not_get_in_reads_the_same_words_and_leaves_no_handle(
    handle_table: HandleTable[Any], case: Case
) -> None:
    door = case.door(handle_table)
    assert case.knock(door) == DENIED
    assert [event.cause for event in door.events if isinstance(event, Refused)] == [case.cause]
    assert handle_table.stats().freed["failed"] == 1


def test_the_operator_reads_by_what_version_of_ntlm_each_login_was(handle_table: HandleTable[Any]) -> None:
    door = Door(handle_table, TAKES_NTLMV1)
    door.knock(Initiator())
    door.knock(Initiator(mic=False))
    door.knock(Initiator(version="NTLMv1+ESS"))
    door.knock(Initiator(version="NTLMv1"))
    details = [event.detail for event in door.events if isinstance(event, LoggedIn)]
    assert details == ["NTLMv2+MIC", "NTLMv2", "NTLMv1+ESS", "NTLMv1"]


def test_the_operator_reads_who_was_refused_for_ntlmv1(handle_table: HandleTable[Any]) -> None:
    door = Door(handle_table)
    door.knock(Initiator(version="NTLMv1"))
    (refused,) = [event for event in door.events if isinstance(event, Refused)]
    assert (refused.username, refused.cause) == ("anna", "refused by policy: the response is NTLMv1")


# --- a challenge is good once


def test_an_authenticate_that_was_good_is_refused_on_another_connection(
    handle_table: HandleTable[Any],
) -> None:
    door = Door(handle_table)
    first: list[bytes] = []

    def record(message: bytes) -> bytes:
        first.append(message)
        return message

    assert door.knock(Initiator(), on_authenticate=record) == ACCEPTED
    assert door.knock(Initiator(), on_authenticate=lambda _: first[0]) == DENIED


def test_an_authenticate_is_good_for_its_own_connection_only(handle_table: HandleTable[Any]) -> None:
    door, anna = Door(handle_table), Initiator()
    mine, yours = door.open(), door.open()
    challenge = challenged(mine, anna.negotiate())
    challenged(yours, anna.negotiate())
    authenticate = anna.authenticate(anna.negotiate(), challenge)
    assert answered(yours, authenticate) == DENIED
    assert answered(mine, authenticate) == ACCEPTED
    mine.close("lost")
    yours.close("lost")


def test_the_right_authenticate_after_a_refused_one_meets_no_exchange(handle_table: HandleTable[Any]) -> None:
    door, anna = Door(handle_table), Initiator()
    session = door.open()
    challenge = challenged(session, anna.negotiate())
    assert answered(session, Initiator(password=GUESS).authenticate(anna.negotiate(), challenge)) == DENIED
    authenticate = anna.authenticate(anna.negotiate(), challenge)
    assert answered(session, authenticate).startswith(b"-ERR ")  # no exchange: it is no command
    assert session.receive(b"AUTH NTLM\r\n") == b"+ \r\n"
    assert answered(session, authenticate) == DENIED  # the next one begins with a NEGOTIATE
    session.close("lost")


def test_a_login_after_a_refused_one_has_another_challenge(handle_table: HandleTable[Any]) -> None:
    door, anna = Door(handle_table), Initiator()
    session = door.open()
    first = challenged(session, anna.negotiate())
    answered(session, b"a guess")
    second = challenged(session, anna.negotiate())
    assert first[24:32] != second[24:32]
    assert answered(session, anna.authenticate(anna.negotiate(), second)) == ACCEPTED
    session.close("lost")
