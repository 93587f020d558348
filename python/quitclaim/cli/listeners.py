"""What `serve` listens at, and with which certificates: from what a user has said."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Final

from quitclaim.cli.ending import FAILED, fail, sentence
from quitclaim.config import Address
from quitclaim.server import Listener, Tls

if TYPE_CHECKING:
    from quitclaim.config import Settings

__all__ = ("certificates", "listeners", "written")


def certificates(settings: Settings, /) -> Tls | None:
    """The certificates, if there are any.

    Raises:
        SystemExit: they cannot be used.
    """
    files, keys = settings.tls_cert, settings.tls_key
    if not files:
        if keys:
            fail(FAILED, "--tls-key needs the certificate that it is of: --tls-cert")
        return None
    if keys and len(keys) != len(files):
        fail(FAILED, "--tls-key is to be given for each --tls-cert, in the same order, or for none")
    first, *others = zip(files, keys or repeat(None), strict=False)
    try:
        return Tls(*first, others=others)
    except (OSError, ValueError) as error:
        fail(FAILED, sentence(error))


def listeners(settings: Settings, tls: Tls | None, /) -> list[Listener]:
    """Where to listen; STLS is offered wherever TLS is not there from the beginning.

    Raises:
        SystemExit: there is to be TLS, and no certificate.
    """
    plaintext = bool(settings.allow_plaintext)
    addresses = settings.listen or (_DEFAULT,)
    for host, port, implicit in addresses:
        if implicit and tls is None:
            fail(FAILED, f"pop3s://{written(host, port)} needs a certificate: --tls-cert")
    return [Listener(host, port, plaintext, tls, implicit) for host, port, implicit in addresses]


def written(host: str, port: int, /) -> str:
    """An address as URLs have it.

    >>> written("127.0.0.1", 110), written("::1", 110)
    ('127.0.0.1:110', '[::1]:110')
    """
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


_DEFAULT: Final = Address("127.0.0.1", 1110)
