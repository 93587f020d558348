"""What a server process shows of itself: a Unix socket that answers one JSON object, and who reads it.

It is `run/PID.sock` in the data folder. Whoever connects is sent the object, and nothing is read from him.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, TypedDict, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import Self

__all__ = (
    "HandleEntry",
    "Handles",
    "LockEntry",
    "Ntlmv1Entry",
    "SessionEntry",
    "Status",
    "StatusSocket",
    "read",
    "read_all",
)


class HandleEntry(TypedDict):
    """A live handle: the label of its owner, its age in seconds, and what is happening to it."""

    owner: str
    age: float
    state: str


class Handles(TypedDict):
    """The handle table: its counters (`quitclaim.Stats`), and its oldest handles, the oldest first."""

    live: int
    high_water: int
    capacity: int
    acquired: int
    freed: dict[str, int]
    refused: dict[str, int]
    census: list[HandleEntry]


class SessionEntry(TypedDict):
    """A connection: its peer, who is logged in or an empty text, and how many seconds it has lasted."""

    peer: str
    username: str
    seconds: float


class LockEntry(TypedDict):
    """A maildrop that is open, and the process that has it open."""

    username: str
    pid: int


class Ntlmv1Entry(TypedDict):
    """Who has logged in by NTLMv1, from where, how often, and when last, in seconds since 1970."""

    username: str
    address: str
    logins: int
    last: float


class Status(TypedDict):
    """What a server process says of itself. Lists are cut; `connected` and `Handles.live` are whole."""

    program: str
    version: str
    pid: int
    listening: list[str]
    seconds: float
    connected: int
    handles: Handles
    counters: dict[str, int]
    locks: list[LockEntry]
    sessions: list[SessionEntry]
    ntlmv1: list[Ntlmv1Entry] | None
    """Since it began to serve, whoever came last at the top; None where NTLMv1 is not taken."""


class StatusSocket:
    """The status socket of this process, for as long as it is entered.

    Only its own user can connect: the folder has mode 0700 and the socket 0600. It sends to eight at once;
    who comes beyond, or does not take what it sends for five seconds, is cut off.

        async with StatusSocket(folder, status):
            await stopped.wait()

    Args:
        folder: the data folder.
        status: gives what is to be sent, each time anew.

    Raises:
        OSError: on enter, if the socket cannot be made.
    """

    def __init__(self, folder: Path, status: Callable[[], Awaitable[Status]], /) -> None:
        self._status = status
        self._folder = folder / "run"
        self._name = f"{os.getpid()}.sock"
        self._server: asyncio.AbstractServer | None = None
        self._served = 0

    async def __aenter__(self) -> Self:
        """Listens."""
        self._server = await asyncio.start_unix_server(self._serve, sock=self._listening())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Removes the socket."""
        self.remove()
        if self._server is not None:
            self._server.close()

    def remove(self) -> None:
        """Takes the socket's name away, so that nobody finds it any more. Idempotent."""
        with suppress(OSError):
            (self._folder / self._name).unlink()

    def _listening(self) -> socket.socket:
        """The socket, named once it listens: whoever finds one that does not, removes it."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        made = socket.socket(socket.AF_UNIX)
        try:
            os.fchmod(made.fileno(), 0o600)  # Linux gives the name that mode, less the umask
            unborn = f"{self._name}.new"
            (self._folder / unborn).unlink(missing_ok=True)
            with _short(self._folder) as folder:
                made.bind(f"{folder}/{unborn}")
            made.listen(_AT_ONCE)
            (self._folder / unborn).rename(self._folder / self._name)
        except BaseException:
            made.close()
            raise
        return made

    async def _serve(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._served >= _AT_ONCE:
            writer.transport.abort()
            return
        self._served += 1
        try:
            async with asyncio.timeout(_PATIENCE):
                writer.write(json.dumps(await self._status()).encode() + b"\n")
                writer.close()
                await writer.wait_closed()
        except (OSError, TimeoutError):
            writer.transport.abort()
        finally:
            self._served -= 1


def read_all(folder: Path, /) -> list[Status]:
    """What the server processes on a data folder say, by process number; none if there are none.

    The socket of a process that was killed is removed: nobody listens there. A process that does not answer
    in five seconds is left out.

    >>> from pathlib import Path
    >>> read_all(Path("/no/such/folder"))
    []

    Raises:
        PermissionError: the folder is another user's.
    """
    found = []
    for path in _sockets(folder):
        try:
            found.append(read(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
        except (TimeoutError, ConnectionError, ValueError):
            continue
    return sorted(found, key=lambda status: status["pid"])


def read(path: Path, /) -> Status:
    """What the process of that socket says of itself.

    Raises:
        OSError: nobody listens there (ConnectionRefusedError), or does not answer (TimeoutError).
        ValueError: it says something else, or was cut off.
    """
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(_PATIENCE)
        with _short(path.parent) as folder:
            peer.connect(f"{folder}/{path.name}")
        said = bytearray()
        while octets := peer.recv(65_536):
            said += octets
            if len(said) > _LONGEST:
                message = f"{path} does not end"
                raise ValueError(message)
    return cast("Status", json.loads(said))


def _sockets(folder: Path) -> list[Path]:
    try:
        return [path for path in (folder / "run").iterdir() if path.suffix == ".sock"]
    except (FileNotFoundError, NotADirectoryError):
        return []


@contextmanager
def _short(folder: Path) -> Iterator[str]:
    """A name of the folder that is short, however deep it lies: a socket's has 107 octets (unix(7))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


_AT_ONCE: Final = 8  # connections
_PATIENCE: Final = 5.0  # seconds
_LONGEST: Final = 16_777_216  # octets of an answer; lists are cut at a thousand entries, so none comes near
