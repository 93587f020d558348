"""SCRAM: a password that never crosses the wire, and a server that proves itself too (RFC 5802, RFC 7677).

The messages are read and the proof is checked by scramp. Its server wants the user's keys in the middle of
the first message, and does not hear for whom to act: so both names are read here, before.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any, Final, Literal

from scramp import ScramException, ScramMechanism  # type: ignore[import-untyped]

from quitclaim.errors import InvalidToken, LogonDenied, Unsupported
from quitclaim.identity import Identity, fold
from quitclaim.sasl import gs2
from quitclaim.sasl.mechanism import Question
from quitclaim.sasl.refusal import about
from quitclaim.scram import DIGESTS, ScramKeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from quitclaim.ntlm import ChannelBinding

__all__ = ("Scram",)


class Scram:
    """The mechanism SCRAM-SHA-256, or SCRAM-SHA-1; without channel binding, which would be another (-PLUS).

    Args:
        name: which of the two.
        nonce: gives the server's part of a nonce: printable, no comma.

    >>> Scram().name, Scram("SCRAM-SHA-1").name
    (b'SCRAM-SHA-256', b'SCRAM-SHA-1')
    """

    __slots__ = ("mechanism", "name", "nonce")

    asks: Final = "scram"
    plaintext: Final = False
    needs_binding: Final = False
    opening: Final = b""

    def __init__(
        self,
        name: Literal["SCRAM-SHA-1", "SCRAM-SHA-256"] = "SCRAM-SHA-256",
        /,
        *,
        nonce: Callable[[], str] = secrets.token_hex,
    ) -> None:
        self.name = name.encode()
        self.nonce = nonce
        self.mechanism = ScramMechanism(name)

    def start(self, _binding: ChannelBinding | None, /) -> ScramExchange:
        """A fresh exchange, which waits for the client's first message."""
        return ScramExchange(self)


class ScramExchange:
    """One SCRAM exchange: the client's first message, a question, its final message, and an empty one."""

    __slots__ = ("_bare", "_header", "_identity", "_mechanism", "_server", "_username")

    detail: Final = ""

    def __init__(self, mechanism: Scram, /) -> None:
        self._mechanism = mechanism
        self._username = ""  # once the first message is read
        self._header = self._bare = ""  # its two parts
        self._server: Any = None  # once the accounts have answered
        self._identity: Identity | None = None  # once the proof is right

    def step(self, response: bytes, /) -> bytes | Question | Identity:
        r"""Takes the client's first message, then its final one, then nothing: it has seen our signature.

        >>> Scram().start(None).step(b"n,,n=anna,r=rOprNGfwEbeRWgbNEkqO")
        <Question>
        """
        if self._identity is not None:
            if response:
                raise about(self._username, InvalidToken("something after the end"))
            return self._identity
        if len(response) > _LONGEST:
            raise about(self._username, InvalidToken("message too long"))
        try:
            message = response.decode()
        except UnicodeDecodeError:
            raise about(self._username, InvalidToken("no UTF-8")) from None
        return self._first(message) if self._server is None else self._final(message)

    def answer(self, keys: object, /) -> bytes:
        """Takes the user's keys and gives salt, iterations and nonce; None is keys of nobody."""
        mechanism = self._mechanism
        name = mechanism.name.decode()
        if keys is None:
            keys = ScramKeys.of_nobody(self._username, name, secret=_NOBODYS)
        if not isinstance(keys, ScramKeys) or len(keys.stored_key) != _SIZES[name]:
            message = "Accounts.scram answers with ScramKeys of the mechanism, or None"
            raise TypeError(message)
        known = keys.salt, keys.stored_key, keys.server_key, keys.iterations
        server = mechanism.mechanism.make_server(lambda _username: known, s_nonce=mechanism.nonce())
        try:
            server.set_client_first(f"{self._header[0]},,{self._bare}")
            challenge: str = server.get_server_first()
        except ScramException:
            raise about(self._username, InvalidToken("malformed")) from None
        server.gs2_header = _Header(self._header)
        self._server = server
        return challenge.encode()

    def _first(self, message: str) -> Question:
        if self._username:
            raise about(self._username, InvalidToken("two first messages"))
        authorization, bare = gs2.split(message)
        attribute = bare.partition(",")[0]
        username = gs2.unescaped(attribute[2:])
        if not attribute.startswith("n=") or not 0 < len(username) <= _LONGEST_NAME:
            raise InvalidToken
        if authorization and fold(authorization) != fold(username):
            raise about(username, Unsupported("acting for another user"))
        self._username = username
        self._header, self._bare = message.removesuffix(bare), bare
        name = self._mechanism.name.decode()
        return Question(lambda accounts: accounts.scram(username, name), username)

    def _final(self, message: str) -> bytes:
        try:
            self._server.set_client_final(message)
            signature: str = self._server.get_server_final()
        except ScramException as error:
            reason = error.server_error
            if reason is not None and reason.value == "invalid-proof":  # RFC 5802 §7, `server-error-value`
                raise about(self._username, LogonDenied("logon denied")) from None
            raise about(self._username, InvalidToken("malformed")) from None
        self._identity = Identity(self._username)
        return signature.encode()


class _Header:
    """The GS2 header as the client sent it, in place of scramp's, which knows of no authorization.

    The client repeats it in its final message, base64 (RFC 5802 §5.1, `c=`), and it must be what it was.
    """

    __slots__ = ("_octets",)

    def __init__(self, header: str) -> None:
        self._octets = header.encode()

    def make_cbind_input(self, _channel_binding: None) -> bytes:
        """What scramp holds the client's repetition against."""
        return self._octets


_LONGEST: Final = 2048  # octets of a message: a name of 255, two nonces, and room for extensions
_LONGEST_NAME: Final = 255  # characters; of 980, all of them marks, scramp's SASLprep makes 9 ms
_SIZES: Final = {name: hashlib.new(digest).digest_size for name, digest in DIGESTS.items()}
# For accounts that give None for nobody. Theirs would be better: this one's salts change by a restart.
_NOBODYS: Final = secrets.token_bytes(32)
