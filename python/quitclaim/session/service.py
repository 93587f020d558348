"""What all sessions of a server share: back ends, mechanisms, limits, counters, and replies made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quitclaim.monitor.counters import Counters
from quitclaim.pop3 import replies

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quitclaim.accounts.port import Accounts
    from quitclaim.limits import Limits
    from quitclaim.maildrop.port import MaildropStore
    from quitclaim.observer import Observer
    from quitclaim.sasl.mechanism import Mechanism

__all__ = ("Service",)

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

    `mechanisms`, `mechanism_list` and `capabilities` are pairs: for peers who may be heard by others, and for
    those who are trusted with a password in plaintext.
    """

    __slots__ = (
        "accounts",
        "capabilities",
        "capabilities_inside",
        "counters",
        "limits",
        "mechanism_list",
        "mechanisms",
        "observer",
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
        trusted = {one.name: one for one in mechanisms if one.asks in accounts.offers}
        heard = {name: one for name, one in trusted.items() if not one.plaintext}
        self.mechanisms = (heard, trusted)
        self.mechanism_list = (_mechanism_list(heard), _mechanism_list(trusted))
        self.capabilities = (_capabilities(heard), _capabilities(trusted))
        self.capabilities_inside = replies.multiline(b"capabilities", _ALWAYS)


def _mechanism_list(names: Iterable[bytes]) -> bytes:
    return replies.multiline(b"mechanisms", names)


def _capabilities(names: Iterable[bytes]) -> bytes:
    """CAPA before login (RFC 2449 §5): USER stands and falls with PLAIN, which checks it."""
    names = tuple(names)
    login = ([b"USER"] if b"PLAIN" in names else []) + ([b"SASL " + b" ".join(names)] if names else [])
    return replies.multiline(b"capabilities", [*_ALWAYS[:-1], *login, _ALWAYS[-1]])
