"""OAUTHBEARER (RFC 7628) and XOAUTH2, what Google had before it: a token that somebody else gave out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from quitclaim.errors import InvalidToken, LogonDenied, Unsupported
from quitclaim.identity import Identity, fold
from quitclaim.sasl import gs2
from quitclaim.sasl.mechanism import Question
from quitclaim.sasl.refusal import about

if TYPE_CHECKING:
    from collections.abc import Callable

    from quitclaim.errors import AuthenticationError
    from quitclaim.ntlm import ChannelBinding

__all__ = ("OAuthBearer", "XOAuth2")


class OAuthBearer:
    """The mechanism OAUTHBEARER. Whoever hears the token has it, so it is as a password in plaintext.

    >>> OAuthBearer().plaintext
    True
    """

    __slots__ = ()

    name: Final = b"OAUTHBEARER"
    asks: Final = "token"
    plaintext: Final = True
    needs_binding: Final = False
    opening: Final = b""

    def start(self, _binding: ChannelBinding | None, /) -> OAuthExchange:
        """A fresh exchange, which waits for its one message."""
        return OAuthExchange(_oauthbearer, b'{"status":"invalid_token"}')


class XOAuth2:
    """The mechanism XOAUTH2: the same in other words, for clients that know no OAUTHBEARER.

    >>> XOAuth2().plaintext
    True
    """

    __slots__ = ()

    name: Final = b"XOAUTH2"
    asks: Final = "token"
    plaintext: Final = True
    needs_binding: Final = False
    opening: Final = b""

    def start(self, _binding: ChannelBinding | None, /) -> OAuthExchange:
        """A fresh exchange, which waits for its one message."""
        return OAuthExchange(_xoauth2, b'{"status":"401","schemes":"bearer"}')


class OAuthExchange:
    """One exchange of either: a message, a question. Who is refused is told why before, in JSON."""

    __slots__ = ("_read", "_reason", "_username")

    detail: Final = ""

    def __init__(self, read: Callable[[str], tuple[str, str]], reason: bytes, /) -> None:
        self._read = read
        self._reason = reason
        self._username = ""

    def step(self, response: bytes, /) -> Question:
        r"""Takes the message and asks whose token that is.

        >>> OAuthBearer().start(None).step(b"n,,\1auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHR\1\1")
        <Question>
        """
        try:
            self._username, token = self._read(response.decode())
        except UnicodeDecodeError:
            raise InvalidToken from None
        return Question(lambda accounts: accounts.token(token), self._username)

    def answer(self, identity: object, /) -> Identity:
        """Takes the identity whose token it is, or None."""
        if identity is None:
            raise self._refused(LogonDenied("logon denied"))
        if not isinstance(identity, Identity):
            message = "Accounts.token answers with an Identity or None"
            raise TypeError(message)
        if self._username and fold(self._username) != identity.key:
            raise self._refused(Unsupported("another user's token"))
        return identity

    def _refused(self, error: AuthenticationError) -> AuthenticationError:
        # The client answers it by ^A (RFC 7628 §3.2.3), and it makes no difference what comes.
        error.last_challenge = self._reason
        return about(self._username, error)


def _oauthbearer(message: str) -> tuple[str, str]:
    r"""Name and token of `gs2-header ^A key=value ^A … ^A` (RFC 7628 §3.1).

    >>> _oauthbearer("n,a=anna,\1host=example.org\1auth=Bearer abc\1\1")
    ('anna', 'abc')
    """
    username, rest = gs2.split(message)
    if not rest.startswith("\1"):
        raise InvalidToken
    return username, _token(_pairs(rest[1:]))


def _xoauth2(message: str) -> tuple[str, str]:
    r"""Name and token of `user=name ^A auth=Bearer token ^A ^A`.

    >>> _xoauth2("user=anna\1auth=Bearer abc\1\1")
    ('anna', 'abc')
    """
    pairs = _pairs(message)
    return pairs.get("user", ""), _token(pairs)


def _pairs(message: str) -> dict[str, str]:
    """The pairs of a message, each with a ^A behind it and another one at the end."""
    pairs: dict[str, str] = {}
    body = message.removesuffix("\1\1")
    if body == message:
        raise InvalidToken
    for pair in body.split("\1"):
        key, equals, value = pair.partition("=")
        if not equals or not key.isalpha() or key in pairs:
            raise InvalidToken
        pairs[key] = value
    return pairs


def _token(pairs: dict[str, str]) -> str:
    """The token of the pair `auth` (RFC 6750 §2.1)."""
    bearer = _BEARER.fullmatch(pairs.get("auth", ""))
    if bearer is None:
        raise InvalidToken
    return bearer[1]


_BEARER: Final = re.compile(r"(?i:bearer) +([A-Za-z0-9._~+/-]+=*)")
