"""When users have logged in last, for a least time between two logins (RFC 2449 §6.5)."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from quitclaim.limits.numbers import Limits

__all__ = ("RecentLogins",)


class RecentLogins:
    """Who has logged in within the last `Limits.login_delay` seconds; whoever has not costs nothing.

    If there are too many of them (`Limits.remembered`), that one is forgotten who may log in again first.

    >>> from quitclaim.limits import Limits
    >>> times = iter([0.0, 4.0, 5.0])
    >>> logins = RecentLogins(Limits(login_delay=5.0), clock=lambda: next(times))
    >>> logins.add("anna")
    >>> "anna" in logins, "anna" in logins
    (True, False)
    """

    __slots__ = ("_clock", "_delay", "_last", "_most")

    def __init__(self, limits: Limits, /, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._delay = limits.login_delay
        self._most = limits.remembered
        self._last: OrderedDict[str, float] = OrderedDict()  # oldest first

    def __len__(self) -> int:
        """Users that are remembered."""
        return len(self._last)

    def __contains__(self, user: str) -> bool:
        """Whether it is too soon for the user to log in again. The name is to be folded."""
        last = self._last.get(user)
        return last is not None and self._clock() < last + self._delay

    def add(self, user: str, /) -> None:
        """Takes note that the user has logged in."""
        if not self._delay:
            return
        now = self._clock()
        self._last[user] = now
        self._last.move_to_end(user)
        while len(self._last) > self._most or next(iter(self._last.values())) + self._delay <= now:
            self._last.popitem(last=False)
