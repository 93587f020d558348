"""An address to listen at, and what is taken there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quitclaim.sasl import Mechanism
    from quitclaim.server.tls import Tls

__all__ = ("Listener",)


@dataclass(frozen=True, slots=True)
class Listener:
    """An address to listen at; port 0 takes a free one.

    Passwords (USER, PLAIN) are taken under TLS and from loopback alone, unless `allow_plaintext`. With `tls`
    a peer may ask for TLS by STLS (RFC 2595); if it is `implicit`, all begins with it, as on port 995
    (RFC 8314 §3.2). With `mechanisms`, those are offered there and no others: NTLMv1 for the old scanners'
    network, say, and nowhere else.

    Raises:
        ValueError: TLS is to be implicit, and there is none.

    >>> Listener("127.0.0.1", 0)
    Listener(host='127.0.0.1', port=0, allow_plaintext=False, tls=None, implicit=False, mechanisms=None)
    """

    host: str = "127.0.0.1"
    port: int = 1110
    allow_plaintext: bool = False
    tls: Tls | None = None
    implicit: bool = False
    mechanisms: tuple[Mechanism, ...] | None = None

    def __post_init__(self) -> None:
        if self.implicit and self.tls is None:
            message = "a listener with implicit TLS needs a certificate: tls="
            raise ValueError(message)
