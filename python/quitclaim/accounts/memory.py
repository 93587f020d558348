"""Accounts in memory: for tests, and for programs that know their users themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quitclaim.errors import UserExists
from quitclaim.identity import Identity, fold
from quitclaim.ntlm import Credential

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quitclaim.accounts.port import Ask
    from quitclaim.ntlm import Claim

__all__ = ("MemoryAccounts",)


class MemoryAccounts:
    """`Accounts` by name, each with a password or a `Credential`. It answers at once; passwords are not kept.

    >>> accounts = MemoryAccounts({"anna": "open sesame"})
    >>> accounts.password("Anna", "open sesame"), accounts.password("bert", "open sesame")
    (Identity(username='Anna'), None)

    Raises:
        UserExists: two of the names differ in case only.
        ValueError: a password has a lone surrogate.
    """

    offers: Final[frozenset[Ask]] = frozenset({"ntlm", "password"})

    def __init__(self, accounts: Mapping[str, str | Credential], /) -> None:
        """Takes a copy."""
        self._credentials: dict[str, Credential] = {}
        for username, secret in accounts.items():
            key = fold(username)
            if key in self._credentials:
                message = f"two accounts are named {key!r}"
                raise UserExists(message)
            self._credentials[key] = Credential.from_password(secret) if isinstance(secret, str) else secret

    def ntlm(self, claim: Claim, /) -> Credential | None:
        """The credential of the user whom the claim names, or None."""
        return self._credentials.get(fold(claim.username))

    def password(self, username: str, password: str, /) -> Identity | None:
        """The user's identity, if that is the password; whoever is unknown costs the same work."""
        credential = self._credentials.get(fold(username))
        accepted = (credential or _NOBODYS).accepts_password(password)
        return Identity(username) if accepted and credential is not None else None


_NOBODYS: Final = Credential.from_nt_hash(bytes(16))
