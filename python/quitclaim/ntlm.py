"""The server's side of NTLM: what `quitclaim._quitclaim` has of it, by its public name.

A NEGOTIATE comes in and a CHALLENGE goes out; an AUTHENTICATE comes in and is a `Claim`; you look up whose it
is, wherever you keep your accounts, now or later; the claim is verified with what you found. Each step is
good once, and whatever it raises, the exchange is over and the peer should be told the same.

    challenged, challenge = acceptor.challenge(negotiate, os.urandom(8), time.time())
    claim = challenged.authenticate(authenticate, None, time.time())  # None: there is no TLS
    established = claim.verify(credentials.get(claim.username.lower()))  # None: nobody of that name

The reference, with errors, units and examples, is the stub beside this file: `_ntlm.pyi`.
"""

from __future__ import annotations

from quitclaim._quitclaim import (
    Acceptor,
    Challenged,
    ChannelBinding,
    Claim,
    Credential,
    Established,
    SessionKey,
)

__all__ = (
    "Acceptor",
    "Challenged",
    "ChannelBinding",
    "Claim",
    "Credential",
    "Established",
    "SessionKey",
)
