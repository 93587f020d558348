"""The port of SASL mechanisms (RFC 4422): what starts an exchange, and what an exchange is to its session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from quitclaim.accounts.port import Accounts, Ask
    from quitclaim.answer import Answer
    from quitclaim.identity import Identity
    from quitclaim.ntlm import ChannelBinding

__all__ = ("Exchange", "Mechanism", "Question")


class Mechanism(Protocol):
    """A SASL method, which starts exchanges: one for a server, shared by its connections."""

    @property
    def name(self) -> bytes:
        """Its registered name, in upper case (RFC 4422 §3.1)."""

    @property
    def asks(self) -> Ask:
        """What the accounts must offer for it to be of use."""

    @property
    def plaintext(self) -> bool:
        """Whether a listener on the wire can read the secret, so that it needs TLS or loopback."""

    @property
    def needs_binding(self) -> bool:
        """Whether it refuses whoever is not bound to TLS, so that it is not offered without."""

    @property
    def opening(self) -> bytes:
        """What a client that sends no initial response is asked: nothing, unless the server speaks first."""

    def start(self, binding: ChannelBinding | None, /) -> Exchange:
        """A fresh exchange, over TLS with that channel binding or over plaintext (None)."""


class Exchange(Protocol):
    """One run of a mechanism: what a handle names between two lines of a login.

    **Its methods are steps of the table: to refuse is to raise**, and then the handle is gone. They are done
    when they return: what must be waited for is a `Question`.
    """

    @property
    def detail(self) -> str:
        """How it was done, in our own words, for an operator; empty if the mechanism's name says it all.

        It is asked once the login is good: `NTLMv2+MIC`.
        """

    def step(self, response: bytes, /) -> bytes | Question | Identity:
        """Takes the peer's response and gives the next challenge, a question, or who it was proven to be.

        A client that sends no initial response is asked with the mechanism's `opening`, so the first response
        is always there; it may be empty.

        Raises:
            AuthenticationError: the login is refused, whatever the reason.
        """

    def answer(self, value: object, /) -> bytes | Identity:
        """Takes the answer to the question that the last step asked.

        Raises:
            AuthenticationError: the login is refused, whatever the reason.
        """


class Question:
    """What an exchange must know from the accounts to go on; the answer enters by `Exchange.answer`.

    Args:
        ask: asks them.
        username: whom the peer wants to be, so that guesses at one user are counted together; empty if it
            has not said.

    >>> Question(lambda accounts: accounts.password("anna", "open sesame"), "anna")
    <Question>
    """

    __slots__ = ("ask", "username")

    def __init__(self, ask: Callable[[Accounts], Answer[object]], username: str = "", /) -> None:
        self.ask = ask
        self.username = username

    def __repr__(self) -> str:
        return "<Question>"
