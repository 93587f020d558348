"""The port to whoever knows the accounts: what a mechanism may ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from quitclaim.answer import Answer
    from quitclaim.identity import Identity
    from quitclaim.ntlm import Claim, Credential, SessionKey
    from quitclaim.scram import ScramKeys

__all__ = ("Accounts", "Ask")

Ask = Literal["ntlm", "password", "scram", "token"]


class Accounts(Protocol):
    """Whoever knows the accounts. Its methods answer at once or with an awaitable.

    Names are compared without case (`quitclaim.identity.fold`). An unknown user and a wrong secret must be
    the same to the peer: give the same answer after the same work, and never raise for either.

    Any method raises `AccountsUnavailable` when it cannot say now; the peer is told to come again
    (`[SYS/TEMP]`, RFC 3206 §4).
    """

    @property
    def offers(self) -> Collection[Ask]:
        """Which of the methods below can answer; mechanisms that need another are not announced in CAPA."""

    def ntlm(self, claim: Claim, /) -> Answer[Credential | SessionKey | None]:
        """What the claim is to be verified with, or None for a user who is unknown or has no such thing.

        A `Credential` is an NT hash; a `SessionKey` is what a domain controller gave after it had accepted
        the response itself. It is asked while the claim waits in the table: the answer may take its time.
        """

    def password(self, username: str, password: str, /) -> Answer[Identity | None]:
        """The identity of the user with that name, if that is the password; None otherwise."""

    def scram(self, username: str, mechanism: str, /) -> Answer[ScramKeys | None]:
        """The user's keys for `SCRAM-SHA-1` or `SCRAM-SHA-256`; None for one who is unknown or has none.

        None becomes `ScramKeys.of_nobody`, so that the peer is asked for a proof whoever it is. It has
        the fewest iterations, and salts that change by a restart: so accounts with more, and those that
        outlive a process, give keys of nobody themselves, made from a secret that they keep.
        """

    def token(self, token: str, /) -> Answer[Identity | None]:
        """The identity of the user whose bearer token that is (RFC 6750); None if it is no good.

        Check issuer, audience, scope and expiry. The name that the client said is compared with the
        identity's by whoever asks.
        """
