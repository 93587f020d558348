"""A client of NTLM that does as it is told, right or wrong. Written from MS-NLMP §3.1.5 and §3.3."""

from __future__ import annotations

import hashlib
import hmac
import struct
import time
from dataclasses import dataclass
from typing import Final, Literal

from spnego._ntlm_raw.crypto import desl, rc4k

from quitclaim.ntlm import Credential

__all__ = (
    "DOMAIN",
    "HEADER",
    "KEY",
    "LM",
    "MIC",
    "NT",
    "USER",
    "WORKSTATION",
    "Initiator",
    "hmac_md5",
    "with_field",
    "with_flags",
    "with_mic",
    "with_places",
    "without_mic_field",
)

# The fields of an AUTHENTICATE, in their order (MS-NLMP §2.2.1.3).
LM, NT, DOMAIN, USER, WORKSTATION, KEY = range(6)

# NegotiateFlags, MS-NLMP §2.2.2.5: key exchange, 128, version, extended session security, always sign, NTLM,
# sign, target, OEM, Unicode.
OEM: Final = 0x2
UNICODE: Final = 0x1
SIGN: Final = 0x10
ESS: Final = 0x0008_0000
KEY_EXCH: Final = 0x4000_0000
OFFER: Final = 0x6208_8217

HEADER: Final = 88  # octets before the payload, with version and MIC
MIC: Final = slice(72, 88)

_SECOND: Final = 10_000_000
_UNIX_EPOCH: Final = 116_444_736_000_000_000
_KEY: Final = b"sixteen octets.."
_NONCE: Final = b"8 of its"


@dataclass(frozen=True, slots=True, kw_only=True)
class Initiator:
    """One who logs in; the defaults are a modern client's, and its password is right."""

    username: str = "anna"
    password: str = "open sesame"  # noqa: S105 - opens nothing
    hashed_as: str | None = None
    """What the name becomes in upper case; by default what ASCII makes of it, and the rest as it is."""
    domain: str = ""
    hashed_domain: str | None = None
    """The domain that is hashed; by default the one that is sent."""
    workstation: str = "DESK"
    version: Literal["NTLMv2", "NTLMv1+ESS", "NTLMv1"] = "NTLMv2"
    oem: bool = False
    mic: bool = True
    key_exchange: bool = True
    binding: bytes | None = None
    """The 16 octets of its channel binding."""
    ahead: float = 0.0
    """Seconds that its clock is ahead."""
    pairs: bytes = b""
    """AV pairs of its own, before the end of the list."""
    trailer: bytes = bytes(4)
    """What follows the list."""

    @property
    def flags(self) -> int:
        """What it offers."""
        flags = OFFER & ~UNICODE if self.oem else OFFER & ~OEM
        if self.version == "NTLMv1":
            flags &= ~ESS
        return flags if self.key_exchange else flags & ~KEY_EXCH

    def negotiate(self) -> bytes:
        """Its NEGOTIATE."""
        return struct.pack("<8sII16x8s", b"NTLMSSP\0", 1, self.flags, b"\x0a\0\x61\x4a\0\0\0\x0f")

    def authenticate(self, negotiate: bytes, challenge: bytes) -> bytes:
        """Its AUTHENTICATE, to a CHALLENGE that answers that NEGOTIATE."""
        lm, nt, base_key = self._responses(challenge)
        (offered,) = struct.unpack_from("<I", challenge, 20)
        flags = offered & self.flags
        key, sent = base_key, b""
        if flags & KEY_EXCH and flags & SIGN:
            key, sent = _KEY, rc4k(base_key, _KEY)
        charset = "cp850" if self.oem else "utf-16-le"
        names = [name.encode(charset) for name in (self.domain, self.username, self.workstation)]
        message = self._message(flags, lm, nt, *names, sent)
        if self.version == "NTLMv2" and self.mic:
            message = with_mic(message, hmac_md5(key, negotiate + challenge + message))
        return message

    def _responses(self, challenge: bytes) -> tuple[bytes, bytes, bytes]:
        """LM response, NT response, and the key that a client's own is encrypted with."""
        server = challenge[24:32]
        nt_hash = Credential.from_password(self.password).nt_hash  # MS-NLMP §4.2.2 vouches for it
        if self.version == "NTLMv1":
            nt = desl(nt_hash, server)
            return nt, nt, bytes(16)  # without a MIC nobody knows that the key is wrong
        if self.version == "NTLMv1+ESS":
            nt = desl(nt_hash, hashlib.md5(server + _NONCE).digest()[:8])  # noqa: S324 - the protocol's
            return _NONCE + bytes(16), nt, bytes(16)
        user = self.hashed_as or "".join(one.upper() if one.isascii() else one for one in self.username)
        domain = self.domain if self.hashed_domain is None else self.hashed_domain
        key = hmac_md5(nt_hash, (user + domain).encode("utf-16-le"))
        temp = self._temp(challenge)
        proof = hmac_md5(key, server + temp)
        return bytes(24), proof + temp, hmac_md5(key, proof)

    def _temp(self, challenge: bytes) -> bytes:
        """What the proof is over besides the challenge, MS-NLMP §2.2.2.7."""
        length, offset = struct.unpack_from("<HxxI", challenge, 40)
        pairs = challenge[offset : offset + length - 4]
        if self.mic:
            pairs += struct.pack("<HHI", 6, 4, 2)
        if self.binding is not None:
            pairs += struct.pack("<HH16s", 10, 16, self.binding)
        ticks = _UNIX_EPOCH + int((time.time() + self.ahead) * _SECOND)
        head = struct.pack("<HxxxxxxQ8s4x", 0x0101, ticks, _NONCE)
        return head + pairs + self.pairs + bytes(4) + self.trailer

    @staticmethod
    def _message(flags: int, *values: bytes) -> bytes:
        """MS-NLMP §2.2.1.3: its six fields in order, with a version and a MIC of zeros."""
        fields, offset = b"", HEADER
        for value in values:
            fields += struct.pack("<HHI", len(value), len(value), offset)
            offset += len(value)
        head = struct.pack("<8sI", b"NTLMSSP\0", 3) + fields + struct.pack("<I", flags)
        return head + b"\x0a\0\x61\x4a\0\0\0\x0f" + bytes(16) + b"".join(values)


