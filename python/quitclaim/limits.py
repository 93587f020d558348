"""What a peer may make the server hold, and for how long; and the count of who holds it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

__all__ = ("Connections", "Limits", "network")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of a server. Times are in seconds.

    Args:
        connections: at once, in all; who comes beyond is told to come again.
        connections_per_address: at once, from one address; of IPv6, from one /64, which is what one gets.
        login_timeout: from connecting to being logged in.
        idle_timeout: without a word in TRANSACTION, and without reading what is sent; RFC 1939 §3 wants ten
            minutes at least. Nothing is deleted then.
        login_failures: refused logins on one connection, until it is closed with the last refusal.
        bad_commands: refused lines in a row on one connection (unknown, malformed, untimely, no such
            message), until it is closed with the last refusal.
        drain_timeout: what sessions are given to end when the server stops.

    Raises:
        ValueError: one of them is not above zero.

    >>> Limits(connections=100).idle_timeout
    600.0
    >>> Limits(login_timeout=0)
    Traceback (most recent call last):
    ValueError: login_timeout must be above zero
    """

    connections: int = 10_000
    connections_per_address: int = 256
    login_timeout: float = 60.0
    idle_timeout: float = 600.0
    login_failures: int = 5
    bad_commands: int = 20
    drain_timeout: float = 10.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not getattr(self, name) > 0:
                message = f"{name} must be above zero"
                raise ValueError(message)


def network(address: str, /) -> str:
    """What of an address is one peer's, as far as limits go: all of IPv4, the first 64 bits of IPv6.

    >>> network("192.0.2.7"), network("2001:db8::1") == network("2001:db8::2"), network("::ffff:192.0.2.7")
    ('192.0.2.7', True, '192.0.2.7')
    """
    if ":" not in address:
        return address
    parsed = IPv6Address(address)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64))


class Connections:
    """Who is connected, counted by address; an address without a connection costs nothing.

    >>> connections = Connections(Limits(connections_per_address=1))
    >>> connections.enter("192.0.2.7"), connections.enter("192.0.2.7")
    (True, False)
    >>> connections.leave("192.0.2.7")
    >>> connections.enter("192.0.2.7"), len(connections)
    (True, 1)
    """

    __slots__ = ("_by_address", "_limits", "_total")

    def __init__(self, limits: Limits, /) -> None:
        self._limits = limits
        self._by_address: dict[str, int] = {}
        self._total = 0

    def __len__(self) -> int:
        return self._total

    def enter(self, address: str, /) -> bool:
        """Counts a connection from there, unless it would be one too many."""
        here = self._by_address.get(address, 0)
        if self._total >= self._limits.connections or here >= self._limits.connections_per_address:
            return False
        self._by_address[address] = here + 1
        self._total += 1
        return True

    def leave(self, address: str, /) -> None:
        """Takes back what one `enter` counted."""
        here = self._by_address[address] - 1
        self._total -= 1
        if here:
            self._by_address[address] = here
        else:
            del self._by_address[address]
