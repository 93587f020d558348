"""The ports to where mail is: a store that opens maildrops, and a maildrop, locked for one session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from quitclaim.answer import Answer
    from quitclaim.identity import Identity

__all__ = ("LARGEST_CHUNK", "Maildrop", "MaildropStore")

LARGEST_CHUNK = 262_144  # octets that one read gives at most


class MaildropStore(Protocol):
    """Where maildrops are opened. Methods answer at once or with an awaitable."""

    def open(self, identity: Identity, /) -> Answer[Maildrop]:
        """Locks the maildrop of that user and fixes its list of messages for the session (RFC 1939 §4).

        **Each maildrop that it answers with is closed**, however late the answer is: by the session, or, if
        nobody waits any more, by whoever finds that out (a cancelled future's answer is closed by the store
        itself).

        Raises:
            MaildropInUse: another session has it locked.
            StoreUnavailable: the store cannot say now.
        """


class Maildrop(Protocol):
    """One user's messages, locked and numbered from 1. Methods answer at once or with an awaitable.

    The list is what it was when the maildrop was opened: mail that comes later shows in the next session.
    """

    @property
    def octets(self) -> Sequence[int]:
        """The size of each message as it will be sent, CRLF as two and before dot-stuffing (RFC 1939 §11)."""

    def uidl(self, number: int, /) -> str:
        """The stable name of a message, 1 to 70 octets of 0x21 to 0x7E, never used again (RFC 1939 §7)."""

    def read(self, number: int, offset: int, /) -> Answer[bytes]:
        """Octets of a message from `offset` on, `LARGEST_CHUNK` at most, and empty at its end.

        Lines end in CRLF, the last one too, and nothing is dot-stuffed.

        Raises:
            StoreUnavailable: the store cannot read it now, or another process has deleted the mailbox.
        """

    def commit(self, deleted: Collection[int], /) -> Answer[None]:
        """Deletes these messages, all or none, and returns when that is durable: UPDATE (RFC 1939 §6).

        Raises:
            StoreUnavailable: nothing was deleted.
        """

    def close(self) -> None:
        """Gives the lock back. Idempotent; deletes nothing. It must not wait, and raises nothing."""
