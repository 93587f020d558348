"""Somebody's mail client: what it is told, how it is run, and what it can."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from typing import ClassVar

__all__ = ("EVERY_WAY", "Account", "Carrier", "Client", "Programs")

Carrier: TypeAlias = Literal["pop3", "stls", "pop3s"]
EVERY_WAY: tuple[Carrier, ...] = ("pop3", "stls", "pop3s")


class Programs(Protocol):
    """Runs a program to its end, in the test's own folder and with nothing of the caller's environment."""

    def __call__(
        self, program: str, /, *arguments: str, terminal: bool = False, needs: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[bytes]:
        """Skips the test where the program or a file is not there, and fails it where it must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What somebody types into a client: where it connects, as whom, and where the mail goes."""

    host: str
    port: int
    carrier: Carrier
    mechanism: str
    username: str
    secret: str
    """The password, or the token."""
    authority: str
    """The file with the certificate that signs the server's."""
    home: str
    """The folder for what the client keeps: mail in its `Maildir`."""
    keep: bool = True

    @property
    def deliver(self) -> str:
        """A command that delivers a message, for clients that do not do it themselves or not as root."""
        return f"cat > $(mktemp {self.home}/Maildir/new/XXXXXX)"

    def write(self, name: str, text: str, /) -> str:
        """Writes a file of that name at home, for nobody else to read, and gives its path."""
        file = Path(self.home, name)
        file.write_text(text)
        file.chmod(0o600)
        return str(file)


class Client(ABC):
    """A client that fetches all mail into a maildir and leaves."""

    name: ClassVar[str]
    version: ClassVar[str]
    """The one that was tried: Debian 12's, or what pyproject.toml pins."""
    file: ClassVar[str]
    """What its settings are called."""
    shown: ClassVar[tuple[str, Carrier]]
    """By which mechanism and carrier docs/clients.md shows them, if it does."""
    ways: ClassVar[tuple[tuple[str, tuple[Carrier, ...]], ...]]
    """The mechanisms that log in, and over what."""
    tokens: ClassVar[tuple[tuple[str, tuple[Carrier, ...]], ...]] = ()
    """The same of mechanisms that take a token for the password."""
    ntlmv1: ClassVar[tuple[Carrier, ...]] = ()
    """Over what it speaks NTLM, if that is NTLMv1 alone."""
    denied: ClassVar[bytes]
    """What it says to somebody whose password is wrong."""
    added: ClassVar[bytes] = b""
    """What it puts at the head of a message."""

    @abstractmethod
    def settings(self, account: Account, /) -> str:
        """What is typed for that account: a file, or a command."""

    @abstractmethod
    def fetch(self, account: Account, run: Programs, /) -> subprocess.CompletedProcess[bytes]:
        """Runs it with those settings."""
