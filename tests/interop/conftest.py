"""What the tests with other people's clients share: a server over each store, programs, and a socket."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import socket
import subprocess
from collections.abc import Awaitable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from quitclaim.accounts.administration import add
from quitclaim.accounts.memory import MemoryAccounts
from quitclaim.accounts.sqlite import SqliteAccounts
from quitclaim.database import Database
from quitclaim.identity import Identity
from quitclaim.maildrop.memory import MemoryStore
from quitclaim.maildrop.sqlite import SqliteStore
from quitclaim.observer import Refused
from quitclaim.testing import Controller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from quitclaim import HandleTable
    from quitclaim.accounts.port import Accounts
    from quitclaim.maildrop.port import MaildropStore
    from quitclaim.observer import Event
    from quitclaim.sasl import Mechanism

HERE = Path(__file__).parent
TIMEOUT = 10.0  # seconds for a client, which needs a fraction of one

USERNAME = "anna"
PASSWORD = "open sesame"  # noqa: S105 - opens nothing

# What clients get wrong: dots at the beginning of lines, a line of one dot, 8 bits, a blank line at the end.
DOTS = (
    b"From: bert@example.org\r\nTo: anna@example.org\r\nSubject: dots\r\nMessage-ID: <1@example.org>\r\n\r\n"
    b".one\r\n..two\r\n.\r\nFrom 8 bits: \xe4\xf6\xfc\r\nthe last\r\n\r\n"
)
# More than a store reads at once, and dots everywhere: some are where one piece ends and the next begins.
LONG = (
    b"From: bert@example.org\r\nTo: anna@example.org\r\nSubject: long\r\nMessage-ID: <2@example.org>\r\n\r\n"
    + b"".join(b".%d\r\n" % number for number in range(50_000))
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks all the tests of this folder; `pytest -m "not interop"` leaves them out."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.interop)


# --- the server


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server with one account, whose maildrop has `messages`."""

    controller: Controller
    table: HandleTable[Any]
    events: list[Event] = field(repr=False)
    username: str = USERNAME
    password: str = PASSWORD
    messages: tuple[bytes, ...] = field(default=(DOTS, LONG), repr=False)

    @property
    def host(self) -> str:
        """Where it listens."""
        return self.controller.address[0]

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.controller.address[1]

    def refusals(self) -> list[tuple[str, str, str]]:
        """What an operator has been told of refused logins: mechanism, username and cause of each."""
        seen = self.controller.call(self.events.copy)
        return [
            (event.mechanism, event.username, event.cause) for event in seen if isinstance(event, Refused)
        ]


@pytest.fixture
def server(
    back_end: tuple[Accounts, MaildropStore],
    mechanisms: Sequence[Mechanism] | None,
    handle_table: HandleTable[Any],
    caplog: pytest.LogCaptureFixture,
) -> Iterator[MailServer]:
    """A server that runs, and must end with no handle, no lock, and nothing to complain about."""
    accounts, store = back_end
    events: list[Event] = []
    with Controller(
        accounts=accounts, store=store, mechanisms=mechanisms, table=handle_table, observer=events.append
    ) as controller:
        yield MailServer(controller, handle_table, events)
    assert controller.server.counters.as_dict()["errors"] == 0
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
    asyncio.run(open_and_close(store))


async def open_and_close(store: MaildropStore) -> None:
    """Raises `MaildropInUse` if a session has left its lock behind."""
    answer = store.open(Identity(USERNAME))
    maildrop = await answer if isinstance(answer, Awaitable) else answer
    maildrop.close()


@pytest.fixture
def mechanisms() -> Sequence[Mechanism] | None:
    """The server's own default."""
    return None


@pytest.fixture(params=["memory", "sqlite"])
def back_end(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Accounts, MaildropStore]]:
    """An account with mail, in each of the places where they can be."""
    opened = in_memory() if request.param == "memory" else on_disk(tmp_path / "data")
    with opened as accounts_and_store:
        yield accounts_and_store


@contextmanager
def in_memory() -> Iterator[tuple[Accounts, MaildropStore]]:
    """Accounts and mail that die with the test."""
    store = MemoryStore()
    for message in (DOTS, LONG):
        store.deliver(USERNAME, message)
    yield MemoryAccounts({USERNAME: PASSWORD}), store


