"""The header of the PROXY protocol, versions 1 and 2, by which a balancer says whom a connection is from.

Sections are those of HAProxy's proxy-protocol.txt.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from typing import Final

__all__ = ("Header", "Malformed", "read_header")


@dataclass(frozen=True, slots=True)
class Header:
    """What a balancer says of a connection."""

    size: int
    """Octets of the header; what stands behind them is the peer's."""
    source: tuple[str, int] | None = None
    """The peer's address and port; None if it has none, or the balancer speaks for itself."""
    is_tls: bool = False
    """Whether the peer speaks TLS with the balancer."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """No header, and it will not become one."""

    why: str
    """For the log: a fixed text, with nothing in it that was sent."""


def read_header(octets: bytes, /) -> Header | Malformed | None:
    r"""Reads the header that a connection begins with; None if there is more to come.

    Version 1 has 107 octets at most (§2.1). Of version 2 up to 1,024 are taken behind the first 16: what is
    sent at once, as it must be, is no more than the smallest segment that everybody takes, 536.

    >>> read_header(b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 110\r\nCAPA\r\n")
    Header(size=44, source=('192.0.2.7', 4711), is_tls=False)
    >>> read_header(b"PROXY TCP4 192.0")
    >>> read_header(b"CAPA\r\n")
    Malformed(why='it does not begin as one')
    """
    try:
        if octets.startswith(_LINE[: len(octets)]):
            return _version_1(octets)
        _must(octets.startswith(_SIGNATURE[: len(octets)]), "it does not begin as one")
        return _version_2(octets)
    except ValueError as error:
        return Malformed(str(error))


def _must(be_so: object, why: str) -> None:
    if not be_so:
        raise ValueError(why)


# --- version 1, a line of text


def _version_1(octets: bytes) -> Header | None:
    end = octets.find(b"\r\n", 0, _LONGEST_LINE)
    if end < 0:
        _must(len(octets) < _LONGEST_LINE, "its line does not end")
        return None
    size = end + len(b"\r\n")
    _proxy, family, *rest = octets[:end].split(b" ")
    if family == b"UNKNOWN":
        return Header(size)
    _must(family in _FAMILIES, "its family is not TCP4 or TCP6")
    _must(len(rest) == len(_REST), "its line is not two addresses and two ports")
    source, _destination = (_address(text, _FAMILIES[family]) for text in rest[:2])
    port, _destination_port = map(_port, rest[2:])
    return Header(size, (_written(source), port))


def _address(text: bytes, kind: _Kind) -> _Address:
    try:
        address = kind(text.decode("ascii"))
    except ValueError:
        address = None
    if address is None or b"%" in text:  # a zone, which means something on one machine only
        message = "an address in it is none, or of another family"
        raise ValueError(message)
    return address


def _port(text: bytes) -> int:
    is_number = text.isdigit() and len(text) <= len("65535") and (text[:1] != b"0" or text == b"0")
    _must(is_number and int(text) <= _LARGEST_PORT, "a port in it is none")
    return int(text)


# --- version 2, binary


def _version_2(octets: bytes) -> Header | None:
    # What has not come yet is taken for good: so what is wrong does not depend on how it came.
    first = octets[: _START.size] + _GOOD_START[len(octets) :]
    version_and_command, family_and_protocol, length = _START.unpack(first)
    version, command = divmod(version_and_command, 16)
    family, protocol = divmod(family_and_protocol, 16)
    _must(version == _VERSION and command in {_LOCAL, _PROXY}, "its version or command is not known")
    known = family in _SIZES and protocol <= _DATAGRAM
    _must(known or command == _LOCAL, "its family or protocol is not known")
    _must(length <= _LARGEST_REST, "it is too long")
    size = _START.size + length
    if len(octets) < size:
        return None
    if command == _LOCAL:
        return Header(size)
    _must(length >= _SIZES[family], "it is too short for its addresses")
    layout = _LAYOUTS.get((family, protocol))
    if layout is None:  # neither TCP over IPv4 nor over IPv6: as if it were unspecified (§2.2)
        return Header(size)
    source, port = layout.unpack_from(octets, _START.size)
    is_tls = _is_tls(octets[:size], _START.size + _SIZES[family])
    address = IPv4Address(source) if family == _IPV4 else IPv6Address(source)
    return Header(size, (_written(address), port), is_tls)


def _is_tls(header: bytes, at: int) -> bool:
    """Reads what stands behind the addresses, each with its type and length."""
    is_tls = False
    while at < len(header):
        _must(at + _EXTENSION.size <= len(header), "its last extension is cut off")
        kind, length = _EXTENSION.unpack_from(header, at)
        at += _EXTENSION.size
        value = header[at : at + length]
        _must(len(value) == length, "its last extension is cut off")
        if kind == _TLS:
            _must(length >= _TLS_VALUE.size, "its word on TLS is cut off")
            is_tls = bool(value[0] & _CLIENT_HAS_TLS)
        elif kind == _CHECKSUM:
            blank = header[:at] + bytes(length) + header[at + length :]
            _must(value == _crc32c(blank).to_bytes(4, "big"), "its checksum is wrong")
        at += length
    return is_tls


def _crc32c(octets: bytes) -> int:
    """The checksum of RFC 9260, appendix A.

    >>> hex(_crc32c(b"123456789"))
    '0xe3069283'
    """
    table = _crc32c_table()
    crc = 0xFFFF_FFFF
    for octet in octets:
        crc = table[(crc ^ octet) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFF_FFFF


@cache
def _crc32c_table() -> list[int]:
    table = []
    for crc in range(256):
        for _bit in range(8):
            crc = (crc >> 1) ^ (_CASTAGNOLI if crc & 1 else 0)  # noqa: PLW2901 - it begins as the octet
        table.append(crc)
    return table


# --- both


def _written(address: _Address) -> str:
    """As the kernel writes it; IPv4 as such, wherever a balancer has mapped it into IPv6."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(address if mapped is None else mapped)


_Address = IPv4Address | IPv6Address
_Kind = type[IPv4Address] | type[IPv6Address]

_LINE: Final = b"PROXY "
_FAMILIES: Final[dict[bytes, _Kind]] = {b"TCP4": IPv4Address, b"TCP6": IPv6Address}
_REST: Final = ("source", "destination", "port of the source", "port of the destination")
_LONGEST_LINE: Final = 107  # octets, CRLF among them
_LARGEST_PORT: Final = 65_535

_SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
_START: Final = struct.Struct("!12xBBH")  # the signature, version and command, family and protocol, length
_GOOD_START: Final = _SIGNATURE + b"\x21\x11\0\0"
_LARGEST_REST: Final = 1_024  # octets
_VERSION: Final = 2
_LOCAL, _PROXY = range(2)  # commands
_UNSPECIFIED, _IPV4, _IPV6, _UNIX = range(4)  # families
_STREAM, _DATAGRAM = 1, 2  # protocols; 0 is unspecified
_SIZES: Final = {_UNSPECIFIED: 0, _IPV4: 12, _IPV6: 36, _UNIX: 216}  # octets of both addresses, and of ports
_LAYOUTS: Final = {
    (_IPV4, _STREAM): struct.Struct("!4s4xH2x"),
    (_IPV6, _STREAM): struct.Struct("!16s16xH2x"),
}
_EXTENSION: Final = struct.Struct("!BH")  # type and length
_CHECKSUM: Final = 0x03
_CASTAGNOLI: Final = 0x82F6_3B78  # the polynomial, reversed
_TLS: Final = 0x20
_TLS_VALUE: Final = struct.Struct("!BI")  # what is so, by bits; and whether a certificate was verified
_CLIENT_HAS_TLS: Final = 0x01
