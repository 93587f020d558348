"""What each is right by itself, and cannot be so together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quitclaim.config.addresses import written
from quitclaim.config.options import OPTIONS
from quitclaim.server import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from quitclaim.config.settings import Settings

__all__ = ("Contradiction", "contradictions")


class Contradiction(NamedTuple):
    """Options that contradict each other."""

    options: tuple[str, ...]
    """The first one is to blame."""
    what: str


def contradictions(settings: Settings, /, *, by_flags: bool) -> Iterator[Contradiction]:
    """What of these settings cannot be so together, and what to say instead: by flags, or in a file.

    >>> from quitclaim.config import Settings
    >>> [one.what for one in contradictions(Settings(tls_key=("mail.key",)), by_flags=False)]
    ['it needs the certificate that it is of; write tls-cert = "mail.pem"']
    """
    certificate = OPTIONS["tls-cert"]
    instead = (
        f"give --tls-cert {certificate.metavar}" if by_flags else f"write tls-cert = {certificate.example}"
    )
    for address in settings.listen:
        if address.implicit_tls and not settings.tls_cert:
            what = f"{address} needs a certificate; {instead}"
            yield Contradiction(("listen", "tls-cert", "tls-key"), what)
            break
    for place in _twice(written(one.host, one.port) for one in settings.listen if one.port):
        yield Contradiction(("listen",), f"{place} is there twice; write it once")
    for name in _twice(settings.mechanisms):
        yield Contradiction(("mechanisms",), f"{name} is there twice; write it once")
    if settings.tls_key and not settings.tls_cert:
        yield Contradiction(("tls-key", "tls-cert"), f"it needs the certificate that it is of; {instead}")
    elif settings.tls_key and len(settings.tls_key) != len(settings.tls_cert):
        keys, certificates = len(settings.tls_key), len(settings.tls_cert)
        what = f"there are {keys:,} for {certificates:,} of tls-cert; write one for each, or none"
        yield Contradiction(("tls-key", "tls-cert"), what)
    if settings.trusted_proxies != Proxy().trusted and not any(one.proxy for one in settings.listen):
        what = "no address of listen has ?proxy=1 behind it; write it there, or nothing here"
        yield Contradiction(("trusted-proxies", "listen"), what)
    if settings.ntlm_v1 and "NTLM" not in settings.mechanisms:
        what = "NTLM is none of the mechanisms; write it there, or nothing here"
        yield Contradiction(("ntlm-v1", "mechanisms"), what)


def _twice(values: Iterable[str]) -> Iterator[str]:
    seen = set()
    for value in values:
        if value in seen:
            yield value
        seen.add(value)
