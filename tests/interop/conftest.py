"""What the tests with other people's clients share: a server over each store, programs, and a socket."""

from __future__ import annotations

import asyncio
import base64
import os
import poplib
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Awaitable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.interop.clients.client import Account
from tests.server.certificates import issue, pem_of

from quitclaim.accounts.administration import add
from quitclaim.accounts.memory import MemoryAccounts
from quitclaim.accounts.sqlite import SqliteAccounts
from quitclaim.database import Database
from quitclaim.identity import Identity
from quitclaim.maildrop.memory import MemoryStore
from quitclaim.maildrop.sqlite import SqliteStore
from quitclaim.monitor.text import TextLines
from quitclaim.server import Listener, Tls
from quitclaim.testing import Controller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.interop.clients.client import Carrier, Programs

    from quitclaim import HandleTable
    from quitclaim.accounts.port import Accounts
    from quitclaim.maildrop.port import MaildropStore
    from quitclaim.observer import Event
    from quitclaim.sasl import Mechanism

HERE = Path(__file__).parent
TIMEOUT = 10.0  # seconds for a client, which needs a fraction of one

USERNAME = "anna"
PASSWORD = "open sesame"  # noqa: S105 - opens nothing
TOKEN = "ya29." + "x" * 100
LONG_TOKEN = "ya29." + "x" * 1500  # longer than a command's line may be

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
    carrier: Carrier
    authority: Path
    username: str = USERNAME
    password: str = PASSWORD
    token: str = TOKEN
    long_token: str = LONG_TOKEN
    messages: tuple[bytes, ...] = field(default=(DOTS, LONG), repr=False)

    @property
    def host(self) -> str:
        """Where it listens."""
        return self.controller.address[0]

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.controller.address[1]

    def account(self, mechanism: str, secret: str | None = None, *, home: Path, keep: bool = True) -> Account:
        """What its user types into a client, right but for what is said here."""
        return Account(
            host="localhost",  # some look for a name in a certificate, and never for an address
            port=self.port,
            carrier=self.carrier,
            mechanism=mechanism,
            username=self.username,
            secret=self.password if secret is None else secret,
            authority=str(self.authority),
            home=str(home),
            keep=keep,
        )

    def messages_left(self) -> int:
        """How many messages its user would be told of by the next login."""
        client = poplib.POP3(self.host, self.port, timeout=TIMEOUT)
        client.user(self.username)
        client.pass_(self.password)
        messages, _ = client.stat()
        client.quit()
        return messages

    def refusals(self) -> list[tuple[str, str, str]]:
        """What the log says of refused logins: mechanism, username and cause of each."""
        return [said.groups() for line in self._log() if (said := _REFUSED.match(line))]  # type: ignore[misc]

    def logins(self) -> list[tuple[str, str, str]]:
        """What the log says of good ones: mechanism, what the mechanism adds, and username of each."""
        return [said.groups("") for line in self._log() if (said := _LOGGED_IN.match(line))]  # type: ignore[misc]

    def _log(self) -> list[str]:
        return [TextLines().event(event) for event in self.controller.call(self.events.copy)]


_REFUSED = re.compile(r'login failed: peer=127\.0\.0\.1:\d+ .*mechanism=(\S+) .*user="(.*?)" cause="(.*?)"')
_LOGGED_IN = re.compile(r'login: peer=127\.0\.0\.1:\d+ .*mechanism=(\S+) (?:detail=(\S+) )?.*user="(.*?)"')


@pytest.fixture
def server(  # noqa: PLR0913, PLR0917 - fixtures
    back_end: tuple[Accounts, MaildropStore],
    carrier: Carrier,
    mechanisms: Sequence[Mechanism] | None,
    handle_table: HandleTable[Any],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> Iterator[MailServer]:
    """A server that runs, and must end with no handle, no lock, and nothing to complain about."""
    accounts, store = back_end
    events: list[Event] = []
    certificate = issue("localhost")
    authority = tmp_path / "authority.pem"
    authority.write_bytes(certificate.public_bytes(Encoding.PEM))
    tls = None if carrier == "pop3" else Tls(pem_of(tmp_path, certificate))
    with Controller(
        accounts=accounts,
        store=store,
        listen=[Listener(port=0, tls=tls, implicit=carrier == "pop3s")],
        mechanisms=mechanisms,
        table=handle_table,
        observer=events.append,
    ) as controller:
        yield MailServer(controller, handle_table, events, carrier, authority)
    assert controller.server.counters.as_dict()["errors"] == 0
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
    asyncio.run(open_and_close(store))


async def open_and_close(store: MaildropStore) -> None:
    """Raises `MaildropInUse` if a session has left its lock behind."""
    answer = store.open(Identity(USERNAME))
    maildrop = await answer if isinstance(answer, Awaitable) else answer
    maildrop.close()


@pytest.fixture
def carrier() -> Carrier:
    """Plain, unless a test says otherwise."""
    return "pop3"


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
    yield MemoryAccounts({USERNAME: PASSWORD}, check_token=whose), store


def whose(token: str) -> Identity | None:
    """Who has that token."""
    return Identity(USERNAME) if token in {TOKEN, LONG_TOKEN} else None


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


@pytest.fixture
def run(tmp_path: Path, maildir: Maildir) -> Programs:  # noqa: ARG001 - where clients deliver to
    """Runs a program."""

    def run(
        program: str, /, *arguments: str, terminal: bool = False, needs: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[bytes]:
        environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LC_ALL": "C", "TERM": "vt100"}
        command = [installed(program), *arguments]
        for file in needs:
            installed(file)
        return subprocess.run(  # noqa: S603 - that is the test
            [sys.executable, "-c", AT_A_TERMINAL, *command] if terminal else command,
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )

    return run


# script(1) would press ^D where there is nothing more to type.
AT_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


def installed(program: str) -> str:
    """Where that program or file is."""
    is_file = program.startswith("/") and Path(program).is_file()
    path = program if is_file else shutil.which(program)
    if path is None and (os.environ.get("CI") or os.environ.get("INTEROP")):
        pytest.fail(f"{program} is not installed: scripts/interop.sh installs it")
    if path is None:
        pytest.skip(f"{program} is not installed: INTEROP=1 make test installs it")
    return path


@dataclass(frozen=True, slots=True)
class Maildir:
    """A folder that clients deliver to, one file a message."""

    path: Path

    def messages(self) -> list[bytes]:
        """What was delivered, sorted, and with the line ends of the wire, whichever the client has kept."""
        files = [*(self.path / "new").iterdir(), *(self.path / "cur").iterdir()]
        return sorted(file.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for file in files)


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
