"""A server without sockets, whose door an `Initiator` knocks at by AUTH NTLM."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Final

from quitclaim.accounts import MemoryAccounts
from quitclaim.limits import Limits
from quitclaim.maildrop import MemoryStore
from quitclaim.ntlm import Acceptor, ChannelBinding
from quitclaim.sasl import Ntlm
from quitclaim.session import Service, Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ntlm.initiator import Initiator

    from quitclaim import HandleTable
    from quitclaim.observer import Event, Observer
    from quitclaim.sasl import Exchange

__all__ = ("ACCEPTED", "ACCOUNTS", "BINDING", "DENIED", "Door")

ACCEPTED: Final = b"+OK 0 messages (0 octets)\r\n"
DENIED: Final = b"-ERR [AUTH] authentication failed\r\n"

ACCOUNTS: Final = {
    "anna": "open sesame",
    "anna@example.org": "upn",
    "Jürgen": "pässwörd €",
    "straße": "umlaut",
    "strasse": "another",
    "\N{LATIN SMALL LETTER DOTLESS I}da": "without a dot",
    "kim": "of Kelvin",
    "ключ": "🔑" * 20,
}

BINDING: Final = ChannelBinding.tls_server_end_point(bytes(range(32)))


class Door:
    """The server, and a session on it for each that knocks; `events` is what its operator is told."""

    def __init__(
        self,
        table: HandleTable[Exchange],
        acceptor: Acceptor | None = None,
        /,
        *,
        binding: ChannelBinding | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.table = table
        self.events: list[Event] = []
        ntlm = Ntlm(acceptor or Acceptor("MAIL", domain="EXAMPLE"), binding=binding)
        self._service = Service(
            accounts=MemoryAccounts(ACCOUNTS),
            store=MemoryStore(),
            mechanisms=[ntlm],
            limits=Limits(),
            observer=observer or self.events.append,
        )

    def open(self) -> Session:
        """A session for one peer."""
        return Session(self._service, self.table.owner("peer"), peer="192.0.2.7:4711")

    def knock(
        self,
        initiator: Initiator,
        /,
        *,
        on_negotiate: Callable[[bytes], bytes] = bytes,
        on_challenge: Callable[[bytes], bytes] = bytes,
        on_authenticate: Callable[[bytes], bytes] = bytes,
    ) -> bytes:
        """Lets it log in, by way of somebody who may change each message, and gives the last reply."""
        session = self.open()
        negotiate = initiator.negotiate()
        challenge = challenged(session, on_negotiate(negotiate))
        authenticate = initiator.authenticate(negotiate, on_challenge(challenge))
        said = answered(session, on_authenticate(authenticate))
        session.close("lost")
        return said


def challenged(session: Session, negotiate: bytes) -> bytes:
    """The CHALLENGE to a NEGOTIATE."""
    said = session.receive(b"AUTH NTLM " + b64encode(negotiate) + b"\r\n")
    assert said.startswith(b"+ "), said
    return b64decode(said[2:])


def answered(session: Session, authenticate: bytes) -> bytes:
    """What is said to an AUTHENTICATE."""
    return session.receive(b64encode(authenticate) + b"\r\n")
