"""What a server tells whoever wants to watch it: one callable, which takes an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ("Cause", "Connected", "Delivered", "Event", "Left", "LoggedIn", "Observer", "Refused")

Cause: TypeAlias = Literal[
    "quit",
    "lost",
    "handshake",
    "timeout",
    "failures",
    "commands",
    "drained",
    "refused",
    "error",
    "endless line",
]
"""Why a connection ended: the peer's QUIT, loss, or TLS handshake without a result; ours is all the rest."""

# Not frozen: a frozen one costs a microsecond more, and there is one for each refused login of a storm.


@dataclass(slots=True)
class Connected:
    """A peer is connected. `peer` is `address:port` in all events."""

    peer: str


@dataclass(slots=True)
class Refused:
    """A login attempt that failed. The username is as the peer said it: escape it in a log.

    `cause` begins with one of these, and may go on after a colon in our own words (`docs/operating.md`):
    `logon denied`, `locked out`, `invalid token`, `refused by policy`, `cancelled`, `maildrop in use`,
    `too soon`, `unavailable`. None of it is the peer's.
    """

    peer: str
    mechanism: str
    username: str
    cause: str


@dataclass(slots=True)
class LoggedIn:
    """A login that was good; the maildrop is locked."""

    peer: str
    mechanism: str
    username: str
    messages: int
    octets: int
    detail: str = ""
    """How the mechanism did it, if there is more to say than its name: `Exchange.detail`."""


@dataclass(slots=True)
class Delivered:
    """A message was sent whole, by RETR."""

    peer: str
    username: str
    number: int
    octets: int


@dataclass(slots=True)
class Left:
    """A connection is over. `username` is empty if nobody had logged in; only `quit` deletes."""

    peer: str
    username: str
    cause: Cause
    retrieved: int
    octets: int
    deleted: int


Event: TypeAlias = Connected | Refused | LoggedIn | Delivered | Left
Observer: TypeAlias = Callable[[Event], None]
"""Called with each event, in the loop's thread: it must not wait. What it raises ends that connection."""
