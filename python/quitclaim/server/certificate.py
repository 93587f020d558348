"""What a server must know of its own certificate, read from its DER (RFC 5280 §4.1, X.690 §8.1)."""

from __future__ import annotations

import hashlib
from typing import Final

__all__ = ("binding_hash", "dns_names")


def binding_hash(certificate: bytes, /) -> bytes:
    """The hash that binds a login to a TLS connection: `tls-server-end-point` (RFC 5929 §4.1).

    Its function is that of the certificate's signature, but SHA-256 for MD5, SHA-1, and where there is none.
    The certificate must be one that OpenSSL has parsed.
    """
    _body, algorithm, _signature = _sequence(certificate)
    (_, oid), *parameters = _parts(algorithm)
    if oid == _RSASSA_PSS:
        oid = _hash_of_pss(parameters)
    name = next((name for name, oids in _HASHES.items() if oid in oids), "sha256")
    return hashlib.new(name, certificate).digest()


def dns_names(certificate: bytes, /) -> tuple[str, ...]:
    """The DNS names that it is for, in lower case: of its subject's alternative names (RFC 5280 §4.2.1.6).

    The certificate must be one that OpenSSL has parsed.
    """
    body, _algorithm, _signature = _sequence(certificate)
    for tag, extensions in _parts(body):
        if tag == _EXTENSIONS:
            for extension in _sequence(extensions):
                (_, oid), *_critical, (_, value) = _parts(extension)
                if oid == _ALTERNATIVE_NAMES:
                    names = _parts(_parts(value)[0][1])
                    return tuple(name.decode("latin-1").lower() for tag, name in names if tag == _DNS_NAME)
    return ()


def _hash_of_pss(parameters: list[tuple[int, bytes]]) -> bytes:
    """The hash function that RSASSA-PSS has as a parameter; by default none is named (RFC 8017 §A.2.3)."""
    for _, sequence in parameters:
        for tag, content in _parts(sequence):
            if tag == _HASH_ALGORITHM:
                return _parts(_parts(content)[0][1])[0][1]
    return b""


def _sequence(octets: bytes) -> list[bytes]:
    """The contents of what is in the first value, which is a SEQUENCE."""
    return [content for _, content in _parts(_parts(octets)[0][1])]


def _parts(octets: bytes) -> list[tuple[int, bytes]]:
    """The values that stand one behind the other: tag and content of each."""
    parts = []
    at = 0
    while at < len(octets):
        tag, length = octets[at : at + 2]
        at += 2
        if length & 0x80:  # the long form: what follows is the length's length
            long = length & 0x7F
            length = int.from_bytes(octets[at : at + long], "big")
            at += long
        parts.append((tag, octets[at : at + length]))
        at += length
    return parts


_EXTENSIONS: Final = 0xA3  # [3]
_HASH_ALGORITHM: Final = 0xA0  # [0]
_DNS_NAME: Final = 0x82  # [2]

_ALTERNATIVE_NAMES: Final = bytes.fromhex("551d11")  # 2.5.29.17
_RSASSA_PSS: Final = bytes.fromhex("2a864886f70d01010a")  # 1.2.840.113549.1.1.10
_RSA: Final = "2a864886f70d0101"  # 1.2.840.113549.1.1, RFC 8017 §A.2.4
_ECDSA: Final = "2a8648ce3d0403"  # 1.2.840.10045.4.3, RFC 5758 §3.2
_NIST: Final = "6086480165030402"  # 2.16.840.1.101.3.4.2, RFC 8017 §B.1

# All that are not SHA-256: by signature with RSA, with ECDSA, and as a parameter of RSASSA-PSS.
_HASHES: Final[dict[str, tuple[bytes, ...]]] = {
    "sha224": tuple(map(bytes.fromhex, (_RSA + "0e", _ECDSA + "01", _NIST + "04"))),
    "sha384": tuple(map(bytes.fromhex, (_RSA + "0c", _ECDSA + "03", _NIST + "02"))),
    "sha512": tuple(map(bytes.fromhex, (_RSA + "0d", _ECDSA + "04", _NIST + "03"))),
}
