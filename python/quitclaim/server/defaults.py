"""What a server is made of when nobody says otherwise: its mechanisms, and its handle table."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from quitclaim.handles import HandleTable
from quitclaim.ntlm import Acceptor
from quitclaim.sasl import Login, Ntlm, OAuthBearer, Plain, Scram, XOAuth2

if TYPE_CHECKING:
    from quitclaim.limits import Limits
    from quitclaim.sasl import Exchange, Mechanism

__all__ = ("default_mechanisms", "default_table")


def default_mechanisms(*, domain: str | None = None, ntlmv1: bool = False) -> tuple[Mechanism, ...]:
    """All that there are, NTLM by this machine's name and perhaps that of a domain, NTLMv1 if that is said.

    The strongest come first, which few clients heed. Those that the accounts cannot serve are not announced,
    and those that others could read over the wire only where nobody can.

    Raises:
        ValueError: the domain is no NetBIOS name.

    >>> [mechanism.name.decode() for mechanism in default_mechanisms()]
    ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'NTLM', 'OAUTHBEARER', 'XOAUTH2', 'PLAIN', 'LOGIN']
    """
    host = socket.gethostname()
    # impacket takes no CHALLENGE without a DNS name, though the pair is optional.
    names = host.partition(".")[2] or host, host
    ntlm = Ntlm(Acceptor(_netbios_name(host), domain=domain, dns_names=names, ntlmv1=ntlmv1))
    return Scram("SCRAM-SHA-256"), Scram("SCRAM-SHA-1"), ntlm, OAuthBearer(), XOAuth2(), Plain(), Login()


def default_table(limits: Limits, /) -> HandleTable[Exchange]:
    """A handle table for a server with these limits: one handle for each attempt, one attempt for each peer.

    >>> from quitclaim.limits import Limits
    >>> default_table(Limits(connections=100)).capacity
    200
    """
    # Twice: an eighth of a table may wait for other threads, and pages that are not used are never taken.
    return HandleTable(2 * limits.connections, quota=1)


def _netbios_name(host: str) -> str:
    """A host's name as NetBIOS would have it: what clients are told, and need not resolve.

    >>> _netbios_name("mail.example.org")
    'MAIL'
    """
    first = "".join(
        letter
        for letter in host.partition(".")[0]
        if letter.isascii() and (letter.isalnum() or letter == "-")
    )
    return first[:15].upper() or "QUITCLAIM"
