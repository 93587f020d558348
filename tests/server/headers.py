"""Headers of the PROXY protocol as balancers write them, from the specification and not from our reader."""

from __future__ import annotations

import struct
from ipaddress import ip_address
from typing import Final

__all__ = ("LOCAL", "SIGNATURE", "extension", "tls", "version_1", "version_2")

SIGNATURE: Final = bytes.fromhex("0d0a0d0a000d0a515549540a")
LOCAL: Final = SIGNATURE + b"\x20\x00\x00\x00"


def version_1(source: str, port: int = 4711) -> bytes:
    """A line, to a server in the same family."""
    kind, server = ("TCP6", "2001:db8::1") if ":" in source else ("TCP4", "198.51.100.1")
    return f"PROXY {kind} {source} {server} {port} 110\r\n".encode()


def version_2(source: str, port: int = 4711, *extensions: bytes) -> bytes:
    """The same in binary, for TCP, with more behind the addresses."""
    packed = ip_address(source).packed
    rest = packed + bytes(len(packed)) + struct.pack("!HH", port, 110) + b"".join(extensions)
    family = 0x11 if len(packed) == 4 else 0x21
    return SIGNATURE + struct.pack("!BBH", 0x21, family, len(rest)) + rest


def extension(kind: int, value: bytes) -> bytes:
    """Type, length, value."""
    return struct.pack("!BH", kind, len(value)) + value


def tls(flags: int = 1) -> bytes:
    """What HAProxy says of a client's TLS: whether there is any, no certificate, the version."""
    return extension(0x20, struct.pack("!BI", flags, 1) + extension(0x21, b"TLSv1.3"))
