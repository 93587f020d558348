"""The maildrop that a session has open, and what has been done with it so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quitclaim.maildrop.port import Maildrop

__all__ = ("OpenMaildrop",)


class OpenMaildrop:
    """What a session has from its login to its end; before, there is none of it to make and to carry."""

    __slots__ = ("_is_closed", "_octets", "deleted", "maildrop", "octets", "retrieved", "sent")

    def __init__(self, maildrop: Maildrop, /) -> None:
        self.maildrop = maildrop
        self.deleted: set[int] = set()  # message numbers, until QUIT
        self._octets = self.octets = 0  # of all messages, and of those that are not deleted
        self.retrieved = 0  # messages sent whole
        self.sent = 0  # octets of mail
        self._is_closed = False

    def __len__(self) -> int:
        """Messages that are not deleted."""
        return len(self.maildrop.octets) - len(self.deleted)

    def __contains__(self, number: int) -> bool:
        """Whether there is a message of that number, and it is not deleted."""
        return 1 <= number <= len(self.maildrop.octets) and number not in self.deleted

    def count(self) -> int:
        """Adds up all octets, once: with 100,000 messages that takes a millisecond."""
        self._octets = self.octets = sum(self.maildrop.octets)
        return self._octets

    def delete(self, number: int, /) -> None:
        """Marks a message."""
        self.deleted.add(number)
        self.octets -= self.maildrop.octets[number - 1]

    def undelete(self) -> None:
        """Takes all marks back."""
        self.deleted.clear()
        self.octets = self._octets

    def close(self) -> None:
        """Gives the lock back, once."""
        if not self._is_closed:
            self._is_closed = True
            self.maildrop.close()
