"""What the answers to a peer are made from: its connection, its owner, and the ways to answer later."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar, cast

from quitclaim.pop3 import Connection

if TYPE_CHECKING:
    from quitclaim.handles import Handle
    from quitclaim.limits import Guess
    from quitclaim.ntlm import ChannelBinding
    from quitclaim.observer import Cause
    from quitclaim.sasl.mechanism import Exchange
    from quitclaim.session.open_maildrop import OpenMaildrop
    from quitclaim.session.service import Service

__all__ = (  # noqa: RUF022 - sorted as Python sorts
    "Dialogue",
    "ExchangeOwner",
    "ExchangeTable",
    "Late",
    "LongReply",
    "Next",
    "PORTION",
    "Then",
)

Next: TypeAlias = Literal["READ", "WAIT", "STARTTLS", "CLOSE"]
"""What is to be done next: give it what the peer sends; resume it; begin TLS; close the connection."""

PORTION = 65_536  # octets said at a time, before the peer must have taken some
_NOTHING = PORTION // 4  # what an empty part counts for: a list of deleted messages is work too

LongReply: TypeAlias = Generator[bytes | Awaitable[Any], Any, None]
"""A reply in portions: it yields octets to send, and what must be awaited, whose answer it is sent."""

_A = TypeVar("_A")
_R = TypeVar("_R")


class ExchangeOwner(Protocol):
    """Who answers for a session's handles: a `quitclaim.Owner`, or what stands in for one."""

    def acquire(self, value: Exchange, /) -> Handle:
        """Puts an exchange under a handle."""

    def step(self, handle: Handle, function: Callable[[Exchange, Any], _R], argument: Any, /) -> _R:  # noqa: ANN401
        """Runs a step; a failing one frees the handle."""

    def free(self, handle: Handle, /) -> Exchange | None:
        """Ends the life of a handle, and gives its exchange back if it can."""

    def close(self) -> None:
        """Frees whatever is left."""


class ExchangeTable(Protocol):
    """Where a server's owners come from: a `quitclaim.HandleTable`, or what stands in for one."""

    def owner(self, label: str = "", /) -> ExchangeOwner:
        """Makes whoever answers for one connection's handles."""

    def __len__(self) -> int:
        """The Handle Count."""

    def tick(self, now: float, /) -> None:
        """Says what time it is, in seconds."""


class Dialogue:
    """One peer's side of things, as the handlers of its commands see it.

    A handler returns what is said at once. What takes longer it leaves to `ask` or `say`, and what ends the
    connection to `leave`. What comes next is one state in five attributes:

        next      waiting    then  late    reply
        READ      -          -     -       -       the peer has the word
        WAIT      awaitable  set   maybe   -       `ask`: an answer is awaited; late, it may hold something
        WAIT      awaitable  set   -       set     a long reply waits for what it reads
        WAIT      -          set   -       maybe   `pause`: the peer must take what was said
        STARTTLS  -          -     -       -       the peer was told to begin the handshake
        CLOSE     -          -     -       -       it is over when what was said is sent
    """

    __slots__ = (
        "address",
        "asked",
        "bad_commands",
        "binding",
        "cause",
        "closed",
        "commands_left",
        "connection",
        "failures",
        "guess",
        "handle",
        "is_late",
        "late",
        "mail",
        "mechanism",
        "next",
        "octets_left",
        "offer",
        "owner",
        "peer",
        "reply",
        "said_user",
        "service",
        "then",
        "username",
        "utf8",
        "verdict",
        "waiting",
    )

    def __init__(  # noqa: PLR0913 - what a server knows of a peer, by keyword
        self,
        service: Service,
        owner: ExchangeOwner,
        /,
        *,
        peer: str = "",
        address: str | None = None,
        trusted: bool = False,
        stls: bool = False,
    ) -> None:
        self.service = service
        self.owner = owner
        self.peer = peer
        self.address = address  # under which its guesses are counted; None if they are not
        self.offer = service.offers[trusted][stls]
        self.binding: ChannelBinding | None = None  # to the TLS connection that it is on
        self.connection = Connection()
        self.next: Next = "READ"
        self.waiting: Awaitable[object] | None = None
        self.then: Then | None = None  # what goes on with the answer
        self.late: Late | None = None  # what closes an answer that nobody waits for any more
        self.reply: LongReply | None = None
        self.cause: Cause | None = None  # why it ends, once that is known
        self.closed = False
        self.bad_commands = 0
        # before login
        self.octets_left = service.limits.octets_before_login
        self.commands_left = service.limits.commands_before_login
        self.utf8 = False  # the peer has said UTF8
        self.is_late = False  # what waits is the answer to a guess, and nothing but time is waited for
        self.guess: Guess | None = None  # of the attempt under way, once it is one
        self.handle: Handle | None = None  # of the attempt under way
        self.asked = ""  # whom the accounts were asked for, in that attempt
        self.verdict: bytes | None = None  # of an attempt that is over, but for the peer's last word
        self.mechanism = b""  # of the last attempt
        self.said_user: bytes | None = None  # what USER said, for the PASS right after it
        self.failures = 0
        # after
        self.username = ""
        self.mail: OpenMaildrop | None = None

    def ask(
        self,
        question: Callable[[_A], object],
        argument: _A,
        then: Then,
        /,
        *,
        late: Late | None = None,
    ) -> bytes:
        """Asks, and goes on by `then(dialogue, answer, error)`: at once, or when the awaitable is done.

        If the connection is gone by then, `late(answer, error)` is called instead.
        """
        try:
            answer = question(argument)
        except Exception as error:  # noqa: BLE001 - `then` knows which ones it expects, and raises the rest
            return then(self, None, error)
        if hasattr(answer, "__await__"):  # an Awaitable, at a third of the price of asking its class
            self.next = "WAIT"
            self.waiting = cast("Awaitable[object]", answer)
            self.then = then
            self.late = late
            return b""
        return then(self, answer, None)

    def say(self, reply: LongReply, /) -> bytes:
        """Begins a reply in portions, and returns the first."""
        self.reply = reply
        return go_on(self, None, None)

    def pause(self, then: Then, /) -> None:
        """Says no more until the peer has taken what was said; then `then` goes on."""
        self.next = "WAIT"
        self.then = then

    def refuse_command(self, text: bytes, /) -> bytes:
        """Says that a command was no good; who sends nothing else is shown the door."""
        self.service.counters.bad_commands += 1
        self.bad_commands += 1
        if self.bad_commands >= self.service.limits.bad_commands:
            self.leave("commands")
        return text

    def leave(self, cause: Cause, /) -> None:
        """Ends the connection, when what is said now has been sent."""
        self.cause = cause
        self.next = "CLOSE"


Then: TypeAlias = Callable[[Dialogue, Any, BaseException | None], bytes]
Late: TypeAlias = Callable[[Any, BaseException | None], None]


def go_on(dialogue: Dialogue, answer: object, error: BaseException | None) -> bytes:
    """Lets a long reply go on until it is done, has said a portion, or waits."""
    reply = dialogue.reply
    assert reply is not None, "there is a reply to go on with"  # noqa: S101 - our own mistake
    said: list[bytes] = []
    size = 0
    try:
        while size < PORTION:
            part = reply.send(answer) if error is None else reply.throw(error)
            answer = error = None
            if isinstance(part, bytes):
                said.append(part)
                size += len(part) or _NOTHING
            else:
                dialogue.next = "WAIT"
                dialogue.waiting = part
                dialogue.then = go_on
                return b"".join(said)
    except StopIteration:
        dialogue.reply = None
    else:
        dialogue.pause(go_on)
    return b"".join(said)
