"""PLAIN: a name and a password, readable by whoever listens (RFC 4616). It checks USER and PASS too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quitclaim.errors import InvalidToken, LogonDenied, Unsupported
from quitclaim.identity import Identity, fold
from quitclaim.sasl.mechanism import Question
from quitclaim.sasl.refusal import about

if TYPE_CHECKING:
    from quitclaim.ntlm import ChannelBinding

__all__ = ("Plain",)

_LONGEST = 1024  # octets of a token; RFC 4616 §2 wants 255 for each of its three parts, in UTF-8


class Plain:
    """The mechanism PLAIN.

    >>> Plain().plaintext
    True
    """

    __slots__ = ()

    name: Final = b"PLAIN"
    asks: Final = "password"
    plaintext: Final = True
    needs_binding: Final = False
    opening: Final = b""

    def start(self, _binding: ChannelBinding | None, /) -> PlainExchange:
        """A fresh exchange, which waits for its one message."""
        return PlainExchange()


class PlainExchange:
    """One PLAIN exchange: a message, a question."""

    __slots__ = ("_username",)

    detail: Final = ""

    def __init__(self) -> None:
        self._username = ""

    def step(self, response: bytes, /) -> Question:
        r"""Takes `authzid NUL authcid NUL password` and asks whether it is the user's password.

        >>> PlainExchange().step(b"\0anna\0open sesame")
        <Question>
        """
        if self._username or len(response) > _LONGEST:
            raise InvalidToken
        try:
            authorization, username, password = response.decode("utf-8").split("\0")
        except ValueError:  # too few parts or too many, or octets that are no UTF-8
            raise InvalidToken from None
        if not username:
            raise InvalidToken
        if authorization and fold(authorization) != fold(username):
            raise about(username, Unsupported("acting for another user"))
        self._username = username
        return Question(lambda accounts: accounts.password(username, password), username)

    def answer(self, identity: object, /) -> Identity:
        """Takes the identity that the accounts gave, or None for a wrong password or nobody."""
        if identity is None:
            raise about(self._username, LogonDenied("logon denied"))
        if not isinstance(identity, Identity):
            message = "Accounts.password answers with an Identity or None"
            raise TypeError(message)
        return identity
