"""What all sessions of a server share: back ends, mechanisms, limits, counters, and replies made once."""

from __future__ import annotations

import time
from copy import copy
from math import ceil
from typing import TYPE_CHECKING, Final

from quitclaim.limits import Attempts, RecentLogins
from quitclaim.monitor.counters import Counters
from quitclaim.pop3 import replies

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from quitclaim.accounts.port import Accounts
    from quitclaim.limits import Limits
    from quitclaim.maildrop.port import MaildropStore
    from quitclaim.observer import Observer
    from quitclaim.sasl.mechanism import Mechanism

__all__ = ("Offer", "Service")

_FIRST: Final = (b"TOP", b"UIDL", b"RESP-CODES", b"AUTH-RESP-CODE", b"PIPELINING")
_LAST: Final = (b"LANG", b"EXPIRE NEVER", b"IMPLEMENTATION quitclaim")


class Service:
    """One for a server, or for each of its listeners. A mechanism that the accounts cannot serve is left out.

    What a peer is offered before login depends on who else can hear it. Over plaintext that is
    `offers[trusted][stls]`: whether a password is taken from it, and whether it may ask for TLS. Under TLS
    it is `secured`.

    Args:
        accounts: who may log in, and with what.
        store: where their mail is.
        mechanisms: SASL methods.
        limits: what a peer may make us hold.
        counters: what is counted.
        observer: is called with each event.
        clock: seconds, which never go backwards.
        sleep: what to wait for, given seconds: `asyncio.sleep`. Without it no guess is delayed, nor counted.
    """

    __slots__ = (
        "accounts",
        "attempts",
        "counters",
        "limits",
        "observer",
        "offers",
        "recent_logins",
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
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] | None = None,
    ) -> None:
        self.accounts = accounts
        self.store = store
        self.limits = limits
        self.counters = Counters() if counters is None else counters
        self.observer = observer
        self.attempts = None if sleep is None else Attempts(limits, clock=clock, sleep=sleep)
        self.recent_logins = RecentLogins(limits, clock=clock)
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
        delay = self.limits.login_delay
        self.secured = Offer(secured, stls=False, login_delay=delay)
        self.offers = (
            (Offer(heard, stls=False, login_delay=delay), Offer(heard, stls=True, login_delay=delay)),
            (Offer(trusted, stls=False, login_delay=delay), Offer(trusted, stls=True, login_delay=delay)),
        )


class Offer:
    """The ways to log in that a peer has, and the replies about them.

    CAPA says what is to be had (RFC 2449 §5): before login that is how to log in too, and there USER stands
    and falls with PLAIN, which checks it. UTF8 and LANG are said in both states (RFC 6856 §2, §3).
    """

    __slots__ = ("capabilities", "capabilities_inside", "mechanism_list", "mechanisms", "stls")

    def __init__(
        self, mechanisms: Mapping[bytes, Mechanism], /, *, stls: bool, login_delay: float = 0.0
    ) -> None:
        self.mechanisms = mechanisms
        self.mechanism_list = replies.multiline(b"mechanisms", mechanisms)
        self.stls = stls
        takes_user = b"PLAIN" in mechanisms
        login = [b"USER"] if takes_user else []
        if mechanisms:
            login.append(b"SASL " + b" ".join(mechanisms))
        if stls:
            login.append(b"STLS")
        # USER there says that names and passwords may be in UTF-8, which are USER's and PASS's.
        last = [b"UTF8 USER" if takes_user else b"UTF8", *_LAST[:1]]
        if login_delay:
            last.append(b"LOGIN-DELAY %d" % ceil(login_delay))
        last += _LAST[1:]
        self.capabilities = replies.multiline(b"capabilities", [*_FIRST, *login, *last])
        self.capabilities_inside = replies.multiline(b"capabilities", [*_FIRST, *last])
