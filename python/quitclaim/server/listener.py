"""An address to listen at, what is taken there, and which balancers may stand in front of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quitclaim.sasl import Mechanism
    from quitclaim.server.tls import Tls

__all__ = ("Listener", "Proxy")


@dataclass(frozen=True, slots=True)
class Listener:
    """An address to listen at; port 0 takes a free one.

    Passwords (USER, PLAIN) are taken under TLS and from loopback alone, unless `allow_plaintext`. With `tls`
    a peer may ask for TLS by STLS (RFC 2595); if it is `implicit`, all begins with it, as on port 995
    (RFC 8314 §3.2). With `mechanisms`, those are offered there and no others: NTLMv1 for the old scanners'
    network, say, and nowhere else. With `proxy`, only balancers connect to it, and each connection begins
    with their word on whom it is from.

    Raises:
        ValueError: TLS is to be implicit, and there is none.

    >>> Listener("127.0.0.1", 0).implicit
    False
    """

    host: str = "127.0.0.1"
    port: int = 1110
    allow_plaintext: bool = False
    tls: Tls | None = None
    implicit: bool = False
    mechanisms: tuple[Mechanism, ...] | None = None
    proxy: Proxy | None = None

    def __post_init__(self) -> None:
        if self.implicit and self.tls is None:
            message = "a listener with implicit TLS needs a certificate: tls="
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Proxy:
    """The networks of balancers that speak the PROXY protocol, version 1 or 2, to a listener.

    Their header is required there. It decides what is loopback, whose address is in the log and counted by
    limits, and whether the peer has TLS: where the balancer ends TLS and says so (`send-proxy-v2-ssl`),
    passwords are taken, and STLS is not offered. NTLM is bound to the balancer's certificate if `Ntlm` is
    told that, else to none. What a balancer does for itself, such as a health check, is from its own address,
    and no password is taken.

    Who connects from elsewhere, sends no header within `Limits.proxy_timeout`, or a malformed one, is closed
    without a word, counted (`Counters.unproxied`) and logged.

    Raises:
        ValueError: there is no network, or one of them is none.

    >>> Proxy(("192.0.2.0/24", "2001:db8::1")).trusts("192.0.2.7")
    True
    >>> Proxy().trusts("192.0.2.7")
    False
    """

    trusted: tuple[str, ...] = ("127.0.0.0/8", "::1")
    _networks: tuple[IPv4Network | IPv6Network, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.trusted:
            message = "a listener behind balancers needs the network of one that is trusted"
            raise ValueError(message)
        object.__setattr__(self, "_networks", tuple(map(ip_network, self.trusted)))

    def trusts(self, address: str, /) -> bool:
        """Whether a balancer there is believed."""
        parsed = ip_address(address)
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self._networks)
