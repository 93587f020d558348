"""What is right by itself, and cannot be so: together with the rest, or with what is there already."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from stat import S_ISDIR
from typing import TYPE_CHECKING, NamedTuple

from quitclaim.config.addresses import written
from quitclaim.config.options import OPTIONS
from quitclaim.server import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from quitclaim.config.addresses import Address
    from quitclaim.config.settings import Settings

__all__ = ("Contradiction", "contradictions")


class Contradiction(NamedTuple):
    """Options that contradict each other, or one that contradicts what is there."""

    options: tuple[str, ...]
    """The first one is to blame."""
    what: str


def contradictions(settings: Settings, /, *, by_flags: bool) -> Iterator[Contradiction]:
    """What of these settings cannot be so together, and what to say instead: by flags, or in a file.

    It looks at the data folder, or where that would be, and makes nothing.

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
    for what in _collisions(settings.listen):
        yield Contradiction(("listen",), what)
    for found in _in_the_way(settings.data):
        yield Contradiction(("data",), f"{found} is no folder; write the name of one, or of one to be made")
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


def _collisions(listen: Iterable[Address]) -> Iterator[str]:
    """What is there twice, or is one of all the addresses of its family that another takes at that port."""
    places = [(_literal(one.host), one.port) for one in listen if one.port]
    for place in _twice(written(str(host), port) for host, port in places):
        yield f"{place} is there twice; write it once"
    # A name is none of these: what it has for addresses is the resolver's to say, when it serves.
    literal = [(host, port) for host, port in places if not isinstance(host, str)]
    for all_, port in literal:
        for host, its_port in literal:
            is_one_of_these = all_.is_unspecified and host.version == all_.version and its_port == port
            if is_one_of_these and host != all_:
                one, taken = written(str(host), port), written(str(all_), port)
                yield f"{one} is one of the addresses that {taken} takes; write one of the two"


def _literal(host: str) -> IPv4Address | IPv6Address | str:
    try:
        return ip_address(host)
    except ValueError:
        return host


def _in_the_way(folder: Path) -> Iterator[Path]:
    """What is where this folder, or one that it is in, should be, and is none."""
    for place in (folder, *folder.parents):
        with suppress(OSError):  # it is not there, or nobody may look: then who serves it will see
            if not S_ISDIR(place.stat().st_mode):
                yield place
            return


def _twice(values: Iterable[str]) -> Iterator[str]:
    seen = set()
    for value in values:
        if value in seen:
            yield value
        seen.add(value)
