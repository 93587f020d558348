"""Who still logs in by NTLMv1: a list to work off, until nobody is on it and the opt-in can go."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quitclaim.identity import fold
from quitclaim.observer import LoggedIn

if TYPE_CHECKING:
    from collections.abc import Callable

    from quitclaim.observer import Event

__all__ = ("Ntlmv1Login", "Ntlmv1Logins")


@dataclass(slots=True)
class Ntlmv1Login:
    """A user who logged in by NTLMv1 from an address, how often, and when last (seconds since 1970)."""

    username: str
    address: str
    logins: int
    last: float


class Ntlmv1Logins:
    """An observer that counts good logins by NTLMv1, by user and by the client's address.

    It keeps so many pairs at most; then whoever was not seen for longest is forgotten, and `forgotten` counts
    that. Only who has an account gets on the list, so strangers cannot push anyone off it.

    >>> from quitclaim.observer import LoggedIn
    >>> observe = Ntlmv1Logins(clock=lambda: 7.0)
    >>> observe(LoggedIn("192.0.2.7:4711", "NTLM", "anna", 0, 0, "NTLMv1"))
    >>> observe(LoggedIn("192.0.2.8:4711", "NTLM", "bert", 0, 0, "NTLMv2+MIC"))
    >>> observe.report()
    [Ntlmv1Login(username='anna', address='192.0.2.7', logins=1, last=7.0)]

    Args:
        most: pairs of a user and an address.
        clock: seconds since 1970.

    Raises:
        ValueError: `most` is not above zero.
    """

    __slots__ = ("_clock", "_logins", "_most", "forgotten", "total")

    def __init__(self, most: int = 10_000, *, clock: Callable[[], float] = time.time) -> None:
        if not most > 0:
            message = "most must be above zero"
            raise ValueError(message)
        self._most = most
        self._clock = clock
        # Whoever was seen last is at the end.
        self._logins: OrderedDict[tuple[str, str], Ntlmv1Login] = OrderedDict()
        self.total = 0  # logins, forgotten ones too
        self.forgotten = 0  # pairs

    def __call__(self, event: Event, /) -> None:
        """Counts the event, if it is a login by NTLMv1."""
        if not (isinstance(event, LoggedIn) and event.detail.startswith("NTLMv1")):
            return
        self.total += 1
        address = event.peer.rpartition(":")[0]
        key = fold(event.username), address
        login = self._logins.get(key)
        if login is None:
            if len(self._logins) >= self._most:
                self._logins.popitem(last=False)
                self.forgotten += 1
            login = self._logins[key] = Ntlmv1Login(event.username, address, 0, 0.0)
        login.logins += 1
        login.last = self._clock()
        self._logins.move_to_end(key)

    def report(self) -> list[Ntlmv1Login]:
        """Those that are kept, copied, whoever was seen last at the top."""
        return [
            Ntlmv1Login(login.username, login.address, login.logins, login.last)
            for login in reversed(self._logins.values())
        ]
