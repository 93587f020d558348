"""Commands that have ended, and servers that run: what the fixtures of these tests give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

PASSWORD: Final = "open sesame"  # noqa: S105 - of accounts that live for a test
MESSAGE: Final = b"Subject: hello\n\nDear Anna\n"


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


class Command(Protocol):
    """Runs a command in this process: its arguments, and what it reads from standard input."""

    def __call__(self, *arguments: str | Path, stdin: bytes = b"") -> Ended:
        """Runs it."""


@dataclass
class Running:
    """A server process."""

    process: subprocess.Popen[str]
    addresses: list[tuple[str, int]]
    log: Path

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens first."""
        return self.addresses[0]

    @property
    def written(self) -> str:
        """The same, as the command line has it."""
        return "{}:{}".format(*self.address)

    def stop(self, signal: int) -> int:
        """Sends a signal, and gives the exit code."""
        self.process.send_signal(signal)
        return self.process.wait(20)

    def said(self) -> str:
        """What it has said on stderr: all of it, if it has ended."""
        return self.log.read_text()


class Start(Protocol):
    """Starts a server process, and returns when it has said so many times that it listens."""

    def __call__(self, *arguments: str | Path, listeners: int = 1) -> Running:
        """Starts it."""
