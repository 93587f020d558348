"""The defect of 1997: a handle and a descriptor for each failed login, until the service is stopped."""

from __future__ import annotations

import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.cli.processes import PASSWORD

from quitclaim import exchange50
from quitclaim.accounts.memory import MemoryAccounts
from quitclaim.demo.login import read_message
from quitclaim.exchange50 import Exchange50Table
from quitclaim.maildrop.memory import MemoryStore
from quitclaim.monitor import status
from quitclaim.storm import storm
from quitclaim.testing import Controller

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.processes import Start


@pytest.fixture
def table() -> Iterator[Exchange50Table]:
    """With room for twenty."""
    table = Exchange50Table(20)
    yield table
    table.stop()


@pytest.fixture
def server(table: Exchange50Table) -> Iterator[Controller]:
    """A server with the defect, in this process."""
    store = MemoryStore()
    store.deliver("anna", b"hello\r\n")
    with Controller(accounts=MemoryAccounts({"anna": PASSWORD}), store=store, table=table) as controller:
        yield controller


def fail(server: Controller, attempts: int, outcome: str = "denied") -> int:
    """How many of so many failing logins ended so."""
    report = storm("{}:{}".format(*server.address), username="anna", attempts=attempts, connections=4)
    return report.outcomes["wrong password"][outcome]


def descriptors(process: int | str = "self") -> int:
    """How many there are that are no connections: those may still be about to end."""
    found = 0
    for path in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):
            found += not str(path.readlink()).startswith("socket:")
    return found


def test_each_failed_login_leaves_a_handle_and_a_good_one_none(
    server: Controller, table: Exchange50Table
) -> None:
    fail(server, 7)
    read_message(server.address, "anna", PASSWORD)
    assert len(table) == 7


def test_what_has_been_begun_stays_too_when_the_peer_has_gone(table: Exchange50Table) -> None:
    with (
        Controller(accounts=MemoryAccounts({}), store=MemoryStore(), table=table) as server,
        socket.create_connection(server.address, timeout=10) as peer,
        peer.makefile("rwb") as stream,
    ):
        stream.readline()
        stream.write(b"AUTH NTLM\r\n")
        stream.flush()
        stream.readline()
    assert len(table) == 1


def test_stopping_frees_all_handles_and_their_descriptors(server: Controller, table: Exchange50Table) -> None:
    before = descriptors()
    fail(server, 9)
    with_handles = descriptors()
    table.stop()
    assert (with_handles - before, descriptors() - before, len(table)) == (9, 0, 0)


def test_a_full_table_refuses_all_logins_for_now(server: Controller, table: Exchange50Table) -> None:
    assert fail(server, 25, "temporary") == 5
    assert len(table) == 20
    with pytest.raises(ConnectionError, match=r"\[SYS/TEMP\]"):
        read_message(server.address, "anna", PASSWORD)


def test_the_process_shows_the_leak_inside_and_outside(start: Start, folder: Path) -> None:
    server = start("-m", "quitclaim.exchange50", "--data", folder, "--listen", "127.0.0.1:0")
    # The first look opens the lock files, and the first login the database's log.
    status.read_all(folder)
    storm(server.written, username="anna", attempts=1)
    before = descriptors(server.process.pid)
    storm(server.written, username="anna", attempts=49)
    [said] = status.read_all(folder)
    assert (said["program"], said["handles"]["live"], len(said["handles"]["census"])) == (
        "exchange50",
        50,
        50,
    )
    assert descriptors(server.process.pid) - before == 49
    assert server.stop(signal.SIGTERM) == 0
    assert "a defect on purpose" in server.said()


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "mail.example.org:0"])
def test_it_listens_on_loopback_only(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["exchange50", "--listen", address])
    with pytest.raises(SystemExit) as ended:
        exchange50.main()
    assert (ended.value.code, capsys.readouterr().err.count("\n")) == (2, 1)
