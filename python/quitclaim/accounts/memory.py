"""Accounts in memory: for tests, and for programs that know their users themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quitclaim.accounts.keyring import Keyring, pack
from quitclaim.errors import UserExists
from quitclaim.identity import Identity, fold
from quitclaim.ntlm import Credential

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quitclaim.accounts.port import Ask
    from quitclaim.answer import Answer
    from quitclaim.ntlm import Claim
    from quitclaim.scram import ScramKeys

__all__ = ("MemoryAccounts",)


class MemoryAccounts:
    """`Accounts` by name, each with a password or a `Credential`. It answers at once; passwords are not kept.

    To make it takes 4 ms for each password, which is the work of SCRAM's keys. A `Credential` costs nothing,
    and cannot log in by SCRAM.

    Args:
        accounts: name and secret of each.
        check_token: whose token that is, if tokens are taken: for OAUTHBEARER and XOAUTH2. It may be a
            coroutine function, and may raise `AccountsUnavailable`.

    >>> accounts = MemoryAccounts({"anna": "open sesame"})
    >>> accounts.password("Anna", "open sesame"), accounts.password("bert", "open sesame")
    (Identity(username='Anna'), None)

    Raises:
        UserExists: two of the names differ in case only.
        ValueError: a password has a lone surrogate.
    """

    def __init__(
        self,
        accounts: Mapping[str, str | Credential],
        /,
        *,
        check_token: Callable[[str], Answer[Identity | None]] | None = None,
    ) -> None:
        """Takes a copy."""
        self._credentials: dict[str, Credential] = {}
        self._check_token = check_token
        self._packed: dict[str, bytes] = {}
        self._keyring = Keyring(self._packed)
        for username, secret in accounts.items():
            self.add(username, secret)

    def add(self, username: str, secret: str | Credential, /) -> None:
        """Adds an account, in any thread, also while a server asks here.

        Raises:
            UserExists: there is one of that name.
            ValueError: the password has a lone surrogate.
        """
        key = fold(username)
        if key in self._credentials:
            message = f"two accounts are named {key!r}"
            raise UserExists(message)
        if isinstance(secret, str):
            credential = Credential.from_password(secret)
            self._packed[key] = pack(secret)
        else:
            credential = secret
        self._credentials[key] = credential

    @property
    def offers(self) -> frozenset[Ask]:
        """All but tokens, unless somebody checks them."""
        return _OFFERS if self._check_token is None else _OFFERS | {"token"}

    def ntlm(self, claim: Claim, /) -> Credential | None:
        """The credential of the user whom the claim names, or None."""
        return self._credentials.get(fold(claim.username))

    def password(self, username: str, password: str, /) -> Identity | None:
        """The user's identity, if that is the password; whoever is unknown costs the same work."""
        credential = self._credentials.get(fold(username))
        accepted = (credential or _NOBODYS).accepts_password(password)
        return Identity(username) if accepted and credential is not None else None

    def scram(self, username: str, mechanism: str, /) -> ScramKeys:
        """The user's keys; those of nobody for whoever is unknown or has no password, after the same work."""
        return self._keyring.find(fold(username), mechanism)

    def token(self, token: str, /) -> Answer[Identity | None]:
        """What `check_token` says."""
        return None if self._check_token is None else self._check_token(token)


_OFFERS: Final[frozenset[Ask]] = frozenset({"ntlm", "password", "scram"})
_NOBODYS: Final = Credential.from_nt_hash(bytes(16))
