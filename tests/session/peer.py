"""A peer and its session, without sockets: what it says, and everything around it that a test may turn."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import spnego
from tests.session.ports import Accounts, Later, Store, later

from quitclaim.limits import Limits
from quitclaim.ntlm import Acceptor
from quitclaim.sasl import Ntlm, Plain
from quitclaim.session import Service, Session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quitclaim import HandleTable
    from quitclaim.observer import Event
    from quitclaim.sasl import Mechanism

__all__ = (
    "CANCELLED",
    "DENIED",
    "IN_USE",
    "LOGINS",
    "PASSWORD",
    "POINTS",
    "SAYS",
    "UNAVAILABLE",
    "Login",
    "Peer",
    "ntlm",
)

PASSWORD: Final = "open sesame"  # noqa: S105 - a test's

DENIED: Final = b"-ERR [AUTH] authentication failed\r\n"
CANCELLED: Final = b"-ERR authentication cancelled\r\n"
IN_USE: Final = b"-ERR [IN-USE] the maildrop is locked by another session\r\n"
UNAVAILABLE: Final = b"-ERR [SYS/TEMP] no login is possible now, try again later\r\n"


class Peer:
    """Whoever is on the other side of a session. `said` is all that the session has said to it."""

    def __init__(  # noqa: PLR0913 - what a test may turn
        self,
        table: HandleTable[Any],
        /,
        *,
        store: Store | None = None,
        limits: Limits | None = None,
        trusted: bool = True,
        stls: bool = False,
        mechanisms: Iterable[Mechanism] | None = None,
        observer: Callable[[Event], None] | None = None,
        address: str | None = None,
        beside: Peer | None = None,
    ) -> None:
        self.table = table
        self.now = 0.0  # seconds of the service's clock
        self.slept: list[float] = []  # for how long the service was told to wait
        self.store = Store() if store is None else store
        self.accounts = Accounts({"anna": PASSWORD, "bert": "another"})
        self.events: list[Event] = []
        self.service = Service(
            accounts=self.accounts,
            store=self.store,
            mechanisms=(Ntlm(Acceptor("MAIL")), Plain()) if mechanisms is None else mechanisms,
            limits=Limits() if limits is None else limits,
            observer=self.events.append if observer is None else observer,
            clock=lambda: self.now,
            sleep=self._sleep,
        )
        if beside is not None:
            self.service, self.accounts, self.store = beside.service, beside.accounts, beside.store
        self.session = Session(
            self.service,
            table.owner("peer"),
            peer="192.0.2.7:4711",
            address=address,
            trusted=trusted,
            stls=stls,
        )

    def _sleep(self, seconds: float) -> Later[None]:
        self.slept.append(seconds)
        return Later(lambda: None)

    def say(self, *lines: bytes) -> bytes:
        """Says lines, all at once, and gives what is said to them."""
        return self.session.receive(b"".join([line + b"\r\n" for line in lines]))

    def hears_all(self, *lines: bytes) -> bytes:
        """Says lines, and takes all portions of what is said to them."""
        said = [self.say(*lines)]
        while self.session.next == "WAIT":
            said.append(self.answered())
        return b"".join(said)

    def answered(self) -> bytes:
        """The answer that is waited for comes, true or as an error; or the peer has taken a portion."""
        waiting = self.session.waiting
        if waiting is None:
            return self.session.resume()
        assert isinstance(waiting, Later)
        try:
            answer = waiting.find()
        except Exception as error:  # noqa: BLE001 - as an event loop would
            return self.session.resume(None, error)
        return self.session.resume(answer)

    def failed(self, error: BaseException, /) -> bytes:
        """An error comes instead of the answer."""
        return self.session.resume(None, error)

    @property
    def freed(self) -> dict[str, int]:
        """How many handles were freed, by the causes that there were."""
        return {cause: count for cause, count in self.table.stats().freed.items() if count}


# --- how to log in: each gives the reply to the attempt, or nothing while a back end is asked

Login: TypeAlias = Callable[[Peer, str, str], bytes]


def ntlm(peer: Peer, username: str, password: str) -> bytes:
    """By pyspnego, another implementation."""
    client = spnego.client(username, password, protocol="ntlm")
    assert peer.say(b"AUTH NTLM") == b"+ \r\n"
    challenge = peer.say(b64encode(client.step() or b""))
    assert challenge.startswith(b"+ ")
    return peer.say(b64encode(client.step(b64decode(challenge[2:])) or b""))


def plain(peer: Peer, username: str, password: str) -> bytes:
    """In two steps, as most clients do."""
    assert peer.say(b"AUTH PLAIN") == b"+ \r\n"
    return peer.say(b64encode(f"\0{username}\0{password}".encode()))


def user(peer: Peer, username: str, password: str) -> bytes:
    """As of old."""
    assert peer.say(b"USER " + username.encode()) == b"+OK and the password\r\n"
    return peer.say(b"PASS " + password.encode())


LOGINS: Final[dict[str, Login]] = {"NTLM": ntlm, "PLAIN": plain, "USER": user}


# --- how far a login may get before something happens to it


def _connected(_peer: Peer) -> None:
    """Nothing was said."""


def _auth_ntlm(peer: Peer) -> None:
    peer.say(b"AUTH NTLM")


def _challenged(peer: Peer) -> None:
    peer.say(b"AUTH NTLM", b64encode(spnego.client("anna", PASSWORD, protocol="ntlm").step() or b""))


def _auth_plain(peer: Peer) -> None:
    peer.say(b"AUTH PLAIN")


def _said_user(peer: Peer) -> None:
    peer.say(b"USER anna")


def _asking(login: Login) -> Callable[[Peer], None]:
    def point(peer: Peer) -> None:
        peer.accounts.how = later
        assert login(peer, "anna", PASSWORD) == b""

    return point


def _opening(login: Login) -> Callable[[Peer], None]:
    def point(peer: Peer) -> None:
        peer.store.opening = later
        assert login(peer, "anna", PASSWORD) == b""

    return point


def _logged_in(login: Login) -> Callable[[Peer], None]:
    def point(peer: Peer) -> None:
        assert login(peer, "anna", PASSWORD).startswith(b"+OK")

    return point


# What brings a peer there, and how many handles it has then.
POINTS: Final[dict[str, tuple[Callable[[Peer], None], int]]] = {
    "connected": (_connected, 0),
    "AUTH NTLM": (_auth_ntlm, 1),
    "NTLM challenged": (_challenged, 1),
    "AUTH PLAIN": (_auth_plain, 1),
    "USER said": (_said_user, 0),
    **{f"{name}: accounts asked": (_asking(login), 1) for name, login in LOGINS.items()},
    **{f"{name}: maildrop opening": (_opening(login), 1) for name, login in LOGINS.items()},
    **{f"{name}: logged in": (_logged_in(login), 0) for name, login in LOGINS.items()},
}

# Those at which the peer is the one to say something to an attempt.
SAYS: Final = ("AUTH NTLM", "NTLM challenged", "AUTH PLAIN")
