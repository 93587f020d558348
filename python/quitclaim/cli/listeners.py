"""What `serve` listens at, and with which certificates: from what a user has said."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

from quitclaim.server import Listener, Proxy, Tls

if TYPE_CHECKING:
    from quitclaim.config import Settings

__all__ = ("certificates", "listeners")


def certificates(settings: Settings, /) -> Tls | None:
    """The certificates, if there are any.

    Raises:
        OSError: a file cannot be read.
        ValueError: they cannot be used.
    """
    if not settings.tls_cert:
        return None
    first, *others = zip(settings.tls_cert, settings.tls_key or repeat(None), strict=False)
    return Tls(*first, others=others)


def listeners(settings: Settings, tls: Tls | None, /) -> list[Listener]:
    """Where to listen; STLS is offered wherever TLS is not there from the beginning."""
    proxy = Proxy(settings.trusted_proxies)
    return [
        Listener(
            one.host,
            one.port,
            settings.allow_plaintext,
            tls,
            one.implicit_tls,
            proxy=proxy if one.proxy else None,
        )
        for one in settings.listen
    ]
