"""Where a connection comes from: its address as it is written, and whether that is of this machine."""

from __future__ import annotations

__all__ = ("is_loopback", "peer_name")


def is_loopback(address: str, /) -> bool:
    """Whether an address, as the kernel writes it, is of this machine alone.

    >>> [is_loopback(address) for address in ("127.1.2.3", "::1", "::ffff:127.0.0.1", "192.0.2.7")]
    [True, True, True, False]
    """
    return address.startswith(("127.", "::ffff:127.")) or address == "::1"


def peer_name(address: str, port: int, /) -> str:
    """What a peer is called in logs.

    >>> peer_name("192.0.2.7", 4711), peer_name("2001:db8::7", 4711)
    ('192.0.2.7:4711', '[2001:db8::7]:4711')
    """
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
