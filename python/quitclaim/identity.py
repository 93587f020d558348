"""Who a peer was proven to be: the one value that mechanisms and stores share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

__all__ = ("Identity", "fold")


@dataclass(frozen=True, slots=True)
class Identity:
    """A user, as proven by a mechanism.

    The name is as it was said or as the accounts have it; compare by `key`, because `Anna` logs in as `anna`.

    >>> Identity("Anna").key
    'anna'
    """

    username: str

    @property
    def key(self) -> str:
        """The name as all who look it up compare it: see `fold`.

        >>> Identity("ANNA").key == Identity("anna").key
        True
        """
        return fold(self.username)


def fold(username: str, /) -> str:
    r"""A user's name as it is compared: without case, and composed (NFC), because clients send either form.

    Lower case and no more than that: Unicode's full folding makes one of `strasse` and `straße`, which NTLM
    (MS-NLMP §3.3.2 upper-cases character by character) keeps apart. A name of more than 255 characters, which
    only a peer has, is not composed: that could take a tenth of a second.

    >>> fold("Anna"), fold("STRASSE") == fold("straße"), fold("ZOE\u0308") == fold("Zo\u00eb")
    ('anna', False, True)
    """
    lower = username.lower()
    # Composed after and not before: some letters are composed in lower case only. For ASCII it costs nothing.
    # Marks are put in order by insertion: 4,600 of them, which one line has room for, took 108 ms.
    return lower if len(lower) > _LONGEST else normalize("NFC", lower)


_LONGEST: Final = 255  # characters that are composed; RFC 4616 §2 wants names of so many octets at most
