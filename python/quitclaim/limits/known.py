"""From where users have logged in: of so many users, so many addresses each."""

from __future__ import annotations

from collections import OrderedDict

__all__ = ("KnownAddresses",)

_ADDRESSES = 8  # of a user: home, work, a phone's, and some that change
_KEPT = 30 * 86_400.0  # seconds


class KnownAddresses:
    """Addresses from which a user has logged in within thirty days: the last eight, of so many users.

    Only a login that was good gets in here, so only users can push others out, and each has one place.

    >>> known = KnownAddresses(most=65_536)
    >>> known.add(b"anna", "192.0.2.7", now=0.0)
    >>> known.has(b"anna", "192.0.2.7", now=1.0), known.has(b"anna", "192.0.2.8", now=1.0)
    (True, False)
    """

    __slots__ = ("_most", "_users")

    def __init__(self, *, most: int) -> None:
        self._most = most
        # Of each the addresses and until when they count, the last one last.
        self._users: OrderedDict[bytes, tuple[tuple[str, float], ...]] = OrderedDict()

    def __len__(self) -> int:
        """Users of whom an address was known when they logged in last."""
        return len(self._users)

    def has(self, user: bytes, address: str, /, *, now: float) -> bool:
        """Whether the user has logged in from there."""
        return any(one == address and until > now for one, until in self._users.get(user, ()))

    def add(self, user: bytes, address: str, /, *, now: float) -> None:
        """Takes note that the user has logged in from there."""
        others = [entry for entry in self._users.get(user, ()) if entry[0] != address]
        self._users[user] = (*others[1 - _ADDRESSES :], (address, now + _KEPT))
        self._users.move_to_end(user)
        if len(self._users) > self._most:
            self._users.popitem(last=False)
