"""`quitclaim serve` with few descriptors: who comes beyond is told so, and the others have all they need."""

from __future__ import annotations

import signal
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.cli.accounts import add_many
from tests.cli.processes import PASSWORD
from tests.server.wire import GREETING, Wire

from quitclaim.monitor import status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.processes import Command, Running, Start

LIMIT = 256
KEPT_BACK = 128
TOO_MANY = b"-ERR [SYS/TEMP] too many connections, try again later\r\n"
SERVE = """\
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv.pop(1)),) * 2)
from quitclaim.cli.main import main
sys.exit(main())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with as many accounts as there can be connections."""
    add_many(tmp_path / "data", LIMIT - KEPT_BACK)
    return tmp_path / "data"


@pytest.fixture
def server(start: Start, folder: Path) -> Running:
    return start("-c", SERVE, str(LIMIT), "serve", "--data", folder, "--listen", "127.0.0.1:0")


@pytest.fixture
def full(server: Running) -> Iterator[list[Wire]]:
    """All the connections that it takes, and who was told to come again."""
    with ExitStack() as stack:
        wires = []
        for _ in range(LIMIT):
            wires.append(stack.enter_context(Wire(server.address, greeted=False)))
            greeting = wires[-1].line()
            if greeting != GREETING:
                assert greeting == TOO_MANY
                break
        yield wires[:-1]


def login(wire: Wire, number: int) -> bytes:
    """Logs in as one of them."""
    wire.send(f"USER user{number}".encode())
    assert wire.line().startswith(b"+OK")
    return wire.say(f"PASS {PASSWORD}".encode())


def descriptors(server: Running) -> int:
    """How many the server has now."""
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def test_all_log_in_and_are_served_at_the_limit(
    server: Running, full: list[Wire], folder: Path, quitclaim: Command
) -> None:
    assert len(full) == LIMIT - KEPT_BACK
    assert quitclaim("deliver", "user7", "--data", folder, stdin=b"Subject: hello\n\nHello.\n").code == 0
    for number, wire in enumerate(full):
        assert login(wire, number).startswith(b"+OK")
    assert len(list((folder / "locks").iterdir())) == 64
    full[7].send(b"RETR 1", b"DELE 1", b"QUIT")
    assert full[7].rest().endswith(b"+OK deleted by QUIT\r\n+OK goodbye\r\n")
    (said,) = status.read_all(folder)
    assert len(said["locks"]) == said["connected"] == LIMIT - KEPT_BACK - 1
    assert quitclaim("deliver", "user8", "--data", folder, stdin=b"Subject: more\n\nMore.\n").code == 0
    with Wire(server.address) as wire:
        assert login(wire, 7) == b"+OK 0 messages (0 octets)\r\n"
    assert "Too many open files" not in server.said()


def test_each_of_a_crowd_is_told_to_come_again(server: Running, full: list[Wire]) -> None:
    for number, wire in enumerate(full):
        login(wire, number)
    crowd = [socket.socket() for _ in range(LIMIT)]
    for one in crowd:
        one.setblocking(False)  # noqa: FBT003 - its name says it
        one.connect_ex(server.address)
    most = 0
    for one in crowd:
        one.settimeout(20)
        assert one.recv(1_000) == TOO_MANY
        most = max(most, descriptors(server))
        one.close()
    assert most < LIMIT - 16
    assert all(wire.say(b"QUIT") == b"+OK goodbye\r\n" for wire in full)
    assert server.stop(signal.SIGTERM) == 0
    assert "Too many open files" not in server.said()


def test_too_few_descriptors_are_named(start: Start, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="128 open files are too few, it needs more than 128: ulimit -n"):
        start("-c", SERVE, str(KEPT_BACK), "serve", "--data", folder, "--listen", "127.0.0.1:0")
    assert (tmp_path / "0.log").read_text().count("\n") == 1
