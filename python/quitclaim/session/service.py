"""What all sessions of a server share: back ends, mechanisms, limits, counters, and replies made once."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Final

from quitclaim.monitor.counters import Counters
from quitclaim.pop3 import replies

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quitclaim.accounts.port import Accounts
    from quitclaim.limits import Limits
    from quitclaim.maildrop.port import MaildropStore
    from quitclaim.observer import Observer
    from quitclaim.sasl.mechanism import Mechanism

__all__ = ("Offer", "Service")

_ALWAYS: Final = (
    b"TOP",
    b"UIDL",
    b"RESP-CODES",
    b"AUTH-RESP-CODE",
    b"PIPELINING",
    b"EXPIRE NEVER",
    b"IMPLEMENTATION quitclaim",
)


class Service:
    """One for a server, or for each of its listeners. A mechanism that the accounts cannot serve is left out.

    What a peer is offered before login depends on who else can hear it. Over plaintext that is
    `offers[trusted][stls]`: whether a password is taken from it, and whether it may ask for TLS. Under TLS
    it is `secured`.
    """

    __slots__ = (
        "accounts",
        "capabilities_inside",
        "counters",
        "limits",
        "observer",
        "offers",
        "secured",
        "store",
    )

    def __init__(  # noqa: PLR0913 - each a seam, by keyword
        self,
        *,
        accounts: Accounts,
        store: MaildropStore,
        mechanisms: Iterable[Mechanism],
        limits: Limits,
        counters: Counters | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.accounts = accounts
        self.store = store
        self.limits = limits
        self.counters = Counters() if counters is None else counters
        self.observer = observer
        self.capabilities_inside = replies.multiline(b"capabilities", _ALWAYS)
        self._offer(mechanisms)

    def offering(self, mechanisms: Iterable[Mechanism], /) -> Service:
        """The same with other mechanisms: for a listener of its own kind. Counters are shared."""
        other = copy(self)
        other._offer(mechanisms)  # noqa: SLF001 - the same class
        return other

    def _offer(self, mechanisms: Iterable[Mechanism]) -> None:
        secured = {one.name: one for one in mechanisms if one.asks in self.accounts.offers}
        trusted = {name: one for name, one in secured.items() if not one.needs_binding}
        heard = {name: one for name, one in trusted.items() if not one.plaintext}
        self.secured = Offer(secured, stls=False)
        self.offers = (
            (Offer(heard, stls=False), Offer(heard, stls=True)),
            (Offer(trusted, stls=False), Offer(trusted, stls=True)),
        )


class Offer:
    """The ways to log in that a peer has, and the replies about them."""

    __slots__ = ("capabilities", "mechanism_list", "mechanisms", "stls")

    def __init__(self, mechanisms: Mapping[bytes, Mechanism], /, *, stls: bool) -> None:
        self.mechanisms = mechanisms
        self.mechanism_list = replies.multiline(b"mechanisms", mechanisms)
        self.capabilities = replies.multiline(b"capabilities", _capabilities(tuple(mechanisms), stls=stls))
        self.stls = stls


def _capabilities(names: tuple[bytes, ...], *, stls: bool) -> list[bytes]:
    """CAPA before login (RFC 2449 §5): USER stands and falls with PLAIN, which checks it."""
    login = []
    if b"PLAIN" in names:
        login.append(b"USER")
    if names:
        login.append(b"SASL " + b" ".join(names))
    if stls:
        login.append(b"STLS")
    return [*_ALWAYS[:-1], *login, _ALWAYS[-1]]