# --- what somebody on the way may do to an AUTHENTICATE


def with_mic(message: bytes, mic: bytes) -> bytes:
    """With that MIC."""
    return message[: MIC.start] + mic + message[MIC.stop :]


def without_mic_field(message: bytes) -> bytes:
    """Without the field that a MIC is in: the payload begins there."""
    return _moved(message[: MIC.start] + message[MIC.stop :], MIC.start - MIC.stop)


def _moved(message: bytes, by: int) -> bytes:
    edited = bytearray(message)
    for number in range(6):
        (offset,) = struct.unpack_from("<I", message, 12 + 8 * number + 4)
        struct.pack_into("<I", edited, 12 + 8 * number + 4, offset + by)
    return bytes(edited)


def with_field(message: bytes, number: int, value: bytes) -> bytes:
    """With another value in that field: it is appended."""
    edited = bytearray(message + value)
    struct.pack_into("<HHI", edited, 12 + 8 * number, len(value), len(value), len(message))
    return bytes(edited)


def with_places(message: bytes, *, most: int | None = None, nowhere: bool = False) -> bytes:
    """With another MaxLen in all fields, or with the empty ones where there is nothing."""
    edited = bytearray(message)
    for number in range(6):
        place = 12 + 8 * number
        length, _, offset = struct.unpack_from("<HHI", message, place)
        offset = 0xFFFF_FFFF if nowhere and not length else offset
        struct.pack_into("<HHI", edited, place, length, length if most is None else most, offset)
    return bytes(edited)


def with_flags(message: bytes, flags: int) -> bytes:
    """With those NegotiateFlags."""
    return message[:60] + struct.pack("<I", flags) + message[64:]


def hmac_md5(key: bytes, octets: bytes) -> bytes:
    """The only keyed hash in NTLMv2."""
    return hmac.new(key, octets, hashlib.md5).digest()
