"""A client as curl is: OEM names, NTLMv2, no MIC, no key. Written from MS-NLMP §3.1.5.1.2."""

from __future__ import annotations

import hashlib
import hmac
import struct
import time

import pytest

from quitclaim.errors import InvalidToken, LogonDenied, Unsupported
from quitclaim.ntlm import Acceptor, Claim, Credential

# OEM, target, NTLM, always-sign, extended session security.
OFFER = 0x0008_8206
NEGOTIATE = struct.pack("<8sII", b"NTLMSSP\0", 1, OFFER) + bytes(16)
SECOND = 10_000_000
UNIX_EPOCH = 116_444_736_000_000_000


def hmac_md5(key: bytes, octets: bytes) -> bytes:
    """The only keyed hash in NTLMv2."""
    return hmac.new(key, octets, hashlib.md5).digest()


def ntlmv2_response(challenge: bytes, username: str, password: str, when: float) -> bytes:
    """`NTLMv2_RESPONSE`, MS-NLMP §3.3.2, over the AV pairs of that CHALLENGE."""
    length, offset = struct.unpack_from("<HxxI", challenge, 40)
    ticks = UNIX_EPOCH + int(when * SECOND)
    pairs = challenge[offset : offset + length]
    temp = struct.pack("<HxxxxxxQ8s4x", 0x0101, ticks, b"8 of its") + pairs + bytes(4)
    nt_hash = Credential.from_password(password).nt_hash  # MS-NLMP §4.2.2 vouches for it
    key = hmac_md5(nt_hash, (username.upper() + "EXAMPLE").encode("utf-16-le"))
    return hmac_md5(key, challenge[24:32] + temp) + temp


def authenticate(nt_response: bytes, username: bytes, flags: int = OFFER) -> bytes:
    """An AUTHENTICATE that ends its fixed part before version and MIC."""
    values = [bytes(24), nt_response, b"EXAMPLE", username, b"DESK", b""]
    fields, offset = b"", 64
    for value in values:
        fields += struct.pack("<HHI", len(value), len(value), offset)
        offset += len(value)
    return struct.pack("<8sI", b"NTLMSSP\0", 3) + fields + struct.pack("<I", flags) + b"".join(values)


def claim(
    username: str = "alice",
    *,
    acceptor: Acceptor | None = None,
    sent: bytes | None = None,
    ahead: float = 0.0,
    nt_response: bytes | None = None,
) -> Claim:
    """The claim of such a client, whose clock is so many seconds ahead."""
    acceptor = acceptor or Acceptor("MAIL")
    now = time.time()
    challenged, challenge = acceptor.challenge(NEGOTIATE, b"8 octets", now)
    response = nt_response or ntlmv2_response(challenge, username, "secret", now + ahead)
    return challenged.authenticate(authenticate(response, sent or username.encode()), None, now)


def test_curl_logs_in() -> None:
    established = claim().verify(Credential.from_password("secret"))
    assert (established.username, established.domain) == ("alice", "EXAMPLE")
    assert (established.version, established.mic) == ("NTLMv2", False)


def test_curl_with_a_wrong_password_is_denied() -> None:
    claimed = claim()
    with pytest.raises(LogonDenied):
        claimed.verify(Credential.from_password("Secret"))


def test_curl_is_refused_where_a_mic_is_required() -> None:
    with pytest.raises(Unsupported, match="there is no MIC"):
        claim(acceptor=Acceptor("MAIL", mic="required"))


def test_an_oem_name_that_is_not_ascii_is_refused() -> None:
    with pytest.raises(InvalidToken, match="not ASCII"):
        claim("müller", sent="müller".encode("cp850"))


def test_a_name_with_a_control_character_is_refused() -> None:
    with pytest.raises(InvalidToken, match="control character"):
        claim("alice\r\nDomain: x")


def test_an_oem_client_is_told_a_name_in_question_marks() -> None:
    _, challenge = Acceptor("PÖST").challenge(NEGOTIATE, b"8 octets", time.time())
    assert b"P?ST" in challenge


@pytest.mark.parametrize("hours", [-37, 37])
def test_a_clock_that_is_37_hours_off_is_refused(hours: float) -> None:
    with pytest.raises(Unsupported, match="clock is too far off"):
        claim(ahead=hours * 3600)


@pytest.mark.parametrize("hours", [-35, 35])
def test_a_clock_that_is_35_hours_off_is_accepted(hours: float) -> None:
    assert claim(ahead=hours * 3600).verify(Credential.from_password("secret"))


def test_a_narrower_window_is_kept() -> None:
    with pytest.raises(Unsupported, match="clock is too far off"):
        claim(acceptor=Acceptor("MAIL", client_time_window=60), ahead=61)


@pytest.mark.parametrize("window", [float("inf"), 10**30])
def test_a_window_without_end_lets_any_clock_pass(window: float) -> None:
    acceptor = Acceptor("MAIL", client_time_window=window)
    assert claim(acceptor=acceptor, ahead=1e9).verify(Credential.from_password("secret"))


def test_ntlmv1_is_refused_by_default() -> None:
    with pytest.raises(Unsupported, match="NTLMv1"):
        claim(nt_response=bytes(24))


def test_ntlmv1_is_a_claim_by_opt_in() -> None:
    claimed = claim(nt_response=bytes(24), acceptor=Acceptor("MAIL", ntlmv1=True))
    assert (claimed.version, claimed.mic) == ("NTLMv1+ESS", False)
    with pytest.raises(LogonDenied):
        claimed.verify(Credential.from_password("secret"))


def test_an_lm_response_alone_is_refused() -> None:
    challenged, _ = Acceptor("MAIL", ntlmv1=True).challenge(NEGOTIATE, b"8 octets", time.time())
    with pytest.raises(Unsupported, match="no NT response"):
        challenged.authenticate(authenticate(b"", b"alice"), None, time.time())
