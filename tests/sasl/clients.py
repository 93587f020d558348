"""Clients of the mechanisms, line by line, as a session meets them; SCRAM's proofs are scramp's."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from scramp import ScramClient  # type: ignore[import-untyped]
from tests.session.peer import Peer

from quitclaim.ntlm import Acceptor
from quitclaim.sasl import Login, Ntlm, OAuthBearer, Plain, Scram, XOAuth2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quitclaim import HandleTable
    from quitclaim.sasl import Mechanism

__all__ = ("CLIENTS", "LINES", "MECHANISMS", "REASONS", "Client", "Said")

Said: TypeAlias = Generator[bytes, bytes, None]
"""What a client says to one challenge after another; the first is the opening."""

MECHANISMS: Final = (
    Scram("SCRAM-SHA-256"),
    Scram("SCRAM-SHA-1"),
    Ntlm(Acceptor("MAIL")),
    OAuthBearer(),
    XOAuth2(),
    Plain(),
    Login(),
)

# What a bearer of a bad token is told before it is refused.
REASONS: Final = {
    "OAUTHBEARER": b'{"status":"invalid_token"}',
    "XOAUTH2": b'{"status":"401","schemes":"bearer"}',
}


class Client(Peer):
    """A peer that goes on with its exchange by itself, for so many lines as it may."""

    def __init__(
        self,
        table: HandleTable[Any],
        /,
        *,
        mechanisms: Iterable[Mechanism] | None = None,
        **arguments: Any,  # noqa: ANN401 - as `Peer` has them
    ) -> None:
        super().__init__(table, mechanisms=MECHANISMS if mechanisms is None else mechanisms, **arguments)
        self._said: Said | None = None
        self._lines = 0

    def begin(self, mechanism: str, username: str, password: str, /, *, lines: int = 9) -> bytes:
        """Says AUTH and so many lines, and gives what is said to the last of them."""
        self._said = CLIENTS[mechanism](username, password)
        next(self._said)
        self._lines = lines
        return self._go_on(self.say(b"AUTH " + mechanism.encode()))

    def answered(self) -> bytes:
        """The answer comes that is waited for, and the exchange goes on."""
        return self._go_on(super().answered())

    def _go_on(self, heard: bytes) -> bytes:
        while heard.startswith(b"+ ") and self._lines and self._said is not None:
            self._lines -= 1
            heard = self.say(b64encode(self._said.send(b64decode(heard[2:], validate=False))))
        return heard


def _login(username: str, password: str) -> Said:
    assert (yield b"") == b"Username:"
    assert (yield username.encode()) == b"Password:"
    yield password.encode()


def _scram(mechanism: str, username: str, password: str) -> Said:
    client = ScramClient([mechanism], username, password)
    assert (yield b"") == b""
    client.set_server_first((yield client.get_client_first().encode()).decode())
    client.set_server_final((yield client.get_client_final().encode()).decode())
    yield b""


def _bearer(mechanism: str, message: str, username: str, password: str) -> Said:
    # The back end of the tests gives everyone a token. Whoever says a wrong password says a wrong token.
    token = f"token-of-{username.lower()}" if password == "open sesame" else f"guess{password}"  # noqa: S105
    assert (yield b"") == b""
    assert (yield message.format(username, token).encode()) == REASONS[mechanism]
    yield b"\1"


CLIENTS: Final[dict[str, Callable[[str, str], Said]]] = {
    "LOGIN": _login,
    "SCRAM-SHA-1": partial(_scram, "SCRAM-SHA-1"),
    "SCRAM-SHA-256": partial(_scram, "SCRAM-SHA-256"),
    "OAUTHBEARER": partial(_bearer, "OAUTHBEARER", "n,a={},\1host=127.0.0.1\1auth=Bearer {}\1\1"),
    "XOAUTH2": partial(_bearer, "XOAUTH2", "user={}\1auth=Bearer {}\1\1"),
}

# How many lines a client says in a good login, behind AUTH.
LINES: Final = {"LOGIN": 2, "SCRAM-SHA-1": 3, "SCRAM-SHA-256": 3, "OAUTHBEARER": 1, "XOAUTH2": 1}
