"""Ten thousand idle sessions at once in `quitclaim serve`, plain and by TLS; they leave nothing behind."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.cli.accounts import add_many
from tests.cli.processes import PASSWORD
from tests.server.certificates import issue, pem_of

from quitclaim.database import Database
from quitclaim.demo.login import read_message
from quitclaim.maildrop.sqlite import SqliteStore
from quitclaim.monitor import status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.processes import Running, Start

    from quitclaim.monitor.status import Status

CROWD = 10_000
NEEDED = CROWD + 256  # descriptors, of the server and of the crowd
PATIENCE = 60.0  # seconds
PROGRAM = Path(__file__).parent.parent / "server" / "crowd.py"


@pytest.fixture(autouse=True)
def _descriptors() -> None:
    """Both processes raise their soft limit themselves; the hard one is the machine's."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < NEEDED:
        pytest.skip(f"ulimit -Hn is {hard}: ten thousand connections need {NEEDED} open files")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with an account for each, and one more; they all have a message."""
    data = tmp_path / "data"
    add_many(data, CROWD + 1)
    with Database(data) as database:
        everybody = [f"user{number}" for number in range(CROWD + 1)]
        SqliteStore(database).deliver(everybody, b"Subject: hello\n\nHello.\n")
    return data


@contextmanager
def crowd(address: tuple[str, int], *pem: Path) -> Iterator[None]:
    """Holds the sessions, and lets them go in the end."""
    host, port = address
    command = [sys.executable, str(PROGRAM), host, str(port), str(CROWD), *map(str, pem)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        yield
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


def proportional_size(server: Running) -> int:
    """Octets of memory that are the process's own, or its part of what is shared."""
    told = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text()
    (kibibytes,) = re.findall(r"^Pss: +(\d+) kB$", told, re.MULTILINE)
    return int(kibibytes) * 1024


def descriptors(server: Running) -> int:
    """How many the server has now."""
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def told(folder: Path) -> Status:
    """What the server says of itself."""
    (one,) = status.read_all(folder)
    return one


# Octets for a session: the goal is 6 kB and 12 a message, of which each has one; and with TLS 32 kB.
@pytest.mark.crowd
@pytest.mark.parametrize(("scheme", "most"), [("pop3", 6_000 + 12), ("pop3s", 32_000)])
def test_ten_thousand_are_idle_and_one_more_logs_in(
    start: Start, folder: Path, tmp_path: Path, scheme: str, most: int
) -> None:
    pem = pem_of(tmp_path, issue("localhost"))
    listen = ("--listen", f"{scheme}://127.0.0.1:0", "--listen", "127.0.0.1:0", "--tls-cert", pem)
    limits = tmp_path / "limits.toml"
    limits.write_text(f"[limits]\nconnections = {CROWD + 1}\n")
    server = start("-m", "quitclaim", "serve", "--data", folder, "--config", limits, *listen, listeners=2)
    size, number = proportional_size(server), descriptors(server)
    with crowd(server.address, *([pem] if scheme == "pop3s" else [])):
        each = (proportional_size(server) - size) / CROWD
        held = told(folder)
        assert (held["connected"], len(held["locks"]), held["handles"]["live"]) == (CROWD, CROWD, 0)
        message = read_message(server.addresses[1], f"user{CROWD}", PASSWORD)
        assert message == b"Subject: hello\r\n\r\nHello.\r\n"
        print(f"{scheme}: {each:,.0f} octets a session")  # noqa: T201 - pytest -rP shows it
        assert each <= most
    deadline = time.monotonic() + PATIENCE
    while (left := told(folder))["connected"]:
        assert time.monotonic() < deadline, left["connected"]
    assert (left["locks"], left["handles"]["live"], left["counters"]["errors"]) == ([], 0, 0)
    assert left["counters"]["logins"] == CROWD + 1
    assert descriptors(server) <= number + 64  # the lock files, which stay open