@contextmanager
def on_disk(folder: Path) -> Iterator[tuple[Accounts, MaildropStore]]:
    """Accounts and mail in a data folder."""
    with Database(folder) as database:
        add(database, USERNAME, PASSWORD)
        store = SqliteStore(database)
        for message in (DOTS, LONG):
            store.deliver([USERNAME], message)
        with SqliteAccounts(database) as accounts:
            yield accounts, store


# --- clients that are programs


class Programs(Protocol):
    """Runs a program to its end, in the test's own folder and with nothing of the caller's environment."""

    def __call__(self, program: str, /, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Skips the test where there is no such program, and fails it where there must be."""


@pytest.fixture
def run(tmp_path: Path) -> Programs:
    """Runs a program."""

    def run(program: str, /, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LC_ALL": "C"}
        return subprocess.run(  # noqa: S603 - that is the test
            [installed(program), *arguments],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )

    return run


def installed(program: str) -> str:
    """Where that program is."""
    path = shutil.which(program)
    if path is None and (os.environ.get("CI") or os.environ.get("INTEROP")):
        pytest.fail(f"{program} is not installed: scripts/interop.sh installs it")
    if path is None:
        pytest.skip(f"{program} is not installed: INTEROP=1 make test installs it")
    return path


@dataclass(frozen=True, slots=True)
class Maildir:
    """A folder that clients deliver to, one file a message."""

    path: Path

    @property
    def command(self) -> str:
        """Delivers a message too, for clients that do not do it themselves or not as root."""
        return f"cat > $(mktemp {self.path}/new/XXXXXX)"

    def messages(self) -> list[bytes]:
        """What was delivered, in no order, and with the line ends of the wire."""
        files = sorted((self.path / "new").iterdir())
        return [file.read_bytes().replace(b"\n", b"\r\n") for file in files]


@pytest.fixture
def maildir(tmp_path: Path) -> Maildir:
    """An empty one."""
    for folder in ("cur", "new", "tmp"):
        (tmp_path / "Maildir" / folder).mkdir(parents=True)
    return Maildir(tmp_path / "Maildir")


# --- clients that are libraries, and leave the socket to us


class Dialogue:
    """A connection whose every line is said and read by the test."""

    def __init__(self, address: tuple[str, int]) -> None:
        """Connects, and reads the greeting."""
        self._socket = socket.create_connection(address, TIMEOUT)
        self._file = self._socket.makefile("rb")
        self.greeting = self._file.readline()

    def say(self, line: bytes, /) -> bytes:
        """Says a line, and gives the first line of the reply, CRLF and all."""
        self._socket.sendall(line + b"\r\n")
        return self._file.readline()

    def message(self, number: int, /) -> bytes:
        """Retrieves a message, as it was before its dots were stuffed."""
        assert self.say(b"RETR %d" % number).startswith(b"+OK")
        lines = iter(self._file.readline, b".\r\n")
        return b"".join(line.removeprefix(b".") for line in lines)

    def ntlm(
        self, negotiate: bytes, authenticate: Callable[[bytes], bytes], /, *, initial_response: bool
    ) -> bytes:
        """Logs in, with the NEGOTIATE on the command's line or on the next, and gives the last reply."""
        if initial_response:
            reply = self.say(b"AUTH NTLM " + base64.b64encode(negotiate))
        else:
            assert self.say(b"AUTH NTLM") == b"+ \r\n"
            reply = self.say(base64.b64encode(negotiate))
        assert reply.startswith(b"+ ")
        challenge = base64.b64decode(reply.removeprefix(b"+ ").rstrip(), validate=True)
        return self.say(base64.b64encode(authenticate(challenge)))

    def close(self) -> None:
        """Leaves without QUIT, if nobody said it."""
        self._file.close()
        self._socket.close()


@pytest.fixture
def dialogue(server: MailServer) -> Iterator[Dialogue]:
    """A connection to the server."""
    dialogue = Dialogue(server.controller.address)
    yield dialogue
    dialogue.close()
