"""Mail in memory: for tests, and for programs that make it up themselves. It dies with the process."""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING

from quitclaim.errors import MaildropInUse, StoreUnavailable
from quitclaim.identity import fold
from quitclaim.maildrop.port import LARGEST_CHUNK
from quitclaim.maildrop.wire import pieces, wire_form

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from quitclaim.identity import Identity

__all__ = ("MemoryMaildrop", "MemoryStore")


class MemoryStore:
    r"""A `MaildropStore` in memory. Everyone has a maildrop in it; it answers at once, on any thread.

    >>> from quitclaim.identity import Identity
    >>> store = MemoryStore()
    >>> store.deliver("anna", b"Subject: hello\n\nDear Anna\n")
    >>> maildrop = store.open(Identity("Anna"))
    >>> list(maildrop.octets), maildrop.read(1, 0)
    ([29], b'Subject: hello\r\n\r\nDear Anna\r\n')
    >>> maildrop.close()
    """

    def __init__(self) -> None:
        # Whoever starts anew in another process gives out other names: a UIDL is never used again.
        self._epoch = secrets.token_hex(8)
        self._next = 1
        self._messages: dict[str, dict[int, bytes]] = {}
        self._open: dict[str, MemoryMaildrop] = {}
        self._lock = threading.Lock()

    def deliver(self, usernames: str | Collection[str], message: bytes | Iterable[bytes], /) -> None:
        """Puts a message, whole or in pieces, into maildrops, one or many, for the sessions to come."""
        names = [usernames] if isinstance(usernames, str) else usernames
        ready = b"".join(wire_form(pieces(message)))
        with self._lock:
            for key in dict.fromkeys(map(fold, names)):
                self._messages.setdefault(key, {})[self._next] = ready
                self._next += 1

    def open(self, identity: Identity, /) -> MemoryMaildrop:
        """Locks that user's maildrop and fixes its list.

        Raises:
            MaildropInUse: it is open already.
        """
        with self._lock:
            if identity.key in self._open:
                message = "another session has the maildrop open"
                raise MaildropInUse(message)
            listed = tuple(self._messages.get(identity.key, {}).items())
            maildrop = MemoryMaildrop(self, identity.key, listed)
            self._open[identity.key] = maildrop
            return maildrop

    def _uidl(self, identifier: int, /) -> str:
        return f"{self._epoch}-{identifier}"

    def _delete(self, maildrop: MemoryMaildrop, key: str, identifiers: Collection[int], /) -> None:
        with self._lock:
            if self._open.get(key) is not maildrop:
                message = "the maildrop is closed"
                raise StoreUnavailable(message)
            for identifier in identifiers:
                self._messages[key].pop(identifier, None)

    def _unlock(self, maildrop: MemoryMaildrop, key: str, /) -> None:
        with self._lock:
            if self._open.get(key) is maildrop:
                del self._open[key]


class MemoryMaildrop:
    """A `Maildrop` of a `MemoryStore`: see there."""

    __slots__ = ("_key", "_listed", "_store", "octets")

    def __init__(self, store: MemoryStore, key: str, listed: tuple[tuple[int, bytes], ...], /) -> None:
        """Made by the store."""
        self._store = store
        self._key = key
        self._listed = listed
        self.octets = tuple([len(message) for _, message in listed])

    def uidl(self, number: int, /) -> str:
        """The message's stable name.

        Raises:
            IndexError: there is no such number.
        """
        return self._store._uidl(self._message(number)[0])  # noqa: SLF001 - the same file

    def read(self, number: int, offset: int, /) -> bytes:
        """Octets of the message from that offset on.

        Raises:
            IndexError: there is no such number.
        """
        return self._message(number)[1][offset : offset + LARGEST_CHUNK]

    def commit(self, deleted: Collection[int], /) -> None:
        """Deletes these messages.

        Raises:
            IndexError: there is no such number; nothing was deleted.
            StoreUnavailable: the maildrop is closed; nothing was deleted.
        """
        identifiers = [self._message(number)[0] for number in deleted]
        self._store._delete(self, self._key, identifiers)  # noqa: SLF001 - the same file

    def close(self) -> None:
        """Gives the lock back."""
        self._store._unlock(self, self._key)  # noqa: SLF001 - the same file

    def _message(self, number: int, /) -> tuple[int, bytes]:
        # Python would take 0 and -1 for the last ones: Twisted's `DELE 0` did.
        if number < 1:
            message = "messages are numbered from 1"
            raise IndexError(message)
        return self._listed[number - 1]
