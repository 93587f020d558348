"""How many are connected, in all and from each address."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quitclaim.limits.numbers import Limits

__all__ = ("Connections", "network")


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

    >>> from quitclaim.limits import Limits
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
