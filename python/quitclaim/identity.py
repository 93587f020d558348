"""Who a peer was proven to be: the one value that mechanisms and stores share."""

from __future__ import annotations

from dataclasses import dataclass
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
    (MS-NLMP §3.3.2 upper-cases character by character) keeps apart.

    >>> fold("Anna"), fold("STRASSE") == fold("straße"), fold("ZOE\u0308") == fold("Zo\u00eb")
    ('anna', False, True)
    """
    # Composed after and not before: some letters are composed in lower case only. For ASCII it costs nothing.
    return normalize("NFC", username.lower())
