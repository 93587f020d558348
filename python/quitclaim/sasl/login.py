"""LOGIN: PLAIN in two lines (draft-murchison-sasl-login-00). Obsolete, and what many clients still say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quitclaim.errors import InvalidToken
from quitclaim.sasl.plain import PlainExchange

if TYPE_CHECKING:
    from quitclaim.identity import Identity
    from quitclaim.ntlm import ChannelBinding
    from quitclaim.sasl.mechanism import Question

__all__ = ("Login",)


class Login:
    """The mechanism LOGIN. An initial response, which the draft does not have, is the name.

    >>> Login().opening
    b'Username:'
    """

    __slots__ = ()

    name: Final = b"LOGIN"
    asks: Final = "password"
    plaintext: Final = True
    needs_binding: Final = False
    # Not the draft's own words: what its clients look for is what everybody says.
    opening: Final = b"Username:"

    def start(self, _binding: ChannelBinding | None, /) -> LoginExchange:
        """A fresh exchange, which waits for the name."""
        return LoginExchange()


class LoginExchange:
    """One LOGIN exchange: a name, a password, a question."""

    __slots__ = ("_plain", "_username")

    detail: Final = ""

    def __init__(self) -> None:
        self._plain = PlainExchange()
        self._username = b""

    def step(self, response: bytes, /) -> bytes | Question:
        """Takes the name and asks for the password, then takes that and asks whether it is the user's.

        >>> exchange = LoginExchange()
        >>> exchange.step(b"anna"), exchange.step(b"open sesame")
        (b'Password:', <Question>)
        """
        if self._username:
            return self._plain.step(b"\0%b\0%b" % (self._username, response))
        if not response:
            raise InvalidToken
        self._username = response
        return b"Password:"

    def answer(self, identity: object, /) -> Identity:
        """Takes the identity that the accounts gave, or None for a wrong password or nobody."""
        return self._plain.answer(identity)
