"""NTLM as a SASL mechanism: NEGOTIATE, CHALLENGE, AUTHENTICATE (MS-POP3 §3, MS-NLMP §3.2)."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from quitclaim.errors import AuthenticationError
from quitclaim.identity import Identity
from quitclaim.sasl.mechanism import Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from quitclaim.ntlm import Acceptor, Challenged, ChannelBinding, Claim, Established

__all__ = ("Ntlm",)


class Ntlm:
    """The mechanism NTLM, also called SPA: old, and better than a password in plaintext by little.

    Args:
        acceptor: whose names the peer is told, and whose policy holds.
        binding: of the TLS connection that clients see, where a balancer in front of the server ends it; else
            it is the server's own.
        clock: seconds since 1970, for the CHALLENGE and against clients whose clock is far off.
        random: gives so many octets of a cryptographic generator.

    >>> from quitclaim.ntlm import Acceptor
    >>> Ntlm(Acceptor("MAIL")).name
    b'NTLM'
    """

    __slots__ = ("acceptor", "binding", "clock", "random")

    name: Final = b"NTLM"
    asks: Final = "ntlm"
    plaintext: Final = False
    opening: Final = b""

    def __init__(
        self,
        acceptor: Acceptor,
        /,
        *,
        binding: ChannelBinding | None = None,
        clock: Callable[[], float] = time.time,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.acceptor = acceptor
        self.binding = binding
        self.clock = clock
        self.random = random

    @property
    def needs_binding(self) -> bool:
        """Whether a login must be bound, and only the server's own TLS could do that."""
        return self.binding is None and self.acceptor.requires_channel_binding

    def start(self, binding: ChannelBinding | None, /) -> NtlmExchange:
        """A fresh exchange, which waits for a NEGOTIATE."""
        return NtlmExchange(self, self.binding or binding)


class NtlmExchange:
    """One NTLM exchange. Each of its tokens is good once, which the acceptor's own objects see to."""

    __slots__ = ("_binding", "_challenged", "_claim", "_established", "_mechanism")

    def __init__(self, mechanism: Ntlm, binding: ChannelBinding | None, /) -> None:
        self._mechanism = mechanism
        self._binding = binding
        self._challenged: Challenged | None = None
        self._claim: Claim | None = None
        self._established: Established | None = None

    @property
    def detail(self) -> str:
        """The version of NTLM: `NTLMv2+MIC`, `NTLMv2`, `NTLMv1+ESS` or `NTLMv1`."""
        established = self._established
        if established is None:
            return ""
        return f"{established.version}+MIC" if established.mic else established.version

    def step(self, response: bytes, /) -> bytes | Question:
        """Takes a NEGOTIATE and gives the CHALLENGE, then an AUTHENTICATE and gives a question."""
        mechanism = self._mechanism
        now = mechanism.clock()
        if self._challenged is None:
            self._challenged, challenge = mechanism.acceptor.challenge(response, mechanism.random(8), now)
            return challenge
        claim = self._challenged.authenticate(response, self._binding, now)
        self._claim = claim
        return Question(lambda accounts: accounts.ntlm(claim), claim.username)

    def answer(self, proof: object, /) -> Identity:
        """Holds the claim against what the accounts have: a credential, a session key, or None for nobody."""
        claim = self._claim
        assert claim is not None, "an answer follows its question"  # noqa: S101 - our own session's mistake
        username = claim.username
        try:
            self._established = established = claim.verify(proof)  # type: ignore[arg-type]  # it checks that itself
        except AuthenticationError as error:
            error.username = username
            if proof is None:
                # For the log alone: an account that was made without an NT hash is a riddle to its operator.
                error.args = ("logon denied: nobody of that name has an NT hash",)
            raise
        return Identity(established.username)
